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

Result<tables::WriteRequest> parse(Services& services, const awsjson::Call& call) {
  const auto& body = call.body();
  TM_CHECK(refuse_mixed(body, expr::Use::kWrite));
  auto request = begin_write(call, tables::WriteRequest::Kind::kPut);
  TM_TRY(request.item, read_item(*body.find_present("Item"), Wording::kCounted));
  if (request.return_values != tables::ReturnValues::kNone && request.return_values != tables::ReturnValues::kAllOld) {
    return tables::invalid("ReturnValues can only be ALL_OLD or NONE");
  }
  if (item::size_of(request.item) > item::kMaxItemSize)
    return tables::invalid("Item size has exceeded the maximum allowed size");
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

extern const Operation kPutItem{.info = {.name = "PutItem",
                                         .iam_action = "dynamodb:PutItem",
                                         .access = awsjson::Access::kWrite,
                                         .input = &kInput,
                                         .resources = table_resource},
                                .run = run};

}  // namespace tidemill::dynamodb
