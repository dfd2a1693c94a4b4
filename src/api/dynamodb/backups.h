// What the operations of backups and of point-in-time recovery share.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/dynamodb/api.h"
#include "api/dynamodb/table_input.h"
#include "tables/backups.h"
#include "tables/past.h"

namespace tidemill::dynamodb {

inline constexpr Shape kBackupArn{.type = Type::kString, .min = 37, .max = 1024};
inline constexpr Shape kTimestamp{.type = Type::kTimestamp};

// Members `BackupDetails`, and for a description the source's details and features too, of the object that is open.
void append_backup_details(json::Writer& writer, const tables::Backup& backup);
void append_backup_source(json::Writer& writer, const tables::Backup& backup);
std::string backup_description_body(const tables::Backup& backup);
std::string recovery_body(const tables::RecoveryDescription& description);

// Milliseconds of a timestamp member.
std::optional<std::int64_t> read_time_ms(const json::Node& body, std::string_view member);
tables::RestoreOverrides read_overrides(const json::Node& body);
// The text for an ARN that cannot be a backup's, or nothing.
std::optional<std::string> check_backup_arn(std::string_view arn);
// An operation on the backup that BackupArn names; its answer describes it.
void run_on_backup(Services& services, awsjson::Call call,
                   void (*work)(tables::Backups& backups, const std::string& arn, tables::Reply<tables::Backup> reply));
// Either restore: `work` begins it; the answer describes the new table.
void run_restore(
    Services& services, awsjson::Call call,
    std::move_only_function<void(tables::Backups& backups, tables::Reply<tables::TableDescription> reply)> work);
std::vector<std::string> backup_resource(const json::Node& body, const Scope& scope);  // BackupArn

}  // namespace tidemill::dynamodb
