#include "api/dynamodb/backups.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"BackupArn", &kBackupArn, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "DeleteBackupInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  run_on_backup(services, std::move(call),
                [](tables::Backups& backups, const std::string& arn, tables::Reply<tables::Backup> reply) {
                  backups.remove(arn, std::move(reply));
                });
}

}  // namespace

extern const Operation kDeleteBackup{.info = {.name = "DeleteBackup",
                                              .iam_action = "dynamodb:DeleteBackup",
                                              .access = awsjson::Access::kControl,
                                              .input = &kInput,
                                              .resources = backup_resource},
                                     .run = run};

}  // namespace tidemill::dynamodb
