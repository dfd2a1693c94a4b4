#include "streams/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/json.h"
#include "item/encoding.h"
#include "item/json.h"

namespace tidemill::streams {
namespace {

// docs/formats/streams.md: format, flags, timestamp, size, keys, [new image], [old image].
constexpr char kFormat = 1;
constexpr std::size_t kTimestampAt = 2;
constexpr unsigned kKindMask = 0x03, kService = 0x04, kNew = 0x08, kOld = 0x10;

// The epoch is the term of the slot's owner; with one owner it is always the first. Six digits, the first never zero,
// then the number in twenty: all of one width.
constexpr std::string_view kEpoch = "100000";
constexpr std::size_t kNumberDigits = 20;

// With zeros before it, when it is shorter than `width`.
void append_decimal(std::string& out, std::uint64_t number, std::size_t width = 0) {
  char digits[kNumberDigits];
  const auto* end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
  const auto size = static_cast<std::size_t>(end - digits);
  if (size < width) out.append(width - size, '0');
  out.append(digits, size);
}

void append_sequence_number(std::string& out, std::uint64_t number) {
  out += kEpoch;
  append_decimal(out, number, kNumberDigits);
}

}  // namespace

std::string sequence_number(std::uint64_t number) {
  std::string out;
  append_sequence_number(out, number);
  return out;
}

std::optional<std::uint64_t> number_of_sequence(std::string_view text) {
  if (text.size() < 21 || text.size() > 40) return std::nullopt;
  if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  // Longer or shorter numbers, and other epochs, are legal numbers that none of our shards holds.
  if (text.size() != kEpoch.size() + kNumberDigits || !text.starts_with(kEpoch)) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : text.substr(kEpoch.size())) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (number > (~0ULL - digit) / 10) return std::nullopt;
    number = number * 10 + digit;
  }
  return number;
}

std::string Record::event_id(const RecordContext& context) const {
  std::string seed = context.stream_uuid;
  append_be(seed, number);
  return to_hex(md5(seed));
}

std::string_view Record::event_name() const {
  switch (kind) {
    case tables::ChangeKind::kInsert: return "INSERT";
    case tables::ChangeKind::kModify: return "MODIFY";
    case tables::ChangeKind::kRemove: return "REMOVE";
  }
  std::unreachable();
}

std::string encode_record(const tables::Change& change, tables::StreamView view) {
  using tables::StreamView;
  const bool with_new = change.new_image && (view == StreamView::kNewImage || view == StreamView::kNewAndOldImages);
  const bool with_old = change.old_image && (view == StreamView::kOldImage || view == StreamView::kNewAndOldImages);
  std::string out;
  out.reserve(32 + change.keys.size() + (with_new ? change.new_image->size() : 0) +
              (with_old ? change.old_image->size() : 0));
  out += kFormat;
  unsigned flags = static_cast<unsigned>(change.kind);
  if (change.by_service) flags |= kService;
  if (with_new) flags |= kNew;
  if (with_old) flags |= kOld;
  out += static_cast<char>(flags);
  append_be(out, std::int64_t{0});
  append_varint(out, change.keys_size + (with_new ? change.new_size : 0) + (with_old ? change.old_size : 0));
  append_sized(out, change.keys);
  if (with_new) append_sized(out, *change.new_image);
  if (with_old) append_sized(out, *change.old_image);
  return out;
}

void stamp_record(std::string& stored, std::int64_t timestamp_ms) {
  store_be(stored.data() + kTimestampAt, timestamp_ms);
}

std::int64_t timestamp_of_record(std::string_view stored) {
  if (stored.size() < kTimestampAt + 8 || stored[0] != kFormat) return 0;
  return load_be<std::int64_t>(stored.data() + kTimestampAt);
}

Result<Record> decode_record(std::uint64_t number, std::string_view stored) {
  const auto damaged = [number] {
    return fail(Errc::kInternal, fmt::format("the change record {} is damaged", number));
  };
  if (stored.size() < kTimestampAt + 8 || stored[0] != kFormat) return damaged();
  const auto flags = static_cast<unsigned char>(stored[1]);
  if ((flags & kKindMask) > 2) return damaged();
  Record record{.number = number,
                .kind = static_cast<tables::ChangeKind>(flags & kKindMask),
                .timestamp_ms = timestamp_of_record(stored),
                .by_service = (flags & kService) != 0};
  std::string_view in = stored.substr(kTimestampAt + 8);
  const auto size = take_varint(in);
  if (!size) return damaged();
  record.size_bytes = *size;
  const auto keys = take_sized(in);
  if (!keys) return damaged();
  record.keys = *keys;
  if ((flags & kNew) != 0) {
    const auto image = take_sized(in);
    if (!image) return damaged();
    record.new_image = std::string(*image);
  }
  if ((flags & kOld) != 0) {
    const auto image = take_sized(in);
    if (!image) return damaged();
    record.old_image = std::string(*image);
  }
  return record;
}

Status append_record_json(std::string& out, const Record& record, const RecordContext& context, RecordForm form) {
  const std::size_t start = out.size();
  const auto append = [&out](const auto&... parts) { (out.append(std::string_view(parts)), ...); };
  const auto append_item = [&out](std::string_view name, std::string_view encoded) -> bool {
    out += '"';
    out += name;
    out += "\":";
    return item::append_json_of_encoded(out, encoded).has_value();
  };
  append(R"({"eventID":")", record.event_id(context), R"(","eventName":")", record.event_name(),
         R"(","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":")", context.region,
         R"(","dynamodb":{"ApproximateCreationDateTime":)");
  append_decimal(out, static_cast<std::uint64_t>(record.timestamp_ms / 1000));
  append(form == RecordForm::kEvent ? ".0," : ",");
  bool whole = append_item("Keys", record.keys);
  if (record.new_image) {
    out += ',';
    whole = whole && append_item("NewImage", *record.new_image);
  }
  if (record.old_image) {
    out += ',';
    whole = whole && append_item("OldImage", *record.old_image);
  }
  if (!whole) {
    out.resize(start);
    return fail(Errc::kInternal, fmt::format("the change record {} is damaged", record.number));
  }
  append(R"(,"SequenceNumber":")");
  append_sequence_number(out, record.number);
  append(R"(","SizeBytes":)");
  append_decimal(out, record.size_bytes);
  append(R"(,"StreamViewType":")", tables::to_string(context.view), R"("})");
  if (form == RecordForm::kEvent) append(R"(,"eventSourceARN":")", context.stream_arn, "\"");
  if (record.by_service) {
    out += form == RecordForm::kEvent ? R"(,"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"})"
                                      : R"(,"userIdentity":{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"})";
  }
  out += '}';
  return {};
}

Result<std::string> key_json(const Record& record, const tables::KeySchema& keys) {
  const auto item = item::decode(record.keys);
  if (!item) return fail(Errc::kInternal, item.error().message);
  std::string out = "{";
  for (const auto* part : {&keys.hash, &keys.range}) {
    for (const auto& key : *part) {
      const auto* value = item->find(key.name);
      if (value == nullptr) return fail(Errc::kInternal, "a change record lacks the key attribute " + key.name);
      if (out.size() > 1) out += ',';
      out += '"';
      json::append_escaped(out, key.name);
      out += "\":";
      item::append_json(out, *value);
    }
  }
  out += '}';
  return out;
}

}  // namespace tidemill::streams
