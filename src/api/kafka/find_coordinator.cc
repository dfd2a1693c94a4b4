#include "kafka_messages/find_coordinator.h"

#include "api/kafka/call.h"

namespace tidemill::kafka {
namespace {

constexpr std::int16_t kFirstWithMany = 4;
constexpr std::int8_t kGroup = 0, kTransaction = 1;

void handle(Call<FindCoordinatorApi> call) {
  FindCoordinatorResponse response;
  const auto& request = call.request;
  const auto& host = call.services().settings.advertised_host;
  const auto port = static_cast<std::int32_t>(call.session().advertised_port);
  const auto node = call.broker().settings().node_id;
  const auto check = [&](const std::string& key) -> topics::Status {
    if (request.key_type != kGroup && request.key_type != kTransaction)
      return topics::fail(topics::Errc::kInvalidRequest);
    if (request.key_type == kGroup && !call.allowed("DescribeGroup", "group", key))
      return topics::fail(topics::Errc::kGroupAuthorizationFailed);
    if (request.key_type == kTransaction && !call.allowed("DescribeTransactionalId", "transactional-id", key))
      return topics::fail(topics::Errc::kTransactionalIdAuthorizationFailed);
    return {};
  };
  if (call.version() < kFirstWithMany) {
    response.error_code = to_wire(check(request.key));
    const bool ok = response.error_code == kNoError;
    response.node_id = ok ? node : -1;
    response.host = ok ? host : "";
    response.port = ok ? port : -1;
    return std::move(call).reply(response);
  }
  for (const auto& key : request.coordinator_keys) {
    auto& out = response.coordinators.emplace_back();
    out.key = key;
    out.error_code = to_wire(check(key));
    const bool ok = out.error_code == kNoError;
    out.node_id = ok ? node : -1;
    out.host = ok ? host : "";
    out.port = ok ? port : -1;
  }
  std::move(call).reply(response);
}

}  // namespace

extern const ApiEntry kFindCoordinator = api<FindCoordinatorApi, handle>("FindCoordinator", {0, 4});

}  // namespace tidemill::kafka
