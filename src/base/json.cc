#include "base/json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/scan.h"

namespace tidemill::json {

bool Node::as_bool() const {
  TM_ASSERT(is_bool());
  return kind_ == Kind::kTrue;
}

std::int64_t Node::as_integer() const {
  if (kind_ == Kind::kInteger) return integer_;
  TM_ASSERT(kind_ == Kind::kReal);
  if (real_ >= 9.2e18) return std::numeric_limits<std::int64_t>::max();
  if (real_ <= -9.2e18) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(real_);
}

double Node::as_real() const {
  if (kind_ == Kind::kInteger) return static_cast<double>(integer_);
  TM_ASSERT(kind_ == Kind::kReal);
  return real_;
}

std::string_view Node::as_string() const {
  TM_ASSERT(kind_ == Kind::kString);
  return {text_, size_};
}

std::span<const Node> Node::elements() const {
  TM_ASSERT(kind_ == Kind::kArray);
  return {elements_, size_};
}

std::span<const Member> Node::members() const {
  TM_ASSERT(kind_ == Kind::kObject);
  return {members_, size_};
}

struct Document::Block {
  Block* before;
  std::byte* bytes() { return reinterpret_cast<std::byte*>(this + 1); }
};

Document::~Document() {
  while (last_ != nullptr) ::operator delete(std::exchange(last_, last_->before));
}

// Copies simdjson's tape into nodes. The arena grows by blocks, so that views stay valid.
class Builder {
 public:
  explicit Builder(std::size_t text_size) : next_block_(std::max<std::size_t>(512, text_size * 2)) {}

  Document build(simdjson::dom::element root) {
    document_.root_ = convert(root);
    return std::move(document_);
  }

 private:
  Node convert(simdjson::dom::element from) {
    Node node;
    switch (from.type()) {
      case simdjson::dom::element_type::NULL_VALUE: break;
      case simdjson::dom::element_type::BOOL: node.kind_ = bool(from) ? Kind::kTrue : Kind::kFalse; break;
      case simdjson::dom::element_type::INT64:
        node.kind_ = Kind::kInteger;
        node.integer_ = std::int64_t(from);
        break;
      case simdjson::dom::element_type::UINT64:
        node.kind_ = Kind::kReal;
        node.real_ = static_cast<double>(std::uint64_t(from));
        break;
      case simdjson::dom::element_type::DOUBLE:
        node.kind_ = Kind::kReal;
        node.real_ = double(from);
        break;
      case simdjson::dom::element_type::STRING: {
        const std::string_view text = copy(std::string_view(from));
        node.kind_ = Kind::kString;
        node.text_ = text.data();
        node.size_ = static_cast<std::uint32_t>(text.size());
        break;
      }
      case simdjson::dom::element_type::ARRAY: {
        const simdjson::dom::array array = from;
        const std::size_t count = count_of(array);
        auto* elements = static_cast<Node*>(take(sizeof(Node) * count, alignof(Node)));
        std::size_t i = 0;
        for (const auto element : array) new (&elements[i++]) Node(convert(element));
        node.kind_ = Kind::kArray;
        node.elements_ = elements;
        node.size_ = static_cast<std::uint32_t>(count);
        break;
      }
      case simdjson::dom::element_type::OBJECT: {
        const simdjson::dom::object object = from;
        const std::size_t count = count_of(object);
        auto* members = static_cast<Member*>(take(sizeof(Member) * count, alignof(Member)));
        std::size_t i = 0;
        for (const auto field : object) {
          const auto name = copy(field.key);
          new (&members[i++]) Member{name, convert(field.value)};
        }
        node.kind_ = Kind::kObject;
        node.members_ = members;
        node.size_ = static_cast<std::uint32_t>(count);
        break;
      }
    }
    return node;
  }

  template <class Container>
  static std::size_t count_of(const Container& container) {
    constexpr std::size_t kSaturated = 0xFFFFFF;  // what size() says of that many and of more
    if (const std::size_t size = container.size(); size < kSaturated) return size;
    std::size_t count = 0;
    for (auto it = container.begin(); it != container.end(); ++it) ++count;
    return count;
  }

