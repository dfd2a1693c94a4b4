#include "kafka_messages/alter_configs.h"

#include "api/kafka/configs.h"

namespace tidemill::kafka {
namespace {

// Replaces all overrides by those of the request.
topics::Result<topics::TopicConfig> plan(Call<AlterConfigsApi>& call,
                                         const AlterConfigsRequest::AlterConfigsResource& resource) {
  TM_CHECK(overrides_of(call, resource.resource_type, resource.resource_name));
  Overrides overrides;
  for (const auto& config : resource.configs) {
    if (!config.value)
      return topics::fail(topics::Errc::kInvalidRequest, "Null value not supported for : " + config.name);
    overrides[config.name] = *config.value;
  }
  return topics::TopicConfig::from(std::move(overrides));
}

void handle(Call<AlterConfigsApi> call) { alter_each(std::move(call), plan); }

}  // namespace

extern const ApiEntry kAlterConfigs = api<AlterConfigsApi, handle>("AlterConfigs", {0, 2});

}  // namespace tidemill::kafka
