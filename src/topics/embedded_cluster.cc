#include "topics/embedded_cluster.h"

#include <algorithm>
#include <set>

#include "topics/partitioner.h"
#include "topics/record_batch.h"

namespace tidemill::topics {
namespace {

// Batches are read in steps of this size; records beyond the caller's limits are read again with the next call.
constexpr std::size_t kReadStep = 1024 * 1024;

TopicSummary summary(const Topic& topic) { return {topic.name, topic.partition_count()}; }

std::size_t bytes_of(const RecordView& record) {
  auto out = record.key.value_or("").size() + record.value.value_or("").size();
  for (const auto& [key, value] : record.headers) out += key.size() + value.value_or("").size();
  return out;
}

}  // namespace

void EmbeddedCluster::create_topic(NewTopic topic, Reply<TopicSummary, Error> reply) {
  TopicSpec spec{.name = std::move(topic.name), .partitions = topic.partitions.value_or(-1)};
  for (auto& [name, value] : topic.configs) spec.configs[name] = std::move(value);
  broker_.create_topic(spec, std::move(reply).via<const Topic*>(
                                 [](const Topic* created) -> Result<TopicSummary> { return summary(*created); }));
}

void EmbeddedCluster::describe_topic(std::string name, Reply<TopicSummary, Error> reply) {
  const auto* topic = broker_.catalog().find(name);
  if (!topic) return std::move(reply)(fail(Errc::kUnknownTopicOrPartition, "Topic '" + name + "' does not exist."));
  std::move(reply)(summary(*topic));
}

void EmbeddedCluster::list_topics(Reply<std::vector<TopicSummary>, Error> reply) {
  std::vector<TopicSummary> out;
  for (const auto& [name, topic] : broker_.catalog().all()) out.push_back(summary(*topic));
  std::move(reply)(std::move(out));
}

void EmbeddedCluster::produce(ProduceRequest request, Reply<Produced, Error> reply) {
  if (request.records.empty()) return std::move(reply)(fail(Errc::kInvalidRequest, "There are no records to produce."));
  if (broker_.catalog().find(request.topic) || !broker_.settings().auto_create_topics)
    return append(std::move(request), std::move(reply));
  const TopicSpec spec{.name = request.topic};
  broker_.create_topic(spec, Reply<const Topic*, Error>(
                                 [this, request = std::move(request), reply = std::move(reply)](auto created) mutable {
                                   if (!created) return std::move(reply)(std::unexpected(std::move(created).error()));
                                   append(std::move(request), std::move(reply));
                                 }));
}

void EmbeddedCluster::append(ProduceRequest request, Reply<Produced, Error> reply) {
  const auto* topic = broker_.catalog().find(request.topic);
  if (!topic)
    return std::move(reply)(fail(Errc::kUnknownTopicOrPartition, "Topic '" + request.topic + "' does not exist."));
  std::int32_t partition = 0;
  if (request.partition) {
    partition = *request.partition;
  } else if (const auto& key = request.records.front().key) {
    partition = partition_of_key(*key, topic->partition_count());
  } else {
    partition = next_partition_[request.topic]++ % topic->partition_count();
  }
  const auto batch = encode_batch(request.records, {.now_ms = epoch_ms(broker_.loop().clock().wall())});
  broker_.append({{.at = {request.topic, partition}, .batch = batch}}, std::nullopt,
                 std::move(reply).via<std::vector<Result<AppendResult>>>(
                     [partition](std::vector<Result<AppendResult>> results) -> Result<Produced> {
                       if (!results.front()) return std::unexpected(std::move(results.front()).error());
                       return Produced{.partition = partition, .base_offset = results.front()->base_offset};
                     }));
}

Result<ReadResult> EmbeddedCluster::read_now(const ReadRequest& request) {
  TM_TRY(auto* partition, broker_.catalog().partition(request.topic, request.partition));
  const auto end = partition->last_stable();
  ReadResult out{.records = {},
                 .next_offset = request.offset,
                 .high_watermark = partition->high_watermark(),
                 .log_start = partition->log_start()};
  if (request.offset < out.log_start || request.offset > out.high_watermark)
    return fail(Errc::kOffsetOutOfRange, "Offset " + std::to_string(request.offset) + " of " + request.topic + "-" +
                                             std::to_string(request.partition) + " is outside [" +
                                             std::to_string(out.log_start) + ", " + std::to_string(out.high_watermark) +
                                             "].");
  std::size_t bytes = 0;
  bool full = false;
  // Aborted transactions by producer, in the order of their first offsets; one is over when its marker has passed.
  auto aborted = partition->aborted_in(request.offset, end);
  std::sort(aborted.begin(), aborted.end(),
            [](const auto& a, const auto& b) { return a.first_offset < b.first_offset; });
  auto next_aborted = aborted.begin();
  std::set<std::int64_t> aborting;
  while (!full && out.next_offset < end) {
    TM_TRY(
        const auto batches,
        partition->read_batches({.offset = out.next_offset, .end = end, .max_bytes = kReadStep, .at_least_one = true}));
    if (batches.empty()) break;
    for (std::string_view rest = batches; !full && !rest.empty();) {
      const auto header = parse_header(rest);
      if (!header || header->size() > rest.size())
        return fail(Errc::kCorruptMessage, "A stored record batch cannot be read.");
      const auto batch = rest.substr(0, header->size());
      rest.remove_prefix(header->size());
      for (; next_aborted != aborted.end() && next_aborted->first_offset <= header->last_offset(); ++next_aborted)
        aborting.insert(next_aborted->producer_id);
      if (header->is_control()) {
        if (marker_of(batch) == Marker::kAbort) aborting.erase(header->producer_id);
      } else if (!header->is_transactional() || !aborting.contains(header->producer_id)) {
        const auto type = header->is_log_append_time() ? TimestampType::kLogAppendTime : TimestampType::kCreateTime;
        TM_CHECK(for_each_record(batch, [&](const RecordView& record) {
          if (record.offset < out.next_offset) return true;
          const auto size = bytes_of(record);
          full =
              out.records.size() >= request.max_records || (!out.records.empty() && bytes + size > request.max_bytes);
          if (full) return false;
          out.records.push_back(to_record(record, type));
          bytes += size;
          out.next_offset = record.offset + 1;
          return true;
        }));
      }
      if (!full) out.next_offset = std::max(out.next_offset, header->next_offset());
    }
  }
  return out;
}

void EmbeddedCluster::read(ReadRequest request, Reply<ReadResult, Error> reply) { std::move(reply)(read_now(request)); }

Result<std::unique_ptr<Watch>> EmbeddedCluster::watch(const std::string& topic, std::int32_t partition,
                                                      std::function<void()> advanced) {
  TM_TRY(auto* found, broker_.catalog().partition(topic, partition));
  auto watch = found->watch(advanced);
  // What is there already is told too, and not from inside this call: the caller does not hold its watch yet.
  struct Guarded final : Watch {
    explicit Guarded(std::unique_ptr<Watch> w) : inner(std::move(w)) {}
    std::unique_ptr<Watch> inner;
    std::shared_ptr<int> alive = std::make_shared<int>();
  };
  auto out = std::make_unique<Guarded>(std::move(watch));
  if (found->last_stable() > found->log_start()) {
    broker_.loop().post([alive = std::weak_ptr(out->alive), advanced = std::move(advanced)] {
      if (!alive.expired()) advanced();
    });
  }
  return out;
}

void EmbeddedCluster::find_offset(OffsetQuery query, Reply<std::int64_t, Error> reply) {
  auto found = broker_.catalog().partition(query.topic, query.partition);
  if (!found) return std::move(reply)(std::unexpected(found.error()));
  auto& partition = **found;
  switch (query.at) {
    case OffsetQuery::At::kEarliest: return std::move(reply)(partition.log_start());
    case OffsetQuery::At::kLatest: return std::move(reply)(partition.last_stable());
    case OffsetQuery::At::kTimestamp: {
      auto at = partition.find_time(query.timestamp_ms, partition.last_stable());
      if (!at) return std::move(reply)(std::unexpected(at.error()));
      return std::move(reply)(*at ? (*at)->offset : partition.last_stable());
    }
  }
}

void EmbeddedCluster::commit_offsets(std::string group, std::vector<OffsetToCommit> offsets, Reply<void, Error> reply) {
  OffsetCommitRequest request{.group_id = std::move(group), .who = {}, .entries = {}};
  for (auto& offset : offsets)
    request.entries.push_back({{std::move(offset.topic), offset.partition},
                               {.offset = offset.offset, .metadata = std::move(offset.metadata)}});
  broker_.groups().commit(std::move(request),
                          Reply<std::vector<Status>, Error>([reply = std::move(reply)](auto results) mutable {
                            if (!results) return std::move(reply)(std::unexpected(std::move(results).error()));
                            for (auto& result : *results)
                              if (!result) return std::move(reply)(std::move(result));
                            std::move(reply)({});
                          }));
}

void EmbeddedCluster::committed_offsets(std::string group, std::string topic,
                                        Reply<std::map<std::int32_t, std::int64_t>, Error> reply) {
  std::map<std::int32_t, std::int64_t> out;
  if (const auto* offsets = broker_.groups().offsets().of_group(group))
    for (const auto& [at, committed] : *offsets)
      if (at.topic == topic) out[at.partition] = committed.offset;
  std::move(reply)(std::move(out));
}

}  // namespace tidemill::topics
