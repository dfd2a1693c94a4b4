#include "api/dynamodb/table_input.h"

namespace tidemill::dynamodb {
namespace {

constexpr std::string_view kAttributeTypes[] = {"B", "N", "S"};
constexpr Shape kAttributeType{.type = Type::kString, .values = kAttributeTypes};
constexpr Field kDefinitionFields[] = {{"AttributeName", &kKeyAttributeName, true},
                                       {"AttributeType", &kAttributeType, true}};
constexpr Shape kDefinition{.type = Type::kStructure, .name = "AttributeDefinition", .fields = kDefinitionFields};

constexpr std::string_view kKeyTypes[] = {"HASH", "RANGE"};
constexpr Shape kKeyType{.type = Type::kString, .values = kKeyTypes};
constexpr Field kKeyFields[] = {{"AttributeName", &kKeyAttributeName, true}, {"KeyType", &kKeyType, true}};
constexpr Shape kKeyElement{.type = Type::kStructure, .name = "KeySchemaElement", .fields = kKeyFields};
constexpr Shape kLocalKeySchema{.type = Type::kList, .element = &kKeyElement, .min = 1, .max = 2};
// Too many of either kind are told by define_table.
constexpr Shape kGlobalKeySchema{.type = Type::kList, .element = &kKeyElement, .min = 1};

constexpr std::string_view kProjectionTypes[] = {"ALL", "INCLUDE", "KEYS_ONLY"};
constexpr Shape kProjectionType{.type = Type::kString, .values = kProjectionTypes};
constexpr Shape kNonKeyAttributes{.type = Type::kList, .element = &kKeyAttributeName, .min = 1, .max = 20};
constexpr Field kProjectionFields[] = {{"ProjectionType", &kProjectionType}, {"NonKeyAttributes", &kNonKeyAttributes}};
constexpr Shape kProjection{.type = Type::kStructure, .name = "Projection", .fields = kProjectionFields};

constexpr Shape kPositiveUnits{.type = Type::kLong, .min = 1};
constexpr Shape kUnits{.type = Type::kLong};
constexpr Field kThroughputFields[] = {{"ReadCapacityUnits", &kPositiveUnits, true},
                                       {"WriteCapacityUnits", &kPositiveUnits, true}};
constexpr Field kWarmFields[] = {{"ReadUnitsPerSecond", &kPositiveUnits}, {"WriteUnitsPerSecond", &kPositiveUnits}};
constexpr Field kOnDemandFields[] = {{"MaxReadRequestUnits", &kUnits}, {"MaxWriteRequestUnits", &kUnits}};

constexpr std::string_view kBillingModes[] = {"PROVISIONED", "PAY_PER_REQUEST"};
constexpr std::string_view kViews[] = {"OLD_IMAGE", "KEYS_ONLY", "NEW_AND_OLD_IMAGES", "NEW_IMAGE"};
constexpr Shape kView{.type = Type::kString, .values = kViews};
constexpr Field kStreamFields[] = {{"StreamEnabled", &kBoolean, true}, {"StreamViewType", &kView}};
constexpr std::string_view kEncryptionTypes[] = {"AES256", "KMS"};
constexpr Shape kEncryptionType{.type = Type::kString, .values = kEncryptionTypes};
constexpr Field kEncryptionFields[] = {
    {"Enabled", &kBoolean}, {"SSEType", &kEncryptionType}, {"KMSMasterKeyId", &kText}};
// What is missing in a tag is told by check_tags_whole.
constexpr Field kTagFields[] = {{"Key", &kText}, {"Value", &kText}};
constexpr Shape kTag{.type = Type::kStructure, .name = "Tag", .fields = kTagFields};

std::string text(const json::Node& node, std::string_view name) {
  return std::string(awsjson::read_string(node, name));
}

std::optional<std::string> optional_text(const json::Node& node, std::string_view name) {
  const auto value = awsjson::read_optional_string(node, name);
  if (!value) return std::nullopt;
  return std::string(*value);
}

}  // namespace

extern const Shape kWarmThroughput{.type = Type::kStructure, .name = "WarmThroughput", .fields = kWarmFields};
extern const Shape kOnDemandThroughput{
    .type = Type::kStructure, .name = "OnDemandThroughput", .fields = kOnDemandFields};
extern const Shape kProvisionedThroughput{
    .type = Type::kStructure, .name = "ProvisionedThroughput", .fields = kThroughputFields};

namespace {
constexpr Field kLocalIndexFields[] = {
    {"IndexName", &kIndexName, true}, {"KeySchema", &kLocalKeySchema, true}, {"Projection", &kProjection, true}};
constexpr Shape kLocalIndex{.type = Type::kStructure, .name = "LocalSecondaryIndex", .fields = kLocalIndexFields};
constexpr Field kGlobalIndexFields[] = {{"IndexName", &kIndexName, true},
                                        {"KeySchema", &kGlobalKeySchema, true},
                                        {"Projection", &kProjection, true},
                                        {"ProvisionedThroughput", &kProvisionedThroughput},
                                        {"OnDemandThroughput", &kOnDemandThroughput},
                                        {"WarmThroughput", &kWarmThroughput}};
}  // namespace

extern const Shape kGlobalIndex{.type = Type::kStructure, .name = "GlobalSecondaryIndex", .fields = kGlobalIndexFields};
extern const Shape kAttributeDefinitions{.type = Type::kList, .element = &kDefinition};
extern const Shape kTableKeySchema{.type = Type::kList, .element = &kKeyElement, .min = 1, .max = 2};
extern const Shape kLocalIndexes{.type = Type::kList, .element = &kLocalIndex};
extern const Shape kGlobalIndexes{.type = Type::kList, .element = &kGlobalIndex};
extern const Shape kBillingMode{.type = Type::kString, .values = kBillingModes};
extern const Shape kStreamSpecification{
    .type = Type::kStructure, .name = "StreamSpecification", .fields = kStreamFields};
extern const Shape kEncryption{.type = Type::kStructure, .name = "SSESpecification", .fields = kEncryptionFields};
extern const Shape kTags{.type = Type::kList, .element = &kTag};

std::vector<tables::AttributeInput> read_attributes(const json::Node& body) {
  std::vector<tables::AttributeInput> out;
  const auto* list = body.find_present("AttributeDefinitions");
  if (list == nullptr) return out;
  for (const auto& one : list->elements()) {
    out.push_back(
        {text(one, "AttributeName"), static_cast<tables::KeyType>(awsjson::read_string(one, "AttributeType").at(0))});
  }
  return out;
}

std::vector<tables::KeyElementInput> read_keys(const json::Node& body) {
  std::vector<tables::KeyElementInput> out;
  const auto* list = body.find_present("KeySchema");
  if (list == nullptr) return out;
  for (const auto& one : list->elements()) out.push_back({text(one, "AttributeName"), text(one, "KeyType")});
  return out;
}

tables::IndexInput read_index(const json::Node& index) {
  tables::IndexInput out{.name = text(index, "IndexName"), .keys = read_keys(index)};
  if (const auto* projection = index.find_present("Projection")) {
    out.projection.type = optional_text(*projection, "ProjectionType");
    if (const auto* names = projection->find_present("NonKeyAttributes")) {
      out.projection.non_key.emplace();
      for (const auto& name : names->elements()) out.projection.non_key->emplace_back(name.as_string());
    }
  }
  out.throughput = read_throughput(index);
  out.on_demand = read_on_demand(index);
  out.warm = read_warm(index);
  return out;
}

std::optional<std::vector<tables::IndexInput>> read_indexes(const json::Node& body, std::string_view member) {
  const auto* list = body.find_present(member);
  if (list == nullptr) return std::nullopt;
  std::vector<tables::IndexInput> out;
  for (const auto& index : list->elements()) out.push_back(read_index(index));
  return out;
}

std::optional<tables::Throughput> read_throughput(const json::Node& body, std::string_view member) {
  const auto* node = body.find_present(member);
  if (node == nullptr) return std::nullopt;
  return tables::Throughput{awsjson::read_integer(*node, "ReadCapacityUnits").value_or(0),
                            awsjson::read_integer(*node, "WriteCapacityUnits").value_or(0)};
}

tables::OptionalThroughput read_on_demand(const json::Node& body, std::string_view member) {
  const auto* node = body.find_present(member);
  if (node == nullptr) return {};
  return {awsjson::read_integer(*node, "MaxReadRequestUnits"), awsjson::read_integer(*node, "MaxWriteRequestUnits")};
}

tables::OptionalThroughput read_warm(const json::Node& body) {
  const auto* node = body.find_present("WarmThroughput");
  if (node == nullptr) return {};
  return {awsjson::read_integer(*node, "ReadUnitsPerSecond"), awsjson::read_integer(*node, "WriteUnitsPerSecond")};
}

std::optional<tables::StreamInput> read_stream(const json::Node& body) {
  const auto* node = body.find_present("StreamSpecification");
  if (node == nullptr) return std::nullopt;
  return tables::StreamInput{awsjson::read_optional_bool(*node, "StreamEnabled"),
                             optional_text(*node, "StreamViewType")};
}

std::optional<tables::EncryptionInput> read_encryption(const json::Node& body, std::string_view member) {
  const auto* node = body.find_present(member);
  if (node == nullptr) return std::nullopt;
  tables::EncryptionInput out{.key = optional_text(*node, "KMSMasterKeyId"), .type = optional_text(*node, "SSEType")};
  // Who names a type or a key asks for encryption with it, also without saying so.
  out.enabled = awsjson::read_bool(*node, "Enabled", out.key || out.type);
  return out;
}

std::vector<std::pair<std::string, std::string>> read_tags(const json::Node& body) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto* list = body.find_present("Tags");
  if (list == nullptr) return out;
  for (const auto& tag : list->elements()) out.emplace_back(text(tag, "Key"), text(tag, "Value"));
  return out;
}

std::optional<std::string> check_tags_whole(const json::Node& body) {
  const auto* list = body.find_present("Tags");
  if (list == nullptr) return std::nullopt;
  for (const auto& tag : list->elements()) {
    for (const std::string_view part : {"Key", "Value"}) {
      if (tag.find_present(part) == nullptr)
        return "The Tag " + std::string(part) + " provided is invalid, " + std::string(part) + ": null";
    }
  }
  return std::nullopt;
}

std::optional<std::string> unsupported_member(const json::Node& body, std::span<const std::string_view> members) {
  for (const auto name : members) {
    if (body.find_present(name) == nullptr) continue;
    return "One or more parameter values were invalid: " + std::string(name) +
           " is not supported here: this server holds no replicas in other regions";
  }
  return std::nullopt;
}

}  // namespace tidemill::dynamodb
