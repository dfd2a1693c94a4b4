// JSON in three shapes, each for one use:
//   Document / Node   what a client sent: parsed once into an arena, read-only, cheap, strings are views into the arena
//   Writer            what we answer: appends text to a std::string, no tree in between
//   Value             a tree that is built and changed (templates, stored descriptions)
// The parser is simdjson, behind json.cc. Numbers outside 64 bits become the nearest double, as in JavaScript.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace tidemill::json {

enum class Kind : unsigned char { kNull, kFalse, kTrue, kInteger, kReal, kString, kArray, kObject };

struct Member;

class Node {
 public:
  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::kNull; }
  bool is_bool() const { return kind_ == Kind::kTrue || kind_ == Kind::kFalse; }
  bool is_number() const { return kind_ == Kind::kInteger || kind_ == Kind::kReal; }
  bool is_string() const { return kind_ == Kind::kString; }
  bool is_array() const { return kind_ == Kind::kArray; }
  bool is_object() const { return kind_ == Kind::kObject; }

  // Each of these needs the kind that it names (asserted).
  bool as_bool() const;
  std::int64_t as_integer() const;  // a real is truncated towards zero and clamped
  double as_real() const;           // integers too
  std::string_view as_string() const;
  std::span<const Node> elements() const;
  std::span<const Member> members() const;

  // The member of that name (the last, where a name is repeated), or nullptr; also nullptr when this is no object.
  const Node* find(std::string_view name) const;
  // As find, but a member whose value is null counts as absent.
  const Node* find_present(std::string_view name) const;

 private:
  friend class Builder;
  Kind kind_ = Kind::kNull;
  std::uint32_t size_ = 0;  // of a string, array or object
  union {
    std::int64_t integer_ = 0;
    double real_;
    const char* text_;
    const Node* elements_;
    const Member* members_;
  };
};

struct Member {
  std::string_view name;
  Node value;
};

inline const Node* Node::find(std::string_view name) const {
  if (kind_ != Kind::kObject) return nullptr;
  for (std::size_t i = size_; i-- > 0;) {
    if (members_[i].name == name) return &members_[i].value;
  }
  return nullptr;
}

inline const Node* Node::find_present(std::string_view name) const {
  const Node* node = find(name);
  return node != nullptr && !node->is_null() ? node : nullptr;
}

struct ParseOptions {
  std::size_t max_depth = 1024;
};

class Document {
 public:
  // Errors: kInvalidArgument with the parser's text; kResourceExhausted when nested deeper than max_depth.
  static Result<Document> parse(std::string_view text, ParseOptions options = {});
  Document() = default;  // null
  Document(Document&& other) noexcept
      : last_(std::exchange(other.last_, nullptr)), root_(std::exchange(other.root_, Node())) {}
  Document& operator=(Document&& other) noexcept {
    std::swap(last_, other.last_);
    std::swap(root_, other.root_);
    return *this;
  }
  ~Document();
  const Node& root() const { return root_; }

 private:
  friend class Builder;
  struct Block;            // of the arena; leads to the one before it
  Block* last_ = nullptr;  // owned
  Node root_;
};

// True when `text` is one JSON value; the error names what is wrong.
Status validate(std::string_view text);

class Value;
using Array = std::vector<Value>;

