// Evaluates template expressions: Ref, Fn::*, conditions. Pure: everything that an expression may see comes in an
// Evaluation.
//
// A plan is made before the resources exist. What is not known yet evaluates to kKnownAfterApply (the text that change
// sets show for it), and a function of an unknown value is unknown.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "deploy/error.h"
#include "deploy/references.h"
#include "deploy/template.h"

namespace tidemill::deploy {

inline constexpr std::string_view kKnownAfterApply = "{{changeSet:KNOWN_AFTER_APPLY}}";
bool is_known(const json::Value& value);  // false when any text within holds kKnownAfterApply

struct PseudoParameters {
  std::string account;
  std::string region;
  std::string partition = "aws";
  std::string url_suffix = "amazonaws.com";
  std::string stack_name;
  std::string stack_id;
  std::vector<std::string> notification_arns;
};

// What Ref and Fn::GetAtt of a resource give.
class ResourceValues {
 public:
  virtual ~ResourceValues() = default;
  virtual Result<json::Value> ref(std::string_view logical_id) const = 0;
  virtual Result<json::Value> attribute(std::string_view logical_id, std::string_view attribute) const = 0;
};

struct Evaluation {
  const Template* source = nullptr;
  PseudoParameters pseudo;
  Named<json::Value> parameters;  // values: text, or a list of text
  ConditionValues conditions;
  const ResourceValues* resources = nullptr;  // null: no resource may be named here (conditions, rules)
  std::function<Result<std::string>(std::string_view export_name)> import_value;
  std::function<Result<std::string>(std::string_view reference)>
      dynamic_reference;  // what stands between {{resolve: and }}
};

// Nothing when the value is AWS::NoValue: the caller drops the property or list entry.
Result<std::optional<json::Value>> evaluate(const Evaluation& scope, const json::Value& value);
// The same where a value must be there.
Result<json::Value> evaluate_present(const Evaluation& scope, const json::Value& value);

// All conditions of scope.source. Errors: a condition that names itself through others, or one that does not exist.
Result<ConditionValues> evaluate_conditions(const Evaluation& scope);
// The section Rules: the error names the AssertDescription of the first assertion that does not hold.
Status check_rules(const Evaluation& scope);

std::vector<std::string> availability_zones(std::string_view region);

}  // namespace tidemill::deploy
