#include "kafka_messages/heartbeat.h"

#include "api/kafka/call.h"

namespace tidemill::kafka {
namespace {

void handle(Call<HeartbeatApi> call) {
  const auto& request = call.request;
  HeartbeatResponse response;
  response.error_code =
      call.allowed("AlterGroup", "group", request.group_id)
          ? to_wire(call.broker().groups().heartbeat(
                request.group_id, {request.member_id, request.group_instance_id, request.generation_id}))
          : to_wire(topics::Errc::kGroupAuthorizationFailed);
  std::move(call).reply(response);
}

}  // namespace

extern const ApiEntry kHeartbeat = api<HeartbeatApi, handle>("Heartbeat", {0, 4});

}  // namespace tidemill::kafka
