#include "api/awsjson/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"

namespace tidemill::awsjson {
namespace {

constexpr std::size_t kErrorsListed = 10;
// A value that is printed in an error text is cut here, so that one error cannot echo a whole request.
constexpr std::size_t kPrintedValueMax = 4096;

std::string java_type(const Shape& shape) {
  switch (shape.type) {
    case Type::kString: return "java.lang.String";
    case Type::kBoolean: return "java.lang.Boolean";
    case Type::kInteger: return "java.lang.Integer";
    case Type::kLong: return "java.lang.Long";
    case Type::kDouble: return "java.lang.Double";
    case Type::kTimestamp: return "java.util.Date";
    case Type::kBlob: return "java.nio.ByteBuffer";
    case Type::kList: return "java.util.List<" + java_type(*shape.element) + ">";
    case Type::kMap: return "java.util.Map<java.lang.String, " + java_type(*shape.element) + ">";
    case Type::kStructure: return "com.amazonaws.dynamodb.v20120810." + std::string(shape.name);
  }
  std::unreachable();
}

std::string_view token_name(json::Kind kind) {
  switch (kind) {
    case json::Kind::kTrue: return "TRUE_VALUE";
    case json::Kind::kFalse: return "FALSE_VALUE";
    case json::Kind::kInteger: return "NUMBER_VALUE";
    case json::Kind::kReal: return "DECIMAL_VALUE";
    case json::Kind::kString: return "STRING_VALUE";
    case json::Kind::kNull: return "NULL_VALUE";
    case json::Kind::kArray: return "START_ARRAY";
    case json::Kind::kObject: return "START_OBJECT";
  }
  std::unreachable();
}

using Mismatch = std::optional<TypeMismatch>;

Mismatch not_convertible(json::Kind kind, std::string_view to) {
  return TypeMismatch{fmt::format("{} cannot be converted to {}", token_name(kind), to)};
}

bool is_boolean_word(std::string_view text) {
  std::string lower(text.substr(0, 6));
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower == "true" || lower == "false" || lower == "1" || lower == "0" || lower == "yes" || lower == "no";
}

Mismatch check_blob(std::string_view text) {
  if (text.size() % 4 != 0) {
    return TypeMismatch{
        fmt::format("Base64 encoded length is expected a multiple of 4 bytes but found: {}", text.size())};
  }
  const auto is_base64 = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
  };
  std::size_t end = text.size();
  while (end > 0 && text.size() - end < 2 && text[end - 1] == '=') --end;
  for (std::size_t i = 0; i < end; ++i) {
    if (!is_base64(text[i])) return TypeMismatch{fmt::format("Invalid Base64 character: '{}'", text[i])};
  }
  // Bits behind the last whole byte must be zero.
  const std::size_t padding = text.size() - end;
  if (padding != 0) {
    static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::size_t last = kAlphabet.find(text[end - 1]);
    if ((last & (padding == 2 ? 0xFU : 0x3U)) != 0)
      return TypeMismatch{"Invalid last non-pad Base64 character dectected"};
  }
  return std::nullopt;
}

Mismatch check_scalar(const Shape& shape, const json::Node& node) {
  if (node.is_array()) return TypeMismatch{"Unrecognized collection type class " + java_type(shape)};
  if (node.is_object()) return TypeMismatch{"Start of structure or map found where not expected"};
  switch (shape.type) {
    case Type::kString:
      if (!node.is_string()) return not_convertible(node.kind(), "String");
      return std::nullopt;
    case Type::kBoolean:
      if (node.is_bool()) return std::nullopt;
      if (node.is_string()) {
        if (is_boolean_word(node.as_string())) return std::nullopt;
        return TypeMismatch{"Unexpected token received from parser"};
      }
      return not_convertible(node.kind(), "Boolean");
    case Type::kInteger:
      if (!node.is_number()) return not_convertible(node.kind(), "Integer");
      return std::nullopt;
    case Type::kLong:
      if (!node.is_number()) return not_convertible(node.kind(), "Long");
      return std::nullopt;
    case Type::kDouble:
      if (!node.is_number()) return not_convertible(node.kind(), "Double");
      return std::nullopt;
    case Type::kTimestamp:
      if (!node.is_number()) return not_convertible(node.kind(), "Date");
      return std::nullopt;
    case Type::kBlob:
      if (!node.is_string()) return TypeMismatch{"only base-64-encoded strings are convertible to bytes"};
      return check_blob(node.as_string());
    case Type::kList:
    case Type::kMap:
    case Type::kStructure: break;
  }
  std::unreachable();
}

Mismatch check(const Shape& shape, const json::Node& node, bool in_map) {
  if (node.is_null()) return std::nullopt;
  switch (shape.type) {
    case Type::kList: {
      if (node.is_object()) return TypeMismatch{"Start of structure or map found where not expected"};
      if (!node.is_array()) return TypeMismatch{"Unexpected field type"};
      for (const auto& element : node.elements()) {
        if (auto mismatch = check(*shape.element, element, false)) return mismatch;
      }
      return std::nullopt;
    }
    case Type::kMap: {
      if (node.is_array()) return TypeMismatch{"Unrecognized collection type " + java_type(shape)};
      if (!node.is_object()) return TypeMismatch{"Unexpected field type"};
      for (const auto& member : node.members()) {
        if (auto mismatch = check(*shape.element, member.value, true)) return mismatch;
      }
      return std::nullopt;
    }
    case Type::kStructure: {
      if (node.is_array()) return TypeMismatch{"Unrecognized collection type class " + java_type(shape)};
      if (!node.is_object()) return TypeMismatch{in_map ? "Unexpected value type in payload" : "Unexpected field type"};
      for (const auto& member : node.members()) {
        for (const auto& field : shape.fields) {
          if (field.name != member.name) continue;
          if (auto mismatch = check(*field.shape, member.value, false)) return mismatch;
          break;
        }
      }
      return std::nullopt;
    }
    default: return check_scalar(shape, node);
  }
}

std::string member_name(std::string_view wire) {
  std::string name(wire);
  if (!name.empty() && name[0] >= 'A' && name[0] <= 'Z') name[0] = static_cast<char>(name[0] + 32);
  return name;
}

void print(const Shape& shape, const json::Node& node, std::string& out) {
  if (out.size() > kPrintedValueMax) return;
  if (node.is_null()) {
    out += "null";
    return;
  }
  switch (shape.type) {
    case Type::kString:
    case Type::kBlob: out += node.as_string(); return;
    case Type::kBoolean: out += node.is_string() ? node.as_string() : node.as_bool() ? "true" : "false"; return;
    case Type::kInteger:
    case Type::kLong: out += std::to_string(node.as_integer()); return;
    case Type::kDouble:
    case Type::kTimestamp: out += fmt::format("{}", node.as_real()); return;
    case Type::kList: {
      out += '[';
      bool first = true;
      for (const auto& element : node.elements()) {
        if (!std::exchange(first, false)) out += ", ";
        print(*shape.element, element, out);
      }
      out += ']';
      return;
    }
    case Type::kMap: {
      out += '{';
      bool first = true;
      for (const auto& member : node.members()) {
        if (!std::exchange(first, false)) out += ", ";
        out += member.name;
        out += '=';
        print(*shape.element, member.value, out);
      }
      out += '}';
      return;
    }
    case Type::kStructure: {
      out += shape.name;
      out += '(';
      bool first = true;
      for (const auto& field : shape.fields) {
        const json::Node* value = node.find_present(field.name);
        if (value == nullptr) continue;
        if (!std::exchange(first, false)) out += ", ";
        out += member_name(field.name);
        out += '=';
        print(*field.shape, *value, out);
      }
      out += ')';
      return;
    }
  }
}

// Where a value stands in the request; written out only when an error names it.
struct Place {
  enum class Step : unsigned char { kRoot, kMember, kKey, kElement };
  Step step = Step::kRoot;
  const Place* up = nullptr;
  std::string_view name = {};  // of a member or a key, as on the wire
  std::size_t index = 0;       // of an element, from 1

