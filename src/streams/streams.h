// The registry of streams: implements tables::ChangeSink for writers, and answers readers (the Streams API, triggers,
// the Kafka view). Readers call from any thread; opening, closing, rolling over and trimming happen on the home loop.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "observe/log.h"
#include "runtime/executor.h"
#include "runtime/random.h"
#include "storage/store.h"
#include "streams/call_limits.h"
#include "streams/error.h"
#include "streams/heat.h"
#include "streams/iterator.h"
#include "streams/record.h"
#include "streams/slot.h"
#include "tables/change_sink.h"

namespace tidemill::streams {

struct ShardInfo {
  std::string id;      // shardId-<20 digits, creation time in ms>-<8 hexadecimal digits>
  std::string parent;  // empty: none; may name a shard that is no longer there
  std::size_t slot = 0;
  std::uint64_t first = 0;           // its first number
  std::optional<std::uint64_t> end;  // when closed: the number behind its last
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> closed_ms;
  bool operator==(const ShardInfo&) const = default;
};

struct StreamInfo {
  std::string arn, label, table;
  Scope scope;
  std::string uuid;
  tables::StreamView view = tables::StreamView::kNewAndOldImages;
  tables::KeySchema keys;
  std::int64_t created_ms = 0;
  bool enabled = true;
  std::optional<std::int64_t> closed_ms;
  std::vector<ShardInfo> shards;  // by id, which is by creation
  RecordContext context() const {
    return {.stream_arn = arn, .stream_uuid = uuid, .region = scope.region, .view = view};
  }
};

// A shard that can be read: see Slot::read(from, limits, end).
struct Shard {
  ShardInfo info;  // as it was when asked for: ask again after a change was told
  std::shared_ptr<Slot> slot;
  RecordContext context;
  tables::KeySchema keys;
  std::uint64_t reached = 0;  // of the slot; what is behind it may be another shard's that `info` does not know of
  // From `from` on; never beyond the shard's end. `next >= *info.end` means that a closed shard is exhausted.
  Result<Batch> read(std::uint64_t from, ReadLimits limits = {}) const {
    return slot->read(std::max(from, info.first), limits, std::min(reached, info.end.value_or(~0ULL)));
  }
  // The oldest number that can be read.
  std::uint64_t oldest() const { return std::max(info.first, slot->oldest()); }
};

enum class IteratorType : unsigned char { kTrimHorizon, kLatest, kAtSequenceNumber, kAfterSequenceNumber };

struct IteratorRequest {
  std::string stream_arn;
  std::string shard_id;
  IteratorType type = IteratorType::kTrimHorizon;
  std::optional<std::string> sequence_number;
};

struct RecordsPage {
  std::vector<Record> records;
  RecordContext context;
  std::optional<std::string> next_iterator;  // nothing: a closed shard is exhausted
};

class Streams final : public tables::ChangeSink {
 public:
  struct Options {
    std::size_t slots_per_table = 1;  // unless the table's tag says another number
    bool limited = false;             // calls of the API: see call_limits.h
    std::uint64_t split_records = 0;  // a second; see Heat. 0: shards are split by hand only
    std::chrono::milliseconds retention = std::chrono::hours(24);
    std::chrono::milliseconds rollover = std::chrono::hours(4);
    std::chrono::milliseconds iterator_life = std::chrono::minutes(15);
    std::chrono::milliseconds tick = std::chrono::minutes(1);  // how often rollover and trim are looked at
  };
  struct Dependencies {
    storage::Store& store;
    runtime::Loop& home;
    runtime::Random& random;
    observe::Log& log;
  };
  // Loads what is stored.
  Streams(Dependencies dependencies, Options options);
  ~Streams() override;
  Streams(const Streams&) = delete;

  // `split(stream, shard)` is called for an open shard that is hot: it is to be split. Before start().
  void on_hot_shard(std::function<void(const StreamInfo& stream, const std::string& shard)> split) {
    split_ = std::move(split);
  }
  // Starts the timer of rollover and trim.
  void start();

