// Keys and small encodings of what the broker stores (docs/formats/topics.md). A topic's rows are found by its id, not
// by its name: a topic that is deleted and created anew shares nothing with its predecessor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "topics/uuid.h"

namespace tidemill::topics {

namespace rows {

// In keyspace kTopics.
std::string topic(std::string_view name);  // its description
inline constexpr std::string_view kTopicPrefix = "c";
std::string batches(const Uuid& topic, std::int32_t partition);  // prefix of the log
std::string index(const Uuid& topic, std::int32_t partition);    // prefix: running maximum of timestamps, base offset
std::string log_start(const Uuid& topic, std::int32_t partition);
std::string producers(const Uuid& topic, std::int32_t partition);  // prefix: producer id
std::string aborted(const Uuid& topic, std::int32_t partition);    // prefix: offset of the abort marker
std::string transaction(std::string_view transactional_id);
inline constexpr std::string_view kTransactionPrefix = "t";
inline constexpr std::string_view kNextProducerId = "n";
// All partition-wise prefixes of a topic, for its deletion.
std::array<std::string, 5> all_of(const Uuid& topic);

// In keyspace kGroups.
std::string group(std::string_view id);
inline constexpr std::string_view kGroupPrefix = "g";
std::string offset(std::string_view group, std::string_view topic, std::int32_t partition);
inline constexpr std::string_view kOffsetPrefix = "o";

}  // namespace rows

// Values: fields one after the other, numbers as zigzag varints, strings with their length before them.
class RowWriter {
 public:
  RowWriter& number(std::int64_t value) {
    append_varint(out_, (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
    return *this;
  }
  RowWriter& text(std::string_view bytes) {
    append_sized(out_, bytes);
    return *this;
  }
  RowWriter& maybe(const std::optional<std::string>& bytes) {
    number(bytes ? 1 : 0);
    return bytes ? text(*bytes) : *this;
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

// Reading what does not decode sets ok() to false; a row that is not ok is corrupt.
class RowReader {
 public:
  explicit RowReader(std::string_view row) : rest_(row) {}
  std::int64_t number() {
    const auto raw = take_varint(rest_);
    if (!raw) {
      ok_ = false;
      return 0;
    }
    return static_cast<std::int64_t>(*raw >> 1) ^ -static_cast<std::int64_t>(*raw & 1);
  }
  std::string text() {
    const auto bytes = take_sized(rest_);
    if (!bytes) ok_ = false;
    return bytes ? std::string(*bytes) : std::string();
  }
  std::optional<std::string> maybe() { return number() != 0 ? std::optional(text()) : std::nullopt; }
  // A count of what follows; never more than the bytes that are left.
  std::size_t count() {
    const auto n = number();
    if (n < 0 || static_cast<std::uint64_t>(n) > rest_.size()) ok_ = false;
    return ok_ ? static_cast<std::size_t>(n) : 0;
  }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace tidemill::topics
