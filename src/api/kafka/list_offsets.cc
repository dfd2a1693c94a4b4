#include "kafka_messages/list_offsets.h"

#include "api/kafka/call.h"

namespace tidemill::kafka {
namespace {

constexpr std::int64_t kLatest = -1, kEarliest = -2, kMaxTimestamp = -3;
constexpr std::int16_t kFirstWithMaxTimestamp = 7;

using Out = ListOffsetsResponse::ListOffsetsPartitionResponse;
using In = ListOffsetsRequest::ListOffsetsPartition;

topics::Status find(Call<ListOffsetsApi>& call, const std::string& topic, const In& in, Out& out) {
  TM_TRY(auto* partition, call.broker().catalog().partition(topic, in.partition_index));
  if (in.current_leader_epoch > partition->leader_epoch()) return topics::fail(topics::Errc::kUnknownLeaderEpoch);
  if (in.current_leader_epoch >= 0 && in.current_leader_epoch < partition->leader_epoch())
    return topics::fail(topics::Errc::kFencedLeaderEpoch);
  const auto isolation = static_cast<topics::Isolation>(call.request.isolation_level == 1 ? 1 : 0);
  out.leader_epoch = partition->leader_epoch();
  if (in.timestamp == kLatest) {
    out.offset = partition->readable_end(isolation);
  } else if (in.timestamp == kEarliest) {
    out.offset = partition->log_start();
  } else if (in.timestamp == kMaxTimestamp && call.version() >= kFirstWithMaxTimestamp) {
    TM_TRY(const auto found, partition->find_max_time());
    if (found) {
      out.timestamp = found->timestamp_ms;
      out.offset = found->offset;
    }
  } else if (in.timestamp < 0) {
    out.leader_epoch = -1;
    return topics::fail(topics::Errc::kUnsupportedVersion);
  } else {
    TM_TRY(const auto found, partition->find_time(in.timestamp, partition->readable_end(isolation)));
    if (found) {
      out.timestamp = found->timestamp_ms;
      out.offset = found->offset;
    } else {
      out.leader_epoch = -1;
    }
  }
  return {};
}

void handle(Call<ListOffsetsApi> call) {
  ListOffsetsResponse response;
  for (const auto& topic : call.request.topics) {
    auto& out = response.topics.emplace_back();
    out.name = topic.name;
    const bool allowed = call.allowed("DescribeTopic", "topic", topic.name);
    for (const auto& partition : topic.partitions) {
      auto& result = out.partitions.emplace_back();
      result.partition_index = partition.partition_index;
      result.error_code = allowed ? to_wire(find(call, topic.name, partition, result))
                                  : to_wire(topics::Errc::kTopicAuthorizationFailed);
    }
  }
  std::move(call).reply(response);
}

}  // namespace

extern const ApiEntry kListOffsets = api<ListOffsetsApi, handle>("ListOffsets", {1, 7});

}  // namespace tidemill::kafka
