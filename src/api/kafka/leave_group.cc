#include "kafka_messages/leave_group.h"

#include "api/kafka/call.h"

namespace tidemill::kafka {
namespace {

constexpr std::int16_t kFirstWithMany = 3;

void handle(Call<LeaveGroupApi> call) {
  const auto& request = call.request;
  LeaveGroupResponse response;
  auto& groups = call.broker().groups();
  if (!call.allowed("AlterGroup", "group", request.group_id)) {
    response.error_code = to_wire(topics::Errc::kGroupAuthorizationFailed);
  } else if (call.version() < kFirstWithMany) {
    response.error_code = to_wire(groups.leave(request.group_id, {.member_id = request.member_id, .instance_id = {}}));
  } else if (request.group_id.empty()) {
    response.error_code = to_wire(topics::Errc::kInvalidGroupId);
  } else {
    for (const auto& member : request.members) {
      response.members.push_back({member.member_id, member.group_instance_id,
                                  to_wire(groups.leave(request.group_id, {.member_id = member.member_id,
                                                                          .instance_id = member.group_instance_id}))});
    }
  }
  std::move(call).reply(response);
}

}  // namespace

extern const ApiEntry kLeaveGroup = api<LeaveGroupApi, handle>("LeaveGroup", {0, 5});

}  // namespace tidemill::kafka
