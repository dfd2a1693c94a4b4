#include "api/dynamodb/page.h"

namespace tidemill::dynamodb {
namespace {

constexpr std::string_view kSelectChoices[] = {"SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES",
                                               "ALL_PROJECTED_ATTRIBUTES"};
constexpr Shape kSelect{.type = Type::kString, .values = kSelectChoices};
constexpr Shape kSegment{.type = Type::kInteger, .min = 0, .max = 999999};
constexpr Shape kTotalSegments{.type = Type::kInteger, .min = 1, .max = 1000000};
constexpr Field kFields[] = {{"TableName", &kTableName, true},
                             {"IndexName", &kIndexName},
                             {"AttributesToGet", &kAttributesToGet},
                             {"Limit", &kLimit},
                             {"Select", &kSelect},
                             {"ScanFilter", &kConditions},
                             {"ConditionalOperator", &kConditionalOperator},
                             {"ExclusiveStartKey", &kItem},
                             {"ReturnConsumedCapacity", &kReturnConsumedCapacity},
                             {"TotalSegments", &kTotalSegments},
                             {"Segment", &kSegment},
                             {"ProjectionExpression", &kText},
                             {"FilterExpression", &kText},
                             {"ExpressionAttributeNames", &kNames},
                             {"ExpressionAttributeValues", &kValues},
                             {"ConsistentRead", &kBoolean}};
constexpr Shape kInput{.type = Type::kStructure, .name = "ScanInput", .fields = kFields};

Status read_segments(const json::Node& body, tables::ScanRequest& request) {
  const auto segment = awsjson::read_integer(body, "Segment");
  const auto total = awsjson::read_integer(body, "TotalSegments");
  if (!segment && !total) return {};
  if (!total) {
    return tables::invalid(
        "The TotalSegments parameter is required but was not present in the request when Segment parameter is present");
  }
  if (!segment) {
    return tables::invalid(
        "The Segment parameter is required but was not present in the request when parameter TotalSegments is present");
  }
  if (*segment >= *total) {
    return tables::invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments");
  }
  request.segment = *segment;
  request.total_segments = *total;
  request.segmented = true;
  return {};
}

Result<tables::ScanRequest> parse(Services& services, const awsjson::Call& call) {
  const auto& body = call.body();
  tables::ScanRequest request;
  begin_page(call, request);
  TM_CHECK(refuse_mixed(body, expr::Use::kScan));
  TM_TRY(request.projection, read_attributes_to_get(body));
  if (body.find_present("FilterExpression") == nullptr) {
    if (auto status = expr::check_conditional_operator(body); !status) return error_of(status.error(), Wording::kPlain);
  }
  if (const auto* legacy = body.find_present("ScanFilter")) {
    auto filter = expr::filter_condition(*legacy, expr::conditional_operator(body.find_present("ConditionalOperator")));
    if (!filter) return error_of(filter.error(), Wording::kPlain);
    request.filter = *std::move(filter);
  }
  TM_CHECK(read_start_key(body, request));
  TM_CHECK(read_segments(body, request));
  TM_TRY(auto expressions,
         read_expressions(body, expr::Use::kScan, services.expressions.of(call.loop()), Wording::kPlain));
  if (expressions.projection) request.projection = std::move(expressions.projection);
  if (expressions.filter) request.filter = std::move(expressions.filter);
  TM_CHECK(read_select(body, request));
  return request;
}

void run(Services& services, awsjson::Call call) {
  auto request = parse(services, call);
  if (!request) return refuse(std::move(call), request.error());
  const auto mode = capacity_mode(call.body());
  const bool consistent = request->consistent;
  auto& loop = call.loop();
  tables::scan(services.tables, *request, loop,
               replying<tables::PageResult>(std::move(call), [mode, consistent](tables::PageResult result) {
                 return render_page(std::move(result), mode, consistent);
               }));
}

}  // namespace

extern const Operation kScan{.info = {.name = "Scan",
                                      .iam_action = "dynamodb:Scan",
                                      .access = awsjson::Access::kRead,
                                      .input = &kInput,
                                      .resources = index_resource,
                                      .check_first = check_data_name,
                                      .any_loop = true},
                             .run = run};

}  // namespace tidemill::dynamodb
