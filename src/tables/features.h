// What a table has beyond keys, indexes and throughput: recovery, destinations, insights, policies. Part of its
// definition and stored with it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace tidemill::tables {

struct RecoverySetting {
  bool enabled = false;
  int days = 35;              // how far back
  std::int64_t since_ms = 0;  // nothing before it can be restored
  bool operator==(const RecoverySetting&) const = default;
};

enum class DestinationStatus : unsigned char { kEnabling, kActive, kDisabling, kDisabled, kEnableFailed, kUpdating };
enum class Precision : unsigned char { kMillisecond, kMicrosecond };

struct StreamingDestination {
  std::string stream_arn;
  DestinationStatus status = DestinationStatus::kEnabling;
  std::string problem;                 // of kEnableFailed
  std::optional<Precision> precision;  // as it was asked for
  std::uint32_t generation = 0;        // of its outbox; never used again
  bool operator==(const StreamingDestination&) const = default;
};

struct InsightsSetting {
  bool enabled = false;
  bool throttled_only = false;  // THROTTLED_KEYS
  std::int64_t updated_ms = 0;
  std::int64_t rules_ms = 0;  // when the rules were made: part of their names
  bool operator==(const InsightsSetting&) const = default;
};

struct ResourcePolicy {
  std::string document;
  std::string revision;
  bool operator==(const ResourcePolicy&) const = default;
};

// A table that is being filled from a backup or from another table's past.
struct Restoring {
  std::string backup_arn;  // empty: from the past of a table
  std::string table_arn;
  std::int64_t time_ms = 0;
  std::uint64_t backup = 0;  // id
  std::uint32_t source = 0, generation = 0;
  std::uint64_t number = 0;
  bool operator==(const Restoring&) const = default;
};

struct Features {
  RecoverySetting recovery;
  std::uint32_t history = 0;     // generation of the history that is kept; 0: none
  bool history_closing = false;  // nobody writes to it any more; its rows are being erased
  std::uint32_t next_generation = 1;
  std::vector<StreamingDestination> destinations;
  std::map<std::string, InsightsSetting, std::less<>> insights;  // by index name; "": the table's own
  std::map<std::string, ResourcePolicy, std::less<>> policies;   // by stream label; "": the table's own
  std::optional<Restoring> restoring;
  bool importing = false;  // an import fills the table: only that one writes to it
  bool operator==(const Features&) const = default;
};

std::string_view to_string(DestinationStatus status);
std::string_view to_string(Precision precision);

json::Value features_value(const Features& features);
Features features_from(const json::Value* value);

}  // namespace tidemill::tables
