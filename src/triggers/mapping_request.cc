// Create and update calls: from the body to a mapping, with the constraint sentences of the service.
#include <algorithm>
#include <string>

#include "triggers/filter/pattern.h"
#include "triggers/mapping.h"

#include <fmt/format.h>

namespace tidemill::triggers {
namespace {

std::unexpected<Error> invalid(std::string message) { return fail(Errc::kInvalidParameter, std::move(message)); }

// Constraint sentences, gathered so that one answer names them all.
class Violations {
 public:
  void add(std::string_view member, std::string_view value, std::string_view constraint) {
    if (!text_.empty()) text_ += "; ";
    text_ += fmt::format("Value '{}' at '{}' failed to satisfy constraint: {}", value, member, constraint);
    ++count_;
  }
  void range(std::string_view member, std::int64_t value, std::int64_t low, std::int64_t high) {
    if (value < low)
      add(member, std::to_string(value), fmt::format("Member must have value greater than or equal to {}", low));
    else if (value > high)
      add(member, std::to_string(value), fmt::format("Member must have value less than or equal to {}", high));
  }
  Status status() const {
    if (count_ == 0) return {};
    return fail(Errc::kValidation,
                fmt::format("{} validation error{} detected: {}", count_, count_ == 1 ? "" : "s", text_));
  }

