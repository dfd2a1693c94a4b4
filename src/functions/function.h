// A function as the registry keeps it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/scope.h"
#include "base/time_text.h"
#include "functions/error.h"

namespace tidemill::functions {

enum class State : std::uint8_t { kPending, kActive };
enum class UpdateStatus : std::uint8_t { kNone, kInProgress, kSuccessful };

struct LoggingConfig {
  bool json = false;              // LogFormat JSON, else Text
  std::string application_level;  // TRACE..FATAL, with json only; empty when not given
  std::string system_level;       // DEBUG INFO WARN, with json only; empty when not given
  std::string log_group;          // empty: /aws/lambda/{name}
  bool operator==(const LoggingConfig&) const = default;
};

// What the owner chose; defaults as the service gives them.
struct Configuration {
  std::string runtime;  // nodejs20.x, python3.12, provided.al2023, ...
  std::string handler;
  std::string role;  // ARN
  std::string description;
  int timeout_s = 3;    // 1..900
  int memory_mb = 128;  // 128..10240
  std::optional<std::map<std::string, std::string>> environment;
  int ephemeral_storage_mb = 512;
  std::string architecture = "x86_64";
  std::string tracing_mode = "PassThrough";
  std::string dead_letter_target;  // ARN, empty when not given
  std::string kms_key;             // stored and shown; nothing is encrypted with it
  std::optional<json::Value> vpc;  // stored and shown; functions run on this machine's network
  LoggingConfig logging;
  bool operator==(const Configuration&) const = default;
};

// Fields of Configuration that an update names; the others stay.
struct ConfigurationChange {
  std::optional<std::string> runtime, handler, role, description;
  std::optional<std::int64_t> timeout_s, memory_mb, ephemeral_storage_mb;
  std::optional<std::map<std::string, std::string>> environment;
  std::optional<std::vector<std::string>> architectures;
  std::optional<std::string> tracing_mode, dead_letter_target, kms_key;
  std::optional<json::Value> vpc;
  std::optional<LoggingConfig> logging;
  std::optional<std::vector<std::string>> layers;
};

// Where the archive comes from: bytes, or an object in a bucket.
struct Code {
  std::optional<std::string> zip;
  std::string bucket, key, object_version;
  bool is_image = false;  // ImageUri was given
};

struct PolicyStatement {
  std::string id;
  json::Value document;  // Sid, Effect, Principal, Action, Resource, Condition, in this order
  bool operator==(const PolicyStatement&) const = default;
};

struct EventInvokeConfig {
  std::optional<int> retries_max;      // 0..2
  std::optional<int> event_age_s;      // 60..21600
  std::string on_success, on_failure;  // ARNs
  WallTime modified;
  bool operator==(const EventInvokeConfig&) const = default;
};

struct Function {
  Scope scope;
  std::string name;
  Configuration configuration;
  std::string code_sha256;      // 32 raw bytes
  std::uint64_t code_size = 0;  // bytes of the archive
  WallTime modified;
  std::string revision_id;
  State state = State::kPending;
  UpdateStatus update = UpdateStatus::kNone;
  std::map<std::string, std::string> tags;
  std::vector<PolicyStatement> policy;
  std::string policy_revision_id;
  std::optional<int> reserved_concurrency;
  std::optional<EventInvokeConfig> event_invoke;
  std::uint64_t generation =
      0;  // grows with every change of code or configuration: environments of an older one retire

  std::string arn() const;  // unqualified
  std::string log_group() const;
};

std::string function_arn(const Scope& scope, std::string_view name, std::string_view qualifier = "");

// The stored form of a function; versioned (docs/formats/functions.md).
std::string encode(const Function& function);
tidemill::Result<Function> decode_function(std::string_view bytes);

}  // namespace tidemill::functions
