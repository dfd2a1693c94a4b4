#include "api/dynamodb/single_write.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"TableName", &kTableName, true},
                             {"Key", &kItem, true},
                             {"Expected", &kExpected},
                             {"ConditionalOperator", &kConditionalOperator},
                             {"ReturnValues", &kReturnValues},
                             {"ReturnConsumedCapacity", &kReturnConsumedCapacity},
                             {"ReturnItemCollectionMetrics", &kReturnItemCollectionMetrics},
                             {"ConditionExpression", &kText},
                             {"ExpressionAttributeNames", &kNames},
                             {"ExpressionAttributeValues", &kValues},
                             {"ReturnValuesOnConditionCheckFailure", &kReturnOnFailure}};
constexpr Shape kInput{.type = Type::kStructure, .name = "DeleteItemInput", .fields = kFields};

Status parse(Services& services, const awsjson::Call& call, tables::WriteRequest& request) {
  const auto& body = call.body();
  TM_CHECK(refuse_mixed(body, expr::Use::kWrite));
  begin_write(call, tables::WriteRequest::Kind::kDelete, request);
  TM_TRY(request.item, read_item(*body.find_present("Key"), Wording::kCounted));
  TM_CHECK(only_old_values(request));
  return read_condition_and_update(services, call, expr::Use::kWrite, request);
}

}  // namespace

extern const Operation kDeleteItem{.info = {.name = "DeleteItem",
                                            .iam_action = "dynamodb:DeleteItem",
                                            .access = awsjson::Access::kWrite,
                                            .input = &kInput,
                                            .resources = table_resource,
                                            .check_first = check_data_name,
                                            .any_loop = true},
                                   .run = parse_and_write<parse>};

}  // namespace tidemill::dynamodb
