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

// `least`: what there is already, named by `than`. `of`: "table" or "index NAME".
Status check_warm(const OptionalThroughput& asked, const Throughput& least, const std::string& of,
                  std::string_view than) {
  const auto too_low = [&](std::string_view unit) {
    return invalid_values(fmt::format("Requested {} for WarmThroughput for {} is lower than {}", unit, of, than));
  };
  if (asked.read && *asked.read < least.read) return too_low("ReadUnitsPerSecond");
  if (asked.write && *asked.write < least.write) return too_low("WriteUnitsPerSecond");
  return {};
}
constexpr std::string_view kInitialWarm = "initial throughput for OnDemand";

// What is asked for in place of what there is; nothing goes down.
Status apply_warm(OptionalThroughput& warm, const OptionalThroughput& asked, const Throughput& provisioned,
                  BillingMode billing, const std::string& of) {
  const auto& least = billing == BillingMode::kPayPerRequest ? kOnDemandWarm : provisioned;
  const Throughput now{.read = warm.read.value_or(least.read), .write = warm.write.value_or(least.write)};
  TM_CHECK(check_warm(asked, now, of, "current WarmThroughput"));
  if (asked.read) warm.read = asked.read;
  if (asked.write) warm.write = asked.write;
  return {};
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

Result<IndexDefinition> global_index(const IndexInput& input, const std::vector<AttributeInput>& attributes,
                                     BillingMode billing) {
  TM_CHECK(check_global_keys(input.keys, attributes));
  TM_TRY(auto projection, projection_of(input.projection));
  if (billing == BillingMode::kPayPerRequest && input.throughput) {
    return invalid_values(fmt::format(
        "ProvisionedThroughput should not be specified for index: {} when BillingMode is PAY_PER_REQUEST", input.name));
  }
  if (billing == BillingMode::kProvisioned && !input.throughput) {
    return invalid_values("ProvisionedThroughput is not specified for index: " + input.name);
  }
  if (input.throughput) TM_CHECK(check_units(*input.throughput, input.name));
  if (billing == BillingMode::kPayPerRequest)
    TM_CHECK(check_warm(input.warm, kOnDemandWarm, "index " + input.name, kInitialWarm));
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
      return invalid_values("Duplicate AttributeName in AttributeDefinitions: " + attribute.name);
    }
  }
  return {};
}

}  // namespace