  std::string text() const {
    switch (step) {
      case Step::kRoot: return "";
      case Step::kMember: {
        const auto before = up->text();
        return before.empty() ? member_name(name) : before + "." + member_name(name);
      }
      case Step::kKey: return fmt::format("{}.{}.member", up->text(), name);
      case Step::kElement: return fmt::format("{}.{}.member", up->text(), index);
    }
    std::unreachable();
  }
  Place member(std::string_view wire_name) const { return {Step::kMember, this, wire_name, 0}; }
  Place key(std::string_view key) const { return {Step::kKey, this, key, 0}; }
  Place element(std::size_t number) const { return {Step::kElement, this, {}, number}; }
};

class Constraints {
 public:
  void visit(const Shape& shape, const json::Node* node, bool required, const Place& place) {
    if (node == nullptr || node->is_null()) {
      if (required) add("Value null at '" + place.text() + "' failed to satisfy constraint: Member must not be null");
      return;
    }
    if (shape.unconstrained) return;
    switch (shape.type) {
      case Type::kStructure:
        for (const auto& field : shape.fields) {
          const json::Node* member = node->find_present(field.name);
          if (member == nullptr && !field.required) continue;
          visit(*field.shape, member, field.required, place.member(field.name));
        }
        return;
      case Type::kList: {
        const auto elements = node->elements();
        for (const auto& text : lengths(shape, static_cast<std::int64_t>(elements.size())))
          violate(shape, *node, place, text);
        std::size_t i = 1;
        for (const auto& element : elements) {
          visit(*shape.element, &element, true, place.element(i++));
        }
        return;
      }
      case Type::kMap: {
        const auto members = node->members();
        for (const auto& text : lengths(shape, static_cast<std::int64_t>(members.size())))
          violate(shape, *node, place, text);
        check_map(shape, *node, place);
        for (const auto& member : members) {
          // A list inside a map reports its length at the map (above), its elements at their own path.
          if (shape.element->type == Type::kList && !member.value.is_null()) {
            const Place list = place.key(member.name);
            std::size_t i = 1;
            for (const auto& element : member.value.elements())
              visit(*shape.element->element, &element, true, list.element(i++));
          } else {
            visit(*shape.element, &member.value, true, place.key(member.name));
          }
        }
        return;
      }
      case Type::kString: {
        const auto text = node->as_string();
        for (const auto& constraint : of_string(shape, text)) violate(shape, *node, place, constraint);
        return;
      }
      case Type::kInteger:
      case Type::kLong: {
        const auto value = node->as_integer();
        if (shape.max != kNoMax && value > shape.max) {
          violate(shape, *node, place, fmt::format("Member must have value less than or equal to {}", shape.max));
        }
        if (shape.min != kNoMin && value < shape.min) {
          violate(shape, *node, place, fmt::format("Member must have value greater than or equal to {}", shape.min));
        }
        return;
      }
      default: return;
    }
  }

