#include "api/dynamodb/backups.h"

#include <cmath>

#include "api/dynamodb/description.h"

namespace tidemill::dynamodb {
namespace {

void append_feature_indexes(json::Writer& writer, const tables::TableDefinition& table, tables::IndexKind kind,
                            std::string_view name) {
  bool any = false;
  for (const auto& index : table.indexes) {
    if (index.kind != kind || index.status == tables::IndexStatus::kDeleting ||
        index.status == tables::IndexStatus::kCreating) {
      continue;
    }
    if (!std::exchange(any, true)) writer.key(name).begin_array();
    writer.begin_object().member("IndexName", index.name);
    append_key_schema(writer, index.keys);
    append_projection(writer, index.projection);
    if (kind == tables::IndexKind::kGlobal) {
      writer.key("ProvisionedThroughput").begin_object();
      writer.member("ReadCapacityUnits", index.throughput.read);
      writer.member("WriteCapacityUnits", index.throughput.write).end_object();
      append_on_demand(writer, index.on_demand);
    }
    writer.end_object();
  }
  if (any) writer.end_array();
}

}  // namespace

void append_backup_details(json::Writer& writer, const tables::Backup& backup) {
  writer.key("BackupDetails").begin_object().member("BackupArn", backup.arn).member("BackupName", backup.name);
  writer.member("BackupSizeBytes", backup.bytes).member("BackupStatus", tables::to_string(backup.status));
  writer.member("BackupType", tables::to_string(backup.type));
  append_time(writer, "BackupCreationDateTime", from_epoch_ms(backup.created_ms));
  if (backup.expires_ms) append_time(writer, "BackupExpiryDateTime", from_epoch_ms(*backup.expires_ms));
  writer.end_object();
}

void append_backup_source(json::Writer& writer, const tables::Backup& backup) {
  const auto& table = backup.table;
  writer.key("SourceTableDetails").begin_object().member("TableName", table.name).member("TableId", table.uuid);
  writer.member("TableArn", tables::table_arn(table.scope, table.name)).member("TableSizeBytes", backup.bytes);
  append_key_schema(writer, table.keys);
  append_time(writer, "TableCreationDateTime", table.created);
  writer.key("ProvisionedThroughput").begin_object().member("ReadCapacityUnits", table.throughput.read);
  writer.member("WriteCapacityUnits", table.throughput.write).end_object();
  append_on_demand(writer, table.on_demand);
  writer.member("ItemCount", backup.items).member("BillingMode", tables::to_string(table.billing)).end_object();

  writer.key("SourceTableFeatureDetails").begin_object();
  append_feature_indexes(writer, table, tables::IndexKind::kLocal, "LocalSecondaryIndexes");
  append_feature_indexes(writer, table, tables::IndexKind::kGlobal, "GlobalSecondaryIndexes");
  if (table.stream.enabled) {
    writer.key("StreamDescription").begin_object().member("StreamEnabled", true);
    writer.member("StreamViewType", tables::to_string(table.stream.view)).end_object();
  }
  if (table.ttl.enabled) {
    writer.key("TimeToLiveDescription").begin_object().member("TimeToLiveStatus", "ENABLED");
    writer.member("AttributeName", table.ttl.attribute).end_object();
  }
  if (table.kms_key_arn) {
    writer.key("SSEDescription").begin_object().member("Status", "ENABLED").member("SSEType", "KMS");
    writer.member("KMSMasterKeyArn", *table.kms_key_arn).end_object();
  }
  writer.end_object();
}

std::string backup_description_body(const tables::Backup& backup) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("BackupDescription").begin_object();
  append_backup_details(writer, backup);
  append_backup_source(writer, backup);
  writer.end_object().end_object();
  return out;
}

std::string recovery_body(const tables::RecoveryDescription& description) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("ContinuousBackupsDescription").begin_object().member("ContinuousBackupsStatus", "ENABLED");
  writer.key("PointInTimeRecoveryDescription").begin_object();
  writer.member("PointInTimeRecoveryStatus", description.enabled ? "ENABLED" : "DISABLED");
  if (description.enabled) {
    writer.member("RecoveryPeriodInDays", description.days);
    append_time(writer, "EarliestRestorableDateTime", from_epoch_ms(description.earliest_ms));
    append_time(writer, "LatestRestorableDateTime", from_epoch_ms(description.latest_ms));
  }
  writer.end_object().end_object().end_object();
  return out;
}

std::optional<std::int64_t> read_time_ms(const json::Node& body, std::string_view member) {
  const auto* node = body.find_present(member);
  if (node == nullptr || !node->is_number()) return std::nullopt;
  const double ms = node->as_real() * 1000;
  // Far outside of every date that a table can have; kept in range of what follows.
  if (!(ms > -1e15)) return -1'000'000'000'000'000;
  if (ms > 1e15) return 1'000'000'000'000'000;
  return static_cast<std::int64_t>(std::llround(ms));
}

tables::RestoreOverrides read_overrides(const json::Node& body) {
  tables::RestoreOverrides out;
  if (const auto billing = awsjson::read_optional_string(body, "BillingModeOverride")) out.billing = *billing;
  out.throughput = read_throughput(body, "ProvisionedThroughputOverride");
  if (body.find_present("OnDemandThroughputOverride") != nullptr)
    out.on_demand = read_on_demand(body, "OnDemandThroughputOverride");
  out.local_indexes = read_indexes(body, "LocalSecondaryIndexOverride");
  out.global_indexes = read_indexes(body, "GlobalSecondaryIndexOverride");
  out.encryption = read_encryption(body, "SSESpecificationOverride");
  return out;
}

std::optional<std::string> check_backup_arn(std::string_view arn) {
  const auto parsed = tables::parse_table_arn(arn);
  if (parsed && parsed->rest.starts_with("/backup/")) return std::nullopt;
  return "Invalid Backup ARN";
}

void run_on_backup(Services& services, awsjson::Call call,
                   void (*work)(tables::Backups& backups, const std::string& arn,
                                tables::Reply<tables::Backup> reply)) {
  std::string arn(awsjson::read_string(call.body(), "BackupArn"));
  if (auto text = check_backup_arn(arn)) return refuse(std::move(call), *std::move(text));
  auto& loop = call.loop();
  auto& tables = services.tables;
  tables.on_home<tables::Backup>(loop, replying<tables::Backup>(std::move(call), backup_description_body),
                                 [&tables, work, arn = std::move(arn)](tables::Reply<tables::Backup> reply) {
                                   work(tables.backups(), arn, std::move(reply));
                                 });
}

void run_restore(
    Services& services, awsjson::Call call,
    std::move_only_function<void(tables::Backups& backups, tables::Reply<tables::TableDescription> reply)> work) {
  auto& loop = call.loop();
  auto& tables = services.tables;
  tables.on_home<tables::TableDescription>(
      loop,
      replying<tables::TableDescription>(
          std::move(call),
          [](const auto& description) { return description_body("TableDescription", description, Shown::kChanged); }),
      [&tables, work = std::move(work)](tables::Reply<tables::TableDescription> reply) mutable {
        work(tables.backups(), std::move(reply));
      });
}

std::vector<std::string> backup_resource(const json::Node& body, const Scope&) {
  return {std::string(awsjson::read_string(body, "BackupArn"))};
}

}  // namespace tidemill::dynamodb
