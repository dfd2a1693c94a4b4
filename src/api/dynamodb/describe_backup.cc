#include "api/dynamodb/backups.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"BackupArn", &kBackupArn, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "DescribeBackupInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  std::string arn(awsjson::read_string(call.body(), "BackupArn"));
  if (auto text = check_backup_arn(arn)) return refuse(std::move(call), *std::move(text));
  auto& loop = *call.loop;
  auto& tables = services.tables;
  tables.on_home<tables::Backup>(loop, replying<tables::Backup>(std::move(call), backup_description_body),
                                 [&tables, arn = std::move(arn)](tables::Reply<tables::Backup> reply) {
                                   tables.backups().describe(arn, std::move(reply));
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
