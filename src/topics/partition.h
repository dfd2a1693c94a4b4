// One partition of a topic: a log of record batches, with its producers, its transactions and its index by time.
// Everything that a batch changes here goes into one Mutation with it, so that a restart finds all of it or nothing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/executor.h"
#include "storage/store.h"
#include "topics/producer_state.h"
#include "topics/readable_partition.h"
#include "topics/record_batch.h"
#include "topics/rows.h"
#include "topics/topic_config.h"
#include "topics/watchers.h"

namespace tidemill::topics {

class Partition final : public ReadablePartition {
 public:
  // Reads what the store knows of the partition. Fails when the rows are corrupt.
  static Result<std::unique_ptr<Partition>> open(storage::Store& store, runtime::Executor& home, const Uuid& topic,
                                                 std::int32_t number);
  ~Partition() override;

  std::int64_t log_start() const override { return log_start_; }
  std::int64_t high_watermark() const override { return static_cast<std::int64_t>(log_->reached()); }
  std::int64_t last_stable() const override;
  std::int64_t end() const { return static_cast<std::int64_t>(log_->next()); }
  // Bytes of all retained batches, to the grain of the index.
  std::int64_t bytes() const;

  Result<std::string> read_batches(const ReadSpec& spec) override;
  std::vector<AbortedTransaction> aborted_in(std::int64_t from, std::int64_t to) const override;
  Result<std::optional<TimedOffset>> find_time(std::int64_t timestamp_ms, std::int64_t end) override;
  Result<std::optional<TimedOffset>> find_max_time() override;
  std::unique_ptr<Watch> watch(std::function<void()> advanced) override { return watchers_.add(std::move(advanced)); }

  // May the batch of that header be appended? A duplicate has been appended before: answer as it was answered then.
  Result<std::variant<std::monostate, Duplicate>> check(const BatchHeader& header) const;

  struct Appended {
    std::int64_t base_offset = 0;
    std::int64_t append_time_ms = -1;  // with LogAppendTime
  };
  // Adds a checked batch to `batch_of_changes`. The caller commits it before it appends again.
  Appended append(std::string batch, const BatchHeader& header, TimestampType type, std::int64_t now_ms,
                  storage::Mutation& changes);

  // Ends the open transaction of a producer with a marker. The transaction counts as open for readers until settled()
  // says that the marker is durable. Nothing happens here when the producer has none open.
  struct Ended {
    std::optional<std::int64_t> first_offset;  // of what was open
  };
  Ended end_transaction(Marker marker, std::int64_t producer_id, std::int16_t epoch, std::int64_t now_ms,
                        storage::Mutation& changes);
  void settled(const Ended& ended);

  // Moves the start up to `offset` (not above the high watermark), which may lie inside a batch.
  void trim(std::int64_t offset, storage::Mutation& changes);
  // Where the configured retention wants the start to be now.
  std::int64_t retained_from(const TopicConfig& config, std::int64_t now_ms) const;
  // Forgets producers that have not written for `age_ms`.
  void expire_producers(std::int64_t now_ms, std::int64_t age_ms, storage::Mutation& changes);
  std::size_t producers() const { return producers_.size(); }

  void notify() const { watchers_.notify(); }

 private:
  Partition(storage::Store& store, runtime::Executor& home, const Uuid& topic, std::int32_t number);
  Status load();
  std::string index_key(std::int64_t timestamp_ms, std::int64_t base) const;
  std::int64_t base_of(std::int64_t offset) const;  // of the batch that holds it, or the offset itself
  // Calls `see(base, batch)` for batches from the one holding `from` on, until it returns false.
  template <class See>
  Status walk(std::int64_t from, const See& see) const;
  Result<std::optional<TimedOffset>> first_at_or_after(std::int64_t timestamp_ms, std::int64_t from,
                                                       std::int64_t end) const;
  void save(std::int64_t producer_id, const ProducerState& state, storage::Mutation& changes) const;

  storage::Store& store_;
  runtime::Executor& home_;
  const std::string batches_prefix_, index_prefix_, log_start_key_, producers_prefix_, aborted_prefix_;

  std::unique_ptr<storage::Log> log_;
  storage::Subscription subscription_;  // after log_: it is cancelled first
  Watchers watchers_;

  std::int64_t log_start_ = 0;
  std::int64_t greatest_timestamp_ = INT64_MIN;  // of all batches ever appended
  std::int64_t position_ = 0;                    // bytes ever appended
  std::int64_t start_position_ = 0;              // of the log start, to the grain of the index
  std::int64_t indexed_position_ = INT64_MIN;    // of the newest index row

  std::map<std::int64_t, ProducerState> producers_;
  std::multiset<std::int64_t> open_;                    // first offsets of transactions without a durable marker
  std::map<std::int64_t, AbortedTransaction> aborted_;  // by offset of the marker
};

}  // namespace tidemill::topics
