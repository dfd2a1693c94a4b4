#include "api/dynamodb/api.h"
#include "api/dynamodb/description.h"
#include "api/dynamodb/table_input.h"
#include "auth/policy_form.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"AttributeDefinitions", &kAttributeDefinitions, true},
                             {"TableName", &kNewTableName, true},
                             {"KeySchema", &kTableKeySchema, true},
                             {"LocalSecondaryIndexes", &kLocalIndexes},
                             {"GlobalSecondaryIndexes", &kGlobalIndexes},
                             {"BillingMode", &kBillingMode},
                             {"ProvisionedThroughput", &kProvisionedThroughput},
                             {"StreamSpecification", &kStreamSpecification},
                             {"SSESpecification", &kEncryption},
                             {"Tags", &kTags},
                             {"TableClass", &kText},
                             {"DeletionProtectionEnabled", &kBoolean},
                             {"WarmThroughput", &kWarmThroughput},
                             {"ResourcePolicy", &kText},
                             {"OnDemandThroughput", &kOnDemandThroughput}};
constexpr Shape kInput{.type = Type::kStructure, .name = "CreateTableInput", .fields = kFields};
constexpr std::string_view kUnsupported[] = {"GlobalTableSourceArn", "GlobalTableSettingsReplicationMode"};

void run(Services& services, awsjson::Call call) {
  const auto& body = call.body();
  if (auto text = unsupported_member(body, kUnsupported)) return refuse(std::move(call), *std::move(text));
  if (auto text = check_tags_whole(body)) return refuse(std::move(call), *std::move(text));
  tables::CreateTableInput input{.name = std::string(awsjson::read_string(body, "TableName")),
                                 .attributes = read_attributes(body),
                                 .keys = read_keys(body),
                                 .local_indexes = read_indexes(body, "LocalSecondaryIndexes"),
                                 .global_indexes = read_indexes(body, "GlobalSecondaryIndexes"),
                                 .throughput = read_throughput(body),
                                 .on_demand = read_on_demand(body),
                                 .warm = read_warm(body),
                                 .stream = read_stream(body),
                                 .encryption = read_encryption(body),
                                 .tags = read_tags(body),
                                 .deletion_protection = awsjson::read_bool(body, "DeletionProtectionEnabled", false)};
  if (const auto billing = awsjson::read_optional_string(body, "BillingMode")) input.billing = *billing;
  if (const auto table_class = awsjson::read_optional_string(body, "TableClass")) input.table_class = *table_class;
  if (const auto policy = awsjson::read_optional_string(body, "ResourcePolicy")) {
    auto document = auth::policy_form(*policy);
    if (!document) return refuse(std::move(call), std::move(document).error());
    input.resource_policy = *std::move(document);
  }
  const Scope scope = call.scope();
  auto& loop = call.loop();
  services.tables.create_table(scope, std::move(input), loop,
                               replying<tables::TableDescription>(std::move(call), [](const auto& description) {
                                 return description_body("TableDescription", description, Shown::kChanged);
                               }));
}

}  // namespace

extern const Operation kCreateTable{.info = {.name = "CreateTable",
                                             .iam_action = "dynamodb:CreateTable",
                                             .access = awsjson::Access::kControl,
                                             .input = &kInput,
                                             .resources = table_resource,
                                             .check_first = check_new_name},
                                    .run = run};

}  // namespace tidemill::dynamodb