  // Readers. Any thread.
  std::vector<StreamInfo> list(const Scope& scope) const;  // by ARN
  std::optional<StreamInfo> find_stream(std::string_view arn) const;
  Result<StreamInfo> describe(std::string_view arn) const;
  Result<Shard> shard(std::string_view stream_arn, std::string_view shard_id) const;
  // The slots of a stream, for those who read across shards.
  Result<std::vector<std::shared_ptr<Slot>>> slots(std::string_view stream_arn) const;
  Result<std::string> make_iterator(const IteratorRequest& request) const;
  Result<RecordsPage> get_records(std::string_view iterator, std::size_t limit) const;
  // `changed(arn)` is posted after a stream was opened or closed, a shard was rolled over, or a stream is gone.
  class Watch;
  [[nodiscard]] std::shared_ptr<Watch> watch(runtime::Executor& executor,
                                             std::function<void(const std::string& arn)> changed);

  // Counts the changes of what is here: a shard that was looked up holds until it moves.
  std::uint64_t changes() const { return changes_.load(std::memory_order_acquire); }

  CallLimits& limits() { return limits_; }

  // Home loop.
  std::shared_ptr<tables::ChangeStream> open(const tables::TableDefinition& table, storage::Mutation& batch) override;
  std::shared_ptr<tables::ChangeStream> find(const tables::TableDefinition& table) override;
  tables::Result<std::shared_ptr<tables::ChangeStream>> begin_split(const tables::TableDefinition& table,
                                                                    std::string_view shard,
                                                                    storage::Mutation& batch) override;
  void end_split(const tables::TableDefinition& table, storage::Mutation& batch) override;
  void close(const tables::TableDefinition& table, storage::Mutation& batch) override;
  // Closes the open shards of a stream and opens a child for each.
  Status roll_over(std::string_view arn);
  // One look at rollover and trim, as the timer does it.
  void sweep();

 private:
  struct Stream;
  class Writer;
  using Key = std::string;  // the ARN

  void load();
  std::shared_ptr<Slot> make_slot(std::string prefix, std::uint64_t first, std::uint64_t next,
                                  std::int64_t last_timestamp_ms);
  void schedule();
  ShardInfo new_shard(std::size_t slot, std::uint64_t first, std::int64_t now_ms, std::string parent);
  static std::string meta_key(std::uint32_t id);
  static std::string slot_prefix(std::uint32_t id, std::size_t slot);
  static std::string to_stored(const Stream& stream);
  static bool close_retired(Stream& stream, std::int64_t now);
  void store_stream(const Stream& stream, storage::Mutation& batch) const;
  void tell(const std::string& arn);
  void publish(const std::string& arn, std::shared_ptr<const Stream> stream);  // null: it is gone
  std::int64_t now_ms() const { return epoch_ms(deps_.home.clock().wall()); }
  Result<std::shared_ptr<const Stream>> lookup(std::string_view arn) const;
  Result<Shard> look_up_shard(std::string_view stream_arn, std::string_view shard_id) const;

  const Dependencies deps_;
  const Options options_;
  CallLimits limits_;
  Heat heat_;  // home loop
  std::function<void(const StreamInfo&, const std::string&)> split_;
  mutable std::mutex mutex_;
  std::map<Key, std::shared_ptr<const Stream>, std::less<>>
      streams_;                                // guarded by mutex_; values are replaced, never changed
  std::atomic<std::uint64_t> changes_ = 0;     // of streams_
  std::vector<std::weak_ptr<Watch>> watches_;  // guarded by mutex_
  std::uint32_t next_id_ = 1;                  // home loop
  std::vector<std::weak_ptr<Slot>> slots_;     // home loop; all that were made and are still held
  runtime::TimerId timer_ = 0;                 // home loop
};

// One shard, for a reader that comes back often: it is looked up again when something has changed.
class ShardReader {
 public:
  ShardReader(const Streams& streams, std::string arn, std::string id)
      : streams_(streams), arn_(std::move(arn)), id_(std::move(id)) {}
  // Good until the next call.
  Result<const Shard*> now();

 private:
  const Streams& streams_;
  const std::string arn_, id_;
  std::optional<Shard> shard_;
  std::uint64_t seen_ = 0;  // of changes()
};

}  // namespace tidemill::streams
