#include "api/dynamodb/single_write.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"TableName", &kTableName, true},
                             {"Key", &kItem, true},
                             {"AttributeUpdates", &kAttributeUpdates},
                             {"Expected", &kExpected},
                             {"ConditionalOperator", &kConditionalOperator},
                             {"ReturnValues", &kReturnValues},
                             {"ReturnConsumedCapacity", &kReturnConsumedCapacity},
                             {"ReturnItemCollectionMetrics", &kReturnItemCollectionMetrics},
                             {"UpdateExpression", &kText},
                             {"ConditionExpression", &kText},
                             {"ExpressionAttributeNames", &kNames},
                             {"ExpressionAttributeValues", &kValues},
                             {"ReturnValuesOnConditionCheckFailure", &kReturnOnFailure}};
constexpr Field kReturnedFields[] = {{"ReturnValues", &kReturnValues}};
constexpr Shape kReturned{.type = Type::kStructure, .name = "UpdateItemInput", .fields = kReturnedFields};
constexpr Shape kInput{.type = Type::kStructure, .name = "UpdateItemInput", .fields = kFields};

Status parse(Services& services, const awsjson::Call& call, tables::WriteRequest& request) {
  const auto& body = call.body();
  TM_CHECK(refuse_mixed(body, expr::Use::kUpdate));
  begin_write(call, tables::WriteRequest::Kind::kUpdate, request);
  TM_TRY(request.item, read_item(*body.find_present("Key"), Wording::kCounted));
  if (const auto* updates = body.find_present("AttributeUpdates"); updates != nullptr && !updates->members().empty()) {
    auto update = expr::attribute_updates(*updates);
    if (!update) return error_of(update.error(), Wording::kCounted);
    request.update = *std::move(update);
  }
  return read_condition_and_update(services, call, expr::Use::kUpdate, request);
}

// Unlike PutItem and DeleteItem, this operation tells a wrong ReturnValues alone.
std::optional<std::string> check_first(const json::Node& body) {
  if (auto wrong = check_data_name(body)) return wrong;
  if (!awsjson::read_optional_string(body, "TableName")) return std::nullopt;
  return awsjson::check_constraints(kReturned, body);
}

}  // namespace

extern const Operation kUpdateItem{.info = {.name = "UpdateItem",
                                            .iam_action = "dynamodb:UpdateItem",
                                            .access = awsjson::Access::kWrite,
                                            .input = &kInput,
                                            .resources = table_resource,
                                            .check_first = check_first,
                                            .any_loop = true},
                                   .run = parse_and_write<parse>};

}  // namespace tidemill::dynamodb
