// What the config APIs have in common: resources, and changes to the overrides of a topic.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "api/kafka/call.h"
#include "api/kafka/gather.h"

namespace tidemill::kafka {

inline constexpr std::int8_t kTopicResource = 2, kBrokerResource = 4;
inline constexpr std::int8_t kSourceTopic = 1, kSourceStatic = 4, kSourceDefault = 5;

using Overrides = std::map<std::string, std::string, std::less<>>;

// The overrides of that topic as they are, or why the caller may not have them.
template <class Api>
topics::Result<Overrides> overrides_of(Call<Api>& call, std::int8_t type, const std::string& name) {
  if (type != kTopicResource)
    return topics::fail(
        topics::Errc::kInvalidRequest,
        "Only the configurations of topics can be changed; resource type " + std::to_string(type) + " cannot.");
  if (!call.allowed("AlterTopicDynamicConfiguration", "topic", name))
    return topics::fail(topics::Errc::kTopicAuthorizationFailed, "Topic authorization failed.");
  const auto* topic = call.broker().catalog().find(name);
  if (!topic) return topics::fail(topics::Errc::kUnknownTopicOrPartition, "The topic '" + name + "' does not exist.");
  if (topic->is_external()) return topics::fail(topics::Errc::kPolicyViolation, "table streams are read-only");
  return topic->config.overrides;
}

// Answers AlterConfigs and IncrementalAlterConfigs: `plan(call, resource)` is the new configuration of one resource.
template <class Api, class Plan>
void alter_each(Call<Api> received, Plan plan) {
  auto g = gather(std::move(received));
  const auto& request = g->call.request;
  g->response.responses.resize(request.resources.size());
  for (std::size_t i = 0; i < request.resources.size(); ++i) {
    const auto& resource = request.resources[i];
    g->response.responses[i].resource_type = resource.resource_type;
    g->response.responses[i].resource_name = resource.resource_name;
    const auto finish = [g, i](const topics::Status& status) {
      auto& out = g->response.responses[i];
      out.error_code = to_wire(status);
      if (!status && !status.error().message.empty()) out.error_message = status.error().message;
    };
    auto config = plan(g->call, resource);
    if (!config)
      finish(std::unexpected(config.error()));
    else if (!request.validate_only)
      g->call.broker().configure_topic(resource.resource_name, *std::move(config), Reply<void, topics::Error>(finish));
  }
}

}  // namespace tidemill::kafka
