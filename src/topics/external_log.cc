#include "topics/external_log.h"

#include <algorithm>

#include "topics/record_batch.h"

namespace tidemill::topics {
namespace {

constexpr std::size_t kBatchBytes = 64 * 1024;

}  // namespace

Result<std::string> ExternalLog::read_batches(const ReadSpec& spec) {
  std::string out;
  auto offset = spec.offset;
  while (offset < spec.end && (out.size() < spec.max_bytes || out.empty())) {
    if (out.empty() && !spec.at_least_one && spec.max_bytes == 0) break;
    TM_TRY(auto records, source_->read(offset, std::min(kBatchBytes, spec.max_bytes)));
    std::erase_if(records, [&spec](const Record& record) { return record.offset >= spec.end; });
    if (records.empty()) break;
    const auto base = records.front().offset;
    std::vector<NewRecord> batch;
    batch.reserve(records.size());
    for (auto& record : records)
      batch.push_back({std::move(record.key), std::move(record.value), std::move(record.headers), record.timestamp_ms});
    auto encoded = encode_batch(batch, {});
    if (!out.empty() && out.size() + encoded.size() > spec.max_bytes) break;
    if (out.empty() && !spec.at_least_one && encoded.size() > spec.max_bytes) break;
    set_base_offset(encoded, base);
    set_leader_epoch(encoded, leader_epoch());
    out += encoded;
    offset = base + static_cast<std::int64_t>(batch.size());
  }
  return out;
}

Result<std::optional<Record>> ExternalLog::at(std::int64_t offset) {
  if (offset >= source_->reached()) return std::nullopt;
  TM_TRY(auto records, source_->read(offset, 1));
  if (records.empty()) return std::nullopt;
  return std::move(records.front());
}

Result<std::optional<TimedOffset>> ExternalLog::find_time(std::int64_t timestamp_ms, std::int64_t end) {
  // Timestamps never decrease along the offsets, so halving finds the place.
  auto low = log_start(), high = end;
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    TM_TRY(const auto record, at(middle));
    if (record && record->timestamp_ms < timestamp_ms)
      low = record->offset + 1;
    else
      high = middle;
  }
  if (low >= end) return std::nullopt;
  TM_TRY(const auto record, at(low));
  if (!record || record->timestamp_ms < timestamp_ms) return std::nullopt;
  return TimedOffset{record->timestamp_ms, record->offset};
}

Result<std::optional<TimedOffset>> ExternalLog::find_max_time() {
  const auto end = high_watermark();
  if (end <= log_start()) return std::nullopt;
  TM_TRY(const auto newest, at(end - 1));
  if (!newest) return std::nullopt;
  return find_time(newest->timestamp_ms, end);
}

}  // namespace tidemill::topics
