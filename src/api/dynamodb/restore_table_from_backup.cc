#include "api/dynamodb/backups.h"
#include "api/dynamodb/description.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"TargetTableName", &kNewTableName, true},
                             {"BackupArn", &kBackupArn, true},
                             {"BillingModeOverride", &kBillingMode},
                             {"GlobalSecondaryIndexOverride", &kGlobalIndexes},
                             {"LocalSecondaryIndexOverride", &kLocalIndexes},
                             {"ProvisionedThroughputOverride", &kProvisionedThroughput},
                             {"OnDemandThroughputOverride", &kOnDemandThroughput},
                             {"SSESpecificationOverride", &kEncryption}};
constexpr Shape kInput{.type = Type::kStructure, .name = "RestoreTableFromBackupInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  const auto& body = call.body();
  const Scope scope = call.scope();
  tables::RestoreBackupInput input{.backup_arn = std::string(awsjson::read_string(body, "BackupArn")),
                                   .target = std::string(awsjson::read_string(body, "TargetTableName")),
                                   .overrides = read_overrides(body)};
  if (auto text = check_backup_arn(input.backup_arn)) return refuse(std::move(call), *std::move(text));
  run_restore(
      services, std::move(call),
      [scope, input = std::move(input)](tables::Backups& backups, tables::Reply<tables::TableDescription> reply) {
        backups.restore(scope, input, std::move(reply));
      });
}

}  // namespace

extern const Operation kRestoreTableFromBackup{.info = {.name = "RestoreTableFromBackup",
                                                        .iam_action = "dynamodb:RestoreTableFromBackup",
                                                        .access = awsjson::Access::kControl,
                                                        .input = &kInput,
                                                        .resources = backup_resource},
                                               .run = run};

}  // namespace tidemill::dynamodb
