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
constexpr Shape kInput{.type = Type::kStructure, .name = "UpdateItemInput", .fields = kFields};

Result<tables::WriteRequest> parse(Services& services, const awsjson::Call& call) {
  const auto& body = call.body();
  TM_CHECK(refuse_mixed(body, expr::Use::kUpdate));
  auto request = begin_write(call, tables::WriteRequest::Kind::kUpdate);
  TM_TRY(request.item, read_item(*body.find_present("Key"), Wording::kCounted));
  if (const auto* updates = body.find_present("AttributeUpdates"); updates != nullptr && !updates->members().empty()) {
    auto update = expr::attribute_updates(*updates);
    if (!update) return error_of(update.error(), Wording::kCounted);
    request.update = *std::move(update);
  }
  TM_TRY(request.condition, read_expected(body, Wording::kCounted));
  TM_TRY(auto expressions,
         read_expressions(body, expr::Use::kUpdate, services.expressions.of(call.loop), Wording::kCounted));
  if (expressions.condition) request.condition = std::move(expressions.condition);
  if (expressions.update) request.update = std::move(expressions.update);
  return request;
}

void run(Services& services, awsjson::Call call) {
  auto request = parse(services, call);
  if (!request) return refuse(std::move(call), request.error());
  run_write(services, std::move(call), *std::move(request));
}

}  // namespace

extern const Operation kUpdateItem{.info = {.name = "UpdateItem",
                                            .iam_action = "dynamodb:UpdateItem",
                                            .access = awsjson::Access::kWrite,
                                            .input = &kInput,
                                            .resources = table_resource},
                                   .run = run};

}  // namespace tidemill::dynamodb
