// A template as its author wrote it: sections checked for shape, nothing evaluated yet. Reading needs neither the stack
// nor the resource types, so it can run on any text (see tests/fuzz).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "deploy/error.h"

namespace tidemill::deploy {

// The service's limits of one template.
inline constexpr std::size_t kTemplateBytesMax = 1'000'000;
inline constexpr std::size_t kResourcesMax = 500;
inline constexpr std::size_t kParametersMax = 200;
inline constexpr std::size_t kOutputsMax = 200;
inline constexpr std::size_t kMappingsMax = 200;

enum class DeletionPolicy : unsigned char { kDelete, kRetain, kRetainExceptOnCreate };

struct ParameterDeclaration {
  std::string type;
  std::optional<json::Value> default_value;
  std::string description;
  std::string constraint_description;
  std::string allowed_pattern;
  std::vector<std::string> allowed_values;
  std::optional<std::int64_t> min_length, max_length;
  std::optional<double> min_value, max_value;
  bool no_echo = false;
};

struct ResourceDeclaration {
  std::string type;
  json::Value properties = json::Object();  // unevaluated
  json::Value metadata;
  std::vector<std::string> depends_on;
  std::string condition;  // empty: always
  DeletionPolicy deletion_policy = DeletionPolicy::kDelete;
  DeletionPolicy update_replace_policy = DeletionPolicy::kDelete;
};

struct OutputDeclaration {
  json::Value value;
  json::Value export_name;  // null: not exported
  std::string description;
  std::string condition;
};

template <class T>
using Named = std::map<std::string, T, std::less<>>;

struct Template {
  std::string text;  // byte for byte as given
  std::string description;
  json::Value metadata;
  Named<ParameterDeclaration> parameters;
  json::Value mappings = json::Object();
  json::Value conditions = json::Object();
  json::Value rules = json::Object();
  Named<ResourceDeclaration> resources;
  Named<OutputDeclaration> outputs;
  std::vector<std::string> transforms;

  bool has_transform(std::string_view name) const;

  // JSON when the first sign is '{', else YAML. Errors are Errc::kValidation, "Template format error: ...".
  static Result<Template> read(std::string_view text);
};

// A string, or a number or boolean written as the string that the service makes of it ("2", "0.5", "true"); nothing for
// null, lists and objects.
std::optional<std::string> scalar_text(const json::Value& value);

}  // namespace tidemill::deploy
