// An event source mapping: the value, its requests, its JSON forms.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/scope.h"
#include "base/time_text.h"
#include "triggers/error.h"
#include "triggers/record_source.h"

namespace tidemill::triggers {

enum class SourceKind : unsigned char {
  kStream,       // a table's stream, by ARN
  kCluster,      // a topic of a cluster given by its ARN
  kSelfManaged,  // a topic of a cluster given by its bootstrap servers
};

enum class State : unsigned char { kCreating, kEnabling, kEnabled, kUpdating, kDisabling, kDisabled, kDeleting };
std::string_view to_string(State state);  // "Creating"

struct SourceAccess {
  std::string type, uri;
  bool operator==(const SourceAccess&) const = default;
};

// What create and update may set alike.
struct Settings {
  std::int64_t batch_size = 100;
  std::optional<std::int64_t> window_s;  // MaximumBatchingWindowInSeconds; nothing: never set
  std::int64_t parallelization = 1;
  std::int64_t retries_max = -1;   // -1: until the record expires
  std::int64_t record_age_s = -1;  // -1: until the source drops it
  bool bisect = false;
  std::int64_t tumbling_window_s = 0;
  bool report_item_failures = false;
  std::optional<std::vector<std::string>> filters;  // pattern texts
  std::string on_failure;                           // destination; empty: none
  std::vector<SourceAccess> source_access;
  // Stored and shown, without effect here: KMSKeyArn, MetricsConfig, LoggingConfig, ScalingConfig,
  // ProvisionedPollerConfig.
  json::Object echoed;
  bool operator==(const Settings&) const = default;
};

struct Mapping {
  Scope scope;
  std::string uuid;
  SourceKind kind = SourceKind::kStream;
  std::string source_arn;                      // stream or cluster
  std::vector<std::string> bootstrap_servers;  // self-managed
  std::string topic;
  std::string group;         // ConsumerGroupId
  json::Value kafka_config;  // Amazon... or SelfManagedKafkaEventSourceConfig as shown
  std::string function_arn;
  Start start;
  std::string start_name;  // "TRIM_HORIZON"
  std::optional<double> start_timestamp_s;
  Settings settings;
  bool enabled = true;
  std::map<std::string, std::string> tags;

  State state = State::kCreating;
  std::string state_reason;
  std::string last_result = "No records processed";
  WallTime modified;

  std::string arn() const;
  bool is_kafka() const { return kind != SourceKind::kStream; }
  bool operator==(const Mapping&) const = default;
};

// The body of a create call, checked as far as the text alone goes. Errors: kValidation, kInvalidParameter.
struct CreateRequest {
  Scope scope;
  std::string function_name;
  Mapping mapping;  // without uuid, function ARN and state
};
Result<CreateRequest> parse_create(const Scope& scope, const json::Value& body);

// The body of an update call: members given replace, others stay.
struct UpdateRequest {
  std::string uuid;
  std::optional<std::string> function_name;
  std::optional<bool> enabled;
  json::Value body;  // the settings' members, applied onto the mapping's own
};
Result<UpdateRequest> parse_update(std::string_view uuid, const json::Value& body);
// The settings after the update. Errors as for create.
Result<Settings> updated(const Mapping& mapping, const json::Value& body);

// As the API shows it.
json::Value to_api_json(const Mapping& mapping);

// As it is stored.
std::string encode(const Mapping& mapping);
Result<Mapping> decode(std::string_view stored);

}  // namespace tidemill::triggers
