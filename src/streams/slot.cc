#include "streams/slot.h"

#include <algorithm>

namespace tidemill::streams {

using storage::Keyspace;

Slot::Slot(storage::Store& store, std::string prefix, std::uint64_t first, std::uint64_t next,
           std::int64_t last_timestamp_ms)
    : store_(store),
      log_(store.open_log(Keyspace::kChanges, std::move(prefix), next)),
      oldest_(first),
      last_timestamp_ms_(last_timestamp_ms) {}

void Slot::append(std::string record, std::int64_t now_ms, storage::Mutation& batch) {
  // A wall clock may step back; a slot's time does not.
  batch.append(*log_, 1, std::move(record), [this, now_ms](std::uint64_t number, std::string& stored) {
    last_timestamp_ms_ = std::max(last_timestamp_ms_, now_ms);
    stamp_record(stored, last_timestamp_ms_);
    recent_.add(number, stored);
  });
}

Result<Batch> Slot::read(std::uint64_t from, ReadLimits limits, std::uint64_t end) const {
  Batch batch;
  batch.next = std::max(from, oldest());
  end = std::min(end, reached());
  if (batch.next >= end || limits.max_records == 0) return batch;
  std::size_t bytes = 0;
  bool full = false;
  Status intact;
  const auto take = [&](std::uint64_t number, std::string_view stored) {
    if (full || !intact) return;
    auto record = decode_record(number, stored);
    if (!record) {
      intact = std::unexpected(record.error());
      return;
    }
    bytes += record->weight();
    batch.next = record->number + 1;
    batch.records.push_back(*std::move(record));
    full = batch.records.size() >= limits.max_records || bytes >= limits.max_bytes;
  };
  if (!recent_.read(batch.next, end, take)) {
    const auto cursor = store_.cursor(Keyspace::kChanges, {log_->key(batch.next), log_->key(end)});
    for (; cursor->valid() && !full && intact; cursor->next())
      take(storage::Log::number_of(cursor->key()), cursor->value());
    if (const auto status = cursor->status(); !status) return fail(Errc::kInternal, status.error().message);
  }
  TM_CHECK(intact);
  if (!full) batch.next = std::max(batch.next, end);
  return batch;
}

std::int64_t Slot::timestamp_at(std::uint64_t number) const {
  const auto stored = store_.get(Keyspace::kChanges, log_->key(number));
  if (!stored || !*stored) return 0;
  return timestamp_of_record(**stored);
}

std::uint64_t Slot::find_time(std::int64_t ms) const {
  std::uint64_t low = oldest(), high = reached();
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (timestamp_at(middle) < ms) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::uint64_t Slot::trim(std::int64_t cutoff_ms, std::uint64_t end, storage::Mutation& batch) {
  const std::uint64_t from = oldest();
  const std::uint64_t to = std::min(end, find_time(cutoff_ms));
  if (to <= from) return from;
  batch.erase_range(Keyspace::kChanges, log_->key(from), log_->key(to));
  return to;
}

}  // namespace tidemill::streams
