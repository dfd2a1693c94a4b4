// One change as it is stored, and as it is shown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "item/attribute_value.h"
#include "streams/error.h"
#include "tables/change_sink.h"
#include "tables/schema.h"

namespace tidemill::streams {

// A sequence number as text: one width, and ordered as text exactly as by (epoch, number).
std::string sequence_number(std::uint64_t number);
// Nothing when the text is not a sequence number of ours: only digits, 21 to 40 of them, in range.
std::optional<std::uint64_t> number_of_sequence(std::string_view text);

// What does not change from record to record of one stream.
struct RecordContext {
  std::string stream_arn;
  std::string stream_uuid;  // part of every eventID
  std::string region;
  tables::StreamView view = tables::StreamView::kNewAndOldImages;
};

struct Record {
  std::uint64_t number = 0;
  tables::ChangeKind kind = tables::ChangeKind::kInsert;
  std::int64_t timestamp_ms = 0;  // of the commit; never decreases within a slot
  bool by_service = false;
  std::size_t size_bytes = 0;  // as SizeBytes of the service counts
  std::string keys;            // items in stored encoding
  std::optional<std::string> new_image;
  std::optional<std::string> old_image;

  std::string sequence_number() const { return streams::sequence_number(number); }
  std::string event_id(const RecordContext& context) const;  // 32 hexadecimal digits, the same at every reading
  std::string_view event_name() const;                       // INSERT, MODIFY, REMOVE
  // Bytes that the record counts towards a page of 1 MB.
  std::size_t weight() const {
    return keys.size() + (new_image ? new_image->size() : 0) + (old_image ? old_image->size() : 0) + 300;
  }
};

// The stored bytes of a change under a view; the timestamp is patched at commit (stamp_record).
std::string encode_record(const tables::Change& change, tables::StreamView view);
void stamp_record(std::string& stored, std::int64_t timestamp_ms);
std::int64_t timestamp_of_record(std::string_view stored);  // 0 when the bytes are no record
Result<Record> decode_record(std::uint64_t number, std::string_view stored);

// The two ways in which the one record is written:
//   kApi      GetRecords: whole seconds as an integer, userIdentity with capital members
//   kEvent    a function's event and the Kafka view: seconds as a float, userIdentity in lower case, eventSourceARN
//   added
enum class RecordForm : unsigned char { kApi, kEvent };
Status append_record_json(std::string& out, const Record& record, const RecordContext& context, RecordForm form);

// The item's key as DynamoDB JSON with the attributes in the order of the key schema: the key of the Kafka view.
Result<std::string> key_json(const Record& record, const tables::KeySchema& keys);

}  // namespace tidemill::streams
