#include "api/dynamodb/description.h"

#include <algorithm>

#include "tables/define_table.h"

namespace tidemill::dynamodb {

void append_time(json::Writer& writer, std::string_view name, WallTime time) {
  writer.key(name).real(static_cast<double>(epoch_ms(time)) / 1000.0);
}

void append_key_schema(json::Writer& writer, const tables::KeySchema& keys) {
  writer.key("KeySchema").begin_array();
  for (const auto& key : keys.hash)
    writer.begin_object().member("AttributeName", key.name).member("KeyType", "HASH").end_object();
  for (const auto& key : keys.range)
    writer.begin_object().member("AttributeName", key.name).member("KeyType", "RANGE").end_object();
  writer.end_array();
}

void append_projection(json::Writer& writer, const tables::Projection& projection) {
  writer.key("Projection").begin_object().member("ProjectionType", tables::to_string(projection.type));
  if (projection.type == tables::ProjectionType::kInclude) {
    writer.key("NonKeyAttributes").begin_array();
    auto names = projection.include;
    std::ranges::sort(names);  // as the service shows them
    for (const auto& name : names) writer.string(name);
    writer.end_array();
  }
  writer.end_object();
}

void append_on_demand(json::Writer& writer, const tables::OptionalThroughput& on_demand) {
  if (on_demand.empty()) return;
  writer.key("OnDemandThroughput").begin_object();
  if (on_demand.read) writer.member("MaxReadRequestUnits", *on_demand.read);
  if (on_demand.write) writer.member("MaxWriteRequestUnits", *on_demand.write);
  writer.end_object();
}

namespace {

using tables::BillingMode;
using tables::IndexKind;

void append_warm(json::Writer& writer, const tables::TableDefinition& table, const tables::OptionalThroughput& asked,
                 const tables::Throughput& provisioned, std::string_view status) {
  const auto warm = tables::warm_throughput(table.billing, provisioned, asked);
  writer.key("WarmThroughput").begin_object();
  writer.member("ReadUnitsPerSecond", warm.read).member("WriteUnitsPerSecond", warm.write);
  writer.member("Status", status).end_object();
}

void append_index(json::Writer& writer, const tables::TableDescription& description,
                  const tables::IndexDefinition& index, Shown shown) {
  const auto& table = description.definition;
  writer.begin_object().member("IndexName", index.name);
  append_key_schema(writer, index.keys);
  append_projection(writer, index.projection);
  if (index.kind == IndexKind::kGlobal) {
    // While the table is being created, so are its indexes.
    const bool creating = description.status == tables::TableStatus::kCreating;
    const auto status = creating ? tables::IndexStatus::kCreating : index.status;
    writer.member("IndexStatus", tables::to_string(status));
    if (index.backfilling) writer.member("Backfilling", true);
    writer.key("ProvisionedThroughput").begin_object();
    if (index.increased) append_time(writer, "LastIncreaseDateTime", *index.increased);
    if (index.decreased) append_time(writer, "LastDecreaseDateTime", *index.decreased);
    writer.member("NumberOfDecreasesToday", index.decreases_today);
    writer.member("ReadCapacityUnits", index.throughput.read)
        .member("WriteCapacityUnits", index.throughput.write)
        .end_object();
    append_on_demand(writer, index.on_demand);
    if (shown == Shown::kDescribed && status == tables::IndexStatus::kActive) {
      append_warm(writer, table, index.warm, index.throughput, "ACTIVE");
    }
  }
  const auto size = description.index_sizes.find(index.id);
  writer.member("IndexSizeBytes", size == description.index_sizes.end() ? 0 : size->second.bytes);
  writer.member("ItemCount", size == description.index_sizes.end() ? 0 : size->second.items);
  writer.member("IndexArn", tables::index_arn(table.scope, table.name, index.name));
  writer.end_object();
}

void append_indexes(json::Writer& writer, const tables::TableDescription& description, IndexKind kind,
                    std::string_view name, Shown shown) {
  bool any = false;
  for (const auto& index : description.definition.indexes) {
    if (index.kind != kind) continue;
    if (!std::exchange(any, true)) writer.key(name).begin_array();
    append_index(writer, description, index, shown);
  }
  if (any) writer.end_array();
}

}  // namespace

void append_description(json::Writer& writer, const tables::TableDescription& description, Shown shown) {
  const auto& table = description.definition;
  if (shown != Shown::kDeleted) {
    writer.key("AttributeDefinitions").begin_array();
    auto attributes = table.attribute_definitions();
    std::ranges::sort(attributes, {}, &tables::KeyAttribute::name);  // as the service shows them
    for (const auto& attribute : attributes) {
      writer.begin_object().member("AttributeName", attribute.name);
      writer.member("AttributeType", std::string(1, static_cast<char>(attribute.type))).end_object();
    }
    writer.end_array();
  }
  writer.member("TableName", table.name);
  if (shown != Shown::kDeleted) append_key_schema(writer, table.keys);
  writer.member("TableStatus", tables::to_string(description.status));
  append_time(writer, "CreationDateTime", table.created);
  writer.key("ProvisionedThroughput").begin_object();
  if (table.increased) append_time(writer, "LastIncreaseDateTime", *table.increased);
  if (table.decreased) append_time(writer, "LastDecreaseDateTime", *table.decreased);
  writer.member("NumberOfDecreasesToday", table.decreases_today);
  writer.member("ReadCapacityUnits", table.throughput.read)
      .member("WriteCapacityUnits", table.throughput.write)
      .end_object();
  writer.member("TableSizeBytes", description.size.bytes).member("ItemCount", description.size.items);
  writer.member("TableArn", tables::table_arn(table.scope, table.name)).member("TableId", table.uuid);
  if (table.on_demand_since) {
    writer.key("BillingModeSummary").begin_object().member("BillingMode", tables::to_string(table.billing));
    if (description.status != tables::TableStatus::kCreating) {
      append_time(writer, "LastUpdateToPayPerRequestDateTime", *table.on_demand_since);
    }
    writer.end_object();
  }
  if (shown != Shown::kDeleted) {
    append_indexes(writer, description, IndexKind::kLocal, "LocalSecondaryIndexes", shown);
    append_indexes(writer, description, IndexKind::kGlobal, "GlobalSecondaryIndexes", shown);
  }
  if (table.stream.enabled) {
    writer.key("StreamSpecification").begin_object().member("StreamEnabled", true);
    writer.member("StreamViewType", tables::to_string(table.stream.view)).end_object();
  }
  if (!table.stream.label.empty()) {
    writer.member("LatestStreamLabel", table.stream.label);
    writer.member("LatestStreamArn", tables::stream_arn(table.scope, table.name, table.stream.label));
  }
  if (table.kms_key_arn) {
    writer.key("SSEDescription").begin_object().member("Status", "ENABLED").member("SSEType", "KMS");
    writer.member("KMSMasterKeyArn", *table.kms_key_arn).end_object();
  }
  if (table.table_class) {
    writer.key("TableClassSummary").begin_object().member("TableClass", *table.table_class);
    if (table.class_changed) append_time(writer, "LastUpdateDateTime", *table.class_changed);
    writer.end_object();
  }
  if (const auto& restoring = table.features.restoring) {
    writer.key("RestoreSummary").begin_object();
    if (!restoring->backup_arn.empty()) writer.member("SourceBackupArn", restoring->backup_arn);
    writer.member("SourceTableArn", restoring->table_arn);
    append_time(writer, "RestoreDateTime", from_epoch_ms(restoring->time_ms));
    writer.member("RestoreInProgress", true).end_object();
  }
  writer.member("DeletionProtectionEnabled", table.deletion_protection);
  append_on_demand(writer, table.on_demand);
  const bool ready = shown == Shown::kDescribed && description.status != tables::TableStatus::kCreating;
  if (ready || !table.warm.empty())
    append_warm(writer, table, table.warm, table.throughput,
                description.status == tables::TableStatus::kActive ? "ACTIVE" : "UPDATING");
}

std::string description_body(std::string_view member, const tables::TableDescription& description, Shown shown) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key(member).begin_object();
  append_description(writer, description, shown);
  writer.end_object().end_object();
  return out;
}

}  // namespace tidemill::dynamodb
