#include "item/encoding.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/json.h"
#include "base/scan.h"
#include "item/messages.h"
#include "item/size.h"

namespace tidemill::item {
namespace {

// The tags of docs/formats/item.md.
enum class Tag : char {
  kString = 1,
  kNumber = 2,
  kBinary = 3,
  kFalse = 4,
  kTrue = 5,
  kNull = 6,
  kMap = 7,
  kList = 8,
  kStringSet = 9,
  kNumberSet = 10,
  kBinarySet = 11,
};

// Deeper bytes were not written by us; the bound keeps hostile ones from exhausting the stack.
constexpr int kMaxStoredDepth = 64;

// What a map or a list weighs itself, and for each of its elements.
constexpr std::size_t kContainerSize = 3, kElementSize = 1;

std::unexpected<Error> corrupt() { return fail(Errc::kCorruption, messages::kCorrupt); }

// As take_sized() of base/bytes.h; nearly all lengths are of one byte or two. The view is read and changed in its
// halves: to load it whole right after a half was stored stalls the processor.
std::optional<std::string_view> take_text(std::string_view& in) {
  const char* at = in.data();
  const auto byte = [at](std::size_t i) -> std::size_t { return static_cast<unsigned char>(at[i]); };
  std::size_t head = 1, size = in.size() < 2 ? 0x80 : byte(0);
  if (size >= 0x80) {
    if (in.size() < 2 || byte(1) >= 0x80) return take_sized(in);
    size = byte(1) << 7 | (byte(0) & 0x7f);
    head = 2;
  }
  if (size > in.size() - head) return std::nullopt;
  in.remove_prefix(head + size);
  return std::string_view(at + head, size);
}

void append_number(std::string& out, const Number& number) {
  const auto exponent = static_cast<std::int64_t>(number.exponent());
  const auto zigzag = static_cast<std::uint64_t>(exponent) << 1 ^ static_cast<std::uint64_t>(exponent >> 63);
  append_varint(out, zigzag << 1 | (number.is_negative() ? 1 : 0));
  Number::Coefficient rest = number.coefficient();
  for (; rest >= 0x80; rest >>= 7) out += static_cast<char>(static_cast<unsigned char>(rest) | 0x80);
  out += static_cast<char>(rest);
}

std::optional<Number> take_number(std::string_view& in) {
  const auto head = take_varint(in);
  if (!head || *head >= 1024) return std::nullopt;
  const std::uint64_t zigzag = *head >> 1;
  const auto exponent = static_cast<std::int64_t>(zigzag >> 1) ^ -static_cast<std::int64_t>(zigzag & 1);
  Number::Coefficient coefficient = 0;
  for (std::size_t i = 0;; ++i) {
    if (i >= in.size() || i >= 19) return std::nullopt;
    const auto byte = static_cast<unsigned char>(in[i]);
    if (i == 18 && byte > 3)
      return std::nullopt;  // 38 digits are at most 127 bits, the nineteenth group begins at bit 126
    coefficient |= static_cast<Number::Coefficient>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    if (byte == 0 && i > 0) return std::nullopt;
    in.remove_prefix(i + 1);
    break;
  }
  const auto number = Number::from_parts((*head & 1) != 0, coefficient, exponent);
  // Only the canonical form: no trailing zeros, one zero.
  if (!number || number->exponent() != exponent || number->is_negative() != ((*head & 1) != 0)) return std::nullopt;
  return *number;
}

void append_value(std::string& out, const AttributeValue& value);

void append_members(std::string& out, const Map& map) {
  append_varint(out, map.size());
  for (const auto& [name, value] : map) {
    append_sized(out, name);
    append_value(out, value);
  }
}

struct Encode {
  std::string& out;

  void tag(Tag tag) const { out += static_cast<char>(tag); }
  // Containers carry their length, so that a reader can pass over them.
  template <class Body>
  void sized(Tag kind, Body body) const {
    tag(kind);
    const std::size_t at = out.size();
    body();
    std::string length;
    append_varint(length, out.size() - at);
    out.insert(at, length);
  }
  void element(const std::string& text) const { append_sized(out, text); }
  void element(const Number& number) const { append_number(out, number); }
  void element(const Binary& binary) const { append_sized(out, binary.bytes); }

