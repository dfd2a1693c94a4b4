#include "api/dynamodb/api.h"
#include "api/dynamodb/shapes.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"TableName", &kTableName, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "DescribeContinuousBackupsInput", .fields = kFields};

// Point-in-time recovery cannot be turned on here, so this is the state of every table.
void run(Services& services, awsjson::Call call) {
  const auto ref = table_ref(awsjson::read_string(call.body(), "TableName"), call.scope());
  if (!services.tables.catalog()->find(ref.scope, ref.name)) {
    return refuse(std::move(call), {.code = tables::Errc::kTableNotFound, .message = "Table not found: " + ref.name});
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("ContinuousBackupsDescription").begin_object().member("ContinuousBackupsStatus", "ENABLED");
  writer.key("PointInTimeRecoveryDescription")
      .begin_object()
      .member("PointInTimeRecoveryStatus", "DISABLED")
      .end_object();
  writer.end_object().end_object();
  std::move(call.answer)(std::move(out));
}

}  // namespace

extern const Operation kDescribeContinuousBackups{.info = {.name = "DescribeContinuousBackups",
                                                           .iam_action = "dynamodb:DescribeContinuousBackups",
                                                           .access = awsjson::Access::kRead,
                                                           .input = &kInput,
                                                           .resources = table_resource},
                                                  .run = run};

}  // namespace tidemill::dynamodb
