// Throughput, limited as the service limits it, when the server was told to: token buckets of a table, of each of its
// global indexes, and of its key ranges. A table that is not limited has no meters, and nothing here runs.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "runtime/time.h"
#include "tables/change.h"

namespace tidemill::tables {

enum class Access : unsigned char { kRead, kWrite };

// Fills with `rate` units a second up to `capacity`, from empty but for one second's worth. It may go into debt by one
// operation, since what a read costs is known only when it has been done.
class TokenBucket {
 public:
  // A change of the rate keeps what is there. A rate of zero: not limited.
  void configure(double rate, double capacity, runtime::Instant now);
  bool has(double units, runtime::Instant now);
  void take(double units, runtime::Instant now);

 private:
  void fill(runtime::Instant now);
  double rate_ = 0, capacity_ = 0, tokens_ = 0;
  runtime::Instant filled_{};
};

// The quotas of an account, as DescribeLimits tells them; for each of reading and writing.
inline constexpr std::int64_t kTableUnitsMax = 40000;
inline constexpr std::int64_t kAccountUnitsMax = 80000;
// What one key range (on the service: a partition) gives in a second.
inline constexpr double kRangeReads = 3000, kRangeWrites = 1000;
// Unused throughput is kept for so many seconds.
inline constexpr double kBurstSeconds = 300;

// Of one table; lives as long as the table, across changes of its settings. Any thread.
class Meters {
 public:
  explicit Meters(const runtime::Clock& clock) : clock_(clock) {}
  void configure(const TableDefinition& definition);

  // Why a read of the table or of a global index must wait; nothing when it may go on. `partition` is the upper half of
  // the partition key's hash, where the read is of one partition of the table.
  std::optional<Error> refuse_read(const Table& table, const IndexDefinition* index,
                                   std::optional<std::uint32_t> partition);
  void charge_read(const IndexDefinition* index, std::optional<std::uint32_t> partition, double units);

  // Of a write: first what is known without the item, then whether an index that it touches holds it up.
  std::optional<Error> refuse_write(const Table& table, const RowKey& row);
  std::optional<Error> refuse_entries(const Table& table, const std::optional<StoredItem>& before,
                                      const std::optional<Item>& after);
  void charge_write(const Table& table, const RowKey& row, const WriteCost& cost, double factor = 1);

 private:
  struct Pair {
    TokenBucket read, write;
    TokenBucket& of(Access access) { return access == Access::kRead ? read : write; }
  };
  static constexpr std::size_t kRanges = 512;
  struct Ranges {
    std::array<Pair, kRanges> all;
  };
  Pair& range(std::uint32_t partition, runtime::Instant now);

  const runtime::Clock& clock_;
  std::mutex mutex_;
  std::map<IndexId, Pair> buckets_;  // guarded by mutex_; 0 is the table
  std::unique_ptr<Ranges> ranges_;   // guarded by mutex_; made when first asked for
};

// The same refusal as a transaction's reason.
CancellationReason throttled_reason(const Error& error);

// Whether a write that changes `before` into `after` writes to the index.
bool touches(const TableDefinition& table, const IndexDefinition& index, const std::optional<StoredItem>& before,
             const std::optional<Item>& after);

// Throughput settings against the quotas of the account: kLimitExceeded. `others` is what the account's other tables
// have.
Status check_quotas(const TableDefinition& table, const Throughput& others);
// The sum of a table's and its global indexes' units.
Throughput units_of(const TableDefinition& table);

// How many of the counted decreases are of the UTC day of `now`.
int decreases_on(int counted, const std::optional<WallTime>& last, WallTime now);
// Writes down in `next`, which is about to be stored, which throughput settings change when. Errors (only when
// `limited`): kLimitExceeded, for too many decreases in a UTC day or switches to on-demand in 24 hours.
Status record_changes(const TableDefinition& before, TableDefinition& next, WallTime now, bool limited);
// Time to live may be changed once an hour.
Status check_ttl_change(const TableDefinition& before, WallTime now);

}  // namespace tidemill::tables
