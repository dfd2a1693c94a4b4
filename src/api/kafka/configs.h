// What the config APIs have in common: resources, and changes to the overrides of a topic.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "api/kafka/call.h"

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

}  // namespace tidemill::kafka
