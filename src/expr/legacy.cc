#include "expr/legacy.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "expr/messages.h"
#include "item/json.h"
#include "item/messages.h"

namespace tidemill::expr {
namespace {

using item::AttributeValue;
using item::Type;

std::unexpected<Error> wrong(std::string_view text) { return invalid(fmt::format("{}{}", messages::kInvalid, text)); }

Result<AttributeValue> read_value(const json::Node& node) {
  auto value = item::value_from_json(node);
  if (!value) return invalid(value.error().message);
  return *std::move(value);
}

struct Operator {
  std::string_view name;
  Op op;
  std::size_t least, most;  // values
  std::string_view types;   // letters of those it takes, between blanks; empty for any
};

constexpr std::size_t kAnyNumber = SIZE_MAX;
constexpr Operator kOperators[] = {
    {"EQ", Op::kEqual, 1, 1, ""},
    {"NE", Op::kNotEqual, 1, 1, ""},
    {"LE", Op::kLessEqual, 1, 1, " S N B "},
    {"LT", Op::kLess, 1, 1, " S N B "},
    {"GE", Op::kGreaterEqual, 1, 1, " S N B "},
    {"GT", Op::kGreater, 1, 1, " S N B "},
    {"BETWEEN", Op::kBetween, 2, 2, " S N B "},
    {"BEGINS_WITH", Op::kBeginsWith, 1, 1, " S B "},
    {"CONTAINS", Op::kContains, 1, 1, " S N B "},
    {"NOT_CONTAINS", Op::kNotContains, 1, 1, " S N B "},
    {"IN", Op::kIn, 1, kAnyNumber, " S N B "},
    {"NULL", Op::kNotExists, 0, 0, ""},
    {"NOT_NULL", Op::kExists, 0, 0, ""},
};

const Operator* find_operator(std::string_view name) {
  const auto at = std::ranges::find(kOperators, name, &Operator::name);
  return at == std::end(kOperators) ? nullptr : &*at;
}

// One attribute's condition, checked.
struct Clause {
  std::string attribute;
  Op op = Op::kEqual;
  std::vector<AttributeValue> values;
};

Status check_clause(const Operator& op, const std::vector<AttributeValue>& values) {
  if (values.size() < op.least || values.size() > op.most) {
    return wrong(fmt::format("Invalid number of argument(s) for the {} ComparisonOperator", op.name));
  }
  for (const auto& value : values) {
    if (!value.is(values.front().type())) return invalid(messages::kMixedList);
  }
  for (const auto& value : values) {
    const auto letters = item::to_string(value.type());
    if (op.types.empty() || op.types.find(fmt::format(" {} ", letters)) != op.types.npos) continue;
    return wrong(fmt::format("ComparisonOperator {} is not valid for {} AttributeValue type", op.name, letters));
  }
  if (op.op == Op::kBetween && *compare(values[0], values[1]) > 0) return invalid(messages::kBetweenRange);
  return {};
}

Result<std::vector<AttributeValue>> read_values(const json::Node* list) {
  std::vector<AttributeValue> values;
  if (list == nullptr || !list->is_array()) return values;
  for (const auto& node : list->elements()) {
    TM_TRY(auto value, read_value(node));
    values.push_back(std::move(value));
  }
  return values;
}

std::string_view text_of(const json::Node* node) {
  return node != nullptr && node->is_string() ? node->as_string() : "";
}

std::unexpected<Error> unknown_operator(std::string_view name) {
  return wrong(fmt::format("Unsupported ComparisonOperator: {}", name));
}

Result<Clause> read_filter(std::string_view attribute, const json::Node& node) {
  TM_TRY(auto values, read_values(node.find_present("AttributeValueList")));
  const auto name = text_of(node.find_present("ComparisonOperator"));
  const auto* op = find_operator(name);
  if (op == nullptr) return unknown_operator(name);
  TM_CHECK(check_clause(*op, values));
  return Clause{std::string(attribute), op->op, std::move(values)};
}

Result<Clause> read_expected(std::string_view attribute, const json::Node& node) {
  const auto about = [attribute](std::string_view text) {
    return wrong(fmt::format("{} for Attribute: {}", text, attribute));
  };
  const auto* value = node.find_present("Value");
  const auto* list = node.find_present("AttributeValueList");
  const auto* exists = node.find_present("Exists");
  const auto* comparison = node.find_present("ComparisonOperator");

  if (value != nullptr && list != nullptr) return about("Value and AttributeValueList cannot be used together");
  if (comparison == nullptr) {
    if (list != nullptr) return about("AttributeValueList can only be used with a ComparisonOperator");
    const bool must_exist = exists == nullptr || item::boolean_from_json(*exists);
    if (must_exist && value == nullptr) {
      return about(exists == nullptr ? "Value must be provided when Exists is null"
                                     : "Value must be provided when Exists is true");
    }
    if (!must_exist && value != nullptr) return about("Value cannot be used when Exists is false");
    if (!must_exist) return Clause{std::string(attribute), Op::kNotExists, {}};
    TM_TRY(auto read, read_value(*value));
    return Clause{std::string(attribute), Op::kEqual, {std::move(read)}};
  }

  if (exists != nullptr) return about("Exists and ComparisonOperator cannot be used together");
  const auto name = text_of(comparison);
  const auto* op = find_operator(name);
  if (op == nullptr) return unknown_operator(name);
  if (value == nullptr && list == nullptr && op->least > 0) {
    return about(fmt::format("Value or AttributeValueList must be used with ComparisonOperator: {}", name));
  }
  TM_TRY(auto values, read_values(list));
  if (value != nullptr) {
    TM_TRY(auto read, read_value(*value));
    values.push_back(std::move(read));
  }
  TM_CHECK(check_clause(*op, values));
  return Clause{std::string(attribute), op->op, std::move(values)};
}

template <class Read>
Result<std::vector<Clause>> read_clauses(const json::Node& map, Read read) {
  std::vector<Clause> clauses;
  if (!map.is_object()) return clauses;
  for (const auto& [attribute, node] : map.members()) {
    if (node.is_null()) continue;
    if (attribute.empty()) return invalid(item::messages::kEmptyName);
    TM_TRY(auto clause, read(attribute, node));
    clauses.push_back(std::move(clause));
  }
  return clauses;
}

std::optional<Condition> join_clauses(std::vector<Clause> clauses, ConditionalOperator join) {
  if (clauses.empty()) return std::nullopt;
  auto parsed = std::make_shared<ParsedCondition>();
  TreeBuilder build(parsed->tree);
  std::vector<AttributeValue> values;
  std::optional<std::uint32_t> root;
  for (auto& clause : clauses) {
    PathText path;
    path.elements.push_back({.text = std::move(clause.attribute)});
    std::vector<std::uint32_t> operands{build.path(std::move(path))};
    for (auto& value : clause.values) {
      operands.push_back(build.value(":" + std::to_string(values.size())));
      values.push_back(std::move(value));
    }
    const auto node = build.add(clause.op, operands);
    root = root ? build.add(join == ConditionalOperator::kAnd ? Op::kAnd : Op::kOr, {*root, node}) : node;
  }
  parsed->root = *root;
  return Condition::literal(std::move(parsed), std::move(values));
}

KeyOp key_op(Op op) {
  switch (op) {
    case Op::kEqual: return KeyOp::kEqual;
    case Op::kLess: return KeyOp::kLess;
    case Op::kLessEqual: return KeyOp::kLessEqual;
    case Op::kGreater: return KeyOp::kGreater;
    case Op::kGreaterEqual: return KeyOp::kGreaterEqual;
    case Op::kBetween: return KeyOp::kBetween;
    case Op::kBeginsWith: return KeyOp::kBeginsWith;
    default: return KeyOp::kNotIndexable;
  }
}

Result<Update::Literal> read_action(std::string_view attribute, const json::Node& node) {
  const auto* value = node.find_present("Value");
  const auto* action = node.find_present("Action");
  const auto name = action == nullptr ? std::string_view("PUT") : text_of(action);
  Update::Literal literal{.attribute = std::string(attribute)};
  if (value != nullptr) {
    TM_TRY(literal.value, read_value(*value));
  } else if (name != "DELETE") {
    return invalid(messages::kOnlyDeleteWithoutValue);
  }
  if (name == "PUT") {
    literal.kind = ActionKind::kSet;
  } else if (name == "ADD") {
    literal.kind = ActionKind::kAdd;
    const auto& read = *literal.value;
    if (!read.is(Type::kNumber) && !read.is(Type::kList) && !read.is_set()) {
      return wrong(fmt::format("ADD action is not supported for the type {}", item::to_string(read.type())));
    }
  } else if (name == "DELETE") {
    literal.kind = literal.value ? ActionKind::kDelete : ActionKind::kRemove;
    if (literal.value && !literal.value->is_set()) {
      return wrong(fmt::format("DELETE action with value is not supported for the type {}",
                               item::to_string(literal.value->type())));
    }
  } else {
    return wrong(fmt::format("Unsupported Action: {}", name));
  }
  return literal;
}

}  // namespace

ConditionalOperator conditional_operator(const json::Node* node) {
  return text_of(node) == "OR" ? ConditionalOperator::kOr : ConditionalOperator::kAnd;
}

Result<std::optional<Condition>> expected_condition(const json::Node& expected, ConditionalOperator join) {
  TM_TRY(auto clauses, read_clauses(expected, read_expected));
  return join_clauses(std::move(clauses), join);
}

Result<std::optional<Condition>> filter_condition(const json::Node& filter, ConditionalOperator join) {
  TM_TRY(auto clauses, read_clauses(filter, read_filter));
  return join_clauses(std::move(clauses), join);
}

Status check_conditional_operator(const json::Node& body) {
  if (body.find_present("ConditionalOperator") == nullptr) return {};
  for (const std::string_view name : {"Expected", "QueryFilter", "ScanFilter"}) {
    const auto* map = body.find_present(name);
    if (map != nullptr && map->is_object() && !map->members().empty()) return {};
  }
  return invalid(messages::kConditionalOperatorAlone);
}

Result<std::vector<KeyTerm>> legacy_key_terms(const json::Node& key_conditions) {
  TM_TRY(auto clauses, read_clauses(key_conditions, read_filter));
  std::vector<KeyTerm> terms;
  terms.reserve(clauses.size());
  for (auto& clause : clauses)
    terms.push_back({std::move(clause.attribute), key_op(clause.op), std::move(clause.values)});
  return terms;
}

Result<Update> attribute_updates(const json::Node& updates) {
  std::vector<Update::Literal> literals;
  if (updates.is_object()) {
    for (const auto& [attribute, node] : updates.members()) {
      if (node.is_null()) continue;
      if (attribute.empty()) return invalid(item::messages::kEmptyName);
      TM_TRY(auto literal, read_action(attribute, node));
      literals.push_back(std::move(literal));
    }
  }
  return Update::literal(std::move(literals));
}

Result<Projection> attributes_to_get(const json::Node& names) {
  std::vector<Path> paths;
  std::unordered_set<std::string_view> seen;
  if (names.is_array()) {
    for (const auto& node : names.elements()) {
      const auto name = text_of(&node);
      if (!seen.insert(name).second) return wrong(fmt::format("Duplicate value in attribute name: {}", name));
      paths.push_back(top_level(name));
    }
  }
  return Projection(std::move(paths));
}

}  // namespace tidemill::expr
