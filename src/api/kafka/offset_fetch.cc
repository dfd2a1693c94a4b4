#include "kafka_messages/offset_fetch.h"

#include "api/kafka/call.h"

namespace tidemill::kafka {
namespace {

constexpr std::int16_t kFirstWithGroups = 8;

// The old and the new form of the answer differ in the names of their structs only.
template <class Partition>
Partition find(const topics::Offsets& offsets, const std::string& group, const topics::TopicPartition& at,
               bool stable) {
  Partition out;
  out.partition_index = at.partition;
  out.committed_offset = -1;
  out.metadata = "";
  if (stable && offsets.is_pending(group, at)) {
    out.error_code = to_wire(topics::Errc::kUnstableOffsetCommit);
  } else if (const auto* committed = offsets.find(group, at)) {
    out.committed_offset = committed->offset;
    out.committed_leader_epoch = committed->leader_epoch;
    out.metadata = committed->metadata;
  }
  return out;
}

template <class Out, class In>
void fill(Call<OffsetFetchApi>& call, const std::string& group, const std::optional<std::vector<In>>& wanted,
          std::vector<Out>& to) {
  using Partition = typename decltype(Out::partitions)::value_type;
  const auto& offsets = call.broker().groups().offsets();
  const bool stable = call.request.require_stable;
  if (wanted) {
    for (const auto& topic : *wanted) {
      auto& out = to.emplace_back();
      out.name = topic.name;
      const bool allowed = call.allowed("DescribeTopic", "topic", topic.name);
      for (const auto partition : topic.partition_indexes) {
        auto& result = out.partitions.emplace_back(find<Partition>(offsets, group, {topic.name, partition}, stable));
        if (allowed) continue;
        result = {};
        result.partition_index = partition;
        result.committed_offset = -1;
        result.metadata = "";
        result.error_code = to_wire(topics::Errc::kTopicAuthorizationFailed);
      }
    }
    return;
  }
  const auto* all = offsets.of_group(group);
  if (!all) return;
  for (const auto& [at, committed] : *all) {
    if (!call.allowed("DescribeTopic", "topic", at.topic)) continue;
    if (to.empty() || to.back().name != at.topic) to.emplace_back().name = at.topic;
    to.back().partitions.push_back(find<Partition>(offsets, group, at, stable));
  }
}

topics::Status check(Call<OffsetFetchApi>& call, const std::string& group, const std::optional<std::string>& member,
                     std::int32_t epoch) {
  if (!call.allowed("DescribeGroup", "group", group)) return topics::fail(topics::Errc::kGroupAuthorizationFailed);
  if (group.empty()) return topics::fail(topics::Errc::kInvalidGroupId);
  return call.broker().groups().check_reader(group, member, epoch);
}

void handle(Call<OffsetFetchApi> call) {
  OffsetFetchResponse response;
  if (call.version() < kFirstWithGroups) {
    response.error_code = to_wire(check(call, call.request.group_id, std::nullopt, -1));
    if (response.error_code == kNoError) {
      fill(call, call.request.group_id, call.request.topics, response.topics);
    } else if (call.request.topics) {
      // Version 1 has no place for an error but at each partition.
      for (const auto& topic : *call.request.topics) {
        auto& out = response.topics.emplace_back();
        out.name = topic.name;
        for (const auto partition : topic.partition_indexes)
          out.partitions.push_back({.partition_index = partition,
                                    .committed_offset = -1,
                                    .metadata = "",
                                    .error_code = response.error_code});
      }
    }
    return std::move(call).reply(response);
  }
  for (const auto& group : call.request.groups) {
    auto& out = response.groups.emplace_back();
    out.group_id = group.group_id;
    out.error_code = to_wire(check(call, group.group_id, group.member_id, group.member_epoch));
    if (out.error_code == kNoError) fill(call, group.group_id, group.topics, out.topics);
  }
  std::move(call).reply(response);
}

}  // namespace

extern const ApiEntry kOffsetFetch = api<OffsetFetchApi, handle>("OffsetFetch", {1, 9});

}  // namespace tidemill::kafka
