// The service's texts about expressions and about the parameters that came before them, in one place.
#pragma once

#include <string>
#include <string_view>

namespace tidemill::expr::messages {

// While parsing; put behind `Invalid <Parameter>: `.
inline constexpr std::string_view kEmpty = "The expression can not be empty;";
inline constexpr std::string_view kRedundantParentheses = "The expression has redundant parentheses;";
std::string too_large(std::size_t bytes);
std::string syntax(std::string_view token, std::string_view near);
std::string unknown_function(std::string_view name);
std::string not_in_condition(std::string_view function);
std::string not_in_update(std::string_view function);
std::string misused_function(std::string_view name);
std::string reserved_word(std::string_view word);
std::string index_out_of_range(std::string_view digits);
std::string path_too_deep(std::size_t levels);
std::string repeated_section(std::string_view keyword);

// While binding names and values; same prefix.
std::string undefined_name(std::string_view name);
std::string undefined_value(std::string_view name);
std::string operand_count(std::string_view function, std::size_t count);
std::string not_distinct(std::string_view op, std::string_view path);
std::string needs_path(std::string_view function);
std::string operand_type(std::string_view op, std::string_view type);
std::string update_operand_type(std::string_view op, std::string_view type);
std::string unknown_type_name(std::string_view type);
std::string between_types(std::string_view lower, std::string_view upper);
std::string between_order(std::string_view lower, std::string_view upper);
std::string too_many_in_operands(std::size_t count);
std::string too_many_operators(std::size_t count);
std::string paths_overlap(std::string_view one, std::string_view two);
std::string paths_conflict(std::string_view one, std::string_view two);

// While updating.
inline constexpr std::string_view kWrongOperand = "An operand in the update expression has an incorrect data type";
inline constexpr std::string_view kMissingOperand =
    "The provided expression refers to an attribute that does not exist in the item";
inline constexpr std::string_view kInvalidPath =
    "The document path provided in the update expression is invalid for update";
inline constexpr std::string_view kTypeMismatch = "Type mismatch for attribute to update";

// Key conditions.
std::string key_operator(std::string_view op);
inline constexpr std::string_view kNestedOperation = "KeyConditionExpressions cannot contain nested operations";
std::string key_first_operand(std::string_view op);
inline constexpr std::string_view kSeveralNames =
    "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition";
inline constexpr std::string_view kNestedKey = "KeyConditionExpressions cannot have conditions on nested attributes";
inline constexpr std::string_view kNoKeyAttribute =
    "Invalid condition in KeyConditionExpression: No key attribute specified";
inline constexpr std::string_view kKeyTwice = "KeyConditionExpressions must only contain one condition per key";
inline constexpr std::string_view kConditionCount = "Conditions can be of length 1 or 2 only";
std::string missed_key(std::string_view attribute);
inline constexpr std::string_view kKeyConditionNotSupported = "Query key condition not supported";
inline constexpr std::string_view kKeyTypeMismatch =
    "One or more parameter values were invalid: Condition parameter type does not match schema type";
inline constexpr std::string_view kNotIndexable = "Attempted conditional constraint is not an indexable operation";
std::string empty_key(std::string_view kind, std::string_view attribute);

// Substitution maps.
inline constexpr std::string_view kNamesEmpty = "ExpressionAttributeNames must not be empty";
inline constexpr std::string_view kValuesEmpty = "ExpressionAttributeValues must not be empty";
inline constexpr std::string_view kNamesAlone = "ExpressionAttributeNames can only be specified when using expressions";
std::string values_alone(std::string_view absent);
std::string invalid_key(std::string_view map, std::string_view key);
std::string invalid_name(std::string_view problem, std::string_view key);
std::string invalid_value(std::string_view problem, std::string_view key);
std::string unused(std::string_view map, std::string_view keys);
std::string mixed(std::string_view legacy, std::string_view expressions);

// Legacy parameters.
inline constexpr std::string_view kInvalid = "One or more parameter values were invalid: ";  // prefix
inline constexpr std::string_view kOnlyDeleteWithoutValue =
    "One or more parameter values were invalid: Only DELETE action is allowed when no attribute value is specified";
inline constexpr std::string_view kBetweenRange =
    "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound";
inline constexpr std::string_view kConditionalOperatorAlone =
    "ConditionalOperator cannot be used without Filter or Expected";
inline constexpr std::string_view kMixedList =
    "One or more parameter values were invalid: AttributeValues inside AttributeValueList must be of same type";

}  // namespace tidemill::expr::messages