 private:
  std::string text_;
  int count_ = 0;
};

const json::Value* present(const json::Value& body, std::string_view name) {
  const auto* value = body.find(name);
  return value && !value->is_null() ? value : nullptr;
}

std::unexpected<Error> wrong_type(std::string_view member, std::string_view wanted) {
  return invalid(fmt::format("Could not parse request body into json: {} must be {}.", member, wanted));
}

Status read_integer(const json::Value& body, std::string_view member, std::int64_t& out) {
  if (const auto* value = present(body, member)) {
    if (!value->is_integer()) return wrong_type(member, "an integer");
    out = value->as_integer();
  }
  return {};
}
Status read_bool(const json::Value& body, std::string_view member, bool& out) {
  if (const auto* value = present(body, member)) {
    if (!value->is_bool()) return wrong_type(member, "a boolean");
    out = value->as_bool();
  }
  return {};
}
Status read_string(const json::Value& body, std::string_view member, std::string& out) {
  if (const auto* value = present(body, member)) {
    if (!value->is_string()) return wrong_type(member, "a string");
    out = value->as_string();
  }
  return {};
}

constexpr std::string_view kDestinationPattern =
    R"(^$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((us-iso[a-z]?|[a-z]{2})(-gov)?-[a-z]+-\d{1})?:(\d{12})?:(.*))";

bool is_topic_name(std::string_view name) {
  return !name.empty() && name.size() <= 249 && name.front() != '.' && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

// arn:partition:service:region:account:rest, with region and account possibly empty.
bool is_arn(std::string_view text) { return text.starts_with("arn:aws") && std::ranges::count(text, ':') >= 5; }

constexpr std::string_view kKafkaScheme = "kafka://";

Status read_destination(const json::Value& body, const Mapping& mapping, Settings& settings, Violations& violations) {
  const auto* config = present(body, "DestinationConfig");
  if (!config) return {};
  if (!config->is_object()) return wrong_type("DestinationConfig", "an object");
  if (const auto* success = present(*config, "OnSuccess"); success && present(*success, "Destination"))
    return invalid("Unsupported DestinationConfig parameter for given event source mapping type.");
  const auto* failure = present(*config, "OnFailure");
  const auto* destination = failure ? present(*failure, "Destination") : nullptr;
  if (!destination) {
    settings.on_failure.clear();
    return {};
  }
  if (!destination->is_string()) return wrong_type("DestinationConfig.OnFailure.Destination", "a string");
  const std::string& text = destination->as_string();
  const bool topic = text.starts_with(kKafkaScheme);
  if (text.size() > 350)
    violations.add("destinationConfig.onFailure.destination", text,
                   "Member must have length less than or equal to 350");
  else if (!text.empty() && !(topic ? is_topic_name(std::string_view(text).substr(kKafkaScheme.size())) : is_arn(text)))
    violations.add("destinationConfig.onFailure.destination", text,
                   fmt::format("Member must satisfy regular expression pattern: {}", kDestinationPattern));
  if (topic && mapping.is_kafka() && std::string_view(text).substr(kKafkaScheme.size()) == mapping.topic)
    return invalid(
        fmt::format("The on-failure destination {} must not be one of the topics of the event source mapping.", text));
  settings.on_failure = text;
  return {};
}

Status read_filters(const json::Value& body, Settings& settings, Violations& violations) {
  const auto* criteria = present(body, "FilterCriteria");
  if (!criteria) return {};
  if (!criteria->is_object()) return wrong_type("FilterCriteria", "an object");
  const auto* filters = present(*criteria, "Filters");
  if (!filters || (filters->is_array() && filters->as_array().empty())) {
    settings.filters.reset();
    return {};
  }
  if (!filters->is_array()) return wrong_type("FilterCriteria.Filters", "a list");
  if (filters->as_array().size() > Filters::kFiltersMax)
    violations.add("filterCriteria.filters", "[...]",
                   fmt::format("Member must have length less than or equal to {}", Filters::kFiltersMax));
  std::vector<std::string> patterns;
  for (const json::Value& filter : filters->as_array()) {
    const auto* pattern = filter.find("Pattern");
    if (!pattern || !pattern->is_string()) return invalid("Invalid filter pattern definition.");
    if (pattern->as_string().size() > Filters::kPatternCharactersMax)
      violations.add("filterCriteria.filters.1.member.pattern", "...",
                     fmt::format("Member must have length less than or equal to {}", Filters::kPatternCharactersMax));
    patterns.push_back(pattern->as_string());
  }
  TM_CHECK(violations.status());
  if (auto parsed = Filters::parse(patterns); !parsed) return std::unexpected(parsed.error());
  settings.filters = std::move(patterns);
  return {};
}

Status read_response_types(const json::Value& body, Settings& settings, Violations& violations) {
  const auto* types = present(body, "FunctionResponseTypes");
  if (!types) return {};
  if (!types->is_array()) return wrong_type("FunctionResponseTypes", "a list");
  settings.report_item_failures = false;
  for (const json::Value& type : types->as_array()) {
    if (!type.is_string() || type.as_string() != "ReportBatchItemFailures")
      violations.add("functionResponseTypes", "[" + (type.is_string() ? type.as_string() : type.text()) + "]",
                     "Member must satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures]]");
    settings.report_item_failures = true;
  }
  if (types->as_array().size() > 1)
    violations.add("functionResponseTypes", types->text(), "Member must have length less than or equal to 1");
  return {};
}

Status read_access(const json::Value& body, Settings& settings, Violations& violations) {
  const auto* list = present(body, "SourceAccessConfigurations");
  if (!list) return {};
  if (!list->is_array()) return wrong_type("SourceAccessConfigurations", "a list");
  static constexpr std::string_view kTypes[] = {
      "BASIC_AUTH",          "VPC_SUBNET",   "VPC_SECURITY_GROUP",          "SASL_SCRAM_512_AUTH",
      "SASL_SCRAM_256_AUTH", "VIRTUAL_HOST", "CLIENT_CERTIFICATE_TLS_AUTH", "SERVER_ROOT_CA_CERTIFICATE"};
  if (list->as_array().size() > 22)
    violations.add("sourceAccessConfigurations", "[...]", "Member must have length less than or equal to 22");
  settings.source_access.clear();
  for (const json::Value& entry : list->as_array()) {
    SourceAccess access{entry.string_or("Type"), entry.string_or("URI")};
    if (std::ranges::find(kTypes, access.type) == std::end(kTypes))
      violations.add(
          "sourceAccessConfigurations.1.member.type", access.type,
          "Member must satisfy enum value set: [BASIC_AUTH, VPC_SUBNET, VPC_SECURITY_GROUP, SASL_SCRAM_512_AUTH, "
          "SASL_SCRAM_256_AUTH, VIRTUAL_HOST, CLIENT_CERTIFICATE_TLS_AUTH, SERVER_ROOT_CA_CERTIFICATE]");
    settings.source_access.push_back(std::move(access));
  }
  return {};
}

constexpr std::string_view kEchoed[] = {"KMSKeyArn", "MetricsConfig", "LoggingConfig", "ScalingConfig",
                                        "ProvisionedPollerConfig"};

// The settings' members of a body, onto `settings`.
Status read_settings(const json::Value& body, const Mapping& mapping, Settings& settings) {
  Violations violations;
  std::int64_t window = settings.window_s.value_or(0);
  TM_CHECK(read_integer(body, "BatchSize", settings.batch_size));
  TM_CHECK(read_integer(body, "MaximumBatchingWindowInSeconds", window));
  if (present(body, "MaximumBatchingWindowInSeconds")) settings.window_s = window;
  TM_CHECK(read_integer(body, "ParallelizationFactor", settings.parallelization));
  TM_CHECK(read_integer(body, "MaximumRetryAttempts", settings.retries_max));
  TM_CHECK(read_integer(body, "MaximumRecordAgeInSeconds", settings.record_age_s));
  TM_CHECK(read_integer(body, "TumblingWindowInSeconds", settings.tumbling_window_s));
  TM_CHECK(read_bool(body, "BisectBatchOnFunctionError", settings.bisect));
  violations.range("batchSize", settings.batch_size, 1, 10000);
  violations.range("maximumBatchingWindowInSeconds", window, 0, 300);
  violations.range("parallelizationFactor", settings.parallelization, 1, 10);
  violations.range("maximumRetryAttempts", settings.retries_max, -1, 10000);
  if (settings.record_age_s != -1) violations.range("maximumRecordAgeInSeconds", settings.record_age_s, 60, 604800);
  violations.range("tumblingWindowInSeconds", settings.tumbling_window_s, 0, 900);
  TM_CHECK(read_response_types(body, settings, violations));
  TM_CHECK(read_access(body, settings, violations));
  TM_CHECK(read_destination(body, mapping, settings, violations));
  TM_CHECK(violations.status());
  TM_CHECK(read_filters(body, settings, violations));
  TM_CHECK(violations.status());
  for (const std::string_view name : kEchoed)
    if (const auto* value = present(body, name)) settings.echoed[name] = *value;
  if (mapping.is_kafka()) {
    for (const char* member : {"ParallelizationFactor", "TumblingWindowInSeconds"})
      if (present(body, member))
        return invalid(fmt::format("Unsupported {} parameter for given event source mapping type.", member));
  } else if (settings.tumbling_window_s > 0 && settings.parallelization > 1) {
    return invalid("TumblingWindowInSeconds cannot be combined with a ParallelizationFactor greater than 1.");
  }
  return {};
}

bool is_stream_arn(std::string_view arn) {
  // arn:aws:dynamodb:{region}:{account}:table/{table}/stream/{label}
  return arn.starts_with("arn:aws") && arn.find(":dynamodb:") != std::string_view::npos &&
         arn.find("/stream/") != std::string_view::npos;
}
bool is_cluster_arn(std::string_view arn) {
  return arn.starts_with("arn:aws") && arn.find(":kafka:") != std::string_view::npos &&
         arn.find(":cluster/") != std::string_view::npos;
}

bool is_server(std::string_view text) {
  const auto colon = text.rfind(':');
  if (text.empty() || text.size() > 300 || colon == std::string_view::npos || colon == 0 || colon + 1 == text.size())
    return false;
  return text.size() - colon <= 6 &&
         std::ranges::all_of(text.substr(colon + 1), [](char c) { return c >= '0' && c <= '9'; });
}

Status read_source(const json::Value& body, Mapping& mapping, Violations& violations) {
  TM_CHECK(read_string(body, "EventSourceArn", mapping.source_arn));
  const auto* self_managed = present(body, "SelfManagedEventSource");
  if (mapping.source_arn.empty() == !self_managed) return invalid("Unrecognized event source.");
  if (self_managed) {
    mapping.kind = SourceKind::kSelfManaged;
    const auto* endpoints = present(*self_managed, "Endpoints");
    const auto* servers = endpoints ? present(*endpoints, "KAFKA_BOOTSTRAP_SERVERS") : nullptr;
    if (!servers || !servers->is_array() || servers->as_array().empty()) return invalid("Unrecognized event source.");
    if (servers->as_array().size() > 10)
      violations.add("selfManagedEventSource.endpoints", "[...]", "Member must have length less than or equal to 10");
    for (const json::Value& server : servers->as_array()) {
      if (!server.is_string() || !is_server(server.as_string())) {
        violations.add(
            "selfManagedEventSource.endpoints", server.is_string() ? server.as_string() : server.text(),
            R"(Member must satisfy regular expression pattern: ^(([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]*[a-zA-Z0-9])\.)*([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9\-]*[A-Za-z0-9]):[0-9]{1,5})");
        continue;
      }
      mapping.bootstrap_servers.push_back(server.as_string());
    }
  } else if (is_stream_arn(mapping.source_arn)) {
    mapping.kind = SourceKind::kStream;
  } else if (is_cluster_arn(mapping.source_arn)) {
    mapping.kind = SourceKind::kCluster;
  } else {
    return invalid("Unrecognized event source.");
  }
  if (!mapping.is_kafka()) return {};

  const auto* topics = present(body, "Topics");
  if (!topics) return invalid("Required 'topics' parameter is missing.");
  if (!topics->is_array()) return wrong_type("Topics", "a list");
  if (topics->as_array().size() != 1) {
    violations.add(
        "topics", topics->text(),
        fmt::format("Member must have length {} than or equal to 1", topics->as_array().empty() ? "greater" : "less"));
  } else {
    mapping.topic = topics->as_array()[0].is_string() ? topics->as_array()[0].as_string() : "";
    if (!is_topic_name(mapping.topic))
      violations.add(
          "topics", topics->text(),
          R"(Member must satisfy constraint: [Member must satisfy regular expression pattern: ^[^.]([a-zA-Z0-9\-_.]+)])");
  }
  const auto* config = present(body, mapping.kind == SourceKind::kSelfManaged ? "SelfManagedKafkaEventSourceConfig"
                                                                              : "AmazonManagedKafkaEventSourceConfig");
  if (config) {
    TM_CHECK(read_string(*config, "ConsumerGroupId", mapping.group));
    if (mapping.group.size() > 200)
      violations.add("consumerGroupId", mapping.group, "Member must have length less than or equal to 200");
    if (present(*config, "SchemaRegistryConfig"))
      return invalid("SchemaRegistryConfig is not supported: records are delivered as they are in the topic.");
  }
  return {};
}

Status read_start(const json::Value& body, Mapping& mapping) {
  TM_CHECK(read_string(body, "StartingPosition", mapping.start_name));
  if (mapping.start_name.empty()) {
    // SAM's self-managed Kafka events name no position.
    if (!mapping.is_kafka())
      return invalid(
          "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not "
          "be null.");
    mapping.start_name = "TRIM_HORIZON";
  }
  if (mapping.start_name == "TRIM_HORIZON") {
    mapping.start = {.at = Start::At::kTrimHorizon};
  } else if (mapping.start_name == "LATEST") {
    mapping.start = {.at = Start::At::kLatest};
  } else if (mapping.start_name == "AT_TIMESTAMP") {
    if (!mapping.is_kafka()) return invalid("Unsupported starting position for arn type: " + mapping.source_arn);
    const auto* when = present(body, "StartingPositionTimestamp");
    if (!when || !when->is_number())
      return invalid("StartingPositionTimestamp must be specified when StartingPosition is AT_TIMESTAMP.");
    mapping.start_timestamp_s = when->as_real();
    mapping.start = {.at = Start::At::kTimestamp, .timestamp_ms = static_cast<std::int64_t>(when->as_real() * 1000)};
  } else {
    Violations violations;
    violations.add("startingPosition", mapping.start_name,
                   "Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]");
    return violations.status();
  }
  return {};
}

}  // namespace

Result<CreateRequest> parse_create(const Scope& scope, const json::Value& body) {
  if (!body.is_object()) return invalid("Could not parse request body into json.");
  CreateRequest request{.scope = scope};
  Mapping& mapping = request.mapping;
  mapping.scope = scope;
  TM_CHECK(read_string(body, "FunctionName", request.function_name));
  if (request.function_name.empty())
    return fail(Errc::kValidation,
                "1 validation error detected: Value null at 'functionName' failed to satisfy constraint: Member must "
                "not be null");
  Violations violations;
  if (request.function_name.size() > 256)
    violations.add("functionName", request.function_name, "Member must have length less than or equal to 256");
  TM_CHECK(read_source(body, mapping, violations));
  TM_CHECK(violations.status());
  TM_CHECK(read_start(body, mapping));
  TM_CHECK(read_settings(body, mapping, mapping.settings));
  TM_CHECK(read_bool(body, "Enabled", mapping.enabled));
  if (const auto* tags = present(body, "Tags")) {
    if (!tags->is_object()) return wrong_type("Tags", "an object");
    if (tags->as_object().size() > 50) return invalid("Number of tags exceeds the maximum of 50.");
    for (const auto& [name, value] : tags->as_object()) {
      if (!value.is_string()) return wrong_type("Tags", "an object of strings");
      mapping.tags[name] = value.as_string();
    }
  }
  return request;
}

Result<UpdateRequest> parse_update(std::string_view uuid, const json::Value& body) {
  if (!body.is_object()) return invalid("Could not parse request body into json.");
  UpdateRequest request{.uuid = std::string(uuid), .body = body};
  for (const char* member :
       {"EventSourceArn", "StartingPosition", "StartingPositionTimestamp", "Topics", "SelfManagedEventSource"})
    if (present(body, member)) return invalid(fmt::format("{} of an event source mapping cannot be changed.", member));
  if (present(body, "FunctionName")) {
    std::string name;
    TM_CHECK(read_string(body, "FunctionName", name));
    request.function_name = std::move(name);
  }
  if (present(body, "Enabled")) {
    bool enabled = true;
    TM_CHECK(read_bool(body, "Enabled", enabled));
    request.enabled = enabled;
  }
  return request;
}

Result<Settings> updated(const Mapping& mapping, const json::Value& body) {
  Settings settings = mapping.settings;
  TM_CHECK(read_settings(body, mapping, settings));
  for (const char* member : {"SelfManagedKafkaEventSourceConfig", "AmazonManagedKafkaEventSourceConfig"})
    if (const auto* config = present(body, member))
      if (const auto* group = present(*config, "ConsumerGroupId");
          group && (!group->is_string() || group->as_string() != mapping.group))
        return invalid("ConsumerGroupId of an event source mapping cannot be changed.");
  return settings;
}

}  // namespace tidemill::triggers