  std::optional<std::string> text() && {
    if (count_ == 0) return std::nullopt;
    return fmt::format("{} validation error{} detected: {}", count_, count_ == 1 ? "" : "s", list_);
  }

 private:
  static std::vector<std::string> lengths(const Shape& shape, std::int64_t size) {
    std::vector<std::string> out;
    if (shape.max != kNoMax && size > shape.max) {
      out.push_back(fmt::format("Member must have length less than or equal to {}", shape.max));
    }
    if (shape.min != kNoMin && size < shape.min) {
      out.push_back(fmt::format("Member must have length greater than or equal to {}", shape.min));
    }
    return out;
  }

  static std::vector<std::string> of_string(const Shape& shape, std::string_view text) {
    if (shape.exempt != nullptr && shape.exempt(text)) return {};
    std::vector<std::string> out;
    if (!shape.values.empty() && std::ranges::find(shape.values, text) == shape.values.end()) {
      out.push_back(fmt::format("Member must satisfy enum value set: [{}]", fmt::join(shape.values, ", ")));
    }
    if (shape.matches != nullptr && !shape.matches(text)) {
      out.push_back(fmt::format("Member must satisfy regular expression pattern: {}", shape.pattern_text));
    }
    for (auto& length : lengths(shape, static_cast<std::int64_t>(text.size()))) out.push_back(std::move(length));
    return out;
  }

  // All constraints of a map's keys or values in the order in which the service prints them.
  static std::string described(const Shape& shape) {
    std::vector<std::string> parts;
    if (shape.max != kNoMax)
      parts.push_back(fmt::format("Member must have length less than or equal to {}", shape.max));
    if (shape.min != kNoMin)
      parts.push_back(fmt::format("Member must have length greater than or equal to {}", shape.min));
    if (!shape.pattern_text.empty()) {
      parts.push_back(fmt::format("Member must satisfy regular expression pattern: {}", shape.pattern_text));
    }
    return fmt::format("[{}]", fmt::join(parts, ", "));
  }

  void check_map(const Shape& shape, const json::Node& node, const Place& place) {
    bool bad_key = false, bad_value = false;
    for (const auto& member : node.members()) {
      if (shape.key != nullptr && !of_string(*shape.key, member.name).empty()) bad_key = true;
      if (shape.element->type == Type::kList && !member.value.is_null() &&
          !lengths(*shape.element, static_cast<std::int64_t>(member.value.elements().size())).empty()) {
        bad_value = true;
      }
    }
    if (bad_key) violate(shape, node, place, "Map keys must satisfy constraint: " + described(*shape.key));
    if (bad_value) violate(shape, node, place, "Map value must satisfy constraint: " + described(*shape.element));
  }