  void operator()(const std::string& text) const {
    tag(Tag::kString);
    element(text);
  }
  void operator()(const Number& number) const {
    tag(Tag::kNumber);
    element(number);
  }
  void operator()(const Binary& binary) const {
    tag(Tag::kBinary);
    element(binary);
  }
  void operator()(bool flag) const { tag(flag ? Tag::kTrue : Tag::kFalse); }
  void operator()(const Null&) const { tag(Tag::kNull); }
  void operator()(const Map& map) const {
    sized(Tag::kMap, [&] { append_members(out, map); });
  }
  void operator()(const List& list) const {
    sized(Tag::kList, [&] {
      append_varint(out, list.size());
      for (const auto& value : list) append_value(out, value);
    });
  }
  template <class T>
  void operator()(const Set<T>& set) const {
    constexpr Tag kind = std::is_same_v<T, std::string> ? Tag::kStringSet
                         : std::is_same_v<T, Number>    ? Tag::kNumberSet
                                                        : Tag::kBinarySet;
    sized(kind, [&] {
      append_varint(out, set.size());
      for (const auto& e : set) element(e);
    });
  }
};

void append_value(std::string& out, const AttributeValue& value) { std::visit(Encode{out}, value.data()); }

// Takes the tag and, for a container, narrows to its body; false when the bytes do not decode.
std::optional<Tag> take_tag(std::string_view& in) {
  if (in.empty() || in.front() < 1 || in.front() > 11) return std::nullopt;
  const auto tag = static_cast<Tag>(in.front());
  in.remove_prefix(1);
  return tag;
}

// A container's body and its number of elements. Each element takes at least one byte, which bounds the count.
struct Body {
  std::string_view bytes;
  std::uint64_t count = 0;
};

std::optional<Body> take_body(std::string_view& in) {
  auto bytes = take_text(in);
  if (!bytes) return std::nullopt;
  const auto count = take_varint(*bytes);
  if (!count || *count > bytes->size()) return std::nullopt;
  return Body{*bytes, *count};
}

bool skip_value(std::string_view& in) {
  const auto tag = take_tag(in);
  if (!tag) return false;
  switch (*tag) {
    case Tag::kNumber: return take_number(in).has_value();
    case Tag::kFalse:
    case Tag::kTrue:
    case Tag::kNull: return true;
    default: return take_text(in).has_value();
  }
}

std::optional<std::uint64_t> take_item_head(std::string_view& in) {
  if (in.empty() || in.front() != kItemFormat) return std::nullopt;
  in.remove_prefix(1);
  const auto count = take_varint(in);
  if (!count || *count > in.size()) return std::nullopt;
  return count;
}

Result<AttributeValue> take_value(std::string_view& in, int level);

Result<Map> take_members(std::string_view& in, std::uint64_t count, int level) {
  std::vector<Member> members;
  members.reserve(std::min<std::uint64_t>(count, 1024));
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto name = take_text(in);
    if (!name || (!members.empty() && members.back().name >= *name)) return corrupt();
    TM_TRY(auto value, take_value(in, level));
    members.push_back({std::string(*name), std::move(value)});
  }
  return Map::from(std::move(members));
}

template <class T, class Take>
Result<AttributeValue> take_set(std::string_view& in, Take take) {
  auto body = take_body(in);
  if (!body || body->count == 0) return corrupt();
  std::vector<T> elements;
  elements.reserve(std::min<std::uint64_t>(body->count, 1024));
  for (std::uint64_t i = 0; i < body->count; ++i) {
    std::optional<T> element = take(body->bytes);
    if (!element || (!elements.empty() && !(elements.back() < *element))) return corrupt();
    elements.push_back(*std::move(element));
  }
  if (!body->bytes.empty()) return corrupt();
  return AttributeValue(Set<T>::from(std::move(elements)));
}

Result<AttributeValue> take_value(std::string_view& in, int level) {
  const auto tag = take_tag(in);
  if (!tag || level > kMaxStoredDepth) return corrupt();
  switch (*tag) {
    case Tag::kString: {
      const auto text = take_text(in);
      if (!text) return corrupt();
      return AttributeValue(*text);
    }
    case Tag::kNumber: {
      const auto number = take_number(in);
      if (!number) return corrupt();
      return AttributeValue(*number);
    }
    case Tag::kBinary: {
      const auto bytes = take_text(in);
      if (!bytes) return corrupt();
      return AttributeValue(Binary{std::string(*bytes)});
    }
    case Tag::kFalse: return AttributeValue(false);
    case Tag::kTrue: return AttributeValue(true);
    case Tag::kNull: return AttributeValue(Null{});
    case Tag::kMap: {
      auto body = take_body(in);
      if (!body) return corrupt();
      TM_TRY(auto map, take_members(body->bytes, body->count, level + 1));
      if (!body->bytes.empty()) return corrupt();
      return AttributeValue(std::move(map));
    }
    case Tag::kList: {
      auto body = take_body(in);
      if (!body) return corrupt();
      List list;
      list.reserve(std::min<std::uint64_t>(body->count, 1024));
      for (std::uint64_t i = 0; i < body->count; ++i) {
        TM_TRY(auto value, take_value(body->bytes, level + 1));
        list.push_back(std::move(value));
      }
      if (!body->bytes.empty()) return corrupt();
      return AttributeValue(std::move(list));
    }
    case Tag::kStringSet:
      return take_set<std::string>(in, [](std::string_view& from) -> std::optional<std::string> {
        const auto text = take_text(from);
        return text ? std::optional(std::string(*text)) : std::nullopt;
      });
    case Tag::kNumberSet: return take_set<Number>(in, take_number);
    case Tag::kBinarySet:
      return take_set<Binary>(in, [](std::string_view& from) -> std::optional<Binary> {
        const auto bytes = take_text(from);
        return bytes ? std::optional(Binary{std::string(*bytes)}) : std::nullopt;
      });
  }
  std::unreachable();
}

// The walks below trust the order of names and elements, which only equality depends on; bounds they check like decode.

// The end of a string that JSON is written to. What is written asks for its room first; commit() gives the string the
// length of what was written.
class JsonEnd {
 public:
  // Expects so many bytes.
  JsonEnd(std::string& out, std::size_t bytes) : out_(out), size_(out.size()) { open(bytes); }
  JsonEnd(const JsonEnd&) = delete;

