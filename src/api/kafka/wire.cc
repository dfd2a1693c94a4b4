#include "api/kafka/wire.h"

#include <limits>

namespace tidemill::kafka::wire {

Uuid Reader::uuid() {
  Uuid out{};
  const auto bytes = take(static_cast<std::int64_t>(out.size()));
  if (ok_) bytes.copy(out.data(), out.size());
  return out;
}

std::uint64_t Reader::uvarint() {
  const auto value = take_varint(rest_);
  if (!value) {
    fail();
    return 0;
  }
  return *value;
}

std::string_view Reader::take(std::int64_t size) {
  if (size < 0 || static_cast<std::uint64_t>(size) > rest_.size()) {
    fail();
    return {};
  }
  const auto out = rest_.substr(0, static_cast<std::size_t>(size));
  rest_.remove_prefix(static_cast<std::size_t>(size));
  return out;
}

std::int64_t Reader::string_size(bool compact) {
  return compact ? static_cast<std::int64_t>(uvarint() & std::numeric_limits<std::int64_t>::max()) - 1 : int16();
}
std::int64_t Reader::bytes_size(bool compact) {
  return compact ? static_cast<std::int64_t>(uvarint() & std::numeric_limits<std::int64_t>::max()) - 1 : int32();
}

void Reader::string(std::string& to, bool compact) { to = take(string_size(compact)); }

void Reader::string(std::optional<std::string>& to, bool compact, bool nullable) {
  const auto size = string_size(compact);
  if (size == -1 && nullable) return to.reset();
  to = take(size);
}

void Reader::bytes(std::string_view& to, bool compact) { to = take(bytes_size(compact)); }

void Reader::bytes(std::optional<std::string_view>& to, bool compact, bool nullable) {
  const auto size = bytes_size(compact);
  if (size == -1 && nullable) return to.reset();
  to = take(size);
}

std::optional<std::int64_t> Reader::count(bool compact, bool nullable) {
  const auto n = bytes_size(compact);
  if (n == -1 && nullable) return std::nullopt;
  // Every element takes at least one byte.
  if (n < 0 || static_cast<std::uint64_t>(n) > rest_.size()) {
    fail();
    return std::nullopt;
  }
  return n;
}

void Reader::tags(const std::function<bool(std::uint32_t)>& read) {
  const auto n = uvarint();
  for (std::uint64_t i = 0; i < n && ok_; ++i) {
    const auto tag = uvarint();
    const auto size = uvarint();
    if (!ok_ || tag > std::numeric_limits<std::uint32_t>::max() || size > rest_.size()) return fail();
    const auto after = rest_.substr(static_cast<std::size_t>(size));
    rest_ = rest_.substr(0, static_cast<std::size_t>(size));
    if (read(static_cast<std::uint32_t>(tag)) && !rest_.empty()) fail();
    if (ok_) rest_ = after;
  }
}

void Writer::string(std::string_view text, bool compact) {
  if (compact)
    uvarint(text.size() + 1);
  else
    int16(static_cast<std::int16_t>(text.size()));
  out_ += text;
}

void Writer::string(const std::optional<std::string>& text, bool compact, bool nullable) {
  if (text || !nullable) return string(text ? std::string_view(*text) : std::string_view(), compact);
  if (compact)
    uvarint(0);
  else
    int16(-1);
}

void Writer::bytes(std::string_view bytes, bool compact) {
  if (compact)
    uvarint(bytes.size() + 1);
  else
    int32(static_cast<std::int32_t>(bytes.size()));
  out_ += bytes;
}

void Writer::bytes(const std::optional<std::string>& value, bool compact, bool nullable) {
  if (value || !nullable) return bytes(value ? std::string_view(*value) : std::string_view(), compact);
  null_count(compact);
}

void Writer::count(std::size_t n, bool compact) {
  if (compact)
    uvarint(n + 1);
  else
    int32(static_cast<std::int32_t>(n));
}

void Writer::null_count(bool compact) {
  if (compact)
    uvarint(0);
  else
    int32(-1);
}

void TagWriter::add(std::uint32_t tag, const std::function<void(Writer&)>& write) {
  std::string field;
  Writer inner(field);
  write(inner);
  append_varint(fields_, tag);
  append_varint(fields_, field.size());
  fields_ += field;
  ++count_;
}

void TagWriter::finish() {
  out_.uvarint(count_);
  out_.raw(fields_);
}

}  // namespace tidemill::kafka::wire
