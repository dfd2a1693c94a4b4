#include "tables/throughput.h"

#include <fmt/format.h>

#include <algorithm>

#include "item/encoding.h"

namespace tidemill::tables {
namespace {

constexpr std::string_view kTableText =
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning "
    "level with the UpdateTable API.";
constexpr std::string_view kIndexText =
    "The level of configured provisioned throughput for one or more global secondary indexes of the table was "
    "exceeded. "
    "Consider increasing your provisioning level for the under-provisioned global secondary indexes with the "
    "UpdateTable "
    "API.";
constexpr std::string_view kOnDemandText =
    "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or "
    "index so please try again shortly. If exceptions persist, check if you have a hot key: "
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html";

// The least that an operation can cost: with less than that there, it must wait.
constexpr double kLeastRead = 0.5, kLeastWrite = 1;

bool on_demand(const TableDefinition& table) { return table.billing == BillingMode::kPayPerRequest; }

// Which limit a bucket of a table or an index stands for.
std::string_view limit_of(const TableDefinition& table, const IndexDefinition* index, Access access) {
  if (!on_demand(table)) return "ProvisionedThroughputExceeded";
  const auto& most = index != nullptr ? index->on_demand : table.on_demand;
  const auto& asked = access == Access::kRead ? most.read : most.write;
  return asked && *asked > 0 ? "MaxOnDemandThroughputExceeded" : "AccountLimitExceeded";
}

Error throttled(const TableDefinition& table, const IndexDefinition* index, Access access, std::string_view limit) {
  Error error{.code = on_demand(table) ? Errc::kThrottling : Errc::kThroughputExceeded};
  error.message = on_demand(table) ? kOnDemandText : index != nullptr ? kIndexText : kTableText;
  error.throttling.push_back({.reason = fmt::format("{}{}{}", index != nullptr ? "Index" : "Table",
                                                    access == Access::kRead ? "Read" : "Write", limit),
                              .resource = index != nullptr ? index_arn(table.scope, table.name, index->name)
                                                           : table_arn(table.scope, table.name)});
  return error;
}

double rate_of(const TableDefinition& table, const Throughput& provisioned, const OptionalThroughput& most,
               Access access) {
  if (!on_demand(table)) return static_cast<double>(access == Access::kRead ? provisioned.read : provisioned.write);
  const auto& asked = access == Access::kRead ? most.read : most.write;
  return static_cast<double>(asked && *asked > 0 ? *asked : kTableUnitsMax);
}

}  // namespace

void TokenBucket::fill(runtime::Instant now) {
  if (now <= filled_) return;
  tokens_ = std::min(capacity_, tokens_ + rate_ * std::chrono::duration<double>(now - filled_).count());
  filled_ = now;
}

void TokenBucket::configure(double rate, double capacity, runtime::Instant now) {
  const bool first = rate_ == 0;
  fill(now);
  rate_ = rate;
  capacity_ = capacity;
  filled_ = now;
  tokens_ = first ? std::max(rate, 1.0) : std::min(tokens_, capacity);
}

bool TokenBucket::has(double units, runtime::Instant now) {
  if (rate_ == 0) return true;
  fill(now);
  return tokens_ >= units;
}

void TokenBucket::take(double units, runtime::Instant now) {
  if (rate_ == 0) return;
  fill(now);
  tokens_ -= units;
}

void Meters::configure(const TableDefinition& definition) {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.now();
  const auto set = [&](Pair& pair, const Throughput& provisioned, const OptionalThroughput& most) {
    for (const auto access : {Access::kRead, Access::kWrite}) {
      const double rate = rate_of(definition, provisioned, most, access);
      pair.of(access).configure(rate, rate * kBurstSeconds, now);
    }
  };
  set(buckets_[0], definition.throughput, definition.on_demand);
  std::erase_if(buckets_, [&](const auto& entry) {
    return entry.first != 0 &&
           std::ranges::find(definition.indexes, entry.first, &IndexDefinition::id) == definition.indexes.end();
  });
  for (const auto& index : definition.indexes) {
    if (index.kind == IndexKind::kGlobal) set(buckets_[index.id], index.throughput, index.on_demand);
  }
}

Meters::Pair& Meters::range(std::uint32_t partition, runtime::Instant now) {
  if (!ranges_) {
    ranges_ = std::make_unique<Ranges>();
    for (auto& pair : ranges_->all) {
      pair.read.configure(kRangeReads, kRangeReads, now);
      pair.write.configure(kRangeWrites, kRangeWrites, now);
    }
  }
  return ranges_->all[partition / (0x1'0000'0000ULL / kRanges)];
}

std::optional<Error> Meters::refuse_read(const Table& table, const IndexDefinition* index,
                                         std::optional<std::uint32_t> partition) {
  const auto& definition = table.definition;
  // Local indexes share the throughput of their table.
  if (index != nullptr && index->kind == IndexKind::kLocal) index = nullptr;
  const std::lock_guard lock(mutex_);
  const auto now = clock_.now();
  if (!buckets_[index != nullptr ? index->id : 0].read.has(kLeastRead, now))
    return throttled(definition, index, Access::kRead, limit_of(definition, index, Access::kRead));
  if (partition && !range(*partition, now).read.has(kLeastRead, now))
    return throttled(definition, index, Access::kRead, "KeyRangeThroughputExceeded");
  return std::nullopt;
}

void Meters::charge_read(const IndexDefinition* index, std::optional<std::uint32_t> partition, double units) {
  const bool own = index != nullptr && index->kind == IndexKind::kGlobal;
  const std::lock_guard lock(mutex_);
  const auto now = clock_.now();
  buckets_[own ? index->id : 0].read.take(units, now);
  if (partition) range(*partition, now).read.take(units, now);
}

std::optional<Error> Meters::refuse_write(const Table& table, const RowKey& row) {
  const auto& definition = table.definition;
  const std::lock_guard lock(mutex_);
  const auto now = clock_.now();
  if (!buckets_[0].write.has(kLeastWrite, now))
    return throttled(definition, nullptr, Access::kWrite, limit_of(definition, nullptr, Access::kWrite));
  if (!range(static_cast<std::uint32_t>(row.partition >> 32), now).write.has(kLeastWrite, now))
    return throttled(definition, nullptr, Access::kWrite, "KeyRangeThroughputExceeded");
  return std::nullopt;
}

std::optional<Error> Meters::refuse_entries(const Table& table, const std::optional<StoredItem>& before,
                                            const std::optional<Item>& after) {
  const auto& definition = table.definition;
  const std::lock_guard lock(mutex_);
  const auto now = clock_.now();
  for (const auto& index : definition.indexes) {
    if (index.kind != IndexKind::kGlobal || index.status == IndexStatus::kDeleting) continue;
    // What an index costs is looked at only when it has nothing left.
    if (buckets_[index.id].write.has(kLeastWrite, now) || !touches(definition, index, before, after)) continue;
    return throttled(definition, &index, Access::kWrite, limit_of(definition, &index, Access::kWrite));
  }
  return std::nullopt;
}

void Meters::charge_write(const Table& table, const RowKey& row, const WriteCost& cost, double factor) {
  double own = static_cast<double>(cost.table) * factor;
  const std::lock_guard lock(mutex_);
  const auto now = clock_.now();
  for (const auto& [id, units] : cost.indexes) {
    const auto index = std::ranges::find(table.definition.indexes, id, &IndexDefinition::id);
    const double charged = static_cast<double>(units) * factor;
    if (index != table.definition.indexes.end() && index->kind == IndexKind::kGlobal) {
      buckets_[id].write.take(charged, now);
    } else {
      own += charged;
    }
  }
  buckets_[0].write.take(own, now);
  range(static_cast<std::uint32_t>(row.partition >> 32), now).write.take(own, now);
}

CancellationReason throttled_reason(const Error& error) {
  return {.code = error.code == Errc::kThrottling ? "ThrottlingError" : "ProvisionedThroughputExceeded",
          .message = error.message};
}

bool touches(const TableDefinition& table, const IndexDefinition& index, const std::optional<StoredItem>& before,
             const std::optional<Item>& after) {
  const auto old_row = before ? index_row(table.id, index, table.keys, before->item()) : std::nullopt;
  const auto new_row = after ? index_row(table.id, index, table.keys, *after) : std::nullopt;
  if (old_row != new_row) return true;
  if (!old_row) return false;
  return item::encode(entry_of(index, table.keys, before->item())) != item::encode(entry_of(index, table.keys, *after));
}

// --- Quotas, and how often settings may be changed.

namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr int kFreeDecreases = 4;  // of a UTC day; each further one an hour after the one before
constexpr std::size_t kSwitchesMax = 4;
constexpr auto kTtlPause = hours(1);

std::chrono::sys_days day_of(WallTime time) { return std::chrono::floor<days>(time); }

// "Wednesday, July 25, 2018 at 12:28:14 PM Coordinated Universal Time"
std::string long_date(WallTime time) {
  constexpr std::array kDays{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  constexpr std::array kMonths{"January", "February", "March",     "April",   "May",      "June",
                               "July",    "August",   "September", "October", "November", "December"};
  const auto day = day_of(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  const auto hour = clock.hours().count();
  return fmt::format("{}, {} {}, {} at {}:{:02}:{:02} {} Coordinated Universal Time",
                     kDays.at(std::chrono::weekday(day).c_encoding()),
                     kMonths.at(static_cast<unsigned>(date.month()) - 1), static_cast<unsigned>(date.day()),
                     static_cast<int>(date.year()), hour % 12 == 0 ? 12 : hour % 12, clock.minutes().count(),
                     clock.seconds().count(), hour < 12 ? "AM" : "PM");
}

struct Decreases {
  int& today;
  std::optional<WallTime>& last;
};

// One more decrease of a table or an index.
Status count_decrease(const Throughput& before, const Throughput& after, Decreases decreases, WallTime now,
                      bool limited) {
  decreases.today = decreases_on(decreases.today, decreases.last, now);
  if (after.read >= before.read && after.write >= before.write) return {};
  if (limited && decreases.today >= kFreeDecreases && now - *decreases.last < hours(1)) {
    return fail(
        Errc::kLimitExceeded,
        fmt::format("Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC "
                    "day. After the first {} decreases, each subsequent decrease in the same UTC day can be "
                    "performed at most once every 3600 seconds. Number of decreases today: {}. Last decrease at "
                    "{}. Next decrease can be made at {}",
                    kFreeDecreases, decreases.today, long_date(*decreases.last),
                    long_date(std::min(*decreases.last + hours(1), WallTime(day_of(now) + days(1))))));
  }
  ++decreases.today;
  decreases.last = now;
  return {};
}

}  // namespace

int decreases_on(int counted, const std::optional<WallTime>& last, WallTime now) {
  return last && day_of(*last) == day_of(now) ? counted : 0;
}

Throughput units_of(const TableDefinition& table) {
  Throughput sum = table.throughput;
  for (const auto& index : table.indexes) {
    sum.read += index.throughput.read;
    sum.write += index.throughput.write;
  }
  return sum;
}

Status check_quotas(const TableDefinition& table, const Throughput& others) {
  const auto over = [](std::string_view what, std::string_view where, std::int64_t asked, std::int64_t most) {
    return fail(Errc::kLimitExceeded,
                fmt::format("Subscriber limit exceeded: The requested {} exceeds the limit of {}. "
                            "Requested: {}. Limit: {}. Refer to the Amazon DynamoDB Developer Guide "
                            "for current limits and how to request higher limits.",
                            what, where, asked, most));
  };
  // The quota of a table is one of its own units and one of each index.
  const auto check = [&](const Throughput& units, std::string_view where) -> Status {
    if (units.read > kTableUnitsMax) return over("ReadCapacityUnits", where, units.read, kTableUnitsMax);
    if (units.write > kTableUnitsMax) return over("WriteCapacityUnits", where, units.write, kTableUnitsMax);
    return {};
  };
  TM_CHECK(check(table.throughput, "a table"));
  for (const auto& index : table.indexes) TM_CHECK(check(index.throughput, "an index"));
  const auto own = units_of(table);
  if (own.read + others.read > kAccountUnitsMax)
    return over("ReadCapacityUnits", "the account", own.read + others.read, kAccountUnitsMax);
  if (own.write + others.write > kAccountUnitsMax)
    return over("WriteCapacityUnits", "the account", own.write + others.write, kAccountUnitsMax);
  return {};
}

Status record_changes(const TableDefinition& before, TableDefinition& next, WallTime now, bool limited) {
  if (next.table_class != before.table_class) next.class_changed = now;
  if (next.billing == BillingMode::kPayPerRequest && before.billing == BillingMode::kProvisioned) {
    std::erase_if(next.on_demand_switches, [now](WallTime at) { return now - at >= hours(24); });
    if (limited && next.on_demand_switches.size() >= kSwitchesMax) {
      return fail(Errc::kLimitExceeded,
                  fmt::format("Subscriber limit exceeded: Update to PayPerRequest mode are limited to {} times in 1 "
                              "day(s). Last update at {}. Next update can be made at {}",
                              kSwitchesMax, long_date(next.on_demand_switches.back()),
                              long_date(next.on_demand_switches.front() + hours(24))));
    }
    next.on_demand_switches.push_back(now);
    if (next.on_demand_switches.size() > kSwitchesMax) next.on_demand_switches.erase(next.on_demand_switches.begin());
    next.on_demand_since = now;
  }
  if (next.billing != BillingMode::kProvisioned || before.billing != BillingMode::kProvisioned) return {};
  TM_CHECK(count_decrease(before.throughput, next.throughput, {next.decreases_today, next.decreased}, now, limited));
  if (next.throughput.read > before.throughput.read || next.throughput.write > before.throughput.write)
    next.increased = now;
  for (auto& index : next.indexes) {
    const auto* old = before.find_index(index.name);
    if (old == nullptr || old->id != index.id) continue;
    TM_CHECK(count_decrease(old->throughput, index.throughput, {index.decreases_today, index.decreased}, now, limited));
    if (index.throughput.read > old->throughput.read || index.throughput.write > old->throughput.write)
      index.increased = now;
  }
  return {};
}

Status check_ttl_change(const TableDefinition& before, WallTime now) {
  if (before.ttl_changed && now - *before.ttl_changed < kTtlPause)
    return invalid("Time to live has been modified multiple times within a fixed interval");
  return {};
}

}  // namespace tidemill::tables
