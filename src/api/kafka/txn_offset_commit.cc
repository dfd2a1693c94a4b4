#include "kafka_messages/txn_offset_commit.h"

#include "api/kafka/call.h"
#include "api/kafka/transactions.h"

namespace tidemill::kafka {
namespace {

void handle(Call<TxnOffsetCommitApi> call) {
  auto& request = call.request;
  TxnOffsetCommitResponse response;
  topics::OffsetCommitRequest commit{.group_id = request.group_id,
                                     .who = {request.member_id, request.group_instance_id, request.generation_id},
                                     .entries = {}};
  const bool allowed = call.allowed("AlterGroup", "group", request.group_id);
  for (auto& topic : request.topics) {
    auto& out = response.topics.emplace_back();
    out.name = topic.name;
    for (auto& partition : topic.partitions) {
      out.partitions.push_back(
          {partition.partition_index, allowed ? kNoError : to_wire(topics::Errc::kGroupAuthorizationFailed)});
      commit.entries.push_back({{topic.name, partition.partition_index},
                                {.offset = partition.committed_offset,
                                 .leader_epoch = partition.committed_leader_epoch,
                                 .metadata = std::move(partition.committed_metadata).value_or("")}});
    }
  }
  if (!allowed) return std::move(call).reply(response);
  auto& producers = call.broker().producers();
  const auto id = request.transactional_id;
  const topics::ProducerIdentity producer{request.producer_id, request.producer_epoch};
  producers.commit_offsets(id, producer, std::move(commit),
                           Reply<std::vector<topics::Status>, topics::Error>(
                               [call = std::move(call), response = std::move(response)](auto result) mutable {
                                 std::size_t next = 0;
                                 for (auto& topic : response.topics)
                                   for (auto& partition : topic.partitions)
                                     partition.error_code =
                                         result ? to_wire((*result)[next++])
                                                : to_transaction_error(result.error().code, call.version());
                                 std::move(call).reply(response);
                               }));
}

}  // namespace

extern const ApiEntry kTxnOffsetCommit = api<TxnOffsetCommitApi, handle>("TxnOffsetCommit", {0, 3});

}  // namespace tidemill::kafka
