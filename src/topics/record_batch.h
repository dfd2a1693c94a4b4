// The record batch of the Kafka protocol, format 2: the unit that producers send, the log stores and fetches return. A
// stored batch is what the producer sent, except for its base offset and leader epoch, which lie outside its checksum.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topics/compression.h"
#include "topics/errors.h"
#include "topics/record.h"

namespace tidemill::topics {

inline constexpr std::size_t kBatchHeaderBytes = 61;
inline constexpr std::int64_t kNoProducerId = -1;
// What the records of one batch may take when decompressed.
inline constexpr std::size_t kInflatedBatchMax = 128 * 1024 * 1024;

struct BatchHeader {
  std::int64_t base_offset = 0;
  std::int32_t length = 0;  // bytes after this field
  std::int32_t leader_epoch = -1;
  std::int8_t magic = 2;
  std::uint32_t crc = 0;
  std::int16_t attributes = 0;
  std::int32_t last_offset_delta = 0;
  std::int64_t base_timestamp = 0;
  std::int64_t max_timestamp = 0;
  std::int64_t producer_id = kNoProducerId;
  std::int16_t producer_epoch = -1;
  std::int32_t base_sequence = -1;
  std::int32_t record_count = 0;

  std::size_t size() const { return static_cast<std::size_t>(length) + 12; }
  Codec codec() const { return static_cast<Codec>(attributes & 7); }
  bool is_log_append_time() const { return (attributes & 8) != 0; }
  bool is_transactional() const { return (attributes & 16) != 0; }
  bool is_control() const { return (attributes & 32) != 0; }
  bool has_producer() const { return producer_id != kNoProducerId; }
  std::int64_t last_offset() const { return base_offset + last_offset_delta; }
  std::int64_t next_offset() const { return last_offset() + 1; }
};

// Nothing when there are fewer bytes than a header; the values are not checked.
std::optional<BatchHeader> parse_header(std::string_view bytes);

// Checks what a producer sent for one partition: one whole batch of format 2, base offset 0, right checksum, offsets
// that are dense. The records themselves are looked at only when they are not compressed.
Result<BatchHeader> check_produced(std::string_view bytes);

void set_base_offset(std::string& batch, std::int64_t offset);
void set_leader_epoch(std::string& batch, std::int32_t epoch);
// Marks the batch as stamped by the log, and computes its checksum anew.
void set_log_append_time(std::string& batch, std::int64_t timestamp_ms);

// One record inside a batch; views into the batch or into its decompressed copy, valid during the call only.
struct RecordView {
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  std::vector<std::pair<std::string_view, std::optional<std::string_view>>> headers;
};
// Calls `see` for each record in order, until it returns false. kCorruptMessage when the records do not decode.
Status for_each_record(std::string_view batch, const std::function<bool(const RecordView&)>& see);
Record to_record(const RecordView& view, TimestampType type);

struct BatchOptions {
  Codec codec = Codec::kNone;
  std::int64_t now_ms = 0;  // for records without a timestamp
  std::int64_t producer_id = kNoProducerId;
  std::int16_t producer_epoch = -1;
  std::int32_t base_sequence = -1;
  bool transactional = false;
};
// A batch with base offset 0 and leader epoch -1. `records` is not empty.
std::string encode_batch(const std::vector<NewRecord>& records, const BatchOptions& options);

enum class Marker : std::int16_t { kAbort = 0, kCommit = 1 };
// The control batch that ends a transaction in one partition.
std::string encode_marker(Marker marker, std::int64_t producer_id, std::int16_t producer_epoch,
                          std::int64_t timestamp_ms);
// Which marker a control batch holds.
std::optional<Marker> marker_of(std::string_view control_batch);

}  // namespace tidemill::topics
