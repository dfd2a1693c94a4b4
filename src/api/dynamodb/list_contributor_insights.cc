#include "api/dynamodb/api.h"
#include "api/dynamodb/insights.h"
#include "base/bytes.h"

namespace tidemill::dynamodb {
namespace {

constexpr Shape kPageMax{.type = Type::kInteger, .max = 100};
constexpr Field kFields[] = {{"TableName", &kTableName}, {"NextToken", &kText}, {"MaxResults", &kPageMax}};
constexpr Shape kInput{.type = Type::kStructure, .name = "ListContributorInsightsInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  const auto& body = call.body();
  std::vector<tables::InsightsDescription> all;
  if (const auto name = awsjson::read_optional_string(body, "TableName")) {
    const auto ref = table_ref(*name, call.scope());
    const auto table = services.tables.usable(ref.scope, ref.name);
    if (!table) {
      return refuse(std::move(call), {.code = tables::Errc::kResourceNotFound,
                                      .message = "Requested resource not found: Table: " + ref.name + " not found"});
    }
    all = tables::list_insights(services.tables, *table);
  } else {
    const auto catalog = services.tables.catalog();
    for (const auto& [name, table] : catalog->of(call.scope())) {
      for (auto& one : tables::list_insights(services.tables, *table)) all.push_back(std::move(one));
    }
  }
  // The token is the last entry shown: both names, which have no blank in them.
  const auto token_of = [](const tables::InsightsDescription& one) { return one.table + " " + one.index; };
  std::string after;
  if (const auto token = awsjson::read_optional_string(body, "NextToken")) {
    const auto decoded = from_base64_url(*token);
    if (!decoded) return refuse(std::move(call), "Invalid NextToken");
    after = *decoded;
  }
  const auto limit = awsjson::read_integer(body, "MaxResults").value_or(100);
  if (limit < 1)
    return refuse(std::move(call), "One or more parameter values were invalid: MaxResults must be positive");
  std::string out, last;
  json::Writer writer(out);
  writer.begin_object().key("ContributorInsightsSummaries").begin_array();
  std::int64_t shown = 0;
  bool more = false;
  for (const auto& one : all) {
    if (!after.empty() && token_of(one) <= after) continue;
    if (shown == limit) {
      more = true;
      break;
    }
    writer.begin_object();
    append_insights(writer, one);
    writer.end_object();
    last = token_of(one);
    ++shown;
  }
  writer.end_array();
  if (more) writer.member("NextToken", to_base64_url(last));
  writer.end_object();
  std::move(call).answer(std::move(out));
}

}  // namespace

extern const Operation kListContributorInsights{.info = {.name = "ListContributorInsights",
                                                         .iam_action = "dynamodb:ListContributorInsights",
                                                         .access = awsjson::Access::kRead,
                                                         .input = &kInput,
                                                         .resources = any_resource},
                                                .run = run};

}  // namespace tidemill::dynamodb
