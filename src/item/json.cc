#include "item/json.h"

#include <algorithm>
#include <cctype>

#include "base/bytes.h"
#include "item/messages.h"
#include "item/size.h"

namespace tidemill::item {
namespace {

std::unexpected<Error> mapping(std::string_view text) { return fail(Errc::kSerialization, text); }

constexpr std::string_view kStructureFound = "Start of structure or map found where not expected";
constexpr std::string_view kUnexpectedField = "Unexpected field type";
constexpr std::string_view kUnexpectedElement = "Unexpected value type in payload";
constexpr std::string_view kValueShape = "com.amazonaws.dynamodb.v20120810.AttributeValue";

std::string_view token_name(const json::Node& node) {
  switch (node.kind()) {
    case json::Kind::kTrue: return "TRUE_VALUE";
    case json::Kind::kFalse: return "FALSE_VALUE";
    case json::Kind::kInteger: return "NUMBER_VALUE";
    case json::Kind::kReal: return "DECIMAL_VALUE";
    case json::Kind::kString: return "STRING_VALUE";
    case json::Kind::kNull: return "NULL_VALUE";
    case json::Kind::kArray:
    case json::Kind::kObject: return "";
  }
  std::unreachable();
}

// `java_type` with its package for lists, its last word for scalars.
Status wrong_scalar(const json::Node& node, std::string_view java_type) {
  if (node.is_object()) return mapping(kStructureFound);
  if (node.is_array()) return mapping("Unrecognized collection type class " + std::string(java_type));
  const auto word = java_type.substr(java_type.rfind('.') + 1);
  return mapping(std::string(token_name(node)) + " cannot be converted to " + std::string(word));
}

Status check_string(const json::Node& node) {
  if (node.is_string()) return {};
  return wrong_scalar(node, "java.lang.String");
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == y; });
}

Status check_boolean(const json::Node& node) {
  if (node.is_bool()) return {};
  if (!node.is_string()) return wrong_scalar(node, "java.lang.Boolean");
  for (const std::string_view word : {"true", "false", "1", "0", "yes", "no"}) {
    if (equals_ignoring_case(node.as_string(), word)) return {};
  }
  return mapping("Unexpected token received from parser");
}

Result<std::string> read_blob(const json::Node& node) {
  if (node.is_object()) return mapping(kStructureFound);
  if (node.is_array()) return mapping("Unrecognized collection type class java.nio.ByteBuffer");
  if (!node.is_string()) return mapping("only base-64-encoded strings are convertible to bytes");
  const auto text = node.as_string();
  if (text.size() % 4 != 0) {
    return mapping("Base64 encoded length is expected a multiple of 4 bytes but found: " + std::to_string(text.size()));
  }
  auto bytes = from_base64(text);
  // The spelling is the service's.
  if (!bytes) return mapping("Invalid last non-pad Base64 character dectected");
  return *std::move(bytes);
}

Status check_list_shape(const json::Node& node) {
  if (node.is_object()) return mapping(kStructureFound);
  if (!node.is_array()) return mapping(kUnexpectedField);
  return {};
}

// Into `out`, so that values are made where they stay.
Status read_value(const json::Node& node, int level, AttributeValue& out);

Status check_name(std::string_view name) {
  if (name.empty()) return invalid(messages::kEmptyName);
  if (name.size() > kMaxNameSize) return invalid(messages::kNameTooLarge);
  return {};
}

Result<Map> read_map(const json::Node& node, int level) {
  if (node.is_array()) {
    return mapping("Unrecognized collection type java.util.Map<java.lang.String, " + std::string(kValueShape) + ">");
  }
  if (!node.is_object()) return mapping(kUnexpectedField);
  std::vector<Member> members;
  members.reserve(node.members().size());
  for (const auto& [name, value] : node.members()) {
    if (value.is_null()) continue;
    if (!value.is_object() && !value.is_array()) return mapping(kUnexpectedElement);
    TM_CHECK(check_name(name));
    auto& member = members.emplace_back(std::string(name));
    TM_CHECK(read_value(value, level, member.value));
  }
  return Map::from(std::move(members));
}

