#include "kafka_messages/sync_group.h"

#include "api/kafka/call.h"

namespace tidemill::kafka {
namespace {

void handle(Call<SyncGroupApi> call) {
  auto& request = call.request;
  if (!call.allowed("AlterGroup", "group", request.group_id)) {
    SyncGroupResponse response;
    response.error_code = to_wire(topics::Errc::kGroupAuthorizationFailed);
    return std::move(call).reply(response);
  }
  topics::SyncRequest sync{.who = {request.member_id, request.group_instance_id, request.generation_id},
                           .protocol_type = request.protocol_type,
                           .protocol = request.protocol_name,
                           .assignments = {}};
  for (const auto& assignment : request.assignments)
    sync.assignments.emplace_back(assignment.member_id, std::string(assignment.assignment));
  auto& groups = call.broker().groups();
  const auto group_id = request.group_id;
  groups.sync(group_id, std::move(sync),
              Reply<topics::SyncResult, topics::Error>([call = std::move(call)](auto result) mutable {
                SyncGroupResponse response;
                if (result) {
                  response.protocol_type = std::move(result->protocol_type);
                  response.protocol_name = std::move(result->protocol);
                  response.assignment = std::move(result->assignment);
                } else {
                  response.error_code = to_wire(result.error().code);
                }
                std::move(call).reply(response);
              }));
}

}  // namespace

extern const ApiEntry kSyncGroup = api<SyncGroupApi, handle>("SyncGroup", {0, 5});

}  // namespace tidemill::kafka
