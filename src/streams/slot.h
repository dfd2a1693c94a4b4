// One ordered log of changes: all changes of one item are in one slot, in commit order. A slot outlives its shards;
// each shard is a range of its numbers. The Kafka view reads a slot as one partition.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "runtime/executor.h"
#include "storage/store.h"
#include "streams/recent.h"
#include "streams/record.h"

namespace tidemill::streams {

struct ReadLimits {
  std::size_t max_records = 1000;
  std::size_t max_bytes = 1 << 20;  // stops after the record that reaches it
};

struct Batch {
  std::vector<Record> records;
  std::uint64_t next = 0;  // where the next read goes on
};

class Slot {
 public:
  // `first` is the oldest number kept, `next` the number that the next change gets.
  Slot(storage::Store& store, std::string prefix, std::uint64_t first, std::uint64_t next,
       std::int64_t last_timestamp_ms);

  // Any thread. Every number below reached() is durable; every number below oldest() has been trimmed.
  std::uint64_t reached() const { return log_->reached(); }
  std::uint64_t next() const { return log_->next(); }
  std::uint64_t oldest() const { return oldest_.load(std::memory_order_acquire); }

  // Records from `from` (or from oldest() when that is later) up to reached() and below `end`. Any thread.
  Result<Batch> read(std::uint64_t from, ReadLimits limits, std::uint64_t end = ~0ULL) const;
  // The first number whose timestamp is not before `ms`; reached() when there is none. Binary search.
  std::uint64_t find_time(std::int64_t ms) const;
  // `told(reached)` is posted to the executor after reached() has moved.
  [[nodiscard]] storage::Subscription watch(runtime::Executor& executor,
                                            std::function<void(std::uint64_t reached)> told) {
    return log_->watch(executor, std::move(told));
  }

  // The engine's side.
  void append(std::string record, std::int64_t now_ms, storage::Mutation& batch);
  // Erases what is older than `cutoff_ms`, at most `records_max` of it; the new oldest number. Home loop.
  std::uint64_t trim(std::int64_t cutoff_ms, std::uint64_t end, storage::Mutation& batch);
  void trimmed_to(std::uint64_t oldest) { oldest_.store(oldest, std::memory_order_release); }
  const std::string& prefix() const { return log_->prefix(); }
  // The store is going: whoever still holds the slot may only let go of it.
  void close() { log_.reset(); }

 private:
  std::int64_t timestamp_at(std::uint64_t number) const;
  storage::Store& store_;
  std::unique_ptr<storage::Log> log_;  // until close()
  std::atomic<std::uint64_t> oldest_;
  std::int64_t last_timestamp_ms_;  // under the store's commit lock
  mutable Recent recent_;
};

}  // namespace tidemill::streams
