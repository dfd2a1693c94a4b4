// Members that several requests have.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/awsjson/shape.h"
#include "base/scope.h"

namespace tidemill::dynamodb {

using awsjson::Field;
using awsjson::Shape;
using awsjson::Type;

bool is_table_arn(std::string_view text);

inline constexpr std::string_view kNamePattern = "[a-zA-Z0-9_.-]+";
inline constexpr Shape kText{.type = Type::kString};
inline constexpr Shape kBoolean{.type = Type::kBoolean};
inline constexpr Shape kTextList{.type = Type::kList, .element = &kText};
// Of data operations: a name, or an ARN.
inline constexpr Shape kTableName{.type = Type::kString,
                                  .min = 3,
                                  .max = 255,
                                  .pattern_text = kNamePattern,
                                  .matches = awsjson::is_resource_name,
                                  .exempt = is_table_arn};
// Of CreateTable: a name.
inline constexpr Shape kNewTableName{
    .type = Type::kString, .min = 3, .max = 255, .pattern_text = kNamePattern, .matches = awsjson::is_resource_name};
inline constexpr Shape kIndexName = kNewTableName;
inline constexpr Shape kAttributeName{.type = Type::kString, .max = 65535};
inline constexpr Shape kKeyAttributeName{.type = Type::kString, .min = 1, .max = 255};
inline constexpr Shape kLimit{.type = Type::kInteger, .min = 1};
inline constexpr Shape kArn{.type = Type::kString, .min = 1, .max = 1283};

extern const Shape kAttributeValue;
extern const Shape kItem;  // a map of attribute values
extern const Shape kAttributeValueList;

inline constexpr Shape kNames{.type = Type::kMap, .element = &kAttributeName};
extern const Shape kValues;
inline constexpr Shape kAttributesToGet{.type = Type::kList, .element = &kAttributeName, .min = 1, .max = 255};

inline constexpr std::string_view kCapacityChoices[] = {"INDEXES", "TOTAL", "NONE"};
inline constexpr Shape kReturnConsumedCapacity{.type = Type::kString, .values = kCapacityChoices};
inline constexpr std::string_view kMetricsChoices[] = {"SIZE", "NONE"};
inline constexpr Shape kReturnItemCollectionMetrics{.type = Type::kString, .values = kMetricsChoices};
inline constexpr std::string_view kReturnChoices[] = {"ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"};
inline constexpr Shape kReturnValues{.type = Type::kString, .values = kReturnChoices};
inline constexpr std::string_view kFailureChoices[] = {"ALL_OLD", "NONE"};
inline constexpr Shape kReturnOnFailure{.type = Type::kString, .values = kFailureChoices};
inline constexpr std::string_view kLogicChoices[] = {"OR", "AND"};
inline constexpr Shape kConditionalOperator{.type = Type::kString, .values = kLogicChoices};
inline constexpr std::string_view kComparisonChoices[] = {
    "IN", "NULL", "BETWEEN", "LT", "NOT_CONTAINS", "EQ", "GT", "NOT_NULL", "NE", "LE", "BEGINS_WITH", "GE", "CONTAINS"};
inline constexpr Shape kComparisonOperator{.type = Type::kString, .values = kComparisonChoices};

extern const Shape kExpected;          // legacy Expected
extern const Shape kConditions;        // legacy KeyConditions, QueryFilter, ScanFilter
extern const Shape kAttributeUpdates;  // legacy AttributeUpdates

// --- The table's name in a request.

struct TableRef {
  Scope scope;
  std::string name;
};
// A name in the caller's scope, or what an ARN says.
TableRef table_ref(std::string_view name_or_arn, const Scope& scope);

// Resources of requests that name one table.
std::vector<std::string> table_resource(const json::Node& body, const Scope& scope);
std::vector<std::string> index_resource(const json::Node& body, const Scope& scope);  // of IndexName, else the table
std::vector<std::string> request_items_resources(const json::Node& body, const Scope& scope);
std::vector<std::string> transact_resources(const json::Node& body, const Scope& scope);
std::vector<std::string> any_resource(const json::Node& body, const Scope& scope);  // "*"
std::vector<std::string> arn_resource(const json::Node& body, const Scope& scope);  // ResourceArn

// The control plane's own checks of TableName, before all other constraints.
std::optional<std::string> check_control_name(const json::Node& body);
// CreateTable's: its table has no ARN yet.
std::optional<std::string> check_new_name(const json::Node& body);
// Of data operations: an empty TableName is told alone, before all other constraints.
std::optional<std::string> check_data_name(const json::Node& body);
// An ARN as TableName is of the region that the request is sent to.
std::optional<std::string> check_place(const json::Node& body, const Scope& scope);
// One violated constraint as the service's newer checks print it: the member as on the wire, and no value.
std::string plain_constraint_error(std::string_view member, std::string_view constraint);

}  // namespace tidemill::dynamodb
