#include "api/dynamodb/api.h"
#include "api/dynamodb/description.h"
#include "api/dynamodb/shapes.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"TableName", &kTableName, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "DescribeTableInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  const auto ref = table_ref(awsjson::read_string(call.body(), "TableName"), call.scope());
  const auto description = services.tables.describe(ref.scope, ref.name);
  if (!description) return refuse(std::move(call), description.error());
  std::move(call).answer(description_body("Table", *description, Shown::kDescribed));
}

}  // namespace

extern const Operation kDescribeTable{.info = {.name = "DescribeTable",
                                               .iam_action = "dynamodb:DescribeTable",
                                               .access = awsjson::Access::kRead,
                                               .input = &kInput,
                                               .resources = table_resource,
                                               .check_first = check_control_name},
                                      .run = run};

}  // namespace tidemill::dynamodb
