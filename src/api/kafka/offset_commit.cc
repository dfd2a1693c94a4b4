#include "kafka_messages/offset_commit.h"

#include "api/kafka/call.h"

namespace tidemill::kafka {
namespace {

void handle(Call<OffsetCommitApi> call) {
  auto& request = call.request;
  OffsetCommitResponse response;
  topics::OffsetCommitRequest commit{
      .group_id = request.group_id,
      .who = {request.member_id, request.group_instance_id, request.generation_id_or_member_epoch},
      .entries = {}};
  const bool allowed = call.allowed("AlterGroup", "group", request.group_id);
  for (auto& topic : request.topics) {
    auto& out = response.topics.emplace_back();
    out.name = topic.name;
    const bool readable = call.allowed("ReadData", "topic", topic.name);
    for (auto& partition : topic.partitions) {
      auto& result = out.partitions.emplace_back();
      result.partition_index = partition.partition_index;
      if (!allowed) {
        result.error_code = to_wire(topics::Errc::kGroupAuthorizationFailed);
      } else if (!readable) {
        result.error_code = to_wire(topics::Errc::kTopicAuthorizationFailed);
      } else {
        commit.entries.push_back({{topic.name, partition.partition_index},
                                  {.offset = partition.committed_offset,
                                   .leader_epoch = partition.committed_leader_epoch,
                                   .metadata = std::move(partition.committed_metadata).value_or("")}});
      }
    }
  }
  if (!allowed) return std::move(call).reply(response);
  auto& groups = call.broker().groups();
  groups.commit(std::move(commit), Reply<std::vector<topics::Status>, topics::Error>(
                                       [call = std::move(call), response = std::move(response)](auto result) mutable {
                                         std::size_t next = 0;
                                         for (auto& topic : response.topics) {
                                           for (auto& partition : topic.partitions) {
                                             if (partition.error_code != kNoError) continue;
                                             partition.error_code =
                                                 result ? to_wire((*result)[next++]) : to_wire(result.error().code);
                                           }
                                         }
                                         std::move(call).reply(response);
                                       }));
}

}  // namespace

extern const ApiEntry kOffsetCommit = api<OffsetCommitApi, handle>("OffsetCommit", {2, 9});

}  // namespace tidemill::kafka
