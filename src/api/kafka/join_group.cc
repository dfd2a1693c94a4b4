#include "kafka_messages/join_group.h"

#include "api/kafka/call.h"

namespace tidemill::kafka {
namespace {

constexpr std::int16_t kFirstMemberIdRequired = 4, kFirstNullableProtocol = 7, kFirstSkipAssignment = 9;

JoinGroupResponse to_response(topics::JoinResult result, int version) {
  JoinGroupResponse out;
  if (result.error) {
    out.error_code = to_wire(*result.error);
    out.member_id = std::move(result.member_id);
    if (version < kFirstNullableProtocol) out.protocol_name = "";
    return out;
  }
  out.generation_id = result.generation;
  out.protocol_type = std::move(result.protocol_type);
  out.protocol_name = std::move(result.protocol);
  out.leader = std::move(result.leader);
  out.member_id = std::move(result.member_id);
  out.skip_assignment = result.skip_assignment;
  for (auto& member : result.members)
    out.members.push_back({std::move(member.member_id), std::move(member.instance_id), std::move(member.metadata)});
  return out;
}

void handle(Call<JoinGroupApi> call) {
  auto& request = call.request;
  const auto refuse = [&call](topics::Errc code) {
    topics::JoinResult result;
    result.error = code;
    result.member_id = call.request.member_id;
    const auto version = call.version();
    std::move(call).reply(to_response(std::move(result), version));
  };
  if (!call.allowed("AlterGroup", "group", request.group_id)) return refuse(topics::Errc::kGroupAuthorizationFailed);
  topics::JoinRequest join{
      .member_id = request.member_id,
      .instance_id = request.group_instance_id,
      .client_id = call.client_id(),
      .client_host = "/" + call.session().client_host,
      .protocol_type = request.protocol_type,
      .protocols = {},
      .session_timeout_ms = request.session_timeout_ms,
      .rebalance_timeout_ms =
          request.rebalance_timeout_ms < 0 ? request.session_timeout_ms : request.rebalance_timeout_ms,
      .must_know_its_id = call.version() >= kFirstMemberIdRequired,
      .can_skip_assignment = call.version() >= kFirstSkipAssignment,
  };
  for (const auto& protocol : request.protocols)
    join.protocols.push_back({protocol.name, std::string(protocol.metadata)});
  auto& groups = call.broker().groups();
  const auto group_id = request.group_id;
  groups.join(group_id, std::move(join),
              Reply<topics::JoinResult, topics::Error>([call = std::move(call)](auto result) mutable {
                if (!result) return;
                const auto version = call.version();
                std::move(call).reply(to_response(std::move(*result), version));
              }));
}

}  // namespace

extern const ApiEntry kJoinGroup = api<JoinGroupApi, handle>("JoinGroup", {0, 9});

}  // namespace tidemill::kafka
