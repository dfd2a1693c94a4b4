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

Result<tables::WriteRequest> parse(Services& services, const awsjson::Call& call) {
  const auto& body = call.body();
  TM_CHECK(refuse_mixed(body, expr::Use::kWrite));
  auto request = begin_write(call, tables::WriteRequest::Kind::kDelete);
  TM_TRY(request.item, read_item(*body.find_present("Key"), Wording::kCounted));
  if (request.return_values != tables::ReturnValues::kNone && request.return_values != tables::ReturnValues::kAllOld) {
    return tables::invalid("ReturnValues can only be ALL_OLD or NONE");
  }
  TM_TRY(request.condition, read_expected(body, Wording::kCounted));
  TM_TRY(auto expressions,
         read_expressions(body, expr::Use::kWrite, services.expressions.of(call.loop), Wording::kCounted));
  if (expressions.condition) request.condition = std::move(expressions.condition);
  return request;
}

void run(Services& services, awsjson::Call call) {
  auto request = parse(services, call);
  if (!request) return refuse(std::move(call), request.error());
  run_write(services, std::move(call), *std::move(request));
}

}  // namespace

extern const Operation kDeleteItem{.info = {.name = "DeleteItem",
                                            .iam_action = "dynamodb:DeleteItem",
                                            .access = awsjson::Access::kWrite,
                                            .input = &kInput,
                                            .resources = table_resource},
                                   .run = run};

}  // namespace tidemill::dynamodb
