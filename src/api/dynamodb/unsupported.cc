// Operations of the model that this server knows by name and does not offer: each answers with an error that says what
// is missing, never with a false success. Those that read something that cannot exist here answer as the service does
// when there is none.
#include <fmt/format.h>

#include "api/dynamodb/api.h"
#include "api/dynamodb/shapes.h"

namespace tidemill::dynamodb {
namespace {

constexpr Shape kInput{.type = Type::kStructure, .name = "Request"};

// The operation's name is found in its own record: one function serves all of them.
void run_missing(Services&, awsjson::Call call) {
  auto text = fmt::format("{} is not supported by this server", call.operation->name);
  refuse(std::move(call), std::move(text));
}

void run_not_found(awsjson::Call call, std::string_view error, std::string message) {
  std::move(call.answer)(std::unexpected(awsjson::WireError{
      .type = "com.amazonaws.dynamodb.v20120810#" + std::string(error), .message = std::move(message)}));
}

void run_global_table(Services&, awsjson::Call call) {
  const std::string name(call.body().find_present("GlobalTableName") != nullptr
                             ? awsjson::read_string(call.body(), "GlobalTableName")
                             : "");
  run_not_found(std::move(call), "GlobalTableNotFoundException",
                "Global table not found: Global table with name: '" + name + "' does not exist.");
}

void run_list_global_tables(Services&, awsjson::Call call) {
  std::move(call.answer)(std::string(R"({"GlobalTables":[]})"));
}

void run_backup(Services&, awsjson::Call call) {
  const std::string arn(awsjson::read_string(call.body(), "BackupArn"));
  run_not_found(std::move(call), "BackupNotFoundException", "Backup not found: " + arn);
}

void run_list_backups(Services&, awsjson::Call call) {
  std::move(call.answer)(std::string(R"({"BackupSummaries":[]})"));
}
void run_list_exports(Services&, awsjson::Call call) {
  std::move(call.answer)(std::string(R"({"ExportSummaries":[]})"));
}
void run_list_imports(Services&, awsjson::Call call) {
  std::move(call.answer)(std::string(R"({"ImportSummaryList":[]})"));
}

void run_export(Services&, awsjson::Call call) {
  const std::string arn(awsjson::read_string(call.body(), "ExportArn"));
  run_not_found(std::move(call), "ExportNotFoundException", "Export not found: " + arn);
}

void run_import(Services&, awsjson::Call call) {
  const std::string arn(awsjson::read_string(call.body(), "ImportArn"));
  run_not_found(std::move(call), "ImportNotFoundException", "Import not found: " + arn);
}

// The table's existence is checked first, so that a wrong name is told as such.
bool known_table(Services& services, awsjson::Call& call) {
  const auto ref = table_ref(awsjson::read_string(call.body(), "TableName"), call.scope());
  if (services.tables.catalog()->find(ref.scope, ref.name)) return true;
  refuse(std::move(call), {.code = tables::Errc::kResourceNotFound,
                           .message = "Requested resource not found: Table: " + ref.name + " not found"});
  return false;
}

void run_insights(Services& services, awsjson::Call call) {
  if (!known_table(services, call)) return;
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.member("TableName", table_ref(awsjson::read_string(call.body(), "TableName"), call.scope()).name);
  if (const auto index = awsjson::read_optional_string(call.body(), "IndexName")) writer.member("IndexName", *index);
  writer.member("ContributorInsightsStatus", "DISABLED").end_object();
  std::move(call.answer)(std::move(out));
}

void run_list_insights(Services&, awsjson::Call call) {
  std::move(call.answer)(std::string(R"({"ContributorInsightsSummaries":[]})"));
}

void run_kinesis_destinations(Services& services, awsjson::Call call) {
  if (!known_table(services, call)) return;
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.member("TableName", table_ref(awsjson::read_string(call.body(), "TableName"), call.scope()).name);
  writer.key("KinesisDataStreamDestinations").begin_array().end_array().end_object();
  std::move(call.answer)(std::move(out));
}

void run_get_policy(Services& services, awsjson::Call call) {
  const std::string arn(awsjson::read_string(call.body(), "ResourceArn"));
  const auto parsed = tables::parse_table_arn(arn);
  if (!parsed) return refuse(std::move(call), "Invalid ResourceArn: " + arn);
  const auto table = services.tables.catalog()->find(parsed->scope, parsed->table);
  if (!table) {
    return refuse(std::move(call), {.code = tables::Errc::kResourceNotFound,
                                    .message = "Requested resource not found: Table: " + parsed->table + " not found"});
  }
  run_not_found(std::move(call), "PolicyNotFoundException",
                "Resource-based policy not found for the provided ResourceArn: " + arn);
}

constexpr Field kTableFields[] = {{"TableName", &kTableName, true}};
constexpr Shape kOfTable{.type = Type::kStructure, .name = "Request", .fields = kTableFields};
constexpr Field kBackupFields[] = {{"BackupArn", &kText, true}};
constexpr Shape kOfBackup{.type = Type::kStructure, .name = "Request", .fields = kBackupFields};
constexpr Field kExportFields[] = {{"ExportArn", &kText, true}};
constexpr Shape kOfExport{.type = Type::kStructure, .name = "Request", .fields = kExportFields};
constexpr Field kImportFields[] = {{"ImportArn", &kText, true}};
constexpr Shape kOfImport{.type = Type::kStructure, .name = "Request", .fields = kImportFields};
constexpr Field kResourceFields[] = {{"ResourceArn", &kArn, true}};
constexpr Shape kOfResource{.type = Type::kStructure, .name = "Request", .fields = kResourceFields};
constexpr Field kGlobalFields[] = {{"GlobalTableName", &kText, true}};
constexpr Shape kOfGlobalTable{.type = Type::kStructure, .name = "Request", .fields = kGlobalFields};

constexpr Operation missing(std::string_view name, std::string_view action) {
  return {.info = {.name = name,
                   .iam_action = action,
                   .access = awsjson::Access::kControl,
                   .input = &kInput,
                   .resources = any_resource},
          .run = run_missing};
}

constexpr Operation reading(std::string_view name, std::string_view action, const Shape& input,
                            void (*run)(Services&, awsjson::Call), awsjson::ResourcesOf resources = any_resource) {
  return {.info = {.name = name,
                   .iam_action = action,
                   .access = awsjson::Access::kRead,
                   .input = &input,
                   .resources = resources},
          .run = run};
}

constexpr Operation kOperations[] = {
    missing("CreateBackup", "dynamodb:CreateBackup"),
    missing("CreateGlobalTable", "dynamodb:CreateGlobalTable"),
    reading("DeleteBackup", "dynamodb:DeleteBackup", kOfBackup, run_backup),
    missing("DeleteResourcePolicy", "dynamodb:DeleteResourcePolicy"),
    reading("DescribeBackup", "dynamodb:DescribeBackup", kOfBackup, run_backup),
    reading("DescribeContributorInsights", "dynamodb:DescribeContributorInsights", kOfTable, run_insights,
            table_resource),
    reading("DescribeExport", "dynamodb:DescribeExport", kOfExport, run_export),
    reading("DescribeGlobalTable", "dynamodb:DescribeGlobalTable", kOfGlobalTable, run_global_table),
    reading("DescribeGlobalTableSettings", "dynamodb:DescribeGlobalTableSettings", kOfGlobalTable, run_global_table),
    reading("DescribeImport", "dynamodb:DescribeImport", kOfImport, run_import),
    reading("DescribeKinesisStreamingDestination", "dynamodb:DescribeKinesisStreamingDestination", kOfTable,
            run_kinesis_destinations, table_resource),
    missing("DescribeTableReplicaAutoScaling", "dynamodb:DescribeTableReplicaAutoScaling"),
    missing("DisableKinesisStreamingDestination", "dynamodb:DisableKinesisStreamingDestination"),
    missing("EnableKinesisStreamingDestination", "dynamodb:EnableKinesisStreamingDestination"),
    missing("ExportTableToPointInTime", "dynamodb:ExportTableToPointInTime"),
    reading("GetResourcePolicy", "dynamodb:GetResourcePolicy", kOfResource, run_get_policy, arn_resource),
    missing("ImportTable", "dynamodb:ImportTable"),
    reading("ListBackups", "dynamodb:ListBackups", kInput, run_list_backups),
    reading("ListContributorInsights", "dynamodb:ListContributorInsights", kInput, run_list_insights),
    reading("ListExports", "dynamodb:ListExports", kInput, run_list_exports),
    reading("ListGlobalTables", "dynamodb:ListGlobalTables", kInput, run_list_global_tables),
    reading("ListImports", "dynamodb:ListImports", kInput, run_list_imports),
    missing("PutResourcePolicy", "dynamodb:PutResourcePolicy"),
    missing("RestoreTableFromBackup", "dynamodb:RestoreTableFromBackup"),
    missing("RestoreTableToPointInTime", "dynamodb:RestoreTableToPointInTime"),
    missing("UpdateContinuousBackups", "dynamodb:UpdateContinuousBackups"),
    missing("UpdateContributorInsights", "dynamodb:UpdateContributorInsights"),
    missing("UpdateGlobalTable", "dynamodb:UpdateGlobalTable"),
    missing("UpdateGlobalTableSettings", "dynamodb:UpdateGlobalTableSettings"),
    missing("UpdateKinesisStreamingDestination", "dynamodb:UpdateKinesisStreamingDestination"),
    missing("UpdateTableReplicaAutoScaling", "dynamodb:UpdateTableReplicaAutoScaling"),
};

}  // namespace

std::span<const Operation> unsupported_operations() { return kOperations; }

}  // namespace tidemill::dynamodb
