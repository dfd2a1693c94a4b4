#include "api/dynamodb/shapes.h"

#include <fmt/format.h>

#include "tables/schema.h"

namespace tidemill::dynamodb {

// Attribute values carry no constraint that is checked here (their rules are the item model's), so they are typed but
// not walked for constraints.
constexpr Shape kBlob{.type = Type::kBlob};
constexpr Shape kBlobList{.type = Type::kList, .element = &kBlob};
extern const Shape kItem{.type = Type::kMap, .element = &kAttributeValue, .unconstrained = true};
extern const Shape kAttributeValueList{.type = Type::kList, .element = &kAttributeValue, .unconstrained = true};
extern const Shape kValues{.type = Type::kMap, .element = &kAttributeValue, .unconstrained = true};
constexpr Field kAttributeValueFields[] = {
    {"S", &kText},       {"N", &kText},      {"B", &kBlob}, {"SS", &kTextList},
    {"NS", &kTextList},  {"BS", &kBlobList}, {"M", &kItem}, {"L", &kAttributeValueList},
    {"NULL", &kBoolean}, {"BOOL", &kBoolean}};
extern const Shape kAttributeValue{
    .type = Type::kStructure, .name = "AttributeValue", .fields = kAttributeValueFields, .unconstrained = true};

namespace {

constexpr Field kExpectedFields[] = {{"Value", &kAttributeValue},
                                     {"Exists", &kBoolean},
                                     {"ComparisonOperator", &kComparisonOperator},
                                     {"AttributeValueList", &kAttributeValueList}};
constexpr Shape kExpectedValue{.type = Type::kStructure, .name = "ExpectedAttributeValue", .fields = kExpectedFields};

constexpr Field kConditionFields[] = {{"ComparisonOperator", &kComparisonOperator, true},
                                      {"AttributeValueList", &kAttributeValueList}};
constexpr Shape kCondition{.type = Type::kStructure, .name = "Condition", .fields = kConditionFields};

constexpr std::string_view kActionChoices[] = {"ADD", "DELETE", "PUT"};
constexpr Shape kAction{.type = Type::kString, .values = kActionChoices};
constexpr Field kUpdateFields[] = {{"Action", &kAction}, {"Value", &kAttributeValue}};
constexpr Shape kValueUpdate{.type = Type::kStructure, .name = "AttributeValueUpdate", .fields = kUpdateFields};

std::string arn_of(std::string_view name_or_arn, const Scope& scope) {
  const auto ref = table_ref(name_or_arn, scope);
  return tables::table_arn(ref.scope, ref.name);
}

}  // namespace

extern const Shape kExpected{.type = Type::kMap, .element = &kExpectedValue};
extern const Shape kConditions{.type = Type::kMap, .element = &kCondition};
extern const Shape kAttributeUpdates{.type = Type::kMap, .element = &kValueUpdate};

bool is_table_arn(std::string_view text) {
  if (!text.starts_with("arn:") || text.size() > 1024) return false;
  const auto parsed = tables::parse_table_arn(text);
  return parsed && parsed->rest.empty();
}

TableRef table_ref(std::string_view name_or_arn, const Scope& scope) {
  if (name_or_arn.starts_with("arn:")) {
    if (auto parsed = tables::parse_table_arn(name_or_arn)) return {std::move(parsed->scope), std::move(parsed->table)};
  }
  return {scope, std::string(name_or_arn)};
}

std::vector<std::string> table_resource(const json::Node& body, const Scope& scope) {
  return {arn_of(awsjson::read_string(body, "TableName"), scope)};
}

std::vector<std::string> index_resource(const json::Node& body, const Scope& scope) {
  auto arn = arn_of(awsjson::read_string(body, "TableName"), scope);
  if (const auto index = awsjson::read_optional_string(body, "IndexName")) arn += "/index/" + std::string(*index);
  return {std::move(arn)};
}

std::vector<std::string> request_items_resources(const json::Node& body, const Scope& scope) {
  std::vector<std::string> out;
  if (const auto* items = body.find_present("RequestItems")) {
    for (const auto& member : items->members()) out.push_back(arn_of(member.name, scope));
  }
  return out;
}

std::vector<std::string> transact_resources(const json::Node& body, const Scope& scope) {
  std::vector<std::string> out;
  if (const auto* items = body.find_present("TransactItems")) {
    for (const auto& element : items->elements()) {
      if (!element.is_object()) continue;
      for (const auto& action : element.members()) {
        if (action.value.is_object()) out.push_back(arn_of(awsjson::read_string(action.value, "TableName"), scope));
      }
    }
  }
  return out;
}

std::vector<std::string> any_resource(const json::Node&, const Scope&) { return {"*"}; }

std::vector<std::string> arn_resource(const json::Node& body, const Scope&) {
  return {std::string(awsjson::read_string(body, "ResourceArn"))};
}

std::string plain_constraint_error(std::string_view member, std::string_view constraint) {
  return fmt::format("1 validation error detected: Value at '{}' failed to satisfy constraint: {}", member, constraint);
}

namespace {

constexpr Field kNewNameFields[] = {{"TableName", &kNewTableName, true}};
constexpr Shape kNewName{.type = Type::kStructure, .name = "TableName", .fields = kNewNameFields};
constexpr Field kControlNameFields[] = {{"TableName", &kTableName, true}};
constexpr Shape kControlName{.type = Type::kStructure, .name = "TableName", .fields = kControlNameFields};

// A name that is not there is told in other words than one that is wrong.
std::optional<std::string> check_name(const json::Node& body, const Shape& shape) {
  if (body.find_present("TableName") == nullptr)
    return "The parameter 'TableName' is required but was not present in the request";
  return awsjson::check_constraints(shape, body);
}

}  // namespace

std::optional<std::string> check_control_name(const json::Node& body) { return check_name(body, kControlName); }

std::optional<std::string> check_new_name(const json::Node& body) { return check_name(body, kNewName); }

std::optional<std::string> check_data_name(const json::Node& body) {
  const auto name = awsjson::read_optional_string(body, "TableName");
  if (!name || !name->empty()) return std::nullopt;
  return plain_constraint_error("TableName", "Member must have length greater than or equal to 1");
}

std::optional<std::string> check_place(const json::Node& body, const Scope& scope) {
  const auto name = awsjson::read_optional_string(body, "TableName");
  if (!name || !name->starts_with("arn:")) return std::nullopt;
  const auto arn = tables::parse_table_arn(*name);
  if (!arn) return std::nullopt;
  const auto wrong = [&](std::string_view what) {
    return fmt::format("1 validation error detected: Invalid AWS {} in '{}'", what, *name);
  };
  if (!name->starts_with("arn:aws:")) return wrong("partition");
  if (arn->scope.region != scope.region) return wrong("region");
  return std::nullopt;
}

}  // namespace tidemill::dynamodb
