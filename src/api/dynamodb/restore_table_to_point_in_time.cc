#include "api/dynamodb/backups.h"
#include "api/dynamodb/description.h"

namespace tidemill::dynamodb {
namespace {

std::vector<std::string> source_resource(const json::Node& body, const Scope& scope) {
  const auto arn = awsjson::read_optional_string(body, "SourceTableArn");
  const auto source = table_ref(arn ? *arn : awsjson::read_string(body, "SourceTableName"), scope);
  return {tables::table_arn(source.scope, source.name)};
}

constexpr Field kFields[] = {{"SourceTableArn", &kArn},
                             {"SourceTableName", &kNewTableName},
                             {"TargetTableName", &kNewTableName, true},
                             {"UseLatestRestorableTime", &kBoolean},
                             {"RestoreDateTime", &kTimestamp},
                             {"BillingModeOverride", &kBillingMode},
                             {"GlobalSecondaryIndexOverride", &kGlobalIndexes},
                             {"LocalSecondaryIndexOverride", &kLocalIndexes},
                             {"ProvisionedThroughputOverride", &kProvisionedThroughput},
                             {"OnDemandThroughputOverride", &kOnDemandThroughput},
                             {"SSESpecificationOverride", &kEncryption}};
constexpr Shape kInput{.type = Type::kStructure, .name = "RestoreTableToPointInTimeInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  const auto& body = call.body();
  const Scope scope = call.scope();
  const auto arn = awsjson::read_optional_string(body, "SourceTableArn");
  const auto name = awsjson::read_optional_string(body, "SourceTableName");
  if (arn && name) return refuse(std::move(call), "Must provide exactly one of: sourceTableArn, sourceTableName");
  if (!arn && !name)
    return refuse(std::move(call), "The parameter 'TableName' is required but was not present in the request");
  if (arn && !is_table_arn(*arn)) return refuse(std::move(call), "sourceTableArn is not a valid ARN");
  auto source = table_ref(arn ? *arn : *name, scope);
  if (source.scope.account != scope.account) {
    return refuse(std::move(call),
                  "This action is only supported by accounts that match the resource owner\u2019s account.");
  }
  tables::RestorePastInput input{.source_scope = std::move(source.scope),
                                 .source = std::move(source.name),
                                 .time_ms = read_time_ms(body, "RestoreDateTime"),
                                 .target = std::string(awsjson::read_string(body, "TargetTableName")),
                                 .overrides = read_overrides(body)};
  const bool latest = awsjson::read_bool(body, "UseLatestRestorableTime", false);
  if (latest && input.time_ms) {
    return refuse(std::move(call),
                  "Invalid Request: Both RestoreDateTime and UseLatestRestorableTime cannot be set for point-in-time "
                  "restore request. Please specify only one of them");
  }
  if (!latest && !input.time_ms) {
    return refuse(std::move(call),
                  "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but "
                  "not both");
  }
  run_restore(
      services, std::move(call),
      [scope, input = std::move(input)](tables::Backups& backups, tables::Reply<tables::TableDescription> reply) {
        backups.restore_past(scope, input, std::move(reply));
      });
}

}  // namespace

extern const Operation kRestoreTableToPointInTime{.info = {.name = "RestoreTableToPointInTime",
                                                           .iam_action = "dynamodb:RestoreTableToPointInTime",
                                                           .access = awsjson::Access::kControl,
                                                           .input = &kInput,
                                                           .resources = source_resource},
                                                  .run = run};

}  // namespace tidemill::dynamodb
