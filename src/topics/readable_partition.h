// What a fetch sees of a partition, be it a log of our own or a table's stream.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "topics/cluster.h"
#include "topics/errors.h"

namespace tidemill::topics {

enum class Isolation : unsigned char { kReadUncommitted = 0, kReadCommitted = 1 };

struct AbortedTransaction {
  std::int64_t producer_id = 0;
  std::int64_t first_offset = 0;
  bool operator==(const AbortedTransaction&) const = default;
};

struct TimedOffset {
  std::int64_t timestamp_ms = 0;
  std::int64_t offset = 0;
};

class ReadablePartition {
 public:
  virtual ~ReadablePartition() = default;

  virtual std::int64_t log_start() const = 0;
  // First offset that is not durable: readers are shown what lies below.
  virtual std::int64_t high_watermark() const = 0;
  // First offset of the earliest open transaction, else the high watermark.
  virtual std::int64_t last_stable() const = 0;
  std::int64_t readable_end(Isolation isolation) const {
    return isolation == Isolation::kReadCommitted ? last_stable() : high_watermark();
  }
  std::int32_t leader_epoch() const { return 0; }

  // Whole batches, the first one holding `offset` (or the next offset that exists), ending below `end`; at least one
  // when there is one and `at_least_one`, and else not more than max_bytes.
  struct ReadSpec {
    std::int64_t offset = 0;
    std::int64_t end = 0;
    std::size_t max_bytes = 0;
    bool at_least_one = true;
  };
  virtual Result<std::string> read_batches(const ReadSpec& spec) = 0;
  // Aborted transactions that overlap [from, to).
  virtual std::vector<AbortedTransaction> aborted_in(std::int64_t from, std::int64_t to) const = 0;
  // The first record below `end` whose time is not before `timestamp_ms`.
  virtual Result<std::optional<TimedOffset>> find_time(std::int64_t timestamp_ms, std::int64_t end) = 0;
  // The record with the greatest timestamp.
  virtual Result<std::optional<TimedOffset>> find_max_time() = 0;
  // Called on the home loop whenever what can be read may have grown, and when the partition is deleted (`gone`).
  virtual std::unique_ptr<Watch> watch(std::function<void()> advanced) = 0;
};

}  // namespace tidemill::topics