  // Pieces are of few bytes, known when this is compiled: inlined, they are stored without a loop.
  [[gnu::always_inline]] void put(std::string_view piece) {
    room(piece.size());
    put_within(piece);
  }
  [[gnu::always_inline]] void put_quoted(std::string_view before, std::string_view text, std::string_view after) {
    room(before.size() + text.size() + after.size() + 2);
    put_within(before);
    *at_++ = '"';
    const auto plain = copy_until_control_or<'"', '\\'>(at_, text);
    at_ += plain;
    if (plain != text.size()) {
      append([&] { json::append_escaped(out_, text.substr(plain)); });
      room(after.size() + 1);
    }
    *at_++ = '"';
    put_within(after);
  }
  void put_number(const Number& number) {
    room(Number::kTextBytesMax + 2);
    *at_++ = '"';
    at_ = number.write_text(at_);
    *at_++ = '"';
  }
  void put_base64(std::string_view bytes) {
    put("\"");
    append([&] { append_base64(out_, bytes); });
    put("\"");
  }
  void commit() { out_.resize(written()); }

 private:
  std::size_t written() const { return static_cast<std::size_t>(at_ - out_.data()); }
  void room(std::size_t bytes) {
    if (bytes > static_cast<std::size_t>(end_ - at_)) [[unlikely]] {
      size_ = written();
      open(std::max(bytes, size_));
    }
  }
  void open(std::size_t bytes) {
    // All that the string has room for; the bytes behind what is written have no meaning yet.
    out_.reserve(size_ + bytes);
    out_.resize_and_overwrite(out_.capacity(), [](char*, std::size_t capacity) { return capacity; });
    at_ = out_.data() + size_;
    end_ = out_.data() + out_.size();
  }
  [[gnu::always_inline]] void put_within(std::string_view piece) { at_ = std::copy_n(piece.data(), piece.size(), at_); }
  // What knows strings only.
  template <class Append>
  void append(Append append) {
    commit();
    append();
    size_ = out_.size();
    open(0);
  }

