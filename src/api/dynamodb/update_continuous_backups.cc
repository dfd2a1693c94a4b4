#include "api/dynamodb/backups.h"
#include "tables/recovery.h"

namespace tidemill::dynamodb {
namespace {

constexpr Shape kDays{.type = Type::kInteger, .min = 1, .max = 35};
constexpr Field kSpecificationFields[] = {{"PointInTimeRecoveryEnabled", &kBoolean, true},
                                          {"RecoveryPeriodInDays", &kDays}};
constexpr Shape kSpecification{
    .type = Type::kStructure, .name = "PointInTimeRecoverySpecification", .fields = kSpecificationFields};
constexpr Field kFields[] = {{"TableName", &kTableName, true},
                             {"PointInTimeRecoverySpecification", &kSpecification, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "UpdateContinuousBackupsInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  auto ref = table_ref(awsjson::read_string(call.body(), "TableName"), call.scope());
  const auto& specification = *call.body().find_present("PointInTimeRecoverySpecification");
  tables::RecoveryInput input{.enabled = awsjson::read_bool(specification, "PointInTimeRecoveryEnabled", false)};
  if (const auto days = awsjson::read_integer(specification, "RecoveryPeriodInDays"))
    input.days = static_cast<int>(*days);
  if (!input.enabled && input.days)
    return refuse(std::move(call),
                  "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.");
  auto& loop = call.loop();
  auto& tables = services.tables;
  tables.on_home<tables::RecoveryDescription>(
      loop, replying<tables::RecoveryDescription>(std::move(call), recovery_body),
      [&tables, ref = std::move(ref), input](tables::Reply<tables::RecoveryDescription> reply) {
        tables.recovery().update(ref.scope, ref.name, input, std::move(reply));
      });
}

}  // namespace

extern const Operation kUpdateContinuousBackups{.info = {.name = "UpdateContinuousBackups",
                                                         .iam_action = "dynamodb:UpdateContinuousBackups",
                                                         .access = awsjson::Access::kControl,
                                                         .input = &kInput,
                                                         .resources = table_resource},
                                                .run = run};

}  // namespace tidemill::dynamodb
