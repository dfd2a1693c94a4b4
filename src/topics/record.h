// A record as the program sees it, outside the batch that it is stored in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidemill::topics {

enum class TimestampType : unsigned char { kCreateTime, kLogAppendTime };

struct Header {
  std::string key;
  std::optional<std::string> value;
  bool operator==(const Header&) const = default;
};

// To be written. No timestamp means the time of the append.
struct NewRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;  // none is a tombstone
  std::vector<Header> headers;
  std::optional<std::int64_t> timestamp_ms;
};

struct Record {
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;
  TimestampType timestamp_type = TimestampType::kCreateTime;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<Header> headers;
  bool operator==(const Record&) const = default;
};

}  // namespace tidemill::topics