  std::string_view copy(std::string_view text) {
    auto* to = static_cast<char*>(take(text.size(), 1));
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  void* take(std::size_t size, std::size_t align) {
    std::size_t at = (used_ + align - 1) & ~(align - 1);
    if (document_.last_ == nullptr || at + size > block_size_) [[unlikely]] {
      block_size_ = std::max(next_block_, size + 64);
      next_block_ = 4096;
      document_.last_ = new (::operator new(sizeof(Document::Block) + block_size_)) Document::Block{document_.last_};
      at = 0;
    }
    used_ = at + size;
    return document_.last_->bytes() + at;
  }

  Document document_;
  std::size_t next_block_;
  std::size_t block_size_ = 0;
  std::size_t used_ = 0;
};

namespace {

// simdjson refuses numbers that do not fit; this rewrites those to the double that JavaScript would read.
std::string shorten_numbers(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool in_string = false;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\' && i + 1 < text.size()) {
        out.append(text, i, 2);
        i += 2;
        continue;
      }
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      std::size_t end = i + 1;
      while (end < text.size() && std::strchr("0123456789+-.eE", text[end]) != nullptr && text[end] != '\0') ++end;
      const auto number = text.substr(i, end - i);
      double value = 0;
      const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
      const bool whole = parsed.ptr == number.data() + number.size();
      if (number.size() > 17 && whole && parsed.ec == std::errc{}) {
        out += fmt::format("{:.17g}", value);
      } else if (whole && parsed.ec == std::errc::result_out_of_range) {
        const bool tiny = number.find("e-") != number.npos || number.find("E-") != number.npos;
        out += tiny ? "0.0" : number.front() == '-' ? "-1.7976931348623157e308" : "1.7976931348623157e308";
      } else {
        out += number;
      }
      i = end;
      continue;
    }
    out += c;
    ++i;
  }
  return out;
}

struct Parser {
  Parser() = default;
  simdjson::dom::parser parser;
  std::string padded;
};

// One parser a thread: its buffers are reused from request to request.
Parser& thread_parser() {
  thread_local Parser parser;
  return parser;
}

simdjson::simdjson_result<simdjson::dom::element> run_parser(std::string_view text, std::size_t max_depth) {
  auto& state = thread_parser();
  if (state.parser.max_depth() != max_depth || state.parser.capacity() < text.size()) {
    const auto error = state.parser.allocate(std::max<std::size_t>(text.size(), 16 << 10), max_depth);
    if (error) return error;
  }
  state.padded.assign(text);
  state.padded.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  return state.parser.parse(state.padded.data(), text.size(), false);
}

// Buffers that one very large document made are not kept for ever.
void release_if_large(std::size_t size) {
  if (size > (1U << 20)) thread_parser() = Parser();
}

// On the parser's own tape: good until this thread parses again.
Result<simdjson::dom::element> parse_in_place(std::string_view text, const ParseOptions& options) {
  auto element = run_parser(text, options.max_depth);
  if (element.error() == simdjson::NUMBER_ERROR) {
    element = run_parser(shorten_numbers(text), options.max_depth);
  }
  if (!element.error()) return element.value_unsafe();
  const auto error = element.error();
  release_if_large(text.size());
  return fail(error == simdjson::DEPTH_ERROR ? Errc::kResourceExhausted : Errc::kInvalidArgument,
              simdjson::error_message(error));
}

}  // namespace

Result<Document> Document::parse(std::string_view text, ParseOptions options) {
  TM_TRY(const auto root, parse_in_place(text, options));
  auto document = Builder(text.size()).build(root);
  release_if_large(text.size());
  return document;
}

Status validate(std::string_view text) {
  TM_CHECK(parse_in_place(text, {}));
  release_if_large(text.size());
  return {};
}

bool Object::empty() const { return entries_.empty(); }
std::size_t Object::size() const { return entries_.size(); }

Value* Object::find(std::string_view name) {
  for (auto& [key, value] : entries_) {
    if (key == name) return &value;
  }
  return nullptr;
}

const Value* Object::find(std::string_view name) const { return const_cast<Object*>(this)->find(name); }

Value& Object::operator[](std::string_view name) {
  if (auto* found = find(name)) return *found;
  return entries_.emplace_back(std::string(name), Value()).second;
}

void Object::erase(std::string_view name) {
  std::erase_if(entries_, [name](const Entry& entry) { return entry.first == name; });
}

bool Object::operator==(const Object& other) const {
  if (size() != other.size()) return false;
  for (const auto& [key, value] : entries_) {
    const auto* found = other.find(key);
    if (found == nullptr || !(*found == value)) return false;
  }
  return true;
}

Value::Value(const Node& node) {
  switch (node.kind()) {
    case Kind::kNull: break;
    case Kind::kFalse: data_ = false; break;
    case Kind::kTrue: data_ = true; break;
    case Kind::kInteger: data_ = node.as_integer(); break;
    case Kind::kReal: data_ = node.as_real(); break;
    case Kind::kString: data_ = std::string(node.as_string()); break;
    case Kind::kArray: {
      Array array;
      array.reserve(node.elements().size());
      for (const auto& element : node.elements()) array.emplace_back(element);
      data_ = std::move(array);
      break;
    }
    case Kind::kObject: {
      Object object;
      for (const auto& [name, value] : node.members()) object[name] = Value(value);
      data_ = std::move(object);
      break;
    }
  }
}

Result<Value> Value::parse(std::string_view text, ParseOptions options) {
  TM_TRY(const auto document, Document::parse(text, options));
  return Value(document.root());
}

const Value* Value::find(std::string_view name) const { return is_object() ? as_object().find(name) : nullptr; }
Value* Value::find(std::string_view name) { return is_object() ? as_object().find(name) : nullptr; }

