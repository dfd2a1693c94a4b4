#include "topics/record_batch.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/digest.h"

namespace tidemill::topics {
namespace {

constexpr std::size_t kLeaderEpochAt = 12, kMagicAt = 16, kCrcAt = 17, kAttributesAt = 21, kMaxTimestampAt = 35;
constexpr std::int32_t kTransactionCoordinatorEpoch = 0;

void seal(std::string& batch) {
  store_be(batch.data() + kCrcAt, crc32c(std::string_view(batch).substr(kAttributesAt)));
}

void append_zigzag(std::string& out, std::int64_t value) {
  append_varint(out, (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
}

// Reads varints off a span; a failure is remembered and makes every later read return 0.
class Scanner {
 public:
  explicit Scanner(std::string_view bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

  std::int64_t varint() {
    auto raw = ok_ ? take_varint(rest_) : std::nullopt;
    if (!raw) return fail();
    return static_cast<std::int64_t>(*raw >> 1) ^ -static_cast<std::int64_t>(*raw & 1);
  }
  std::string_view take(std::int64_t size) {
    if (!ok_ || size < 0 || static_cast<std::uint64_t>(size) > rest_.size()) {
      fail();
      return {};
    }
    const auto out = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(static_cast<std::size_t>(size));
    return out;
  }
  std::optional<std::string_view> nullable() {
    const auto size = varint();
    if (size == -1) return std::nullopt;
    return take(size);
  }

 private:
  std::int64_t fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool ok_ = true;
};

std::unexpected<Error> bad_record() {
  return fail(Errc::kCorruptMessage, "The records of the batch cannot be decoded.");
}

// Reads the body of one record. `base` supplies what the deltas count from.
bool read_record(std::string_view body, const BatchHeader& base, RecordView& out) {
  if (body.empty()) return false;
  Scanner in(body.substr(1));  // the attributes byte is unused
  out.timestamp_ms = base.is_log_append_time() ? (in.varint(), base.max_timestamp) : base.base_timestamp + in.varint();
  out.offset = base.base_offset + in.varint();
  out.key = in.nullable();
  out.value = in.nullable();
  const auto headers = in.varint();
  if (!in.ok() || headers < 0 || static_cast<std::uint64_t>(headers) > body.size()) return false;
  out.headers.clear();
  for (std::int64_t i = 0; i < headers && in.ok(); ++i) {
    const auto key = in.take(in.varint());
    out.headers.emplace_back(key, in.nullable());
  }
  return in.ok() && in.at_end();
}

Status scan(std::string_view records, const BatchHeader& header, const std::function<bool(const RecordView&)>& see) {
  Scanner in(records);
  RecordView record;
  for (std::int32_t i = 0; i < header.record_count; ++i) {
    const auto body = in.take(in.varint());
    if (!in.ok() || !read_record(body, header, record)) return bad_record();
    if (!see(record)) return {};
  }
  if (!in.at_end()) return bad_record();
  return {};
}

void append_record(std::string& out, const NewRecord& record, std::int64_t timestamp_delta, std::int64_t offset_delta) {
  std::string body(1, '\0');
  append_zigzag(body, timestamp_delta);
  append_zigzag(body, offset_delta);
  const auto nullable = [&body](const std::optional<std::string>& bytes) {
    append_zigzag(body, bytes ? static_cast<std::int64_t>(bytes->size()) : -1);
    if (bytes) body += *bytes;
  };
  nullable(record.key);
  nullable(record.value);
  append_zigzag(body, static_cast<std::int64_t>(record.headers.size()));
  for (const auto& header : record.headers) {
    append_zigzag(body, static_cast<std::int64_t>(header.key.size()));
    body += header.key;
    nullable(header.value);
  }
  append_zigzag(out, static_cast<std::int64_t>(body.size()));
  out += body;
}

std::string assemble(const BatchHeader& header, std::string_view records) {
  std::string out;
  out.reserve(kBatchHeaderBytes + records.size());
  append_be(out, header.base_offset);
  append_be(out, static_cast<std::int32_t>(kBatchHeaderBytes - 12 + records.size()));
  append_be(out, header.leader_epoch);
  append_be(out, header.magic);
  append_be(out, std::uint32_t{0});
  append_be(out, header.attributes);
  append_be(out, header.last_offset_delta);
  append_be(out, header.base_timestamp);
  append_be(out, header.max_timestamp);
  append_be(out, header.producer_id);
  append_be(out, header.producer_epoch);
  append_be(out, header.base_sequence);
  append_be(out, header.record_count);
  out += records;
  seal(out);
  return out;
}

}  // namespace

std::optional<BatchHeader> parse_header(std::string_view bytes) {
  if (bytes.size() < kBatchHeaderBytes) return std::nullopt;
  const char* at = bytes.data();
  BatchHeader h;
  h.base_offset = load_be<std::int64_t>(at);
  h.length = load_be<std::int32_t>(at + 8);
  h.leader_epoch = load_be<std::int32_t>(at + kLeaderEpochAt);
  h.magic = load_be<std::int8_t>(at + kMagicAt);
  h.crc = load_be<std::uint32_t>(at + kCrcAt);
  h.attributes = load_be<std::int16_t>(at + kAttributesAt);
  h.last_offset_delta = load_be<std::int32_t>(at + 23);
  h.base_timestamp = load_be<std::int64_t>(at + 27);
  h.max_timestamp = load_be<std::int64_t>(at + kMaxTimestampAt);
  h.producer_id = load_be<std::int64_t>(at + 43);
  h.producer_epoch = load_be<std::int16_t>(at + 51);
  h.base_sequence = load_be<std::int32_t>(at + 53);
  h.record_count = load_be<std::int32_t>(at + 57);
  return h;
}

Result<BatchHeader> check_produced(std::string_view bytes) {
  const auto header = parse_header(bytes);
  if (bytes.size() > kMagicAt && static_cast<std::int8_t>(bytes[kMagicAt]) != 2)
    return fail(Errc::kInvalidRecord,
                "Produce requests of this version are only allowed to contain record batches with magic version 2");
  if (!header || header->length < 0 || header->size() != bytes.size())
    return fail(Errc::kInvalidRecord,
                "Produce requests of this version must have exactly one record batch per partition");
  if (crc32c(bytes.substr(kAttributesAt)) != header->crc)
    return fail(Errc::kCorruptMessage, "Record batch is corrupt: its checksum does not match");
  if (header->base_offset != 0) return fail(Errc::kInvalidRecord, "The base offset of the record batch should be 0");
  if (header->is_control()) return fail(Errc::kInvalidRecord, "Clients are not allowed to write control records");
  if (header->record_count <= 0 || header->last_offset_delta != header->record_count - 1)
    return fail(Errc::kInvalidRecord, "The last offset delta and the count of the record batch do not match");
  if ((header->attributes & 7) > 4) return fail(Errc::kUnsupportedCompressionType, "Unknown compression codec");
  if (header->is_log_append_time())
    return fail(Errc::kInvalidTimestamp, "Invalid timestamp type: producers must not set LogAppendTime");
  if (header->has_producer() && (header->producer_id < 0 || header->producer_epoch < 0 || header->base_sequence < 0))
    return fail(Errc::kInvalidRecord, "Producer id, epoch or sequence of the record batch is invalid");
  if (header->is_transactional() && !header->has_producer())
    return fail(Errc::kInvalidRecord, "A transactional record batch needs a producer id");
  if (header->codec() == Codec::kNone) {
    std::int64_t expected = 0;
    bool dense = true;
    auto scanned = scan(bytes.substr(kBatchHeaderBytes), *header, [&](const RecordView& record) {
      dense = dense && record.offset == expected++;
      return dense;
    });
    if (!scanned || !dense) return fail(Errc::kInvalidRecord, "The records of the batch are not well-formed");
  }
  return *header;
}

void set_base_offset(std::string& batch, std::int64_t offset) { store_be(batch.data(), offset); }
void set_leader_epoch(std::string& batch, std::int32_t epoch) { store_be(batch.data() + kLeaderEpochAt, epoch); }

void set_log_append_time(std::string& batch, std::int64_t timestamp_ms) {
  const auto attributes = load_be<std::int16_t>(batch.data() + kAttributesAt);
  store_be(batch.data() + kAttributesAt, static_cast<std::int16_t>(attributes | 8));
  store_be(batch.data() + kMaxTimestampAt, timestamp_ms);
  seal(batch);
}

Status for_each_record(std::string_view batch, const std::function<bool(const RecordView&)>& see) {
  const auto header = parse_header(batch);
  if (!header || header->length < 0 || header->size() > batch.size()) return bad_record();
  const auto records = batch.substr(kBatchHeaderBytes, header->size() - kBatchHeaderBytes);
  if (header->codec() == Codec::kNone) return scan(records, *header, see);
  auto inflated = decompress(header->codec(), records, kInflatedBatchMax);
  if (!inflated) return std::unexpected(std::move(inflated).error());
  return scan(*inflated, *header, see);
}

Record to_record(const RecordView& view, TimestampType type) {
  Record out{.offset = view.offset, .timestamp_ms = view.timestamp_ms, .timestamp_type = type};
  if (view.key) out.key.emplace(*view.key);
  if (view.value) out.value.emplace(*view.value);
  out.headers.reserve(view.headers.size());
  for (const auto& [key, value] : view.headers)
    out.headers.push_back({std::string(key), value ? std::optional<std::string>(*value) : std::nullopt});
  return out;
}

std::string encode_batch(const std::vector<NewRecord>& records, const BatchOptions& options) {
  TM_ASSERT(!records.empty() && records.size() <= std::numeric_limits<std::int32_t>::max());
  BatchHeader header;
  header.attributes = static_cast<std::int16_t>(static_cast<int>(options.codec) | (options.transactional ? 16 : 0));
  header.record_count = static_cast<std::int32_t>(records.size());
  header.last_offset_delta = header.record_count - 1;
  header.producer_id = options.producer_id;
  header.producer_epoch = options.producer_epoch;
  header.base_sequence = options.base_sequence;
  header.base_timestamp = records.front().timestamp_ms.value_or(options.now_ms);
  header.max_timestamp = header.base_timestamp;
  std::string body;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto timestamp = records[i].timestamp_ms.value_or(options.now_ms);
    header.max_timestamp = std::max(header.max_timestamp, timestamp);
    append_record(body, records[i], timestamp - header.base_timestamp, static_cast<std::int64_t>(i));
  }
  return assemble(header, options.codec == Codec::kNone ? body : compress(options.codec, body));
}

std::string encode_marker(Marker marker, std::int64_t producer_id, std::int16_t producer_epoch,
                          std::int64_t timestamp_ms) {
  NewRecord record;
  record.key.emplace();
  append_be(*record.key, std::int16_t{0});
  append_be(*record.key, static_cast<std::int16_t>(marker));
  record.value.emplace();
  append_be(*record.value, std::int16_t{0});
  append_be(*record.value, kTransactionCoordinatorEpoch);
  std::string body;
  append_record(body, record, 0, 0);
  return assemble({.attributes = 16 | 32,
                   .base_timestamp = timestamp_ms,
                   .max_timestamp = timestamp_ms,
                   .producer_id = producer_id,
                   .producer_epoch = producer_epoch,
                   .record_count = 1},
                  body);
}

std::optional<Marker> marker_of(std::string_view control_batch) {
  std::optional<Marker> marker;
  auto seen = for_each_record(control_batch, [&marker](const RecordView& record) {
    if (record.key && record.key->size() >= 4) {
      const auto type = load_be<std::int16_t>(record.key->data() + 2);
      if (type == 0 || type == 1) marker = static_cast<Marker>(type);
    }
    return false;
  });
  return seen ? marker : std::nullopt;
}

}  // namespace tidemill::topics
