#include "kafka_messages/describe_configs.h"

#include <algorithm>

#include "api/kafka/configs.h"

namespace tidemill::kafka {
namespace {

using Result = DescribeConfigsResponse::DescribeConfigsResult;
using Config = DescribeConfigsResponse::DescribeConfigsResourceResult;
using Wanted = std::optional<std::vector<std::string>>;

bool is_wanted(const Wanted& keys, std::string_view name) {
  return !keys || std::find(keys->begin(), keys->end(), name) != keys->end();
}

void describe_topic(Call<DescribeConfigsApi>& call, const std::string& name, const Wanted& keys, Result& out) {
  const auto* topic = call.broker().catalog().find(name);
  if (!call.allowed("DescribeTopicDynamicConfiguration", "topic", name)) {
    out.error_code = to_wire(topics::Errc::kTopicAuthorizationFailed);
    return;
  }
  if (!topic) {
    out.error_code = to_wire(topics::Errc::kUnknownTopicOrPartition);
    out.error_message = "This server does not host this topic-partition.";
    return;
  }
  for (const auto& spec : topics::topic_config_specs()) {
    if (!is_wanted(keys, spec.name)) continue;
    const bool overridden = topic->config.overrides.contains(spec.name);
    auto& config = out.configs.emplace_back();
    config.name = spec.name;
    config.value = std::string(topic->config.value(spec.name));
    config.read_only = topic->is_external();
    config.config_source = overridden ? kSourceTopic : kSourceDefault;
    config.config_type = static_cast<std::int8_t>(spec.type);
    if (!call.request.include_synonyms) continue;
    if (overridden) config.synonyms.push_back({config.name, config.value, kSourceTopic});
    config.synonyms.push_back({config.name, std::string(spec.default_value), kSourceDefault});
  }
}

// A few values that tools show; none of them can be changed while the broker runs.
void describe_broker(Call<DescribeConfigsApi>& call, const Wanted& keys, Result& out) {
  const auto& settings = call.broker().settings();
  const auto add = [&](std::string_view name, std::string value, topics::ConfigType type) {
    if (!is_wanted(keys, name)) return;
    auto& config = out.configs.emplace_back();
    config.name = name;
    config.value = std::move(value);
    config.read_only = true;
    config.config_source = kSourceStatic;
    config.config_type = static_cast<std::int8_t>(type);
    if (call.request.include_synonyms) config.synonyms.push_back({config.name, config.value, kSourceStatic});
  };
  add("advertised.listeners",
      "PLAINTEXT://" + call.services().settings.advertised_host + ":" + std::to_string(call.session().advertised_port),
      topics::ConfigType::kString);
  add("auto.create.topics.enable", settings.auto_create_topics ? "true" : "false", topics::ConfigType::kBoolean);
  add("default.replication.factor", "1", topics::ConfigType::kInt);
  add("min.insync.replicas", "1", topics::ConfigType::kInt);
  add("node.id", std::to_string(settings.node_id), topics::ConfigType::kInt);
  add("num.partitions", std::to_string(settings.default_partitions), topics::ConfigType::kInt);
  add("socket.request.max.bytes", std::to_string(call.services().settings.request_bytes_max), topics::ConfigType::kInt);
}

void handle(Call<DescribeConfigsApi> call) {
  DescribeConfigsResponse response;
  for (const auto& resource : call.request.resources) {
    auto& out = response.results.emplace_back();
    out.resource_type = resource.resource_type;
    out.resource_name = resource.resource_name;
    const auto& name = resource.resource_name;
    if (resource.resource_type == kTopicResource) {
      describe_topic(call, name, resource.configuration_keys, out);
    } else if (resource.resource_type == kBrokerResource) {
      if (name.empty() || name == std::to_string(call.broker().settings().node_id)) {
        describe_broker(call, resource.configuration_keys, out);
      } else {
        out.error_code = to_wire(topics::Errc::kInvalidRequest);
        out.error_message = "Unexpected broker id, expected " + std::to_string(call.broker().settings().node_id) +
                            " or empty string, but received " + name;
      }
    } else {
      out.error_code = to_wire(topics::Errc::kInvalidRequest);
      out.error_message = "Unsupported resource type: " + std::to_string(resource.resource_type);
    }
  }
  std::move(call).reply(response);
}

}  // namespace

extern const ApiEntry kDescribeConfigs = api<DescribeConfigsApi, handle>("DescribeConfigs", {1, 4});

}  // namespace tidemill::kafka
