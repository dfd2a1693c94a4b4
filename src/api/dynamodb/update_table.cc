#include <algorithm>

#include "api/dynamodb/api.h"
#include "api/dynamodb/description.h"
#include "api/dynamodb/table_input.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kNameFields[] = {{"IndexName", &kIndexName, true}};
constexpr Shape kDeleteIndex{
    .type = Type::kStructure, .name = "DeleteGlobalSecondaryIndexAction", .fields = kNameFields};
constexpr Field kUpdateFields[] = {{"IndexName", &kIndexName, true},
                                   {"ProvisionedThroughput", &kProvisionedThroughput},
                                   {"OnDemandThroughput", &kOnDemandThroughput},
                                   {"WarmThroughput", &kWarmThroughput}};
constexpr Shape kUpdateIndex{
    .type = Type::kStructure, .name = "UpdateGlobalSecondaryIndexAction", .fields = kUpdateFields};
constexpr Field kIndexUpdateFields[] = {
    {"Update", &kUpdateIndex}, {"Create", &kGlobalIndex}, {"Delete", &kDeleteIndex}};
constexpr Shape kIndexUpdate{
    .type = Type::kStructure, .name = "GlobalSecondaryIndexUpdate", .fields = kIndexUpdateFields};
constexpr Shape kIndexUpdates{.type = Type::kList, .element = &kIndexUpdate};
constexpr Field kFields[] = {{"AttributeDefinitions", &kAttributeDefinitions},
                             {"TableName", &kTableName, true},
                             {"BillingMode", &kBillingMode},
                             {"ProvisionedThroughput", &kProvisionedThroughput},
                             {"GlobalSecondaryIndexUpdates", &kIndexUpdates},
                             {"StreamSpecification", &kStreamSpecification},
                             {"SSESpecification", &kEncryption},
                             {"TableClass", &kText},
                             {"DeletionProtectionEnabled", &kBoolean},
                             {"OnDemandThroughput", &kOnDemandThroughput},
                             {"WarmThroughput", &kWarmThroughput}};
constexpr Shape kInput{.type = Type::kStructure, .name = "UpdateTableInput", .fields = kFields};
constexpr std::string_view kUnsupported[] = {"ReplicaUpdates", "MultiRegionConsistency", "GlobalTableWitnessUpdates",
                                             "GlobalTableSettingsReplicationMode"};

std::optional<std::vector<tables::IndexUpdateInput>> read_updates(const json::Node& body) {
  using Kind = tables::IndexUpdateInput::Kind;
  const auto* list = body.find_present("GlobalSecondaryIndexUpdates");
  if (list == nullptr) return std::nullopt;
  std::vector<tables::IndexUpdateInput> out;
  for (const auto& one : list->elements()) {
    tables::IndexUpdateInput update;
    update.several = std::ranges::count_if(kIndexUpdateFields, [&](const Field& field) {
                       return one.find_present(field.name) != nullptr;
                     }) > 1;
    if (const auto* create = one.find_present("Create")) {
      update.kind = Kind::kCreate;
      update.index = read_index(*create);
    } else if (const auto* change = one.find_present("Update")) {
      update.kind = Kind::kUpdate;
      update.index = read_index(*change);
    } else if (const auto* remove = one.find_present("Delete")) {
      update.kind = Kind::kDelete;
      update.index.name = awsjson::read_string(*remove, "IndexName");
    }
    out.push_back(std::move(update));
  }
  return out;
}

// An index that is to be warmed up to nothing: refused before anything is looked up.
std::optional<std::string> check_warmth(const json::Node& body) {
  const auto* list = body.find_present("GlobalSecondaryIndexUpdates");
  if (list == nullptr) return std::nullopt;
  for (const auto& one : list->elements()) {
    const auto* change = one.find_present("Update");
    if (change == nullptr || change->find_present("WarmThroughput") == nullptr || !read_warm(*change).empty()) continue;
    return "One or more parameter values were invalid: WarmThroughput must have at least one of ReadUnitsPerSecond or "
           "WriteUnitsPerSecond specified for index: " +
           std::string(awsjson::read_string(*change, "IndexName"));
  }
  return std::nullopt;
}

void run(Services& services, awsjson::Call call) {
  const auto& body = call.body();
  if (auto text = unsupported_member(body, kUnsupported)) return refuse(std::move(call), *std::move(text));
  if (auto text = check_warmth(body)) return refuse(std::move(call), *std::move(text));
  auto ref = table_ref(awsjson::read_string(body, "TableName"), call.scope());
  tables::UpdateTableInput input{.name = std::move(ref.name),
                                 .attributes = read_attributes(body),
                                 .throughput = read_throughput(body),
                                 .index_updates = read_updates(body),
                                 .stream = read_stream(body),
                                 .encryption = read_encryption(body),
                                 .deletion_protection = awsjson::read_optional_bool(body, "DeletionProtectionEnabled")};
  if (const auto billing = awsjson::read_optional_string(body, "BillingMode")) input.billing = *billing;
  if (const auto table_class = awsjson::read_optional_string(body, "TableClass")) input.table_class = *table_class;
  // Without members they ask for nothing.
  if (auto limits = read_on_demand(body); !limits.empty()) input.on_demand = limits;
  if (auto warm = read_warm(body); !warm.empty()) input.warm = warm;
  auto& loop = call.loop();
  services.tables.update_table(std::move(ref.scope), std::move(input), loop,
                               replying<tables::TableDescription>(std::move(call), [](const auto& description) {
                                 return description_body("TableDescription", description, Shown::kChanged);
                               }));
}

}  // namespace

extern const Operation kUpdateTable{.info = {.name = "UpdateTable",
                                             .iam_action = "dynamodb:UpdateTable",
                                             .access = awsjson::Access::kControl,
                                             .input = &kInput,
                                             .resources = table_resource,
                                             .check_first = check_control_name},
                                    .run = run};

}  // namespace tidemill::dynamodb
