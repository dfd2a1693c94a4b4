#include "kafka_messages/incremental_alter_configs.h"

#include <algorithm>

#include "api/kafka/configs.h"

namespace tidemill::kafka {
namespace {

enum : std::int8_t { kSet = 0, kDelete = 1, kAppend = 2, kSubtract = 3 };

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const auto comma = list.find(',');
    out.emplace_back(list.substr(0, comma));
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return out;
}

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : ",") + part;
  return out;
}

topics::Result<topics::TopicConfig> plan(Call<IncrementalAlterConfigsApi>& call,
                                         const IncrementalAlterConfigsRequest::AlterConfigsResource& resource) {
  TM_TRY(auto overrides, overrides_of(call, resource.resource_type, resource.resource_name));
  for (const auto& change : resource.configs) {
    const auto* spec = topics::find_topic_config(change.name);
    if (!spec) return topics::fail(topics::Errc::kInvalidConfig, "Unknown topic config name: " + change.name);
    if (change.config_operation == kDelete) {
      overrides.erase(change.name);
      continue;
    }
    if (!change.value)
      return topics::fail(topics::Errc::kInvalidRequest, "Null value not supported for : " + change.name);
    if (change.config_operation == kSet) {
      overrides[change.name] = *change.value;
      continue;
    }
    if (change.config_operation != kAppend && change.config_operation != kSubtract)
      return topics::fail(topics::Errc::kInvalidRequest,
                          "Unknown operation type " + std::to_string(change.config_operation) + ".");
    if (spec->type != topics::ConfigType::kList)
      return topics::fail(topics::Errc::kInvalidConfig,
                          "Config value append is not allowed for config key: " + change.name);
    const auto known = overrides.find(change.name);
    auto parts = split(known == overrides.end() ? spec->default_value : std::string_view(known->second));
    for (const auto& part : split(*change.value)) {
      std::erase(parts, part);
      if (change.config_operation == kAppend) parts.push_back(part);
    }
    overrides[change.name] = join(parts);
  }
  return topics::TopicConfig::from(std::move(overrides));
}

void handle(Call<IncrementalAlterConfigsApi> call) { alter_each(std::move(call), plan); }

}  // namespace

extern const ApiEntry kIncrementalAlterConfigs =
    api<IncrementalAlterConfigsApi, handle>("IncrementalAlterConfigs", {0, 1});

}  // namespace tidemill::kafka
