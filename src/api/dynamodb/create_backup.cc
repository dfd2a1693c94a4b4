#include "api/dynamodb/backups.h"

namespace tidemill::dynamodb {
namespace {

constexpr Shape kBackupName = kNewTableName;
constexpr Field kFields[] = {{"TableName", &kTableName, true}, {"BackupName", &kBackupName, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "CreateBackupInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  auto ref = table_ref(awsjson::read_string(call.body(), "TableName"), call.scope());
  std::string name(awsjson::read_string(call.body(), "BackupName"));
  auto& loop = call.loop();
  auto& tables = services.tables;
  tables.on_home<tables::Backup>(
      loop,
      replying<tables::Backup>(std::move(call),
                               [](const tables::Backup& backup) {
                                 std::string out;
                                 json::Writer writer(out);
                                 writer.begin_object();
                                 append_backup_details(writer, backup);
                                 writer.end_object();
                                 return out;
                               }),
      [&tables, ref = std::move(ref), name = std::move(name)](tables::Reply<tables::Backup> reply) mutable {
        tables.backups().create(ref.scope, ref.name, std::move(name), std::move(reply));
      });
}

}  // namespace

extern const Operation kCreateBackup{.info = {.name = "CreateBackup",
                                              .iam_action = "dynamodb:CreateBackup",
                                              .access = awsjson::Access::kControl,
                                              .input = &kInput,
                                              .resources = table_resource},
                                     .run = run};

}  // namespace tidemill::dynamodb
