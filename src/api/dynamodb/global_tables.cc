// Global tables and the scaling of their replicas: there is one region here, so there is no global table to be found
// and none can be made. Requests are described whole, so that malformed ones are told as such.
#include <fmt/format.h>

#include "api/dynamodb/api.h"
#include "api/dynamodb/shapes.h"

namespace tidemill::dynamodb {
namespace {

constexpr Shape kInteger{.type = Type::kInteger};
constexpr Shape kDouble{.type = Type::kDouble};
constexpr Shape kUnits{.type = Type::kLong, .min = 1};
constexpr Shape kRole{.type = Type::kString, .min = 1, .max = 1600};
constexpr Shape kPolicyName{.type = Type::kString, .min = 1, .max = 256};
constexpr std::string_view kBillingModes[] = {"PROVISIONED", "PAY_PER_REQUEST"};
constexpr Shape kBilling{.type = Type::kString, .values = kBillingModes};
constexpr std::string_view kClasses[] = {"STANDARD", "STANDARD_INFREQUENT_ACCESS"};
constexpr Shape kClass{.type = Type::kString, .values = kClasses};

constexpr Field kTrackingFields[] = {{"DisableScaleIn", &kBoolean},
                                     {"ScaleInCooldown", &kInteger},
                                     {"ScaleOutCooldown", &kInteger},
                                     {"TargetValue", &kDouble, true}};
constexpr Shape kTracking{.type = Type::kStructure,
                          .name = "AutoScalingTargetTrackingScalingPolicyConfigurationUpdate",
                          .fields = kTrackingFields};
constexpr Field kPolicyFields[] = {{"PolicyName", &kPolicyName},
                                   {"TargetTrackingScalingPolicyConfiguration", &kTracking, true}};
constexpr Shape kPolicy{.type = Type::kStructure, .name = "AutoScalingPolicyUpdate", .fields = kPolicyFields};
constexpr Field kScalingFields[] = {{"MinimumUnits", &kUnits},
                                    {"MaximumUnits", &kUnits},
                                    {"AutoScalingDisabled", &kBoolean},
                                    {"AutoScalingRoleArn", &kRole},
                                    {"ScalingPolicyUpdate", &kPolicy}};
constexpr Shape kScaling{.type = Type::kStructure, .name = "AutoScalingSettingsUpdate", .fields = kScalingFields};

constexpr Field kReplicaFields[] = {{"RegionName", &kText}};
constexpr Shape kReplica{.type = Type::kStructure, .name = "Replica", .fields = kReplicaFields};
constexpr Shape kReplicas{.type = Type::kList, .element = &kReplica};
constexpr Field kCreateFields[] = {{"GlobalTableName", &kNewTableName, true}, {"ReplicationGroup", &kReplicas, true}};
constexpr Shape kCreate{.type = Type::kStructure, .name = "CreateGlobalTableInput", .fields = kCreateFields};

constexpr Field kRegionFields[] = {{"RegionName", &kText, true}};
constexpr Shape kAddReplica{.type = Type::kStructure, .name = "CreateReplicaAction", .fields = kRegionFields};
constexpr Shape kDropReplica{.type = Type::kStructure, .name = "DeleteReplicaAction", .fields = kRegionFields};
constexpr Field kReplicaUpdateFields[] = {{"Create", &kAddReplica}, {"Delete", &kDropReplica}};
constexpr Shape kReplicaUpdate{.type = Type::kStructure, .name = "ReplicaUpdate", .fields = kReplicaUpdateFields};
constexpr Shape kReplicaUpdates{.type = Type::kList, .element = &kReplicaUpdate};
constexpr Field kUpdateFields[] = {{"GlobalTableName", &kNewTableName, true},
                                   {"ReplicaUpdates", &kReplicaUpdates, true}};
constexpr Shape kUpdate{.type = Type::kStructure, .name = "UpdateGlobalTableInput", .fields = kUpdateFields};

constexpr Field kIndexWriteFields[] = {{"IndexName", &kIndexName, true},
                                       {"ProvisionedWriteCapacityUnits", &kUnits},
                                       {"ProvisionedWriteCapacityAutoScalingSettingsUpdate", &kScaling}};
constexpr Shape kIndexWrite{
    .type = Type::kStructure, .name = "GlobalTableGlobalSecondaryIndexSettingsUpdate", .fields = kIndexWriteFields};
constexpr Shape kIndexWrites{.type = Type::kList, .element = &kIndexWrite, .min = 1, .max = 20};
constexpr Field kIndexReadFields[] = {{"IndexName", &kIndexName, true},
                                      {"ProvisionedReadCapacityUnits", &kUnits},
                                      {"ProvisionedReadCapacityAutoScalingSettingsUpdate", &kScaling}};
constexpr Shape kIndexRead{
    .type = Type::kStructure, .name = "ReplicaGlobalSecondaryIndexSettingsUpdate", .fields = kIndexReadFields};
constexpr Shape kIndexReads{.type = Type::kList, .element = &kIndexRead, .min = 1, .max = 20};
constexpr Field kReplicaSettingsFields[] = {{"RegionName", &kText, true},
                                            {"ReplicaProvisionedReadCapacityUnits", &kUnits},
                                            {"ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate", &kScaling},
                                            {"ReplicaGlobalSecondaryIndexSettingsUpdate", &kIndexReads},
                                            {"ReplicaTableClass", &kClass}};
constexpr Shape kReplicaSettings{
    .type = Type::kStructure, .name = "ReplicaSettingsUpdate", .fields = kReplicaSettingsFields};
constexpr Shape kAllReplicaSettings{.type = Type::kList, .element = &kReplicaSettings, .min = 1, .max = 50};
constexpr Field kSettingsFields[] = {{"GlobalTableName", &kNewTableName, true},
                                     {"GlobalTableBillingMode", &kBilling},
                                     {"GlobalTableProvisionedWriteCapacityUnits", &kUnits},
                                     {"GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate", &kScaling},
                                     {"GlobalTableGlobalSecondaryIndexSettingsUpdate", &kIndexWrites},
                                     {"ReplicaSettingsUpdate", &kAllReplicaSettings}};
constexpr Shape kSettings{
    .type = Type::kStructure, .name = "UpdateGlobalTableSettingsInput", .fields = kSettingsFields};

constexpr Field kNameFields[] = {{"GlobalTableName", &kNewTableName, true}};
constexpr Shape kName{.type = Type::kStructure, .name = "DescribeGlobalTableInput", .fields = kNameFields};
constexpr Field kListFields[] = {
    {"ExclusiveStartGlobalTableName", &kNewTableName}, {"Limit", &kLimit}, {"RegionName", &kText}};
constexpr Shape kList{.type = Type::kStructure, .name = "ListGlobalTablesInput", .fields = kListFields};

constexpr Field kTableFields[] = {{"TableName", &kTableName, true}};
constexpr Shape kOfTable{
    .type = Type::kStructure, .name = "DescribeTableReplicaAutoScalingInput", .fields = kTableFields};
constexpr Field kScaledIndexFields[] = {{"IndexName", &kIndexName},
                                        {"ProvisionedWriteCapacityAutoScalingUpdate", &kScaling}};
constexpr Shape kScaledIndex{
    .type = Type::kStructure, .name = "GlobalSecondaryIndexAutoScalingUpdate", .fields = kScaledIndexFields};
constexpr Shape kScaledIndexes{.type = Type::kList, .element = &kScaledIndex, .min = 1};
constexpr Field kScaledReplicaIndexFields[] = {{"IndexName", &kIndexName},
                                               {"ProvisionedReadCapacityAutoScalingUpdate", &kScaling}};
constexpr Shape kScaledReplicaIndex{.type = Type::kStructure,
                                    .name = "ReplicaGlobalSecondaryIndexAutoScalingUpdate",
                                    .fields = kScaledReplicaIndexFields};
constexpr Shape kScaledReplicaIndexes{.type = Type::kList, .element = &kScaledReplicaIndex};
constexpr Field kScaledReplicaFields[] = {{"RegionName", &kText, true},
                                          {"ReplicaGlobalSecondaryIndexUpdates", &kScaledReplicaIndexes},
                                          {"ReplicaProvisionedReadCapacityAutoScalingUpdate", &kScaling}};
constexpr Shape kScaledReplica{
    .type = Type::kStructure, .name = "ReplicaAutoScalingUpdate", .fields = kScaledReplicaFields};
constexpr Shape kScaledReplicas{.type = Type::kList, .element = &kScaledReplica, .min = 1};
constexpr Field kScaleFields[] = {{"GlobalSecondaryIndexUpdates", &kScaledIndexes},
                                  {"TableName", &kTableName, true},
                                  {"ProvisionedWriteCapacityAutoScalingUpdate", &kScaling},
                                  {"ReplicaUpdates", &kScaledReplicas}};
constexpr Shape kScale{.type = Type::kStructure, .name = "UpdateTableReplicaAutoScalingInput", .fields = kScaleFields};

// The service itself makes none of this version any more.
void run_create(Services&, awsjson::Call call) {
  refuse(std::move(call),
         "One or more parameter values were invalid: DynamoDB global tables version 2017.11.29 is not supported. We "
         "recommend using DynamoDB global tables version 2019.11.21, instead of version 2017.11.29 (Legacy).");
}

void run_not_found(Services&, awsjson::Call call) {
  auto message = fmt::format("Global table not found: Global table with name: '{}' does not exist.",
                             awsjson::read_string(call.body(), "GlobalTableName"));
  std::move(call).answer(std::unexpected(awsjson::WireError{
      .type = "com.amazonaws.dynamodb.v20120810#GlobalTableNotFoundException", .message = std::move(message)}));
}

void run_list(Services&, awsjson::Call call) { std::move(call).answer(std::string(R"({"GlobalTables":[]})")); }

void run_scaling(Services& services, awsjson::Call call) {
  const auto ref = table_ref(awsjson::read_string(call.body(), "TableName"), call.scope());
  if (!services.tables.catalog()->find(ref.scope, ref.name)) {
    return refuse(std::move(call), {.code = tables::Errc::kResourceNotFound,
                                    .message = "Requested resource not found: Table: " + ref.name + " not found"});
  }
  auto text = fmt::format("{} is not supported by this server", call.operation().name);
  refuse(std::move(call), std::move(text));
}

constexpr Operation operation(std::string_view name, std::string_view action, awsjson::Access access,
                              const Shape& input, void (*run)(Services&, awsjson::Call),
                              awsjson::ResourcesOf resources = any_resource) {
  return {.info = {.name = name, .iam_action = action, .access = access, .input = &input, .resources = resources},
          .run = run};
}

constexpr auto kControl = awsjson::Access::kControl;
constexpr auto kRead = awsjson::Access::kRead;

}  // namespace

extern const Operation kCreateGlobalTable =
    operation("CreateGlobalTable", "dynamodb:CreateGlobalTable", kControl, kCreate, run_create);
extern const Operation kUpdateGlobalTable =
    operation("UpdateGlobalTable", "dynamodb:UpdateGlobalTable", kControl, kUpdate, run_not_found);
extern const Operation kUpdateGlobalTableSettings =
    operation("UpdateGlobalTableSettings", "dynamodb:UpdateGlobalTableSettings", kControl, kSettings, run_not_found);
extern const Operation kDescribeGlobalTable =
    operation("DescribeGlobalTable", "dynamodb:DescribeGlobalTable", kRead, kName, run_not_found);
extern const Operation kDescribeGlobalTableSettings =
    operation("DescribeGlobalTableSettings", "dynamodb:DescribeGlobalTableSettings", kRead, kName, run_not_found);
extern const Operation kListGlobalTables =
    operation("ListGlobalTables", "dynamodb:ListGlobalTables", kRead, kList, run_list);
extern const Operation kDescribeTableReplicaAutoScaling =
    operation("DescribeTableReplicaAutoScaling", "dynamodb:DescribeTableReplicaAutoScaling", kRead, kOfTable,
              run_scaling, table_resource);
extern const Operation kUpdateTableReplicaAutoScaling =
    operation("UpdateTableReplicaAutoScaling", "dynamodb:UpdateTableReplicaAutoScaling", kControl, kScale, run_scaling,
              table_resource);

}  // namespace tidemill::dynamodb