std::string Value::string_or(std::string_view name, std::string_view fallback) const {
  const auto* found = find(name);
  return found != nullptr && found->is_string() ? found->as_string() : std::string(fallback);
}

std::int64_t Value::integer_or(std::string_view name, std::int64_t fallback) const {
  const auto* found = find(name);
  return found != nullptr && found->is_number() ? found->as_integer() : fallback;
}

bool Value::bool_or(std::string_view name, bool fallback) const {
  const auto* found = find(name);
  return found != nullptr && found->is_bool() ? found->as_bool() : fallback;
}

std::string Value::text() const {
  std::string out;
  Writer(out).value(*this);
  return out;
}

namespace {

void append_pretty(std::string& out, const Value& value, std::size_t indent) {
  const auto line = [&out](std::size_t depth) {
    out += '\n';
    out.append(depth * 2, ' ');
  };
  if (value.is_array() && !value.as_array().empty()) {
    out += '[';
    bool first = true;
    for (const auto& element : value.as_array()) {
      if (!std::exchange(first, false)) out += ',';
      line(indent + 1);
      append_pretty(out, element, indent + 1);
    }
    line(indent);
    out += ']';
  } else if (value.is_object() && !value.as_object().empty()) {
    out += '{';
    bool first = true;
    for (const auto& [name, element] : value.as_object()) {
      if (!std::exchange(first, false)) out += ',';
      line(indent + 1);
      out += '"';
      append_escaped(out, name);
      out += "\": ";
      append_pretty(out, element, indent + 1);
    }
    line(indent);
    out += '}';
  } else {
    out += value.text();
  }
}

}  // namespace

std::string Value::pretty_text() const {
  std::string out;
  append_pretty(out, *this, 0);
  return out;
}

void append_escaped(std::string& out, std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (;;) {
    const auto plain = find_control_or<'"', '\\'>(text);
    out += text.substr(0, plain);
    if (plain == text.size()) return;
    const auto c = static_cast<unsigned char>(text[plain]);
    text.remove_prefix(plain + 1);
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      default:
        out += "\\u00";
        out += kDigits[c >> 4];
        out += kDigits[c & 15];
    }
  }
}

Writer& Writer::open(char c) {
  separate();
  out_ += c;
  comma_ = false;
  return *this;
}

Writer& Writer::close(char c) {
  out_ += c;
  comma_ = true;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  separate();
  out_ += '"';
  append_escaped(out_, name);
  out_ += "\":";
  comma_ = false;
  return *this;
}

Writer& Writer::string(std::string_view text) {
  separate();
  out_ += '"';
  append_escaped(out_, text);
  out_ += '"';
  return *this;
}

Writer& Writer::base64(std::string_view bytes) {
  separate();
  out_ += '"';
  append_base64(out_, bytes);
  out_ += '"';
  return *this;
}

Writer& Writer::integer(std::int64_t value) {
  separate();
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  out_.append(buffer, static_cast<std::size_t>(end - buffer));
  return *this;
}

Writer& Writer::real(double value) {
  separate();
  if (!std::isfinite(value)) {
    out_ += "null";
    return *this;
  }
  char buffer[40];
  // Fixed notation where it is short: readers of timestamps and capacity units expect no exponent.
  const auto format = std::fabs(value) < 1e15 && (value == 0 || std::fabs(value) >= 1e-5)
                          ? std::chars_format::fixed
                          : std::chars_format::scientific;
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value, format).ptr;
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  out_ += text;
  if (text.find_first_of(".e") == text.npos) out_ += ".0";
  return *this;
}

Writer& Writer::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
  return *this;
}

Writer& Writer::null() {
  separate();
  out_ += "null";
  return *this;
}

Writer& Writer::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

Writer& Writer::value(const Value& value) {
  if (value.is_null()) return null();
  if (value.is_bool()) return boolean(value.as_bool());
  if (value.is_integer()) return integer(value.as_integer());
  if (value.is_real()) return real(value.as_real());
  if (value.is_string()) return string(value.as_string());
  if (value.is_array()) {
    begin_array();
    for (const auto& element : value.as_array()) this->value(element);
    return end_array();
  }
  begin_object();
  for (const auto& [name, member] : value.as_object()) key(name).value(member);
  return end_object();
}

Writer& Writer::value(const Node& node) {
  switch (node.kind()) {
    case Kind::kNull: return null();
    case Kind::kFalse: return boolean(false);
    case Kind::kTrue: return boolean(true);
    case Kind::kInteger: return integer(node.as_integer());
    case Kind::kReal: return real(node.as_real());
    case Kind::kString: return string(node.as_string());
    case Kind::kArray:
      begin_array();
      for (const auto& element : node.elements()) value(element);
      return end_array();
    case Kind::kObject:
      begin_object();
      for (const auto& [name, member] : node.members()) key(name).value(member);
      return end_object();
  }
  std::unreachable();
}

}  // namespace tidemill::json
