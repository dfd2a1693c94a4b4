#include "expr/request.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "expr/messages.h"
#include "item/json.h"
#include "item/messages.h"

namespace tidemill::expr {
namespace {

using Names = std::span<const std::string_view>;

// What an operation takes, in the order in which messages list it.
struct Members {
  Names expressions;
  Names legacy;
  Names with_values;  // expressions that can use values
};

constexpr std::string_view kProjection[] = {"ProjectionExpression"};
constexpr std::string_view kAttributesToGet[] = {"AttributesToGet"};
constexpr std::string_view kCondition[] = {"ConditionExpression"};
constexpr std::string_view kExpected[] = {"Expected"};
constexpr std::string_view kUpdate[] = {"UpdateExpression", "ConditionExpression"};
constexpr std::string_view kUpdateLegacy[] = {"AttributeUpdates", "Expected"};
constexpr std::string_view kQuery[] = {"ProjectionExpression", "FilterExpression", "KeyConditionExpression"};
constexpr std::string_view kQueryLegacy[] = {"AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"};
constexpr std::string_view kQueryValues[] = {"FilterExpression", "KeyConditionExpression"};
constexpr std::string_view kScan[] = {"ProjectionExpression", "FilterExpression"};
constexpr std::string_view kScanLegacy[] = {"AttributesToGet", "ScanFilter", "ConditionalOperator"};
constexpr std::string_view kScanValues[] = {"FilterExpression"};

Members members_of(Use use) {
  switch (use) {
    case Use::kGet: return {kProjection, kAttributesToGet, {}};
    case Use::kWrite: return {kCondition, kExpected, kCondition};
    case Use::kUpdate: return {kUpdate, kUpdateLegacy, kUpdate};
    case Use::kQuery: return {kQuery, kQueryLegacy, kQueryValues};
    case Use::kScan: return {kScan, kScanLegacy, kScanValues};
  }
  std::unreachable();
}

std::string join(Names names, std::string_view between) {
  std::string out;
  for (const auto name : names) {
    if (!out.empty()) out += between;
    out += name;
  }
  return out;
}

bool any_present(const json::Node& body, Names names) {
  return std::ranges::any_of(names, [&body](std::string_view name) { return body.find_present(name) != nullptr; });
}

bool is_reference(std::string_view key, char mark) {
  if (key.size() < 2 || key.front() != mark) return false;
  return std::ranges::all_of(key.substr(1), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Status read_names(const json::Node& body, const Members& members, Substitutions& substitutions) {
  const auto* names = body.find_present("ExpressionAttributeNames");
  if (names == nullptr || !names->is_object()) return {};
  if (!any_present(body, members.expressions)) return invalid(messages::kNamesAlone);
  if (names->members().empty()) return invalid_counted(messages::kNamesEmpty);
  for (const auto& [key, node] : names->members()) {
    if (!is_reference(key, '#')) return invalid(messages::invalid_key("ExpressionAttributeNames", key));
  }
  for (const auto& [key, node] : names->members()) {
    const auto name = node.is_string() ? node.as_string() : std::string_view();
    if (name.empty()) return invalid(messages::invalid_name("Empty attribute name", key));
    if (name.size() > 65535)
      return invalid(messages::invalid_name("Attribute name is too large, must be less than 65536 bytes", key));
    substitutions.define_name(key, std::string(name));
  }
  return {};
}

Status read_values(const json::Node& body, const Members& members, Substitutions& substitutions) {
  const auto* values = body.find_present("ExpressionAttributeValues");
  if (members.with_values.empty() || values == nullptr || !values->is_object()) return {};
  if (!any_present(body, members.with_values)) {
    const auto verb = members.with_values.size() > 1 ? " are" : " is";
    return invalid(messages::values_alone(join(members.with_values, " and ") + verb));
  }
  if (values->members().empty()) return invalid_counted(messages::kValuesEmpty);
  for (const auto& [key, node] : values->members()) {
    if (!is_reference(key, ':')) return invalid(messages::invalid_key("ExpressionAttributeValues", key));
  }
  for (const auto& [key, node] : values->members()) {
    auto value = item::value_from_json(node);
    if (value) {
      substitutions.define_value(key, *std::move(value));
      continue;
    }
    const auto& problem = value.error().message;
    const bool empty_set = problem == item::messages::kEmptyStringSet || problem == item::messages::kEmptyNumberSet ||
                           problem == item::messages::kEmptyBinarySet;
    // An empty set is told without the name of the value.
    return empty_set ? invalid_counted(problem) : invalid(messages::invalid_value(problem, key));
  }
  return {};
}

// Most requests have none of what is read here.
bool mentions_expressions(const json::Node& body) {
  if (!body.is_object()) return false;
  static constexpr std::string_view kWord = "Expression";
  return std::ranges::any_of(body.members(), [](const json::Member& member) {
    return member.name.ends_with(kWord) || member.name.starts_with(kWord);
  });
}

const json::Node* expression(const json::Node& body, const Members& members, std::string_view name) {
  if (std::ranges::find(members.expressions, name) == members.expressions.end()) return nullptr;
  const auto* node = body.find_present(name);
  return node != nullptr && node->is_string() ? node : nullptr;
}

Result<std::optional<Condition>> read_condition(const json::Node* text, Parameter parameter, Cache& cache,
                                                Substitutions& substitutions) {
  if (text == nullptr) return std::optional<Condition>();
  auto parsed = cache.condition(text->as_string());
  if (!parsed) return invalid_in(parameter, std::move(parsed).error());
  TM_TRY(auto condition, Condition::bind(*std::move(parsed), parameter, substitutions));
  return std::optional(std::move(condition));
}

}  // namespace

Result<Expressions> read_expressions(const json::Node& body, Use use, Cache& cache) {
  if (!mentions_expressions(body)) return Expressions();
  const Members members = members_of(use);
  Substitutions substitutions;
  TM_CHECK(read_names(body, members, substitutions));
  TM_CHECK(read_values(body, members, substitutions));

  Expressions result;
  if (const auto* text = expression(body, members, "UpdateExpression")) {
    auto parsed = cache.update(text->as_string());
    if (!parsed) return invalid_in(Parameter::kUpdate, std::move(parsed).error());
    TM_TRY(result.update, Update::bind(*std::move(parsed), substitutions));
  }
  const auto condition = [&](std::string_view name, Parameter parameter) {
    return read_condition(expression(body, members, name), parameter, cache, substitutions);
  };
  TM_TRY(result.condition, condition("ConditionExpression", Parameter::kCondition));
  TM_TRY(result.key_condition, condition("KeyConditionExpression", Parameter::kKeyCondition));
  TM_TRY(result.filter, condition("FilterExpression", Parameter::kFilter));
  if (const auto* text = expression(body, members, "ProjectionExpression")) {
    auto parsed = cache.projection(text->as_string());
    if (!parsed) return invalid_in(Parameter::kProjection, std::move(parsed).error());
    TM_TRY(result.projection, Projection::bind(**parsed, substitutions));
  }

  if (const auto unused = substitutions.unused_names(); !unused.empty()) {
    return invalid_counted(messages::unused("ExpressionAttributeNames", unused));
  }
  if (const auto unused = substitutions.unused_values(); !unused.empty()) {
    return invalid_counted(messages::unused("ExpressionAttributeValues", unused));
  }
  return result;
}

Status check_not_mixed(const json::Node& body, Use use) {
  const Members members = members_of(use);
  if (!any_present(body, members.expressions) || !any_present(body, members.legacy)) return {};
  const auto present = [&body](Names names) {
    std::vector<std::string_view> out;
    std::ranges::copy_if(names, std::back_inserter(out),
                         [&body](std::string_view name) { return body.find_present(name) != nullptr; });
    return out;
  };
  auto legacy = present(members.legacy);
  // KeyConditions may stand beside the expressions that do not replace it.
  if (body.find_present("KeyConditionExpression") == nullptr) std::erase(legacy, "KeyConditions");
  if (legacy.empty()) return {};
  return invalid(messages::mixed(join(legacy, ", "), join(present(members.expressions), ", ")));
}

}  // namespace tidemill::expr
