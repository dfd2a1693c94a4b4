#include "tables/define_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <set>

#include "base/utf8.h"

namespace tidemill::tables {
namespace {

constexpr std::int64_t kUnitsMax = 1'000'000'000'000;
constexpr std::size_t kLocalIndexesMax = 5;
constexpr std::size_t kGlobalIndexesMax = 20;
constexpr std::size_t kGlobalKeyPartsMax = 4;  // of each kind
constexpr std::size_t kNonKeyPerIndexMax = 20;
constexpr std::size_t kNonKeyTotalMax = 100;
constexpr std::size_t kTagsMax = 50;

std::string names_of(const std::vector<KeyElementInput>& keys) {
  return fmt::format("[{}]", fmt::join(keys | std::views::transform(&KeyElementInput::name), ", "));
}

std::string names_of(const std::vector<AttributeInput>& attributes) {
  std::vector<std::string_view> names(attributes.size());
  std::ranges::transform(attributes, names.begin(), &AttributeInput::name);
  std::ranges::sort(names);
  return fmt::format("[{}]", fmt::join(names, ", "));
}

const AttributeInput* find(const std::vector<AttributeInput>& attributes, std::string_view name) {
  const auto it = std::ranges::find(attributes, name, &AttributeInput::name);
  return it == attributes.end() ? nullptr : &*it;
}

Status check_units(const Throughput& throughput, const std::string& index) {
  const std::string where = index.empty() ? "" : " for index " + index;
  if (throughput.read > kUnitsMax) {
    return invalid(fmt::format("Given value {} for ReadCapacityUnits is out of bounds{}", throughput.read, where));
  }
  if (throughput.write > kUnitsMax) {
    return invalid(fmt::format("Given value {} for WriteCapacityUnits is out of bounds{}", throughput.write, where));
  }
  return {};
}

// What an on-demand table can serve at once from its beginning.
constexpr Throughput kOnDemandWarm{.read = 12000, .write = 4000};

// Lower than `least` is refused, with the words for it. `of`: "table" or "index NAME".
struct WarmLimit {
  Throughput least;
  std::string_view than_read, than_write;
};
Status check_warm(const OptionalThroughput& asked, const WarmLimit& limit, const std::string& of) {
  const auto too_low = [&](std::string_view unit, std::string_view than) {
    return invalid_values(fmt::format("Requested {} for WarmThroughput for {} is lower than {}", unit, of, than));
  };
  if (asked.read && *asked.read < limit.least.read) return too_low("ReadUnitsPerSecond", limit.than_read);
  if (asked.write && *asked.write < limit.least.write) return too_low("WriteUnitsPerSecond", limit.than_write);
  return {};
}

Status check_first_warm(const OptionalThroughput& asked, BillingMode billing, const Throughput& provisioned,
                        const std::string& of) {
  if (billing == BillingMode::kProvisioned) {
    return check_warm(asked,
                      {.least = provisioned,
                       .than_read = "ReadCapacityUnits of ProvisionedThroughput",
                       .than_write = "WriteCapacityUnits of ProvisionedThroughput"},
                      of);
  }
  constexpr std::string_view kInitial =
      "initial throughput for OnDemand. See: "
      "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
      "on-demand-capacity-mode.html#on-demand-capacity-mode-initial";
  return check_warm(asked, {.least = kOnDemandWarm, .than_read = kInitial, .than_write = kInitial}, of);
}

// What is asked for in place of what there is; nothing goes down.
Status apply_warm(OptionalThroughput& warm, const OptionalThroughput& asked, const Throughput& provisioned,
                  BillingMode billing, const std::string& of) {
  constexpr std::string_view kCurrent = "current WarmThroughput, decreasing WarmThroughput is not supported";
  TM_CHECK(check_warm(
      asked, {.least = warm_throughput(billing, provisioned, warm), .than_read = kCurrent, .than_write = kCurrent},
      of));
  if (asked.read) warm.read = asked.read;
  if (asked.write) warm.write = asked.write;
  return {};
}

// Keeps what a table or an index could serve before its throughput changes.
void keep_warm(OptionalThroughput& warm, BillingMode billing, const Throughput& provisioned) {
  const auto now = warm_throughput(billing, provisioned, warm);
  warm = {now.read, now.write};
}

// Limits of on-demand throughput belong to on-demand tables. `words`: how the refusal calls the index and the table.
Status refuse_on_demand(const OptionalThroughput& asked, std::string_view words) {
  if (asked.empty()) return {};
  return invalid_values(
      fmt::format("Max{}RequestUnits for OnDemandThroughput{}", asked.read ? "Read" : "Write", words));
}

Status check_on_demand_range(const OptionalThroughput& asked, std::string_view index) {
  const auto wrong = limit_out_of_range(asked);
  if (wrong.empty()) return {};
  return invalid_values(
      fmt::format("Requested Max{}RequestUnits for OnDemandThroughput for {} is outside of valid range", wrong,
                  index.empty() ? "table" : fmt::format("index : {}", index)));
}

Status check_first_on_demand(const OptionalThroughput& asked, BillingMode billing, std::string_view index) {
  if (billing == BillingMode::kProvisioned) {
    return refuse_on_demand(asked, (index.empty() ? "" : fmt::format(" for index: {}", index)) +
                                       " cannot be specified when table BillingMode is PROVISIONED.");
  }
  return check_on_demand_range(asked, index);
}

// A limit of -1 takes away the one that is there; one that is not named stays.
Status apply_on_demand(OptionalThroughput& limits, const OptionalThroughput& asked, BillingMode billing,
                       std::string_view index) {
  constexpr std::int64_t kNone = -1;
  if (billing == BillingMode::kProvisioned) {
    return refuse_on_demand(asked, (index.empty() ? "" : fmt::format(" for index : {}", index)) +
                                       " cannot be specified when the table BillingMode is PROVISIONED");
  }
  OptionalThroughput checked = asked;
  for (auto* limit : {&checked.read, &checked.write})
    if (*limit == kNone) limit->reset();
  TM_CHECK(check_on_demand_range(checked, index));
  if (asked.read) limits.read = checked.read;
  if (asked.write) limits.write = checked.write;
  return {};
}

constexpr std::string_view kStandardClass = "STANDARD";
Status check_class(const std::string& table_class) {
  if (table_class == kStandardClass || table_class == "STANDARD_INFREQUENT_ACCESS") return {};
  return invalid(
      "Invalid table-class parameter provided. Please try again with a valid table-class value: [STANDARD, "
      "STANDARD_INFREQUENT_ACCESS].");
}

// A key schema with two elements at most: the table's own, and a local index's.
Status check_simple_keys(const std::vector<KeyElementInput>& keys, const std::vector<AttributeInput>& attributes) {
  if (keys.size() > attributes.size()) return invalid("Invalid KeySchema: Some index key attribute have no definition");
  for (const auto& key : keys) {
    if (find(attributes, key.name) == nullptr) {
      return invalid_values(fmt::format(
          "Some index key attributes are not defined in AttributeDefinitions. Keys: {}, AttributeDefinitions: {}",
          names_of(keys), names_of(attributes)));
    }
  }
  if (keys.size() == 2 && keys[0].name == keys[1].name) {
    return invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name");
  }
  if (keys.empty() || keys[0].kind != "HASH") {
    return invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  }
  if (keys.size() == 2 && keys[1].kind != "RANGE") {
    return invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
  }
  return {};
}

// A global index: up to four HASH, then up to four RANGE elements.
Status check_global_keys(const std::vector<KeyElementInput>& keys, const std::vector<AttributeInput>& attributes) {
  for (const auto& key : keys) {
    if (find(attributes, key.name) == nullptr) {
      return invalid_values(fmt::format(
          "Some index key attributes are not defined in AttributeDefinitions. Keys: {}, AttributeDefinitions: {}",
          names_of(keys), names_of(attributes)));
    }
  }
  if (keys.size() == 2 && keys[0].name == keys[1].name) {
    return invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name");
  }
  if (keys.empty() || keys[0].kind != "HASH") {
    return invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  }
  std::set<std::string_view> seen;
  std::size_t hashes = 0, ranges = 0;
  for (const auto& key : keys) {
    if (!seen.insert(key.name).second)
      return invalid("The KeySchema contains multiple key attributes with the same name");
    if (key.kind == "HASH") {
      if (ranges != 0)
        return invalid_values("All HASH key attributes must precede RANGE key attributes in the KeySchema");
      ++hashes;
    } else {
      ++ranges;
    }
  }
  if (hashes > kGlobalKeyPartsMax) {
    return invalid_values("The KeySchema exceeds the maximum allowed number of HASH key attributes");
  }
  if (ranges > kGlobalKeyPartsMax) {
    return invalid_values("The KeySchema exceeds the maximum allowed number of RANGE key attributes");
  }
  return {};
}

KeySchema key_schema(const std::vector<KeyElementInput>& keys, const std::vector<AttributeInput>& attributes) {
  KeySchema schema;
  for (const auto& key : keys) {
    const KeyAttribute attribute{key.name, find(attributes, key.name)->type};
    (key.kind == "HASH" ? schema.hash : schema.range).push_back(attribute);
  }
  return schema;
}

Result<Projection> projection_of(const ProjectionInput& input) {
  Projection projection;
  if (!input.type) return invalid_values("Unknown ProjectionType: null");
  if (*input.type == "INCLUDE") {
    projection.type = ProjectionType::kInclude;
    if (!input.non_key) return invalid_values("ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
    if (input.non_key->size() > kNonKeyPerIndexMax) {
      return invalid_values(fmt::format("Number of NonKeyAttributes exceeds the limit of {}", kNonKeyPerIndexMax));
    }
    std::set<std::string_view> seen;
    for (const auto& name : *input.non_key) {
      if (!seen.insert(name).second) return invalid_values("Duplicate element in NonKeyAttributes: " + name);
    }
    projection.include = *input.non_key;
    return projection;
  }
  projection.type = *input.type == "ALL" ? ProjectionType::kAll : ProjectionType::kKeysOnly;
  if (input.non_key)
    return invalid_values(fmt::format("ProjectionType is {}, but NonKeyAttributes is specified", *input.type));
  return projection;
}

Result<IndexDefinition> local_index(const IndexInput& input, const std::vector<AttributeInput>& attributes,
                                    const KeySchema& table) {
  TM_CHECK(check_simple_keys(input.keys, attributes));
  if (input.keys.size() < 2)
    return invalid_values("Index KeySchema does not have a range key for index: " + input.name);
  if (input.keys[0].name != table.hash[0].name) {
    return invalid_values(
        fmt::format("Index KeySchema does not have the same leading hash key as table KeySchema for index: {}. index "
                    "hash key: {}, table hash key: {}",
                    input.name, input.keys[0].name, table.hash[0].name));
  }
  TM_TRY(auto projection, projection_of(input.projection));
  return IndexDefinition{.name = input.name,
                         .kind = IndexKind::kLocal,
                         .keys = key_schema(input.keys, attributes),
                         .projection = std::move(projection)};
}

// `creates`: of CreateTable, which has words of its own.
Result<IndexDefinition> global_index(const IndexInput& input, const std::vector<AttributeInput>& attributes,
                                     BillingMode billing, bool creates) {
  TM_CHECK(check_global_keys(input.keys, attributes));
  TM_TRY(auto projection, projection_of(input.projection));
  if (billing == BillingMode::kPayPerRequest && input.throughput) {
    return invalid_values(fmt::format("{} for index: {} when BillingMode is PAY_PER_REQUEST",
                                      creates ? "ProvisionedThroughput should not be specified"
                                              : "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified",
                                      input.name));
  }
  if (billing == BillingMode::kProvisioned && !input.throughput) {
    return invalid_values((creates ? "ProvisionedThroughput is not specified for index: "
                                   : "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: ") +
                          input.name);
  }
  if (input.throughput) TM_CHECK(check_units(*input.throughput, input.name));
  TM_CHECK(check_first_on_demand(input.on_demand, billing, input.name));
  TM_CHECK(check_first_warm(input.warm, billing, input.throughput.value_or(Throughput{}), "index " + input.name));
  return IndexDefinition{.name = input.name,
                         .kind = IndexKind::kGlobal,
                         .keys = key_schema(input.keys, attributes),
                         .projection = std::move(projection),
                         .throughput = input.throughput.value_or(Throughput{}),
                         .on_demand = input.on_demand,
                         .warm = input.warm};
}

Status check_projected_total(const std::vector<IndexDefinition>& indexes) {
  std::size_t total = 0;
  for (const auto& index : indexes) total += index.projection.include.size();
  if (total > kNonKeyTotalMax) {
    return invalid_values(
        fmt::format("Number of projected NonKeyAttributes over all indexes exceeds the limit of {}", kNonKeyTotalMax));
  }
  return {};
}

// Enabled settings, nothing for "no stream", or the error.
Result<std::optional<StreamView>> stream_of(const StreamInput& input, bool creates) {
  const bool enabled = input.enabled.value_or(false);
  if (enabled) {
    if (!input.view || input.view->empty()) {
      return invalid_values(creates ? "Table is being created with a stream enabled, UpdateViewType is required"
                                    : "If stream is being enabled then UpdateViewType is required");
    }
    const auto view = stream_view_from(*input.view);
    if (!view) return invalid("Invalid StreamViewType: " + *input.view);
    return view;
  }
  if (input.view) {
    if (creates)
      return invalid_values("Table is being created with a stream disabled, UpdateViewType should not be specified");
    return invalid_values("If stream is being disabled, then UpdateViewType must not be specified");
  }
  return std::nullopt;
}

Status check_definitions_used(const TableDefinition& table, const std::vector<AttributeInput>& attributes) {
  std::set<std::string> used;
  for (const auto& key : table.attribute_definitions()) used.insert(key.name);
  if (used.size() == attributes.size()) return {};
  if (table.indexes.empty()) {
    return invalid_values(
        "Number of attributes in KeySchema does not exactly match number of attributes defined in "
        "AttributeDefinitions");
  }
  return invalid_values(fmt::format("Some AttributeDefinitions are not used. AttributeDefinitions: {}, keys used: [{}]",
                                    names_of(attributes), fmt::join(used, ", ")));
}

Status check_duplicates(const std::vector<AttributeInput>& attributes) {
  std::set<std::string_view> seen;
  for (const auto& attribute : attributes) {
    if (!seen.insert(attribute.name).second) {
      return invalid("Attribute Name is duplicated: " + attribute.name);
    }
  }
  return {};
}

}  // namespace

Throughput warm_throughput(BillingMode billing, const Throughput& provisioned, const OptionalThroughput& kept) {
  const auto& least = billing == BillingMode::kPayPerRequest ? kOnDemandWarm : provisioned;
  return {.read = std::max(kept.read.value_or(0), least.read), .write = std::max(kept.write.value_or(0), least.write)};
}

std::string_view limit_out_of_range(const OptionalThroughput& asked) {
  if (asked.read && *asked.read < 1) return "Read";
  if (asked.write && *asked.write < 1) return "Write";
  return {};
}

Status check_encryption(const EncryptionInput& asked) {
  if (!asked.enabled) {
    if (asked.type) return invalid_values("SSEType can not be specified if Enabled is false");
    if (asked.key) return invalid_values("KMSMasterKeyId can not be specified if Enabled is false");
    return {};
  }
  if (asked.type == "AES256") return invalid_values("SSEType AES256 is not supported");
  if (asked.key && !asked.type) return invalid_values("SSEType KMS is required if KMSMasterKeyId is specified");
  return {};
}

namespace {

// Letters and digits of any script are legal, so only the ASCII part of the alphabet can be checked here.
bool is_tag_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(" +-=._:/@").find(c) != std::string_view::npos;
  });
}

}  // namespace