Result<List> read_list(const json::Node& node, int level) {
  TM_CHECK(check_list_shape(node));
  List list;
  list.reserve(node.elements().size());
  for (const auto& element : node.elements()) {
    if (element.is_null()) return invalid(messages::kEmptyValue);
    TM_CHECK(read_value(element, level, list.emplace_back()));
  }
  return list;
}

// `[a, a]` as the service prints the elements of a refused set.
std::string print_elements(const json::Node& node) {
  std::string out = "[";
  for (const auto& element : node.elements()) {
    if (out.size() > 1) out += ", ";
    out += element.as_string();
  }
  return out + "]";
}

Status read_string_set(const json::Node& node, AttributeValue& out) {
  TM_CHECK(check_list_shape(node));
  std::vector<std::string> elements;
  elements.reserve(node.elements().size());
  for (const auto& element : node.elements()) {
    if (element.is_null()) return invalid(messages::kNullInStringSet);
    TM_CHECK(check_string(element));
    elements.emplace_back(element.as_string());
  }
  if (elements.empty()) return invalid(messages::kEmptyStringSet);
  auto set = StringSet::from(std::move(elements));
  if (set.size() != node.elements().size()) {
    return invalid(std::string(messages::kInvalid) + "Input collection " + print_elements(node) +
                   " contains duplicates.");
  }
  out = AttributeValue(std::move(set));
  return {};
}

Status read_number_set(const json::Node& node, AttributeValue& out) {
  TM_CHECK(check_list_shape(node));
  std::vector<Number> elements;
  elements.reserve(node.elements().size());
  for (const auto& element : node.elements()) {
    if (element.is_null()) return invalid(messages::kNullInNumberSet);
    TM_CHECK(check_string(element));
    TM_TRY(const auto number, Number::parse(element.as_string()));
    elements.push_back(number);
  }
  if (elements.empty()) return invalid(messages::kEmptyNumberSet);
  auto set = NumberSet::from(std::move(elements));
  if (set.size() != node.elements().size()) return invalid(messages::kDuplicateNumbers);
  out = AttributeValue(std::move(set));
  return {};
}

Status read_binary_set(const json::Node& node, AttributeValue& out) {
  TM_CHECK(check_list_shape(node));
  std::vector<Binary> elements;
  elements.reserve(node.elements().size());
  for (const auto& element : node.elements()) {
    if (element.is_null()) return invalid(messages::kNullInBinarySet);
    TM_TRY(auto bytes, read_blob(element));
    elements.push_back({std::move(bytes)});
  }
  if (elements.empty()) return invalid(messages::kEmptyBinarySet);
  auto set = BinarySet::from(std::move(elements));
  if (set.size() != node.elements().size()) {
    // No blank before "of": the service's.
    return invalid(std::string(messages::kInvalid) + "Input collection " + print_elements(node) +
                   "of type BS contains duplicates.");
  }
  out = AttributeValue(std::move(set));
  return {};
}

// One member of an attribute value object; false for a name that is no type.
Result<bool> read_member(std::string_view name, const json::Node& node, int level, AttributeValue& out) {
  if (name == "S") {
    TM_CHECK(check_string(node));
    out.data().emplace<std::string>(node.as_string());
  } else if (name == "N") {
    TM_CHECK(check_string(node));
    TM_TRY(const auto number, Number::parse(node.as_string()));
    out.data() = number;
  } else if (name == "B") {
    TM_TRY(auto bytes, read_blob(node));
    out.data() = Binary{std::move(bytes)};
  } else if (name == "BOOL") {
    TM_CHECK(check_boolean(node));
    out.data().emplace<bool>(boolean_from_json(node));
  } else if (name == "NULL") {
    TM_CHECK(check_boolean(node));
    if (!boolean_from_json(node)) return invalid(messages::kNullIsFalse);
    out.data() = Null{};
  } else if (name == "M") {
    TM_TRY(auto map, read_map(node, level + 1));
    out.data() = std::move(map);
  } else if (name == "L") {
    TM_TRY(auto list, read_list(node, level + 1));
    out.data() = std::move(list);
  } else if (name == "SS") {
    TM_CHECK(read_string_set(node, out));
  } else if (name == "NS") {
    TM_CHECK(read_number_set(node, out));
  } else if (name == "BS") {
    TM_CHECK(read_binary_set(node, out));
  } else {
    return false;
  }
  return true;
}

