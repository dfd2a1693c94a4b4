// The JSON between a mapping and its function: the event, the list of failed records in the answer, the failure record.
// One form for table streams, one for topics. Pure functions of their arguments.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time_text.h"
#include "triggers/mapping.h"
#include "triggers/record_source.h"

namespace tidemill::triggers {

using Records = std::vector<const SourceRecord*>;

// A tumbling window in an event.
struct WindowView {
  std::int64_t start_ms = 0, end_ms = 0;
  std::string_view state;  // JSON
  bool is_final = false;
  bool terminated_early = false;
};

// What an answer says about the records of its batch.
struct ItemFailures {
  enum class Kind : unsigned char { kNone, kFrom, kAll };
  Kind kind = Kind::kNone;
  std::size_t index = 0;  // kFrom: the first record to retry
};

struct FailureFacts {
  std::string_view condition;  // "RetryAttemptsExhausted", "RecordAgeExceeded", "MaximumPayloadSizeExceeded"
  std::string request_id;
  std::int64_t invoke_count = 0;
  struct Response {
    std::string executed_version;
    std::optional<std::string> function_error;  // nothing: null, when the answer named failed records
  };
  std::optional<Response> response;
  WallTime now;
};

struct FailureText {
  std::string body;
  std::optional<std::string> key;
};

class EventFormat {
 public:
  virtual ~EventFormat() = default;
  virtual std::string event(const Records& records, const WindowView* window) const = 0;
  // An upper bound of the event's bytes beyond the records' own and a comma each.
  virtual std::size_t envelope_bytes() const = 0;
  virtual ItemFailures failures(std::string_view payload, const Records& records) const = 0;
  // What goes to the destination: one message, or one for each record.
  virtual std::vector<FailureText> failure_texts(const FailureFacts& facts, const Records& records) const = 0;
};

std::unique_ptr<EventFormat> make_stream_format(const Mapping& mapping, const Part& part);
std::unique_ptr<EventFormat> make_topic_format(const Mapping& mapping, const Part& part, std::string bootstrap_servers);

}  // namespace tidemill::triggers
