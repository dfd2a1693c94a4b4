// The parts of CreateTable and UpdateTable requests.
#pragma once

#include "api/dynamodb/shapes.h"
#include "base/json.h"
#include "tables/define_table.h"

namespace tidemill::dynamodb {

extern const Shape kAttributeDefinitions, kTableKeySchema, kLocalIndexes, kGlobalIndexes, kGlobalIndex, kBillingMode,
    kProvisionedThroughput, kStreamSpecification, kEncryption, kTags, kWarmThroughput, kOnDemandThroughput;

std::vector<tables::AttributeInput> read_attributes(const json::Node& body);
std::vector<tables::KeyElementInput> read_keys(const json::Node& body);
tables::IndexInput read_index(const json::Node& index);
std::optional<std::vector<tables::IndexInput>> read_indexes(const json::Node& body, std::string_view member);
std::optional<tables::Throughput> read_throughput(const json::Node& body,
                                                  std::string_view member = "ProvisionedThroughput");
tables::OptionalThroughput read_on_demand(const json::Node& body, std::string_view member = "OnDemandThroughput");
tables::OptionalThroughput read_warm(const json::Node& body);
std::optional<tables::StreamInput> read_stream(const json::Node& body);
std::optional<tables::EncryptionInput> read_encryption(const json::Node& body,
                                                       std::string_view member = "SSESpecification");
std::vector<std::pair<std::string, std::string>> read_tags(const json::Node& body);

// The text for a tag without a key or a value, or nothing.
std::optional<std::string> check_tags_whole(const json::Node& body);

// The text for a member that is known and not offered, or nothing.
std::optional<std::string> unsupported_member(const json::Node& body, std::span<const std::string_view> members);

}  // namespace tidemill::dynamodb
