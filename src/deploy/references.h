// Which resources an expression refers to, found without evaluating it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "deploy/error.h"

namespace tidemill::deploy {

struct Reference {
  std::string name;       // a resource, parameter or pseudo parameter
  std::string attribute;  // of Fn::GetAtt; empty for Ref
  bool is_attribute = false;
  bool operator==(const Reference&) const = default;
};

using ConditionValues = std::map<std::string, bool, std::less<>>;

// One piece of an Fn::Sub text.
struct SubPiece {
  enum class Kind : unsigned char { kText, kName } kind;
  std::string text;  // for kName: what stands between ${ and }, trimmed
};
// "a-${B}-${!C}" -> text "a-", name "B", text "-${C}". Errors: a brace that is not closed, an empty name.
Result<std::vector<SubPiece>> split_sub(std::string_view text);

// Appends the references of `value`. With `conditions`, only the branch of an Fn::If that is taken is looked at.
Status collect_references(const json::Value& value, const ConditionValues* conditions, std::vector<Reference>& out);

// The one member of an object that is a function call ({"Ref": ..}, {"Fn::..": ..}), or nullptr.
const json::Object::Entry* as_function(const json::Value& value);

}  // namespace tidemill::deploy
