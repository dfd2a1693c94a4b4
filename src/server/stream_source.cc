#include "server/stream_source.h"

#include <algorithm>

namespace tidemill::server {
namespace {

using triggers::SourceErrc;
using triggers::SourceError;

std::unexpected<SourceError> lost(const streams::Error& error) {
  return std::unexpected(SourceError{SourceErrc::kNotFound, error.message});
}

struct ShardWatch final : triggers::Watch {
  storage::Subscription records;
  std::shared_ptr<streams::Streams::Watch> shards;
};

class ShardSource final : public triggers::RecordSource {
 public:
  ShardSource(streams::Streams& streams, runtime::Executor& home, std::string arn, std::string shard)
      : streams_(streams), home_(home), arn_(std::move(arn)), shard_(streams, arn_, std::move(shard)) {}

  void read(triggers::Position from, triggers::ReadLimits limits,
            Reply<triggers::ReadBatch, SourceError> reply) override {
    std::move(reply)(read_now(from, limits));
  }

  std::unique_ptr<triggers::Watch> watch(std::function<void()> advanced) override {
    auto watch = std::make_unique<ShardWatch>();
    const auto found = shard_.now();
    if (found) watch->records = (*found)->slot->watch(home_, [advanced](std::uint64_t) { advanced(); });
    // The end of a shard (rolled over, stream disabled) is news too.
    watch->shards = streams_.watch(home_, [advanced, arn = arn_](const std::string& changed) {
      if (changed == arn) advanced();
    });
    return watch;
  }

  triggers::Position oldest() const override {
    const auto shard = shard_.now();
    return shard ? (*shard)->oldest() : 0;
  }

 private:
  std::expected<triggers::ReadBatch, SourceError> read_now(triggers::Position from, triggers::ReadLimits limits) {
    const auto found = shard_.now();
    if (!found) return lost(found.error());
    const auto* shard = *found;
    if (from < shard->oldest())
      return std::unexpected(SourceError{SourceErrc::kTrimmed, "the records have been trimmed"});
    auto batch = shard->read(from, {.max_records = limits.records_max, .max_bytes = limits.bytes_max});
    if (!batch) return std::unexpected(SourceError{SourceErrc::kInternal, batch.error().message});
    triggers::ReadBatch out;
    out.next = batch->next;
    out.records.reserve(batch->records.size());
    for (auto& record : batch->records) {
      triggers::SourceRecord to{
          .position = record.number, .id = record.sequence_number(), .arrival_ms = record.timestamp_ms};
      to.json.reserve(record.weight() * 2);  // about what its names and digits come to
      if (auto written = streams::append_record_json(to.json, record, shard->context, streams::RecordForm::kEvent);
          !written) {
        return std::unexpected(SourceError{SourceErrc::kInternal, written.error().message});
      }
      to.lane_key = std::move(record.keys);
      out.records.push_back(std::move(to));
    }
    out.ended = shard->info.end && out.next >= *shard->info.end;
    out.drained = out.next >= shard->slot->reached();
    return out;
  }

  streams::Streams& streams_;
  runtime::Executor& home_;
  const std::string arn_;
  mutable streams::ShardReader shard_;
};

struct StreamWatch final : triggers::Watch {
  std::shared_ptr<streams::Streams::Watch> shards;
};

}  // namespace

void StreamSource::parts(Reply<std::vector<triggers::Part>, SourceError> reply) {
  const auto stream = streams_.describe(arn_);
  if (!stream) return std::move(reply)(lost(stream.error()));
  std::vector<triggers::Part> parts;
  for (const auto& shard : stream->shards) parts.push_back({.id = shard.id, .parent = shard.parent});
  std::move(reply)(std::move(parts));
}

std::unique_ptr<triggers::Watch> StreamSource::watch(std::function<void()> changed) {
  auto watch = std::make_unique<StreamWatch>();
  watch->shards = streams_.watch(home_, [changed = std::move(changed), arn = arn_](const std::string& which) {
    if (which == arn) changed();
  });
  return watch;
}

std::unique_ptr<triggers::RecordSource> StreamSource::open(const triggers::Part& part) {
  return std::make_unique<ShardSource>(streams_, home_, arn_, part.id);
}

void StreamSource::position(const triggers::Part& part, const triggers::Start& start,
                            Reply<triggers::Position, SourceError> reply) {
  const auto shard = streams_.shard(arn_, part.id);
  if (!shard) return std::move(reply)(lost(shard.error()));
  const auto end = shard->info.end.value_or(~0ULL);
  switch (start.at) {
    case triggers::Start::At::kTrimHorizon: return std::move(reply)(shard->oldest());
    // What has been answered before this moment is below reached(); what has not may still come.
    case triggers::Start::At::kLatest:
      return std::move(reply)(std::min<triggers::Position>(shard->slot->reached(), end));
    case triggers::Start::At::kTimestamp:
      return std::move(reply)(
          std::clamp<triggers::Position>(shard->slot->find_time(start.timestamp_ms), shard->oldest(), end));
  }
  std::unreachable();
}

}  // namespace tidemill::server
