// The primitive types of the Kafka protocol. Reader never reads beyond its span, never takes memory for a count before
// the bytes that back it have been seen, and remembers its first failure: check ok() at the end.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace tidemill::kafka {

using Uuid = std::array<char, 16>;

namespace wire {

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  std::int8_t int8() { return number<std::int8_t>(); }
  std::int16_t int16() { return number<std::int16_t>(); }
  std::int32_t int32() { return number<std::int32_t>(); }
  std::int64_t int64() { return number<std::int64_t>(); }
  std::uint16_t uint16() { return number<std::uint16_t>(); }
  bool boolean() { return int8() != 0; }
  Uuid uuid();
  std::uint64_t uvarint();

  // Strings and bytes whose length is an INT16 or INT32, or, when compact, a varint of length + 1.
  void string(std::string& to, bool compact);
  void string(std::optional<std::string>& to, bool compact, bool nullable);
  void bytes(std::string_view& to, bool compact);
  void bytes(std::optional<std::string_view>& to, bool compact, bool nullable);
  // The count of an array; nothing is null, and a failure where null is not allowed.
  std::optional<std::int64_t> count(bool compact, bool nullable);
  // Each element of any array of one request is charged, so that small bytes cannot become large memory.
  void charge_element() {
    if (--elements_left_ < 0) fail();
  }
  void skip_tags() {
    tags([](std::uint32_t) { return false; });
  }
  // For each tagged field calls `read(tag)`, which reads it or returns false to have it skipped.
  void tags(const std::function<bool(std::uint32_t)>& read);

 private:
  template <class T>
  T number() {
    if (rest_.size() < sizeof(T)) {
      fail();
      return {};
    }
    const T value = load_be<T>(rest_.data());
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  std::string_view take(std::int64_t size);
  // -1 is null.
  std::int64_t string_size(bool compact);
  std::int64_t bytes_size(bool compact);
  void fail() {
    ok_ = false;
    rest_ = {};
  }

  std::string_view rest_;
  bool ok_ = true;
  std::int64_t elements_left_ = 2'000'000;
};

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  void int8(std::int8_t v) { append_be(out_, v); }
  void int16(std::int16_t v) { append_be(out_, v); }
  void int32(std::int32_t v) { append_be(out_, v); }
  void int64(std::int64_t v) { append_be(out_, v); }
  void uint16(std::uint16_t v) { append_be(out_, v); }
  void boolean(bool v) { out_ += v ? '\1' : '\0'; }
  void uuid(const Uuid& v) { out_.append(v.data(), v.size()); }
  void uvarint(std::uint64_t v) { append_varint(out_, v); }
  void string(std::string_view text, bool compact);
  // Null where that version knows null, else empty.
  void string(const std::optional<std::string>& text, bool compact, bool nullable);
  void bytes(std::string_view bytes, bool compact);
  void bytes(const std::optional<std::string>& bytes, bool compact, bool nullable);
  void count(std::size_t n, bool compact);
  void null_count(bool compact);
  void no_tags() { out_ += std::string_view("\0", 1); }
  void raw(std::string_view bytes) { out_ += bytes; }

 private:
  std::string& out_;
};

// Collects tagged fields, whose number stands before them.
class TagWriter {
 public:
  explicit TagWriter(Writer& out) : out_(out) {}
  void add(std::uint32_t tag, const std::function<void(Writer&)>& write);
  void finish();

 private:
  Writer& out_;
  std::uint64_t count_ = 0;
  std::string fields_;
};

}  // namespace wire
}  // namespace tidemill::kafka
