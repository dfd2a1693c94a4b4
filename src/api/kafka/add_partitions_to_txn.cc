#include "kafka_messages/add_partitions_to_txn.h"

#include "api/kafka/call.h"
#include "api/kafka/transactions.h"

namespace tidemill::kafka {
namespace {

void handle(Call<AddPartitionsToTxnApi> call) {
  const auto& request = call.request;
  AddPartitionsToTxnResponse response;
  std::vector<topics::TopicPartition> partitions;
  std::optional<topics::Errc> refused;
  if (!call.allowed("AlterTransactionalId", "transactional-id", request.v3_and_below_transactional_id))
    refused = topics::Errc::kTransactionalIdAuthorizationFailed;
  for (const auto& topic : request.v3_and_below_topics) {
    auto& out = response.results_by_topic_v3_and_below.emplace_back();
    out.name = topic.name;
    if (!call.allowed("WriteData", "topic", topic.name) && !refused) refused = topics::Errc::kTopicAuthorizationFailed;
    for (const auto partition : topic.partitions) {
      out.results_by_partition.push_back({.partition_index = partition});
      partitions.push_back({topic.name, partition});
    }
  }
  const auto fill = [](AddPartitionsToTxnResponse& to, const auto& code_of) {
    std::size_t next = 0;
    for (auto& topic : to.results_by_topic_v3_and_below)
      for (auto& partition : topic.results_by_partition) partition.partition_error_code = code_of(next++);
  };
  if (refused) {
    fill(response, [&](std::size_t) { return to_wire(*refused); });
    return std::move(call).reply(response);
  }
  auto& producers = call.broker().producers();
  const auto id = request.v3_and_below_transactional_id;
  const topics::ProducerIdentity producer{request.v3_and_below_producer_id, request.v3_and_below_producer_epoch};
  producers.add_partitions(id, producer, std::move(partitions),
                           Reply<std::vector<topics::Status>, topics::Error>(
                               [call = std::move(call), response = std::move(response), fill](auto result) mutable {
                                 const auto version = call.version();
                                 fill(response, [&](std::size_t i) {
                                   if (!result) return to_transaction_error(result.error().code, version);
                                   return to_wire((*result)[i]);
                                 });
                                 std::move(call).reply(response);
                               }));
}

}  // namespace

extern const ApiEntry kAddPartitionsToTxn = api<AddPartitionsToTxnApi, handle>("AddPartitionsToTxn", {0, 3});

}  // namespace tidemill::kafka
