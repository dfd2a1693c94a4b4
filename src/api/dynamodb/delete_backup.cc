#include "api/dynamodb/backups.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"BackupArn", &kBackupArn, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "DeleteBackupInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  std::string arn(awsjson::read_string(call.body(), "BackupArn"));
  if (auto text = check_backup_arn(arn)) return refuse(std::move(call), *std::move(text));
  auto& loop = *call.loop;
  auto& tables = services.tables;
  tables.on_home<tables::Backup>(loop, replying<tables::Backup>(std::move(call), backup_description_body),
                                 [&tables, arn = std::move(arn)](tables::Reply<tables::Backup> reply) {
                                   tables.backups().remove(arn, std::move(reply));
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
