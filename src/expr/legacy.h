// The parameters from before expressions, lowered to the same conditions, updates and projections. Attribute names in
// them are literal and top-level: a dot is part of the name. The front has checked the JSON types and the constraints
// (enumerations, null members, lengths) before.
#pragma once

#include <optional>
#include <vector>

#include "base/json.h"
#include "expr/condition.h"
#include "expr/error.h"
#include "expr/key_condition.h"
#include "expr/projection.h"
#include "expr/update.h"

namespace tidemill::expr {

enum class ConditionalOperator : unsigned char { kAnd, kOr };

// "AND", "OR", or absent, which is AND.
ConditionalOperator conditional_operator(const json::Node* node);

// Nothing for an empty map.
Result<std::optional<Condition>> expected_condition(const json::Node& expected, ConditionalOperator join);
// QueryFilter and ScanFilter.
Result<std::optional<Condition>> filter_condition(const json::Node& filter, ConditionalOperator join);
// ConditionalOperator is there, but none of these is, or all of them are empty.
Status check_conditional_operator(const json::Node& body);

Result<std::vector<KeyTerm>> legacy_key_terms(const json::Node& key_conditions);
Result<Update> attribute_updates(const json::Node& updates);
Result<Projection> attributes_to_get(const json::Node& names);

}  // namespace tidemill::expr