  std::string& out_;
  std::size_t size_;  // of what was written when it was opened
  char *at_ = nullptr, *end_ = nullptr;
};

// Writes stored bytes as JSON and counts what they weigh; each function gives false when the bytes do not decode.
struct JsonWalk {
  JsonEnd& out;
  std::size_t size = 0;

  [[gnu::always_inline]] bool text(std::string_view& in, std::string_view before, std::string_view after) {
    const auto text = take_text(in);
    if (!text) return false;
    size += text->size();
    out.put_quoted(before, *text, after);
    return true;
  }
  bool number(std::string_view& in) {
    const auto number = take_number(in);
    if (!number) return false;
    size += number->size();
    out.put_number(*number);
    return true;
  }
  bool binary(std::string_view& in) {
    const auto bytes = take_text(in);
    if (!bytes) return false;
    size += bytes->size();
    out.put_base64(*bytes);
    return true;
  }
  bool members(std::string_view& in, std::uint64_t count, int level) {
    out.put("{");
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i > 0) out.put(",");
      if (!text(in, "", ":") || !value(in, level)) return false;
    }
    out.put("}");
    return true;
  }
  template <class One>
  bool elements(std::string_view& in, One one) {
    auto body = take_body(in);
    if (!body) return false;
    out.put("[");
    for (std::uint64_t i = 0; i < body->count; ++i) {
      if (i > 0) out.put(",");
      if (!one(body->bytes)) return false;
    }
    out.put("]}");
    return body->bytes.empty();
  }
  bool value(std::string_view& in, int level) {
    const auto tag = take_tag(in);
    if (!tag || level > kMaxStoredDepth) return false;
    switch (*tag) {
      case Tag::kString: return text(in, "{\"S\":", "}");
      case Tag::kNumber: out.put("{\"N\":"); return number(in) && close();
      case Tag::kBinary: out.put("{\"B\":"); return binary(in) && close();
      case Tag::kFalse: out.put("{\"BOOL\":false}"); return size += 1, true;
      case Tag::kTrue: out.put("{\"BOOL\":true}"); return size += 1, true;
      case Tag::kNull: out.put("{\"NULL\":true}"); return size += 1, true;
      case Tag::kMap: {
        out.put("{\"M\":");
        auto body = take_body(in);
        if (!body) return false;
        size += kContainerSize + body->count * kElementSize;
        return members(body->bytes, body->count, level + 1) && body->bytes.empty() && close();
      }
      case Tag::kList:
        out.put("{\"L\":");
        size += kContainerSize;
        return elements(in, [&](std::string_view& from) {
          size += kElementSize;
          return value(from, level + 1);
        });
      case Tag::kStringSet:
        out.put("{\"SS\":");
        return elements(in, [&](std::string_view& from) { return text(from, "", ""); });
      case Tag::kNumberSet:
        out.put("{\"NS\":");
        return elements(in, [&](std::string_view& from) { return number(from); });
      case Tag::kBinarySet:
        out.put("{\"BS\":");
        return elements(in, [&](std::string_view& from) { return binary(from); });
    }
    std::unreachable();
  }
  bool close() {
    out.put("}");
    return true;
  }
};

