#include "api/dynamodb/page.h"

namespace tidemill::dynamodb {
namespace {

constexpr std::string_view kSelectChoices[] = {"SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES",
                                               "ALL_PROJECTED_ATTRIBUTES"};
constexpr Shape kSelect{.type = Type::kString, .values = kSelectChoices};
constexpr Field kFields[] = {{"TableName", &kTableName, true},
                             {"IndexName", &kIndexName},
                             {"Select", &kSelect},
                             {"AttributesToGet", &kAttributesToGet},
                             {"Limit", &kLimit},
                             {"ConsistentRead", &kBoolean},
                             {"KeyConditions", &kConditions},
                             {"QueryFilter", &kConditions},
                             {"ConditionalOperator", &kConditionalOperator},
                             {"ScanIndexForward", &kBoolean},
                             {"ExclusiveStartKey", &kItem},
                             {"ReturnConsumedCapacity", &kReturnConsumedCapacity},
                             {"ProjectionExpression", &kText},
                             {"FilterExpression", &kText},
                             {"KeyConditionExpression", &kText},
                             {"ExpressionAttributeNames", &kNames},
                             {"ExpressionAttributeValues", &kValues}};
constexpr Shape kInput{.type = Type::kStructure, .name = "QueryInput", .fields = kFields};

Result<tables::QueryRequest> parse(Services& services, const awsjson::Call& call) {
  const auto& body = call.body();
  tables::QueryRequest request;
  begin_page(call, request);
  request.forward = awsjson::read_bool(body, "ScanIndexForward", true);
  TM_CHECK(refuse_mixed(body, expr::Use::kQuery));
  if (body.find_present("FilterExpression") == nullptr) {
    if (auto status = expr::check_conditional_operator(body); !status) return error_of(status.error(), Wording::kPlain);
  }
  if (const auto* legacy = body.find_present("QueryFilter")) {
    auto filter = expr::filter_condition(*legacy, expr::conditional_operator(body.find_present("ConditionalOperator")));
    if (!filter) return error_of(filter.error(), Wording::kPlain);
    request.filter = *std::move(filter);
    request.legacy_filter = true;
  }
  TM_TRY(request.projection, read_attributes_to_get(body));
  TM_CHECK(read_start_key(body, request));
  const auto* conditions = body.find_present("KeyConditions");
  if (conditions == nullptr && body.find_present("KeyConditionExpression") == nullptr) {
    return tables::invalid(
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.");
  }
  TM_TRY(auto expressions,
         read_expressions(body, expr::Use::kQuery, services.expressions.of(call.loop()), Wording::kPlain));
  if (expressions.projection) request.projection = std::move(expressions.projection);
  if (expressions.filter) request.filter = std::move(expressions.filter);
  auto terms =
      expressions.key_condition ? expr::key_terms(*expressions.key_condition) : expr::legacy_key_terms(*conditions);
  if (!terms) return error_of(terms.error(), Wording::kPlain);
  request.keys = *std::move(terms);
  // Only a global index can have more key attributes; its schema decides then.
  if (request.keys.empty() || (!request.index && request.keys.size() > 2)) {
    return tables::invalid("Conditions can be of length 1 or 2 only");
  }
  TM_CHECK(read_select(body, request));
  return request;
}

void run(Services& services, awsjson::Call call) {
  auto request = parse(services, call);
  if (!request) return refuse(std::move(call), request.error());
  const auto mode = capacity_mode(call.body());
  const bool consistent = request->consistent;
  auto& loop = call.loop();
  tables::query(services.tables, *request, loop,
                replying<tables::PageResult>(std::move(call), [mode, consistent](tables::PageResult result) {
                  return render_page(std::move(result), mode, consistent);
                }));
}

// Query words a wrong Limit in its own way, Scan does not.
std::optional<std::string> check_first(const json::Node& body) {
  if (auto wrong = check_data_name(body)) return wrong;
  const auto limit = awsjson::read_integer(body, "Limit");
  if (!limit || *limit >= 1) return std::nullopt;
  return plain_constraint_error("Limit", "Member must have value greater than or equal to 1");
}

}  // namespace

extern const Operation kQuery{.info = {.name = "Query",
                                       .iam_action = "dynamodb:Query",
                                       .access = awsjson::Access::kRead,
                                       .input = &kInput,
                                       .resources = index_resource,
                                       .check_first = check_first,
                                       .any_loop = true},
                              .run = run};

}  // namespace tidemill::dynamodb
