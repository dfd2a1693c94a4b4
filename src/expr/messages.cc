#include "expr/messages.h"

#include <fmt/format.h>

#include "expr/error.h"

namespace tidemill::expr {

std::string_view to_string(Parameter parameter) {
  switch (parameter) {
    case Parameter::kUpdate: return "UpdateExpression";
    case Parameter::kCondition: return "ConditionExpression";
    case Parameter::kKeyCondition: return "KeyConditionExpression";
    case Parameter::kFilter: return "FilterExpression";
    case Parameter::kProjection: return "ProjectionExpression";
  }
  std::unreachable();
}

std::unexpected<Error> invalid_in(Parameter parameter, Error error) {
  error.message = fmt::format("Invalid {}: {}", to_string(parameter), error.message);
  return std::unexpected(std::move(error));
}

namespace messages {

std::string too_large(std::size_t bytes) {
  return fmt::format("Expression size has exceeded the maximum allowed size; expression size: {}", bytes);
}
std::string syntax(std::string_view token, std::string_view near) {
  return fmt::format("Syntax error; token: \"{}\", near: \"{}\"", token, near);
}
std::string unknown_function(std::string_view name) { return fmt::format("Invalid function name; function: {}", name); }
std::string not_in_condition(std::string_view function) {
  return fmt::format("The function is not allowed in a condition expression; function: {}", function);
}
std::string not_in_update(std::string_view function) {
  return fmt::format("The function is not allowed in an update expression; function: {}", function);
}
std::string misused_function(std::string_view name) {
  return fmt::format("The function is not allowed to be used this way in an expression; function: {}", name);
}
std::string reserved_word(std::string_view word) {
  return fmt::format("Attribute name is a reserved keyword; reserved keyword: {}", word);
}
std::string index_out_of_range(std::string_view digits) {
  return fmt::format("List index is not within the allowable range; index: [{}]", digits);
}
std::string path_too_deep(std::size_t levels) {
  return fmt::format("The document path has too many nesting levels; nesting levels: {}", levels);
}
std::string repeated_section(std::string_view keyword) {
  return fmt::format("The \"{}\" section can only be used once in an update expression;", keyword);
}
std::string undefined_name(std::string_view name) {
  return fmt::format("An expression attribute name used in the document path is not defined; attribute name: {}", name);
}
std::string undefined_value(std::string_view name) {
  return fmt::format("An expression attribute value used in expression is not defined; attribute value: {}", name);
}
std::string operand_count(std::string_view function, std::size_t count) {
  return fmt::format(
      "Incorrect number of operands for operator or function; operator or function: {}, number of operands: {}",
      function, count);
}
std::string not_distinct(std::string_view op, std::string_view path) {
  return fmt::format(
      "The first operand must be distinct from the remaining operands for this operator or function; operator: {}, "
      "first "
      "operand: {}",
      op, path);
}
std::string needs_path(std::string_view function) {
  return fmt::format("Operator or function requires a document path; operator or function: {}", function);
}
std::string operand_type(std::string_view op, std::string_view type) {
  return fmt::format("Incorrect operand type for operator or function; operator or function: {}, operand type: {}", op,
                     type);
}
std::string update_operand_type(std::string_view op, std::string_view type) {
  return fmt::format(
      "Incorrect operand type for operator or function; operator: {}, operand type: {}, typeSet: "
      "ALLOWED_FOR_{}_OPERAND",
      op, type, op);
}
std::string unknown_type_name(std::string_view type) {
  return fmt::format("Invalid attribute type name found; type: {}, valid types: {{B,NULL,SS,BOOL,L,BS,N,NS,S,M}}",
                     type);
}
std::string between_types(std::string_view lower, std::string_view upper) {
  return fmt::format(
      "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: {}, upper bound "
      "operand: {}",
      lower, upper);
}
std::string between_order(std::string_view lower, std::string_view upper) {
  return fmt::format(
      "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: {}, "
      "upper "
      "bound operand: {}",
      lower, upper);
}
std::string too_many_in_operands(std::size_t count) {
  return fmt::format("The IN operator is provided with too many operands; number of operands: {}", count);
}
std::string too_many_operators(std::size_t count) {
  return fmt::format("The expression contains too many operators; operator count: {}", count);
}
std::string paths_overlap(std::string_view one, std::string_view two) {
  return fmt::format(
      "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: {}, path two: "
      "{}",
      one, two);
}
std::string paths_conflict(std::string_view one, std::string_view two) {
  return fmt::format(
      "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: {}, path two: "
      "{}",
      one, two);
}
std::string key_operator(std::string_view op) {
  return fmt::format("Invalid operator used in KeyConditionExpression: {}", op);
}
std::string key_first_operand(std::string_view op) {
  return fmt::format(
      "Invalid condition in KeyConditionExpression: {} operator must have the key attribute as its first operand", op);
}
std::string missed_key(std::string_view attribute) {
  return fmt::format("Query condition missed key schema element: {}", attribute);
}
std::string empty_key(std::string_view kind, std::string_view attribute) {
  return fmt::format(
      "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty {} "
      "value. Key: {}",
      kind, attribute);
}
std::string values_alone(std::string_view absent) {
  return fmt::format("ExpressionAttributeValues can only be specified when using expressions: {} null", absent);
}
std::string invalid_key(std::string_view map, std::string_view key) {
  return fmt::format("{} contains invalid key: Syntax error; key: \"{}\"", map, key);
}
std::string invalid_name(std::string_view problem, std::string_view key) {
  return fmt::format("ExpressionAttributeNames contains invalid value: {} for key {}", problem, key);
}
std::string invalid_value(std::string_view problem, std::string_view key) {
  return fmt::format("ExpressionAttributeValues contains invalid value: {} for key {}", problem, key);
}
std::string unused(std::string_view map, std::string_view keys) {
  return fmt::format("Value provided in {} unused in expressions: keys: {{{}}}", map, keys);
}
std::string mixed(std::string_view legacy, std::string_view expressions) {
  return fmt::format(
      "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
      "{{{}}} "
      "Expression parameters: {{{}}}",
      legacy, expressions);
}

}  // namespace messages
}  // namespace tidemill::expr
