#include "api/dynamodb/backups.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"BackupArn", &kBackupArn, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "DescribeBackupInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  run_on_backup(services, std::move(call),
                [](tables::Backups& backups, const std::string& arn, tables::Reply<tables::Backup> reply) {
                  backups.describe(arn, std::move(reply));
                });
}

}  // namespace

extern const Operation kDescribeBackup{.info = {.name = "DescribeBackup",
                                                .iam_action = "dynamodb:DescribeBackup",
                                                .access = awsjson::Access::kRead,
                                                .input = &kInput,
                                                .resources = backup_resource},
                                       .run = run};

}  // namespace tidemill::dynamodb