Status check_tag_key(const std::string& key) {
  if (key.empty() || utf8_characters(key) > 128 || !is_tag_text(key))
    return invalid("The Tag Key provided is invalid, Key: " + key);
  // That prefix is for tags that the service writes itself.
  const auto begins_like = [](char have, char want) { return have == want || have == want - 'a' + 'A'; };
  if (std::ranges::equal(std::string_view(key).substr(0, 4), std::string_view("aws:"), begins_like))
    return invalid("Tag Key cannot be prefixed with aws:, Key: " + key);
  return {};
}

Status check_tags(const std::vector<std::pair<std::string, std::string>>& tags) {
  if (tags.size() > kTagsMax) return invalid("Number of Tags exceed the current limit for the provided ResourceArn");
  std::set<std::string_view> seen;
  for (const auto& [key, value] : tags) {
    TM_CHECK(check_tag_key(key));
    if (utf8_characters(value) > 256 || !is_tag_text(value))
      return invalid("The Tag Value provided is invalid, Value: " + value);
    if (key == kSlotsTag && !slots_from(value))
      return invalid_values("The tag tidemill:slots takes a number from 1 to 64: " + value);
    if (!seen.insert(key).second)
      return invalid("Duplicate Tag Keys provided as input: Duplicate Tag Key found " + key);
  }
  return {};
}

