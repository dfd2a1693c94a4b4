// From what a client asks for (CreateTable, UpdateTable) to a TableDefinition: every semantic check, in the service's
// order and words. Pure: no clock, no identifiers; the engine fills those in.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tables/schema.h"

namespace tidemill::tables {

struct KeyElementInput {
  std::string name;
  std::string kind;  // "HASH" or "RANGE"
};
struct AttributeInput {
  std::string name;
  KeyType type = KeyType::kString;
};
struct ProjectionInput {
  std::optional<std::string> type;
  std::optional<std::vector<std::string>> non_key;
};
struct IndexInput {
  std::string name;
  std::vector<KeyElementInput> keys;
  ProjectionInput projection;
  std::optional<Throughput> throughput;
  OptionalThroughput on_demand, warm;
};
struct StreamInput {
  std::optional<bool> enabled;
  std::optional<std::string> view;
};
struct EncryptionInput {
  bool enabled = false;
  std::optional<std::string> key;
  std::optional<std::string> type;  // "AES256" or "KMS"
};

struct CreateTableInput {
  std::string name;
  std::vector<AttributeInput> attributes;
  std::vector<KeyElementInput> keys;
  std::optional<std::vector<IndexInput>> local_indexes, global_indexes;
  std::optional<std::string> billing;
  std::optional<Throughput> throughput;
  OptionalThroughput on_demand, warm;
  std::optional<StreamInput> stream;
  std::optional<EncryptionInput> encryption;
  std::vector<std::pair<std::string, std::string>> tags;
  std::optional<std::string> table_class;
  bool deletion_protection = false;
  std::optional<std::string> resource_policy;  // checked by the front
  bool importing = false;                      // to be filled: it is CREATING until end_import
};

struct IndexUpdateInput {
  enum class Kind : unsigned char { kCreate, kUpdate, kDelete, kNone };
  Kind kind = Kind::kNone;
  IndexInput index;      // kDelete and kUpdate: the name, and the throughputs that were given
  bool several = false;  // more than one kind was given
};

struct UpdateTableInput {
  std::string name;
  std::vector<AttributeInput> attributes;
  std::optional<std::string> billing;
  std::optional<Throughput> throughput;
  std::optional<OptionalThroughput> on_demand, warm;
  std::optional<std::vector<IndexUpdateInput>> index_updates;
  std::optional<StreamInput> stream;
  std::optional<EncryptionInput> encryption;
  std::optional<std::string> table_class;
  std::optional<bool> deletion_protection;
};

// Without id, uuid, times, stream label and key ARN.
Result<TableDefinition> define_table(const CreateTableInput& input);

// The table after the update. Index ids are given; a created index is kCreating and backfilling; a deleted one is
// kDeleting. When a stream is enabled anew its label is cleared: the engine gives the new one.
Result<TableDefinition> redefine_table(const TableDefinition& table, const UpdateTableInput& input);

// What a table or an index can serve at once: never less than it could before, nor than it begins with.
Throughput warm_throughput(BillingMode billing, const Throughput& provisioned, const OptionalThroughput& kept);

// "Read" or "Write": which limit of on-demand throughput is none; empty: both are fine.
std::string_view limit_out_of_range(const OptionalThroughput& asked);
Status check_encryption(const EncryptionInput& asked);

// Tag rules of CreateTable, TagResource and UntagResource.
Status check_tag_key(const std::string& key);
Status check_tags(const std::vector<std::pair<std::string, std::string>>& tags);

}  // namespace tidemill::tables
