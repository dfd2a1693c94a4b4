// Text to tree. Errors carry the service's text without `Invalid <Parameter>: `, so that a result can be kept by text
// alone. The depth of recursion is bounded: no text of the allowed 4096 bytes can exhaust the stack.
#pragma once

#include <memory>
#include <string_view>

#include "expr/ast.h"
#include "expr/error.h"

namespace tidemill::expr {

inline constexpr std::size_t kMaxExpressionBytes = 4096;
inline constexpr std::size_t kMaxOperators = 300;
inline constexpr std::size_t kMaxInOperands = 100;  // the left side included
inline constexpr std::size_t kMaxPathElements = 32;

template <class T>
using Shared = std::shared_ptr<const T>;

// One grammar for ConditionExpression, FilterExpression and KeyConditionExpression.
Result<Shared<ParsedCondition>> parse_condition(std::string_view text);
Result<Shared<ParsedUpdate>> parse_update(std::string_view text);
Result<Shared<ParsedProjection>> parse_projection(std::string_view text);

}  // namespace tidemill::expr
