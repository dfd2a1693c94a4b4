// Descriptions of AWS JSON requests as constant data. One description drives both the mapping of JSON types (a mismatch
// is a SerializationException) and the constraint errors ("2 validation errors detected: Value null at 'tableName'
// ...").
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"

namespace tidemill::awsjson {

enum class Type : unsigned char {
  kString,
  kBoolean,
  kInteger,
  kLong,
  kDouble,
  kBlob,
  kTimestamp,
  kList,
  kMap,
  kStructure
};

inline constexpr std::int64_t kNoMin = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kNoMax = std::numeric_limits<std::int64_t>::max();

struct Shape;

struct Field {
  std::string_view name;  // as on the wire
  const Shape* shape;
  bool required = false;
};

struct Shape {
  Type type;
  std::string_view name = {};          // of a structure: its name in error texts
  std::span<const Field> fields = {};  // of a structure
  const Shape* element = nullptr;      // of a list or a map
  const Shape* key = nullptr;          // of a map, when its keys are constrained
  std::int64_t min = kNoMin;           // length of strings, lists and maps; value of numbers
  std::int64_t max = kNoMax;
  std::string_view pattern_text = {};             // as printed
  bool (*matches)(std::string_view) = nullptr;    // the pattern itself
  bool (*exempt)(std::string_view) = nullptr;     // true: the other constraints do not apply (an ARN given for a name)
  std::span<const std::string_view> values = {};  // an enum, in the order in which the service prints it
  bool unconstrained = false;                     // nothing below carries a constraint: not walked
};

struct TypeMismatch {
  std::string message;  // empty: the service answers without a text
};

// True only when neither of the two below finds anything: how most requests pass both at once. False decides nothing.
bool is_sound(const Shape& shape, const json::Node& node);

// The first mismatch between the JSON and the description, or nothing.
std::optional<TypeMismatch> check_types(const Shape& shape, const json::Node& node);

// The whole text "<n> validation error(s) detected: ...", or nothing. `root` has passed check_types.
std::optional<std::string> check_constraints(const Shape& shape, const json::Node& root);

// The text for one violated constraint, for checks that need more than a description.
std::string one_constraint_error(std::string_view value, std::string_view path, std::string_view constraint);

// Members of a node that has passed check_types. Absent and null read as the fallback or nullptr.
bool read_bool(const json::Node& node, std::string_view name, bool fallback);
std::optional<bool> read_optional_bool(const json::Node& node, std::string_view name);
std::string_view read_string(const json::Node& node, std::string_view name, std::string_view fallback = {});
std::optional<std::string_view> read_optional_string(const json::Node& node, std::string_view name);
std::optional<std::int64_t> read_integer(const json::Node& node, std::string_view name);

// "[a-zA-Z0-9_.-]+"
bool is_resource_name(std::string_view text);

}  // namespace tidemill::awsjson
