#include "api/dynamodb/api.h"
#include "api/dynamodb/insights.h"

namespace tidemill::dynamodb {
namespace {

constexpr std::string_view kActions[] = {"ENABLE", "DISABLE"};
constexpr Shape kAction{.type = Type::kString, .values = kActions};
constexpr std::string_view kModes[] = {"ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"};
constexpr Shape kMode{.type = Type::kString, .values = kModes};
constexpr Field kFields[] = {{"TableName", &kTableName, true},
                             {"IndexName", &kIndexName},
                             {"ContributorInsightsAction", &kAction, true},
                             {"ContributorInsightsMode", &kMode}};
constexpr Shape kInput{.type = Type::kStructure, .name = "UpdateContributorInsightsInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  const auto& body = call.body();
  auto ref = table_ref(awsjson::read_string(body, "TableName"), call.scope());
  tables::InsightsInput input{.table = std::move(ref.name),
                              .index = std::string(awsjson::read_string(body, "IndexName")),
                              .enable = awsjson::read_string(body, "ContributorInsightsAction") == "ENABLE"};
  if (const auto mode = awsjson::read_optional_string(body, "ContributorInsightsMode"))
    input.throttled_only = *mode == "THROTTLED_KEYS";
  auto& loop = call.loop();
  auto& tables = services.tables;
  tables.on_home<tables::InsightsDescription>(
      loop,
      replying<tables::InsightsDescription>(std::move(call),
                                            [](const tables::InsightsDescription& description) {
                                              std::string out;
                                              json::Writer writer(out);
                                              writer.begin_object();
                                              append_insights(writer, description);
                                              writer.end_object();
                                              return out;
                                            }),
      [&tables, scope = std::move(ref.scope),
       input = std::move(input)](tables::Reply<tables::InsightsDescription> reply) {
        tables::update_insights(tables, scope, input, std::move(reply));
      });
}

}  // namespace

extern const Operation kUpdateContributorInsights{.info = {.name = "UpdateContributorInsights",
                                                           .iam_action = "dynamodb:UpdateContributorInsights",
                                                           .access = awsjson::Access::kControl,
                                                           .input = &kInput,
                                                           .resources = index_resource},
                                                  .run = run};

}  // namespace tidemill::dynamodb
