#include "deploy/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <charconv>
#include <istream>
#include <optional>
#include <streambuf>
#include <unordered_set>

namespace tidemill::deploy {
namespace {

constexpr std::string_view kFunctionTags[] = {
    "And",          "Base64",      "Cidr",      "Contains",   "EachMemberEquals",
    "EachMemberIn", "Equals",      "FindInMap", "GetAtt",     "GetAZs",
    "If",           "ImportValue", "Join",      "Length",     "Not",
    "Or",           "RefAll",      "Select",    "Split",      "Sub",
    "ToJsonString", "Transform",   "ValueOf",   "ValueOfAll",
};
constexpr std::string_view kStandardTags = "tag:yaml.org,2002:";

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const auto word : words) {
    if (text == word) return true;
  }
  return false;
}

// Whole numbers of YAML 1.1: decimal, octal (0...), hexadecimal, binary, with underscores. Base 60 stays text: "22:30"
// is a time of day to whoever writes it.
std::optional<std::int64_t> read_integer(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  int base = 10;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.starts_with("0b")) {
    base = 2;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    base = 8;
    text.remove_prefix(1);
  }
  std::string digits = negative ? "-" : "";
  for (const char c : text) {
    if (c != '_') digits += c;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// Real numbers of YAML 1.1 need a point; an exponent needs a sign.
std::optional<double> read_real(std::string_view text) {
  std::size_t i = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  bool digits = false, point = false;
  for (; i < text.size(); ++i) {
    if (text[i] >= '0' && text[i] <= '9')
      digits = true;
    else if (text[i] == '.' && !point)
      point = true;
    else
      break;
  }
  if (!digits || !point) return std::nullopt;
  if (i < text.size()) {
    if ((text[i] != 'e' && text[i] != 'E') || i + 2 >= text.size() || (text[i + 1] != '+' && text[i + 1] != '-'))
      return std::nullopt;
    for (std::size_t j = i + 2; j < text.size(); ++j) {
      if (text[j] < '0' || text[j] > '9') return std::nullopt;
    }
  }
  double value = 0;
  const std::string_view number = text[0] == '+' ? text.substr(1) : text;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc{} || end != number.data() + number.size()) return std::nullopt;
  return value;
}

json::Value plain_scalar(const std::string& text) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (is_one_of(text, {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) {
    // A lone letter is a name to whoever writes it, and the service's reader (unlike the letter of YAML 1.1) agrees.
    if (text.size() > 1) return true;
  }
  if (is_one_of(text, {"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})) return false;
  if (const auto integer = read_integer(text)) return *integer;
  if (const auto real = read_real(text)) return *real;
  return text;
}

// Turns yaml-cpp's events into a tree. After the first error it ignores what still comes.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(TreeLimits limits) : limits_(limits) {}

  std::optional<std::string> error;
  json::Value root;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string&) override { refuse(mark, "YAML anchors are not supported"); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "YAML aliases are not allowed in CloudFormation templates");
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { OnScalar(mark, "?", anchor, ""); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& text) override {
    if (error) return;
    if (wants_key()) {
      if (tag == "?" && text == "<<") return refuse(mark, "YAML merge keys are not supported");
      if (tag != "?" && tag != "!" && !tag.empty()) return refuse(mark, "a map key cannot have the tag " + tag);
      auto& frame = frames_.back();
      if (!frame.seen.insert(text).second) return refuse(mark, "duplicate key '" + text + "'");
      if (frame.seen.size() > limits_.members) return refuse(mark, "a map has too many members");
      frame.key = text;
      return;
    }
    if (tag == "?" || tag.empty()) return attach(plain_scalar(text));
    if (tag == "!") return attach(text);
    if (tag.starts_with(kStandardTags)) {
      const auto kind = std::string_view(tag).substr(kStandardTags.size());
      if (is_one_of(kind, {"str", "timestamp"})) return attach(text);
      if (is_one_of(kind, {"int", "float", "bool", "null"})) return attach(plain_scalar(text));
      return refuse(mark, "the YAML tag !!" + std::string(kind) + " is not supported");
    }
    if (tag == "!GetAtt") {
      const auto dot = text.find('.');
      if (dot == text.npos) return refuse(mark, "!GetAtt needs the form resource.attribute, not '" + text + "'");
      return finish(mark, tag, json::Array{text.substr(0, dot), text.substr(dot + 1)});
    }
    // The argument of a short tag is text whatever it looks like: `!Ref 1`, `!Sub yes`.
    finish(mark, tag, text);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, json::Array());
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    open(mark, tag, json::Object());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    json::Value value;
    std::string tag;
    YAML::Mark mark;
    std::optional<std::string> key;
    std::unordered_set<std::string> seen;
  };

  bool wants_key() const { return !frames_.empty() && frames_.back().value.is_object() && !frames_.back().key; }

  void refuse(const YAML::Mark& mark, std::string why) {
    if (error) return;
    error = fmt::format("{} (line {}, column {})", why, mark.line + 1, mark.column + 1);
  }

  void open(const YAML::Mark& mark, const std::string& tag, json::Value empty) {
    if (error) return;
    if (wants_key()) return refuse(mark, "a map key must be a scalar");
    if (frames_.size() >= limits_.depth) return refuse(mark, "nested too deep");
    frames_.push_back({.value = std::move(empty), .tag = tag, .mark = mark});
  }

  void close() {
    if (error) return;
    auto frame = std::move(frames_.back());
    frames_.pop_back();
    finish(frame.mark, frame.tag, std::move(frame.value));
  }

  void finish(const YAML::Mark& mark, const std::string& tag, json::Value value) {
    if (tag == "?" || tag == "!" || tag.empty() || tag.starts_with(kStandardTags)) return attach(std::move(value));
    const std::string name = tag.substr(1);
    if (name == "Ref" || name == "Condition") return attach(wrap(name, std::move(value)));
    for (const auto known : kFunctionTags) {
      if (name == known) return attach(wrap("Fn::" + name, std::move(value)));
    }
    refuse(mark, "the YAML tag " + tag + " is not known");
  }

  static json::Value wrap(std::string_view name, json::Value argument) {
    json::Object object;
    object[name] = std::move(argument);
    return object;
  }

  void attach(json::Value value) {
    if (frames_.empty()) {
      root = std::move(value);
      return;
    }
    auto& frame = frames_.back();
    if (frame.value.is_array()) {
      frame.value.as_array().push_back(std::move(value));
    } else {
      frame.value.as_object()[*frame.key] = std::move(value);
      frame.key.reset();
    }
  }

  const TreeLimits limits_;
  std::vector<Frame> frames_;
};

// A string_view as a stream, without a copy.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // never written: only the get area is set
    setg(begin, begin, begin + text.size());
  }
};

}  // namespace

Result<json::Value> read_yaml(std::string_view text, TreeLimits limits) {
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  TreeBuilder builder(limits);
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return invalid("Template format error: the template is empty");
  } catch (const YAML::Exception& e) {
    return invalid(fmt::format("Template format error: YAML not well-formed: {} (line {}, column {})", e.msg,
                               e.mark.line + 1, e.mark.column + 1));
  }
  if (builder.error) return invalid("Template format error: " + *builder.error);
  return std::move(builder.root);
}

}  // namespace tidemill::deploy
