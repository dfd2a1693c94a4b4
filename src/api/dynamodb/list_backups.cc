#include "api/dynamodb/backups.h"
#include "api/dynamodb/description.h"

namespace tidemill::dynamodb {
namespace {

constexpr Shape kPageLimit{.type = Type::kInteger, .min = 1, .max = 100};
constexpr std::string_view kTypes[] = {"USER", "SYSTEM", "AWS_BACKUP", "ALL"};
constexpr Shape kBackupType{.type = Type::kString, .values = kTypes};
constexpr Field kFields[] = {{"TableName", &kTableName},
                             {"Limit", &kPageLimit},
                             {"TimeRangeLowerBound", &kTimestamp},
                             {"TimeRangeUpperBound", &kTimestamp},
                             {"ExclusiveStartBackupArn", &kBackupArn},
                             {"BackupType", &kBackupType}};
constexpr Shape kInput{.type = Type::kStructure, .name = "ListBackupsInput", .fields = kFields};

std::string render(const tables::BackupList& list) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("BackupSummaries").begin_array();
  for (const auto& backup : list.backups) {
    const auto& table = backup.table;
    writer.begin_object().member("TableName", table.name).member("TableId", table.uuid);
    writer.member("TableArn", tables::table_arn(table.scope, table.name)).member("BackupArn", backup.arn);
    writer.member("BackupName", backup.name);
    append_time(writer, "BackupCreationDateTime", from_epoch_ms(backup.created_ms));
    if (backup.expires_ms) append_time(writer, "BackupExpiryDateTime", from_epoch_ms(*backup.expires_ms));
    writer.member("BackupStatus", tables::to_string(backup.status))
        .member("BackupType", tables::to_string(backup.type));
    writer.member("BackupSizeBytes", backup.bytes).end_object();
  }
  writer.end_array();
  if (list.more) writer.member("LastEvaluatedBackupArn", list.backups.back().arn);
  writer.end_object();
  return out;
}

void run(Services& services, awsjson::Call call) {
  const auto& body = call.body();
  Scope scope = call.scope();
  tables::ListBackupsInput input{.table = {},
                                 .type = tables::BackupType::kUser,
                                 .from_ms = read_time_ms(body, "TimeRangeLowerBound"),
                                 .to_ms = read_time_ms(body, "TimeRangeUpperBound"),
                                 .after = std::string(awsjson::read_string(body, "ExclusiveStartBackupArn"))};
  if (input.from_ms && input.to_ms && *input.from_ms > *input.to_ms) {
    return refuse(
        std::move(call),
        "One or more parameter values were invalid: Time range lower bound must be less than or equal to upper "
        "bound");
  }
  if (const auto name = awsjson::read_optional_string(body, "TableName")) {
    auto ref = table_ref(*name, scope);
    scope = std::move(ref.scope);
    input.table = std::move(ref.name);
  }
  const auto type = awsjson::read_string(body, "BackupType", "USER");
  if (type == "SYSTEM") input.type = tables::BackupType::kSystem;
  if (type == "ALL") input.type.reset();
  if (const auto limit = awsjson::read_integer(body, "Limit")) input.limit = static_cast<std::size_t>(*limit);
  if (type == "AWS_BACKUP") input.limit = 0;  // the backup service of AWS does not reach here
  if (!input.after.empty()) {
    if (auto text = check_backup_arn(input.after)) return refuse(std::move(call), *std::move(text));
  }
  const bool none = input.limit == 0;
  auto& loop = call.loop();
  auto& tables = services.tables;
  if (none) return std::move(call).answer(render({}));
  tables.on_home<tables::BackupList>(
      loop, replying<tables::BackupList>(std::move(call), render),
      [&tables, scope = std::move(scope), input = std::move(input)](tables::Reply<tables::BackupList> reply) {
        tables.backups().list(scope, input, std::move(reply));
      });
}

}  // namespace

extern const Operation kListBackups{.info = {.name = "ListBackups",
                                             .iam_action = "dynamodb:ListBackups",
                                             .access = awsjson::Access::kRead,
                                             .input = &kInput,
                                             .resources = any_resource},
                                    .run = run};

}  // namespace tidemill::dynamodb
