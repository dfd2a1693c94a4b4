#include "api/dynamodb/backups.h"
#include "tables/recovery.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"TableName", &kTableName, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "DescribeContinuousBackupsInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  const auto ref = table_ref(awsjson::read_string(call.body(), "TableName"), call.scope());
  const auto table = services.tables.usable(ref.scope, ref.name);
  if (!table) {
    return refuse(std::move(call), {.code = tables::Errc::kTableNotFound, .message = "Table not found: " + ref.name});
  }
  std::move(call).answer(recovery_body(services.tables.recovery().describe(table->definition)));
}

}  // namespace

extern const Operation kDescribeContinuousBackups{.info = {.name = "DescribeContinuousBackups",
                                                           .iam_action = "dynamodb:DescribeContinuousBackups",
                                                           .access = awsjson::Access::kRead,
                                                           .input = &kInput,
                                                           .resources = table_resource},
                                                  .run = run};

}  // namespace tidemill::dynamodb
