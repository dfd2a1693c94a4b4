#include "kafka_messages/alter_configs.h"

#include "api/kafka/configs.h"
#include "api/kafka/gather.h"

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

void handle(Call<AlterConfigsApi> received) {
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

}  // namespace

extern const ApiEntry kAlterConfigs = api<AlterConfigsApi, handle>("AlterConfigs", {0, 2});

}  // namespace tidemill::kafka
