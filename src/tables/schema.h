// What a table is: keys, indexes, settings. Plain values; `Table` (catalog.h) is their immutable, shared form.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/scope.h"
#include "base/time_text.h"
#include "tables/error.h"
#include "tables/features.h"

namespace tidemill::tables {

using TableId = std::uint32_t;
using IndexId = std::uint32_t;

enum class KeyType : char { kString = 'S', kNumber = 'N', kBinary = 'B' };

struct KeyAttribute {
  std::string name;
  KeyType type = KeyType::kString;
  bool operator==(const KeyAttribute&) const = default;
};

// A table or a local index has one hash attribute and at most one range attribute; a global index up to four of each.
struct KeySchema {
  std::vector<KeyAttribute> hash;
  std::vector<KeyAttribute> range;
  bool has(std::string_view name) const;
  const KeyAttribute* find(std::string_view name) const;
  bool operator==(const KeySchema&) const = default;
};

enum class ProjectionType : unsigned char { kAll, kKeysOnly, kInclude };

struct Projection {
  ProjectionType type = ProjectionType::kAll;
  std::vector<std::string> include;  // with kInclude
  bool operator==(const Projection&) const = default;
};

struct Throughput {
  std::int64_t read = 0;
  std::int64_t write = 0;
  bool operator==(const Throughput&) const = default;
};

// Members that were not given stay absent.
struct OptionalThroughput {
  std::optional<std::int64_t> read, write;
  bool empty() const { return !read && !write; }
  bool operator==(const OptionalThroughput&) const = default;
};

enum class TableStatus : unsigned char { kCreating, kActive, kUpdating, kDeleting };
enum class IndexStatus : unsigned char { kCreating, kActive, kUpdating, kDeleting };
enum class IndexKind : unsigned char { kLocal, kGlobal };
enum class BillingMode : unsigned char { kProvisioned, kPayPerRequest };
enum class StreamView : unsigned char { kKeysOnly, kNewImage, kOldImage, kNewAndOldImages };

struct IndexDefinition {
  IndexId id = 0;
  std::string name;
  IndexKind kind = IndexKind::kGlobal;
  KeySchema keys;
  Projection projection;
  Throughput throughput;
  OptionalThroughput on_demand, warm;
  IndexStatus status = IndexStatus::kActive;
  bool backfilling = false;
  int decreases_today = 0;  // counted on the UTC day of `decreased`
  std::optional<WallTime> increased, decreased;
  bool operator==(const IndexDefinition&) const = default;
};

struct StreamSettings {
  bool enabled = false;
  StreamView view = StreamView::kNewAndOldImages;
  std::string label;  // of the newest stream, also after it was disabled; empty: there has been none
  bool operator==(const StreamSettings&) const = default;
};

struct TimeToLive {
  bool enabled = false;
  std::string attribute;
  bool operator==(const TimeToLive&) const = default;
};

struct TableDefinition {
  TableId id = 0;
  Scope scope;
  std::string name;
  std::string uuid;
  WallTime created{};
  TableStatus status = TableStatus::kActive;
  KeySchema keys;
  std::vector<IndexDefinition> indexes;
  IndexId next_index = 1;
  BillingMode billing = BillingMode::kProvisioned;
  std::optional<WallTime> on_demand_since;   // set when the table was ever on demand
  std::vector<WallTime> on_demand_switches;  // the newest, oldest first
  Throughput throughput;
  int decreases_today = 0;  // counted on the UTC day of `decreased`
  std::optional<WallTime> increased, decreased;
  OptionalThroughput on_demand, warm;
  StreamSettings stream;
  TimeToLive ttl;
  std::optional<WallTime> ttl_changed;
  std::map<std::string, std::string> tags;
  std::optional<std::string> table_class;
  std::optional<WallTime> class_changed;
  bool deletion_protection = false;
  std::optional<std::string> kms_key_arn;  // server-side encryption with a key was asked for
  Features features;
  bool operator==(const TableDefinition&) const = default;

  const IndexDefinition* find_index(std::string_view index_name) const;
  // Distinct key attributes of the table and of its indexes, in that order.
  std::vector<KeyAttribute> attribute_definitions() const;
};

// This tag says how many shards the table's streams begin with, 1 to 64.
inline constexpr std::string_view kSlotsTag = "tidemill:slots";
std::optional<std::size_t> slots_from(std::string_view tag_value);

std::string table_arn(const Scope& scope, std::string_view table);
std::string index_arn(const Scope& scope, std::string_view table, std::string_view index);
std::string stream_arn(const Scope& scope, std::string_view table, std::string_view label);

struct TableArn {
  Scope scope;
  std::string table;
  std::string rest;  // behind the table's name: "", "/index/x", "/stream/y"
};
std::optional<TableArn> parse_table_arn(std::string_view arn);

std::string_view to_string(TableStatus status);
std::string_view to_string(IndexStatus status);
std::string_view to_string(BillingMode mode);
std::string_view to_string(ProjectionType type);
std::string_view to_string(StreamView view);
std::optional<StreamView> stream_view_from(std::string_view text);

// The stored form. Versioned by its member "v"; unknown members are ignored.
std::string to_stored(const TableDefinition& table);
std::optional<TableDefinition> table_from_stored(std::string_view text);

}  // namespace tidemill::tables
