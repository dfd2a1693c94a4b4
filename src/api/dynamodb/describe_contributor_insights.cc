#include <fmt/format.h>

#include "api/dynamodb/api.h"
#include "api/dynamodb/description.h"
#include "api/dynamodb/insights.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"TableName", &kTableName, true}, {"IndexName", &kIndexName}};
constexpr Shape kInput{.type = Type::kStructure, .name = "DescribeContributorInsightsInput", .fields = kFields};

void append_rules(json::Writer& writer, const tables::InsightsDescription& description) {
  writer.key("ContributorInsightsRuleList").begin_array();
  for (const std::string_view kind : {"PKC", "SKC", "PKT", "SKT"}) {
    if (kind[0] == 'S' && !description.has_range_key) continue;
    if (kind[2] == 'C' && description.setting.throttled_only) continue;
    writer.string(fmt::format("DynamoDBContributorInsights-{}-{}{}{}-{}", kind, description.table,
                              description.index.empty() ? "" : "-", description.index, description.setting.rules_ms));
  }
  writer.end_array();
}

void run(Services& services, awsjson::Call call) {
  const auto ref = table_ref(awsjson::read_string(call.body(), "TableName"), call.scope());
  const auto description = tables::describe_insights(services.tables, ref.scope, ref.name,
                                                     std::string(awsjson::read_string(call.body(), "IndexName")));
  if (!description) return refuse(std::move(call), description.error());
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  append_insights(writer, *description);
  if (description->setting.enabled) append_rules(writer, *description);
  if (description->setting.updated_ms != 0)
    append_time(writer, "LastUpdateDateTime", from_epoch_ms(description->setting.updated_ms));
  writer.end_object();
  std::move(call).answer(std::move(out));
}

}  // namespace

extern const Operation kDescribeContributorInsights{.info = {.name = "DescribeContributorInsights",
                                                             .iam_action = "dynamodb:DescribeContributorInsights",
                                                             .access = awsjson::Access::kRead,
                                                             .input = &kInput,
                                                             .resources = index_resource},
                                                    .run = run};

}  // namespace tidemill::dynamodb