Status read_value(const json::Node& node, int level, AttributeValue& out) {
  if (node.is_array()) return mapping("Unrecognized collection type class " + std::string(kValueShape));
  if (!node.is_object()) return mapping(kUnexpectedField);
  if (level > kMaxDepth) return invalid(messages::kTooDeep);
  int found = 0;
  for (const auto& [name, member] : node.members()) {
    if (member.is_null()) continue;
    TM_TRY(const bool read, read_member(name, member, level, out));
    if (read) ++found;
  }
  if (found == 0) return invalid(messages::kEmptyValue);
  if (found > 1) return invalid(messages::kSeveralTypes);
  return {};
}

struct JsonWriter {
  std::string& out;

  void text(std::string_view tag, std::string_view value) const {
    out.append("{\"").append(tag).append("\":\"");
    json::append_escaped(out, value);
    out += "\"}";
  }
  void operator()(const std::string& value) const { text("S", value); }
  void operator()(const Number& value) const {
    out += "{\"N\":\"";
    value.append_text(out);
    out += "\"}";
  }
  void operator()(const Binary& value) const {
    out += "{\"B\":\"";
    append_base64(out, value.bytes);
    out += "\"}";
  }
  void operator()(bool value) const { out += value ? "{\"BOOL\":true}" : "{\"BOOL\":false}"; }
  void operator()(const Null&) const { out += "{\"NULL\":true}"; }
  void operator()(const Map& value) const {
    out += "{\"M\":";
    append_json(out, value);
    out += '}';
  }
  void operator()(const List& value) const {
    out += "{\"L\":[";
    bool first = true;
    for (const auto& element : value) {
      if (!std::exchange(first, false)) out += ',';
      append_json(out, element);
    }
    out += "]}";
  }
  template <class T, class Append>
  void set(std::string_view tag, const Set<T>& value, Append append) const {
    out.append("{\"").append(tag).append("\":[");
    bool first = true;
    for (const auto& element : value) {
      out += std::exchange(first, false) ? "\"" : ",\"";
      append(element);
      out += '"';
    }
    out += "]}";
  }
  void operator()(const StringSet& value) const {
    set("SS", value, [this](const std::string& element) { json::append_escaped(out, element); });
  }
  void operator()(const NumberSet& value) const {
    set("NS", value, [this](const Number& element) { element.append_text(out); });
  }
  void operator()(const BinarySet& value) const {
    set("BS", value, [this](const Binary& element) { append_base64(out, element.bytes); });
  }
};

}  // namespace

bool boolean_from_json(const json::Node& node) {
  if (!node.is_string()) return node.as_bool();
  const auto text = node.as_string();
  return equals_ignoring_case(text, "true") || text == "1" || equals_ignoring_case(text, "yes");
}

Result<AttributeValue> value_from_json(const json::Node& node) {
  AttributeValue value;
  TM_CHECK(read_value(node, 1, value));
  return value;
}

Result<Item> item_from_json(const json::Node& node) { return read_map(node, 1); }

void append_json(std::string& out, const AttributeValue& value) { std::visit(JsonWriter{out}, value.data()); }

void append_json(std::string& out, const Item& item) {
  out += '{';
  bool first = true;
  for (const auto& [name, value] : item) {
    out += std::exchange(first, false) ? "\"" : ",\"";
    json::append_escaped(out, name);
    out += "\":";
    append_json(out, value);
  }
  out += '}';
}

std::string to_json(const AttributeValue& value) {
  std::string out;
  append_json(out, value);
  return out;
}

std::string to_json(const Item& item) {
  std::string out;
  append_json(out, item);
  return out;
}

}  // namespace tidemill::item