  void violate(const Shape& shape, const json::Node& node, const Place& place, std::string_view constraint) {
    if (count_ >= kErrorsListed) return;
    std::string value;
    print(shape, node, value);
    if (value.size() > kPrintedValueMax) value.resize(kPrintedValueMax);
    add(one_constraint_error(value, place.text(), constraint));
  }

  void add(std::string_view error) {
    if (count_ >= kErrorsListed) return;
    ++count_;
    if (!list_.empty()) list_ += "; ";
    list_ += error;
  }

  std::string list_;
  std::size_t count_ = 0;
};

bool is_within(const Shape& shape, std::int64_t value) { return value >= shape.min && value <= shape.max; }

bool is_sound_text(const Shape& shape, std::string_view text) {
  if (shape.exempt != nullptr && shape.exempt(text)) return true;
  if (!shape.values.empty() && std::ranges::find(shape.values, text) == shape.values.end()) return false;
  return is_within(shape, static_cast<std::int64_t>(text.size())) && (shape.matches == nullptr || shape.matches(text));
}

bool is_sound_value(const Shape& shape, const json::Node& node) {
  switch (shape.type) {
    case Type::kStructure: return is_sound(shape, node);
    case Type::kString: return node.is_string() && (shape.unconstrained || is_sound_text(shape, node.as_string()));
    case Type::kBoolean: return node.is_bool();
    case Type::kInteger:
    case Type::kLong: return node.kind() == json::Kind::kInteger && is_within(shape, node.as_integer());
    default: return !check(shape, node, false) && (shape.unconstrained || !check_constraints(shape, node));
  }
}

}  // namespace

bool is_sound(const Shape& shape, const json::Node& node) {
  if (!node.is_object() || shape.fields.size() > 64) return false;
  std::uint64_t met = 0, present = 0;  // fields, by their place
  for (const auto& member : node.members()) {
    const auto field = std::ranges::find(shape.fields, member.name, &Field::name);
    if (field == shape.fields.end()) continue;
    const auto bit = std::uint64_t{1} << (field - shape.fields.begin());
    if ((met & bit) != 0) return false;  // named twice
    met |= bit;
    if (member.value.is_null()) continue;
    present |= bit;
    if (!is_sound_value(*field->shape, member.value)) return false;
  }
  for (const auto& field : shape.fields) {
    if (field.required && (present & 1) == 0) return false;
    present >>= 1;
  }
  return true;
}

std::optional<TypeMismatch> check_types(const Shape& shape, const json::Node& node) {
  if (!node.is_object()) return TypeMismatch{};
  return check(shape, node, false);
}

std::optional<std::string> check_constraints(const Shape& shape, const json::Node& root) {
  Constraints constraints;
  constraints.visit(shape, &root, true, Place());
  return std::move(constraints).text();
}

std::string one_constraint_error(std::string_view value, std::string_view path, std::string_view constraint) {
  return fmt::format("Value '{}' at '{}' failed to satisfy constraint: {}", value, path, constraint);
}

std::optional<bool> read_optional_bool(const json::Node& node, std::string_view name) {
  const json::Node* member = node.find_present(name);
  if (member == nullptr) return std::nullopt;
  if (member->is_bool()) return member->as_bool();
  const char first = member->as_string().empty() ? 'n' : member->as_string()[0];
  return first == 't' || first == 'T' || first == '1' || first == 'y' || first == 'Y';
}

bool read_bool(const json::Node& node, std::string_view name, bool fallback) {
  return read_optional_bool(node, name).value_or(fallback);
}

std::optional<std::string_view> read_optional_string(const json::Node& node, std::string_view name) {
  const json::Node* member = node.find_present(name);
  if (member == nullptr) return std::nullopt;
  return member->as_string();
}

std::string_view read_string(const json::Node& node, std::string_view name, std::string_view fallback) {
  return read_optional_string(node, name).value_or(fallback);
}

std::optional<std::int64_t> read_integer(const json::Node& node, std::string_view name) {
  const json::Node* member = node.find_present(name);
  if (member == nullptr) return std::nullopt;
  return member->as_integer();
}

bool is_resource_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  });
}

}  // namespace tidemill::awsjson
