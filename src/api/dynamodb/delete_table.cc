#include "api/dynamodb/api.h"
#include "api/dynamodb/description.h"
#include "api/dynamodb/shapes.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"TableName", &kTableName, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "DeleteTableInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  auto ref = table_ref(awsjson::read_string(call.body(), "TableName"), call.scope());
  auto& loop = call.loop();
  services.tables.delete_table(std::move(ref.scope), std::move(ref.name), loop,
                               replying<tables::TableDescription>(std::move(call), [](const auto& description) {
                                 return description_body("TableDescription", description, Shown::kDeleted);
                               }));
}

}  // namespace

extern const Operation kDeleteTable{.info = {.name = "DeleteTable",
                                             .iam_action = "dynamodb:DeleteTable",
                                             .access = awsjson::Access::kControl,
                                             .input = &kInput,
                                             .resources = table_resource,
                                             .check_first = check_control_name},
                                    .run = run};

}  // namespace tidemill::dynamodb