Status check_tag(const std::string& key, const std::string& value) {
  // Letters and digits of any script are legal, so only the ASCII part of the alphabet can be checked here.
  const auto legal = [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(" +-=._:/@").find(c) != std::string_view::npos;
  };
  if (key.empty() || utf8_characters(key) > 128 || !std::ranges::all_of(key, legal))
    return invalid("The Tag Key provided is invalid, Key: " + key);
  if (utf8_characters(value) > 256 || !std::ranges::all_of(value, legal))
    return invalid("The Tag Value provided is invalid, Value: " + value);
  // That prefix is for tags that the service writes itself.
  const auto begins_like = [](char have, char want) { return have == want || have == want - 'a' + 'A'; };
  if (std::ranges::equal(std::string_view(key).substr(0, 4), std::string_view("aws:"), begins_like))
    return invalid("Tag Key cannot be prefixed with aws:, Key: " + key);
  if (key == kSlotsTag && !slots_from(value))
    return invalid("One or more parameter values were invalid: The tag tidemill:slots takes a number from 1 to 64: " +
                   value);
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
      TM_TRY(auto definition, global_index(index, input.attributes, table.billing));
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
  if (input.tags.size() > kTagsMax)
    return invalid("Number of Tags exceed the current limit for the provided ResourceArn");
  for (const auto& [key, value] : input.tags) {
    TM_CHECK(check_tag(key, value));
    if (!table.tags.emplace(key, value).second)
      return invalid("Duplicate Tag Keys provided as input: Duplicate Tag Key found " + key);
  }
  table.on_demand = input.on_demand;
  if (table.billing == BillingMode::kPayPerRequest)
    TM_CHECK(check_warm(input.warm, kOnDemandWarm, "table", kInitialWarm));
  table.warm = input.warm;
  table.table_class = input.table_class;
  table.deletion_protection = input.deletion_protection;
  if (input.encryption && input.encryption->enabled) table.kms_key_arn = input.encryption->key.value_or("");
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
  } else if (input.billing && !input.throughput && table.throughput == Throughput{}) {
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

Status apply_indexes(TableDefinition& table, const UpdateTableInput& input) {
  using Kind = IndexUpdateInput::Kind;
  if (!input.index_updates) return {};
  std::set<std::string_view> names;
  std::size_t structural = 0;
  for (const auto& update : *input.index_updates) {
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
        TM_TRY(auto index, global_index(update.index, input.attributes, table.billing));
        const auto globals = std::ranges::count(table.indexes, IndexKind::kGlobal, &IndexDefinition::kind);
        if (static_cast<std::size_t>(globals) >= kGlobalIndexesMax) {
          return fail(Errc::kLimitExceeded,
                      fmt::format("GlobalSecondaryIndex count exceeds the per-table limit of {}", kGlobalIndexesMax));
        }
        index.id = table.next_index++;
        index.status = IndexStatus::kCreating;
        index.backfilling = true;
        table.indexes.push_back(std::move(index));
        TM_CHECK(check_projected_total(table.indexes));
        break;
      }
      case Kind::kDelete:
        if (it == table.indexes.end() || it->kind != IndexKind::kGlobal) {
          return fail(Errc::kResourceNotFound, "Requested resource not found: Index: " + update.index.name +
                                                   " not found for table: " + table.name);
        }
        if (it->status == IndexStatus::kDeleting) {
          return fail(
              Errc::kResourceInUse,
              "Attempt to change a resource which is still in use: Index is being deleted: " + update.index.name);
        }
        it->status = IndexStatus::kDeleting;
        it->backfilling = false;
        break;
      case Kind::kUpdate:
        if (it == table.indexes.end() || it->kind != IndexKind::kGlobal) {
          return fail(Errc::kResourceNotFound, "Requested resource not found: Index: " + update.index.name +
                                                   " not found for table: " + table.name);
        }
        if (it->status != IndexStatus::kActive) {
          return fail(
              Errc::kResourceInUse,
              "Attempt to change a resource which is still in use: Index is being created: " + update.index.name);
        }
        if (update.index.throughput) {
          if (table.billing == BillingMode::kPayPerRequest) {
            return invalid_values(fmt::format(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: {} when BillingMode is "
                "PAY_PER_REQUEST",
                update.index.name));
          }
          TM_CHECK(check_units(*update.index.throughput, update.index.name));
          if (it->throughput == *update.index.throughput) {
            return invalid(unchanged_text("the index " + update.index.name, it->throughput));
          }
          it->throughput = *update.index.throughput;
        }
        if (!update.index.on_demand.empty()) it->on_demand = update.index.on_demand;
        TM_CHECK(apply_warm(it->warm, update.index.warm, it->throughput, table.billing, "index " + it->name));
        break;
      case Kind::kNone: break;
    }
  }
  return {};
}

// Which members of UpdateTable go together.
Status check_together(const UpdateTableInput& input) {
  const bool units = input.billing || input.throughput;
  const bool indexes = input.index_updates && !input.index_updates->empty();
  const int changes = int{units} + int{indexes} + int{input.on_demand.has_value()} + int{input.warm.has_value()} +
                      int{input.stream.has_value()} + int{input.encryption.has_value()} +
                      int{input.table_class.has_value()} + int{input.deletion_protection.has_value()};
  if (changes == 1) return {};
  const auto alone = [](std::string_view what) {
    return invalid_values(fmt::format("{} must be the only operation in the request", what));
  };
  if (input.encryption) return alone("Server-Side Encryption modification");
  if (input.table_class) return alone("TableClass modification");
  if (input.deletion_protection) return alone("DeletionProtection modification");
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
  if (input.on_demand) next.on_demand = *input.on_demand;
  if (input.warm) TM_CHECK(apply_warm(next.warm, *input.warm, next.throughput, next.billing, "table"));
  if (input.table_class) next.table_class = input.table_class;
  if (input.deletion_protection) next.deletion_protection = *input.deletion_protection;
  if (input.encryption) {
    if (input.encryption->enabled) {
      next.kms_key_arn = input.encryption->key.value_or(table.kms_key_arn.value_or(""));
    } else {
      next.kms_key_arn.reset();
    }
  }
  return next;
}

}  // namespace tidemill::tables
