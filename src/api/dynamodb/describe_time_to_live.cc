#include "api/dynamodb/api.h"
#include "api/dynamodb/shapes.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"TableName", &kTableName, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "DescribeTimeToLiveInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  const auto ref = table_ref(awsjson::read_string(call.body(), "TableName"), call.scope());
  const auto description = services.tables.describe(ref.scope, ref.name);
  if (!description) return refuse(std::move(call), description.error());
  if (description->status == tables::TableStatus::kCreating)
    return refuse(std::move(call),
                  "Cannot describe time to live while table is in CREATING state: Current table state is CREATING");
  const auto& ttl = description->definition.ttl;
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("TimeToLiveDescription").begin_object();
  writer.member("TimeToLiveStatus", description->ttl_changing ? (ttl.enabled ? "ENABLING" : "DISABLING")
                                    : ttl.enabled             ? "ENABLED"
                                                              : "DISABLED");
  if (ttl.enabled) writer.member("AttributeName", ttl.attribute);
  writer.end_object().end_object();
  std::move(call).answer(std::move(out));
}

}  // namespace

extern const Operation kDescribeTimeToLive{.info = {.name = "DescribeTimeToLive",
                                                    .iam_action = "dynamodb:DescribeTimeToLive",
                                                    .access = awsjson::Access::kRead,
                                                    .input = &kInput,
                                                    .resources = table_resource,
                                                    .check_first = check_control_name},
                                           .run = run};

}  // namespace tidemill::dynamodb
