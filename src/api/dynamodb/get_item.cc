#include "api/dynamodb/request.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"TableName", &kTableName, true},
                             {"Key", &kItem, true},
                             {"AttributesToGet", &kAttributesToGet},
                             {"ConsistentRead", &kBoolean},
                             {"ReturnConsumedCapacity", &kReturnConsumedCapacity},
                             {"ProjectionExpression", &kText},
                             {"ExpressionAttributeNames", &kNames}};
constexpr Shape kInput{.type = Type::kStructure, .name = "GetItemInput", .fields = kFields};

Status parse(Services& services, const awsjson::Call& call, tables::GetRequest& request) {
  const auto& body = call.body();
  TM_CHECK(refuse_mixed(body, expr::Use::kGet));
  auto ref = table_ref(awsjson::read_string(body, "TableName"), call.scope());
  request.scope = std::move(ref.scope);
  request.table = std::move(ref.name);
  TM_TRY(request.key, read_item(*body.find_present("Key"), Wording::kPlain));
  TM_TRY(request.projection, read_attributes_to_get(body));
  TM_TRY(auto expressions,
         read_expressions(body, expr::Use::kGet, services.expressions.of(call.loop()), Wording::kPlain));
  if (expressions.projection) request.projection = std::move(expressions.projection);
  return {};
}

void run(Services& services, awsjson::Call call) {
  tables::GetRequest request;
  if (auto parsed = parse(services, call, request); !parsed) return refuse(std::move(call), parsed.error());
  const auto mode = capacity_mode(call.body());
  const bool consistent = request.consistent = awsjson::read_bool(call.body(), "ConsistentRead", false);
  request.before = "{\"Item\":";
  auto& loop = call.loop();
  tables::get_item(services.tables, request, loop,
                   replying<tables::GetResult>(std::move(call), [mode, consistent](tables::GetResult result) {
                     std::string out = std::move(result.item);
                     const bool found = !out.empty();
                     if (!found) out = '{';
                     if (mode != CapacityMode::kNone) {
                       out += found ? ",\"ConsumedCapacity\":" : "\"ConsumedCapacity\":";
                       json::Writer writer(out);
                       append_capacity(writer, *result.table, {.table = read_units(result.size, consistent)}, mode);
                     }
                     out += '}';
                     return out;
                   }));
}

}  // namespace

extern const Operation kGetItem{.info = {.name = "GetItem",
                                         .iam_action = "dynamodb:GetItem",
                                         .access = awsjson::Access::kRead,
                                         .input = &kInput,
                                         .resources = table_resource,
                                         .check_first = check_data_name,
                                         .any_loop = true},
                                .run = run};

}  // namespace tidemill::dynamodb