Result<TableDefinition> define_table(const CreateTableInput& input) {
  TableDefinition table;
  table.name = input.name;
  table.billing = input.billing == "PAY_PER_REQUEST" ? BillingMode::kPayPerRequest : BillingMode::kProvisioned;
  if (table.billing == BillingMode::kProvisioned) {
    if (!input.throughput) {
      return invalid_values(
          "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED");
    }
    TM_CHECK(check_units(*input.throughput, ""));
    table.throughput = *input.throughput;
  } else if (input.throughput) {
    return invalid_values(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
  }

  TM_CHECK(check_duplicates(input.attributes));
  TM_CHECK(check_simple_keys(input.keys, input.attributes));
  table.keys = key_schema(input.keys, input.attributes);
  if (!input.local_indexes && !input.global_indexes) TM_CHECK(check_definitions_used(table, input.attributes));

  std::set<std::string_view> names;
  if (input.local_indexes) {
    if (input.local_indexes->empty()) return invalid_values("List of LocalSecondaryIndexes is empty");
    if (table.keys.range.empty()) {
      return invalid_values(
          "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex");
    }
    for (const auto& index : *input.local_indexes) {
      TM_TRY(auto definition, local_index(index, input.attributes, table.keys));
      if (!names.insert(index.name).second) return invalid_values("Duplicate index name: " + index.name);
      table.indexes.push_back(std::move(definition));
    }
    if (input.local_indexes->size() > kLocalIndexesMax) {
      return invalid_values(
          fmt::format("Number of LocalSecondaryIndexes exceeds per-table limit of {}", kLocalIndexesMax));
    }
  }
  if (input.global_indexes) {
    if (input.global_indexes->empty()) return invalid_values("List of GlobalSecondaryIndexes is empty");
    for (const auto& index : *input.global_indexes) {
      TM_TRY(auto definition, global_index(index, input.attributes, table.billing, /*creates=*/true));
      if (!names.insert(index.name).second) return invalid_values("Duplicate index name: " + index.name);
      table.indexes.push_back(std::move(definition));
    }
    if (input.global_indexes->size() > kGlobalIndexesMax) {
      return invalid_values(
          fmt::format("GlobalSecondaryIndex count exceeds the per-table limit of {}", kGlobalIndexesMax));
    }
  }
  TM_CHECK(check_projected_total(table.indexes));
  TM_CHECK(check_definitions_used(table, input.attributes));
  for (auto& index : table.indexes) index.id = table.next_index++;

  if (input.stream) {
    TM_TRY(const auto view, stream_of(*input.stream, /*creates=*/true));
    if (view) table.stream = {.enabled = true, .view = *view, .label = ""};
  }
  TM_CHECK(check_tags(input.tags));
  table.tags.insert(input.tags.begin(), input.tags.end());
  TM_CHECK(check_first_on_demand(input.on_demand, table.billing, ""));
  table.on_demand = input.on_demand;
  TM_CHECK(check_first_warm(input.warm, table.billing, table.throughput, "table"));
  table.warm = input.warm;
  if (input.table_class) TM_CHECK(check_class(*input.table_class));
  table.table_class = input.table_class;
  table.deletion_protection = input.deletion_protection;
  if (input.encryption) {
    TM_CHECK(check_encryption(*input.encryption));
    if (input.encryption->enabled) table.kms_key_arn = input.encryption->key.value_or("");
  }
  return table;
}

namespace {

std::string unchanged_text(std::string_view what, const Throughput& t) {
  return fmt::format(
      "The provisioned throughput for {} will not change. The requested value equals the current value. Current "
      "ReadCapacityUnits provisioned for {}: {}. Requested ReadCapacityUnits: {}. Current WriteCapacityUnits "
      "provisioned for {}: {}. "
      "Requested WriteCapacityUnits: {}. Refer to the Amazon DynamoDB Developer Guide for current limits and how to "
      "request higher "
      "limits.",
      what, what, t.read, t.read, what, t.write, t.write);
}

Status apply_billing(TableDefinition& table, const UpdateTableInput& input) {
  const auto before = table.billing;
  if (input.billing)
    table.billing = *input.billing == "PAY_PER_REQUEST" ? BillingMode::kPayPerRequest : BillingMode::kProvisioned;
  if (table.billing != before || input.throughput) keep_warm(table.warm, before, table.throughput);
  if (table.billing != before) {
    // Limits of on-demand throughput do not outlast a switch.
    table.on_demand = {};
    for (auto& index : table.indexes) {
      if (index.kind != IndexKind::kGlobal) continue;
      keep_warm(index.warm, before, index.throughput);
      index.on_demand = {};
    }
  }
  if (table.billing == BillingMode::kPayPerRequest) {
    if (input.throughput) {
      return invalid_values(
          "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
    }
    if (before == BillingMode::kProvisioned) {
      table.throughput = {};
      for (auto& index : table.indexes) index.throughput = {};
    }
    return {};
  }
  if (before == BillingMode::kPayPerRequest) {
    if (!input.throughput)
      return invalid_values("ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
    for (const auto& index : table.indexes) {
      if (index.kind != IndexKind::kGlobal) continue;
      const bool given =
          input.index_updates && std::ranges::any_of(*input.index_updates, [&](const IndexUpdateInput& update) {
            return update.kind == IndexUpdateInput::Kind::kUpdate && update.index.name == index.name &&
                   update.index.throughput;
          });
      if (!given) return invalid_values("ProvisionedThroughput must be specified for index: " + index.name);
    }
  } else if (input.billing && !input.throughput) {
    return invalid_values("ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
  }
  if (input.throughput) {
    TM_CHECK(check_units(*input.throughput, ""));
    if (before == BillingMode::kProvisioned && *input.throughput == table.throughput) {
      return invalid(unchanged_text("the table", table.throughput));
    }
    table.throughput = *input.throughput;
  }
  return {};
}

std::unexpected<Error> no_index(std::string_view index, std::string_view table) {
  return fail(Errc::kResourceNotFound,
              fmt::format("Requested resource not found: Index {} for table {}", index, table));
}

Status apply_indexes(TableDefinition& table, const UpdateTableInput& input) {
  using Kind = IndexUpdateInput::Kind;
  if (!input.index_updates) return {};
  if (input.index_updates->empty()) return invalid_values("List of GlobalSecondaryIndexUpdates is empty");
  std::set<std::string_view> names;
  std::size_t structural = 0;
  for (const auto& update : *input.index_updates) {
    if (update.several) {
      return invalid_values("Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object");
    }
    if (update.kind == Kind::kNone) {
      return invalid_values(
          "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
          "GlobalSecondaryIndexUpdate.Delete must "
          "not be null");
    }
    if (!names.insert(update.index.name).second) {
      return invalid_values("Only one global secondary index update per index is allowed simultaneously. Index: " +
                            update.index.name);
    }
    if (update.kind != Kind::kUpdate) ++structural;
  }
  const bool building = std::ranges::any_of(table.indexes, [](const IndexDefinition& index) {
    return index.status == IndexStatus::kCreating || index.status == IndexStatus::kDeleting;
  });
  const bool creates =
      std::ranges::any_of(*input.index_updates, [](const auto& update) { return update.kind == Kind::kCreate; });
  if (structural > 1 || (building && creates)) {
    return fail(Errc::kLimitExceeded,
                "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table");
  }
  for (const auto& update : *input.index_updates) {
    const auto it = std::ranges::find(table.indexes, update.index.name, &IndexDefinition::name);
    switch (update.kind) {
      case Kind::kCreate: {
        if (it != table.indexes.end()) return invalid("Attempting to create an index which already exists");
        for (const auto& attribute : input.attributes) {
          for (const auto& defined : table.attribute_definitions()) {
            if (defined.name == attribute.name && defined.type != attribute.type) {
              return invalid_values(
                  "Attributes cannot be redefined. Please check that your attribute has the same type as previously "
                  "defined. Existing schema: Schema:[SchemaElement: key{" +
                  defined.name + ":" + std::string(1, static_cast<char>(defined.type)) +
                  "}] New schema: Schema:[SchemaElement: key{" + attribute.name + ":" +
                  std::string(1, static_cast<char>(attribute.type)) + "}]");
            }
          }
        }
        if (input.attributes.empty())
          return invalid_values("AttributeDefinitions is not specified for index: " + update.index.name);
        TM_TRY(auto index, global_index(update.index, input.attributes, table.billing, /*creates=*/false));
        const auto globals = std::ranges::count(table.indexes, IndexKind::kGlobal, &IndexDefinition::kind);
        if (static_cast<std::size_t>(globals) >= kGlobalIndexesMax) {
          return fail(Errc::kLimitExceeded,
                      fmt::format("Subscriber limit exceeded: Number of global secondary indexes exceeds per-table "
                                  "limit of {}",
                                  kGlobalIndexesMax));
        }
        index.id = table.next_index++;
        index.status = IndexStatus::kCreating;
        index.backfilling = true;
        table.indexes.push_back(std::move(index));
        TM_CHECK(check_projected_total(table.indexes));
        break;
      }
      case Kind::kDelete:
        if (it == table.indexes.end()) return no_index(update.index.name, table.name);
        if (it->kind != IndexKind::kGlobal)
          return invalid("Cannot delete an index that is not a GlobalSecondaryIndex: " + it->name);
        if (it->status == IndexStatus::kDeleting) {
          return fail(
              Errc::kResourceInUse,
              "Attempt to change a resource which is still in use: Index is being deleted: " + update.index.name);
        }
        it->status = IndexStatus::kDeleting;
        it->backfilling = false;
        break;
      case Kind::kUpdate:
        if (it == table.indexes.end()) return no_index(update.index.name, table.name);
        if (it->kind != IndexKind::kGlobal)
          return invalid("Cannot update an index that is not a GlobalSecondaryIndex: " + it->name);
        if (it->status != IndexStatus::kActive) {
          return fail(
              Errc::kResourceInUse,
              "Attempt to change a resource which is still in use: Index is being created: " + update.index.name);
        }
        if (table.billing == BillingMode::kPayPerRequest &&
            (update.index.throughput || (update.index.on_demand.empty() && update.index.warm.empty()))) {
          return invalid_values(
              fmt::format("The only Updates for index: {} when TableThroughputMode is PAY_PER_REQUEST can be to "
                          "OnDemandThroughput, WarmThroughput",
                          it->name));
        }
        if (table.billing == BillingMode::kProvisioned && !update.index.throughput && update.index.on_demand.empty() &&
            update.index.warm.empty()) {
          return invalid_values("Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: " +
                                it->name);
        }
        if (update.index.throughput) {
          TM_CHECK(check_units(*update.index.throughput, update.index.name));
          if (it->throughput == *update.index.throughput) {
            return invalid(unchanged_text("the index " + update.index.name, it->throughput));
          }
          keep_warm(it->warm, table.billing, it->throughput);
          it->throughput = *update.index.throughput;
        }
        TM_CHECK(apply_on_demand(it->on_demand, update.index.on_demand, table.billing, it->name));
        TM_CHECK(apply_warm(it->warm, update.index.warm, it->throughput, table.billing, "index " + it->name));
        break;
      case Kind::kNone: break;
    }
  }
  return {};
}

// Which members of UpdateTable go together.
Status check_together(const UpdateTableInput& input) {
  // A switch to on-demand changes no units.
  const bool units = input.throughput || input.billing == "PROVISIONED";
  const bool indexes = input.index_updates && !input.index_updates->empty();
  const int changes = int{units || input.billing} + int{indexes} + int{input.on_demand.has_value()} +
                      int{input.warm.has_value()} + int{input.stream.has_value()} + int{input.encryption.has_value()} +
                      int{input.table_class.has_value()} + int{input.deletion_protection.has_value()};
  if (changes == 1) return {};
  const auto alone = [](std::string_view what) {
    return invalid_values(fmt::format("{} must be the only operation in the request", what));
  };
  if (input.encryption) return alone("Server-Side Encryption modification");
  if (input.table_class) return alone("TableClass modification");
  if (input.deletion_protection) return alone("DeletionProtection modification");
  const bool creates = indexes && std::ranges::any_of(*input.index_updates, [](const IndexUpdateInput& update) {
                         return update.kind == IndexUpdateInput::Kind::kCreate;
                       });
  if (input.warm && creates)
    return invalid_values("Create global secondary index cannot be specified when updating WarmThroughput");
  if (input.warm) return alone("WarmThroughput");
  if (input.on_demand && (changes > 2 || !input.billing))
    return invalid_values("OnDemandThroughput can only be combined with BillingMode in an UpdateTable request");
  const bool structural =
      indexes && std::ranges::any_of(*input.index_updates, [](const IndexUpdateInput& update) {
        return update.kind == IndexUpdateInput::Kind::kCreate || update.kind == IndexUpdateInput::Kind::kDelete;
      });
  if (units && input.stream) return invalid_values("You cannot modify stream status while updating table IOPS");
  if (units && structural) return invalid_values("You cannot create or delete index while updating table IOPS");
  if (input.stream && structural)
    return invalid_values("You cannot create or delete index while changing stream status");
  return {};
}

Status apply_stream(TableDefinition& table, const UpdateTableInput& input) {
  if (!input.stream) return {};
  TM_TRY(const auto view, stream_of(*input.stream, /*creates=*/false));
  if (view) {
    if (table.stream.enabled) return invalid("Table already has an enabled stream: TableName: " + table.name);
    table.stream = {.enabled = true, .view = *view, .label = ""};
  } else {
    if (!table.stream.enabled) return invalid("Table has no stream to disable: TableName: " + table.name);
    table.stream.enabled = false;
  }
  return {};
}

Status apply_encryption(TableDefinition& table, const EncryptionInput& asked) {
  TM_CHECK(check_encryption(asked));
  if (!asked.enabled) {
    if (!table.kms_key_arn) return invalid_values("Table is already encrypted by default");
    table.kms_key_arn.reset();
    return {};
  }
  // Only the ARN is known to be the same key; another name of it is taken as a change.
  if (asked.key && asked.key == table.kms_key_arn) {
    return invalid_values(
        "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to change "
        "Master Key");
  }
  table.kms_key_arn = asked.key.value_or(table.kms_key_arn.value_or(""));
  return {};
}

}  // namespace

Result<TableDefinition> redefine_table(const TableDefinition& table, const UpdateTableInput& input) {
  const bool nothing = !input.billing && !input.throughput && !input.on_demand && !input.warm &&
                       (!input.index_updates || input.index_updates->empty()) && !input.stream && !input.encryption &&
                       !input.table_class && !input.deletion_protection;
  if (nothing) {
    return invalid(
        "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, "
        "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, "
        "DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required");
  }
  TM_CHECK(check_together(input));
  TableDefinition next = table;
  TM_CHECK(apply_billing(next, input));
  TM_CHECK(apply_indexes(next, input));
  TM_CHECK(apply_stream(next, input));
  if (input.on_demand) TM_CHECK(apply_on_demand(next.on_demand, *input.on_demand, next.billing, ""));
  if (input.warm) TM_CHECK(apply_warm(next.warm, *input.warm, next.throughput, next.billing, "table"));
  if (input.table_class) {
    TM_CHECK(check_class(*input.table_class));
    // A class that was never named is the standard one, and stays unnamed.
    if (table.table_class.value_or(std::string(kStandardClass)) != *input.table_class)
      next.table_class = input.table_class;
  }
  if (input.deletion_protection) next.deletion_protection = *input.deletion_protection;
  if (input.encryption) TM_CHECK(apply_encryption(next, *input.encryption));
  return next;
}

}  // namespace tidemill::tables
