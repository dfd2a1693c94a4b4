#include "kafka_messages/describe_groups.h"

#include "api/kafka/call.h"
#include "api/kafka/operations.h"

namespace tidemill::kafka {
namespace {

void handle(Call<DescribeGroupsApi> call) {
  DescribeGroupsResponse response;
  for (const auto& id : call.request.groups) {
    auto& out = response.groups.emplace_back();
    out.group_id = id;
    if (!call.allowed("DescribeGroup", "group", id)) {
      out.error_code = to_wire(topics::Errc::kGroupAuthorizationFailed);
      continue;
    }
    auto group = call.broker().groups().describe(id);
    out.group_state = std::move(group.state);
    out.protocol_type = std::move(group.protocol_type);
    out.protocol_data = std::move(group.protocol);
    for (auto& member : group.members)
      out.members.push_back({std::move(member.member_id), std::move(member.instance_id), std::move(member.client_id),
                             std::move(member.client_host), std::move(member.metadata), std::move(member.assignment)});
    if (call.request.include_authorized_operations) out.authorized_operations = kGroupOperations;
  }
  std::move(call).reply(response);
}

}  // namespace

extern const ApiEntry kDescribeGroups = api<DescribeGroupsApi, handle>("DescribeGroups", {0, 5});

}  // namespace tidemill::kafka