// Ordered by insertion, looked up by name.
class Object {
 public:
  using Entry = std::pair<std::string, Value>;
  bool empty() const;
  std::size_t size() const;
  auto begin() { return entries_.begin(); }
  auto end() { return entries_.end(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  Value* find(std::string_view name);
  const Value* find(std::string_view name) const;
  Value& operator[](std::string_view name);  // inserts null when absent
  void erase(std::string_view name);
  bool operator==(const Object&) const;  // order does not matter

 private:
  std::vector<Entry> entries_;
};

class Value {
 public:
  Value() = default;
  Value(std::nullptr_t) {}
  Value(bool v) : data_(v) {}
  Value(int v) : data_(static_cast<std::int64_t>(v)) {}
  Value(unsigned v) : data_(static_cast<std::int64_t>(v)) {}
  Value(long v) : data_(static_cast<std::int64_t>(v)) {}
  Value(long long v) : data_(static_cast<std::int64_t>(v)) {}
  Value(unsigned long v) : data_(static_cast<std::int64_t>(v)) {}
  Value(double v) : data_(v) {}
  Value(const char* v) : data_(std::string(v)) {}
  Value(std::string_view v) : data_(std::string(v)) {}
  Value(std::string v) : data_(std::move(v)) {}
  Value(Array v) : data_(std::move(v)) {}
  Value(Object v) : data_(std::move(v)) {}
  Value(const Node& node);

  static Result<Value> parse(std::string_view text, ParseOptions options = {});

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(data_); }
  bool is_real() const { return std::holds_alternative<double>(data_); }
  bool is_number() const { return is_integer() || is_real(); }
  bool is_string() const { return std::holds_alternative<std::string>(data_); }
  bool is_array() const { return std::holds_alternative<Array>(data_); }
  bool is_object() const { return std::holds_alternative<Object>(data_); }

  bool as_bool() const { return std::get<bool>(data_); }
  std::int64_t as_integer() const {
    return is_real() ? static_cast<std::int64_t>(std::get<double>(data_)) : std::get<std::int64_t>(data_);
  }
  double as_real() const {
    return is_integer() ? static_cast<double>(std::get<std::int64_t>(data_)) : std::get<double>(data_);
  }
  const std::string& as_string() const { return std::get<std::string>(data_); }
  const Array& as_array() const { return std::get<Array>(data_); }
  Array& as_array() { return std::get<Array>(data_); }
  const Object& as_object() const { return std::get<Object>(data_); }
  Object& as_object() { return std::get<Object>(data_); }

  // The member of that name, or nullptr; also nullptr when this is no object.
  const Value* find(std::string_view name) const;
  Value* find(std::string_view name);
  // The string member of that name, or the fallback.
  std::string string_or(std::string_view name, std::string_view fallback = "") const;
  std::int64_t integer_or(std::string_view name, std::int64_t fallback) const;
  bool bool_or(std::string_view name, bool fallback) const;

  std::string text() const;         // compact
  std::string pretty_text() const;  // two blanks a level
  bool operator==(const Value&) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
};

// Appends JSON text. Commas are its business; balance is the caller's (asserted by `text()` users' tests, not at run
// time).
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& begin_object() { return open('{'); }
  Writer& end_object() { return close('}'); }
  Writer& begin_array() { return open('['); }
  Writer& end_array() { return close(']'); }
  Writer& key(std::string_view name);
  Writer& string(std::string_view text);
  Writer& base64(std::string_view bytes);  // as a string; no escaping needed
  Writer& integer(std::int64_t value);
  Writer& real(double value);  // always with a point or an exponent: 1.0, 0.5
  Writer& boolean(bool value);
  Writer& null();
  Writer& raw(std::string_view json);  // already JSON
  Writer& value(const Value& value);
  Writer& value(const Node& node);

  Writer& member(std::string_view name, std::string_view text) { return key(name).string(text); }
  Writer& member(std::string_view name, const char* text) { return key(name).string(text); }
  Writer& member(std::string_view name, std::int64_t number) { return key(name).integer(number); }
  Writer& member(std::string_view name, int number) { return key(name).integer(number); }
  Writer& member(std::string_view name, bool flag) { return key(name).boolean(flag); }

 private:
  Writer& open(char c);
  Writer& close(char c);
  void separate() {
    if (comma_) out_ += ',';
    comma_ = true;
  }
  std::string& out_;
  bool comma_ = false;
};

// Appends `text` with JSON escapes, without the quotes.
void append_escaped(std::string& out, std::string_view text);

}  // namespace tidemill::json
