#include "api/dynamodb/single_write.h"
#include "item/size.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"TableName", &kTableName, true},
                             {"Item", &kItem, true},
                             {"Expected", &kExpected},
                             {"ReturnValues", &kReturnValues},
                             {"ReturnConsumedCapacity", &kReturnConsumedCapacity},
                             {"ReturnItemCollectionMetrics", &kReturnItemCollectionMetrics},
                             {"ConditionalOperator", &kConditionalOperator},
                             {"ConditionExpression", &kText},
                             {"ExpressionAttributeNames", &kNames},
                             {"ExpressionAttributeValues", &kValues},
                             {"ReturnValuesOnConditionCheckFailure", &kReturnOnFailure}};
constexpr Shape kInput{.type = Type::kStructure, .name = "PutItemInput", .fields = kFields};

Status parse(Services& services, const awsjson::Call& call, tables::WriteRequest& request) {
  const auto& body = call.body();
  TM_CHECK(refuse_mixed(body, expr::Use::kWrite));
  begin_write(call, tables::WriteRequest::Kind::kPut, request);
  TM_TRY(request.item, read_item(*body.find_present("Item"), Wording::kCounted));
  TM_CHECK(only_old_values(request));
  if (item::size_of(request.item) > item::kMaxItemSize)
    return tables::invalid("Item size has exceeded the maximum allowed size");
  return read_condition_and_update(services, call, expr::Use::kWrite, request);
}

}  // namespace

extern const Operation kPutItem{.info = {.name = "PutItem",
                                         .iam_action = "dynamodb:PutItem",
                                         .access = awsjson::Access::kWrite,
                                         .input = &kInput,
                                         .resources = table_resource,
                                         .check_first = check_data_name,
                                         .any_loop = true},
                                .run = parse_and_write<parse>};

}  // namespace tidemill::dynamodb