// Adds the size of one value; false when the bytes do not decode.
bool add_size(std::size_t& sum, std::string_view& in, int level) {
  const auto tag = take_tag(in);
  if (!tag || level > kMaxStoredDepth) return false;
  const auto add_text = [&sum](std::string_view& from) {
    const auto text = take_text(from);
    if (text) sum += text->size();
    return text.has_value();
  };
  const auto add_number = [&sum](std::string_view& from) {
    const auto number = take_number(from);
    if (number) sum += number->size();
    return number.has_value();
  };
  switch (*tag) {
    case Tag::kString:
    case Tag::kBinary: return add_text(in);
    case Tag::kNumber: return add_number(in);
    case Tag::kFalse:
    case Tag::kTrue:
    case Tag::kNull: sum += 1; return true;
    case Tag::kMap:
    case Tag::kList: {
      auto body = take_body(in);
      if (!body) return false;
      sum += kContainerSize + body->count * kElementSize;
      for (std::uint64_t i = 0; i < body->count; ++i) {
        if (*tag == Tag::kMap && !add_text(body->bytes)) return false;
        if (!add_size(sum, body->bytes, level + 1)) return false;
      }
      return body->bytes.empty();
    }
    case Tag::kStringSet:
    case Tag::kBinarySet:
    case Tag::kNumberSet: {
      auto body = take_body(in);
      if (!body) return false;
      for (std::uint64_t i = 0; i < body->count; ++i) {
        if (!(*tag == Tag::kNumberSet ? add_number(body->bytes) : add_text(body->bytes))) return false;
      }
      return body->bytes.empty();
    }
  }
  std::unreachable();
}

}  // namespace

std::string encode(const Item& item) {
  std::string out;
  append_encoded(out, item);
  return out;
}

void append_encoded(std::string& out, const Item& item) {
  out += kItemFormat;
  append_members(out, item);
}

Result<Item> decode(std::string_view encoded_item) {
  const auto count = take_item_head(encoded_item);
  if (!count) return corrupt();
  TM_TRY(auto item, take_members(encoded_item, *count, 1));
  if (!encoded_item.empty()) return corrupt();
  return item;
}

Result<Item> decode_some(std::string_view encoded_item, std::span<const std::string_view> names) {
  const auto count = take_item_head(encoded_item);
  if (!count) return corrupt();
  std::vector<Member> members;
  for (std::uint64_t i = 0; i < *count; ++i) {
    const auto name = take_text(encoded_item);
    if (!name) return corrupt();
    if (std::ranges::find(names, *name) == names.end()) {
      if (!skip_value(encoded_item)) return corrupt();
      continue;
    }
    TM_TRY(auto value, take_value(encoded_item, 1));
    members.push_back({std::string(*name), std::move(value)});
  }
  return Item::from(std::move(members));
}

Result<std::optional<AttributeValue>> decode_one(std::string_view encoded_item, std::string_view name) {
  const auto count = take_item_head(encoded_item);
  if (!count) return corrupt();
  for (std::uint64_t i = 0; i < *count; ++i) {
    const auto found = take_text(encoded_item);
    if (!found) return corrupt();
    if (*found == name) {
      TM_TRY(auto value, take_value(encoded_item, 1));
      return std::optional(std::move(value));
    }
    if (*found > name) break;
    if (!skip_value(encoded_item)) return corrupt();
  }
  return std::optional<AttributeValue>();
}

Result<std::size_t> append_json_of_encoded(std::string& out, std::string_view encoded_item) {
  const std::size_t before = out.size();
  JsonEnd end(out, encoded_item.size() + encoded_item.size() / 4 + 64);
  const auto count = take_item_head(encoded_item);
  JsonWalk walk{.out = end};
  const bool whole = count && walk.members(encoded_item, *count, 1) && encoded_item.empty();
  end.commit();
  if (whole) return walk.size;
  out.resize(before);
  return corrupt();
}

Result<std::size_t> size_of_encoded(std::string_view encoded_item) {
  const auto count = take_item_head(encoded_item);
  if (!count) return corrupt();
  std::size_t sum = 0;
  for (std::uint64_t i = 0; i < *count; ++i) {
    const auto name = take_text(encoded_item);
    if (!name) return corrupt();
    sum += name->size();
    if (!add_size(sum, encoded_item, 1)) return corrupt();
  }
  if (!encoded_item.empty()) return corrupt();
  return sum;
}

void append_encoded_value(std::string& out, const AttributeValue& value) { append_value(out, value); }

Result<AttributeValue> take_encoded_value(std::string_view& in) { return take_value(in, 1); }

}  // namespace tidemill::item
