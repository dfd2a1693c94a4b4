#include "triggers/mapping.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_texts.h"

namespace tidemill::triggers {
namespace {

json::Value filters_json(const std::vector<std::string>& patterns) {
  json::Array filters;
  for (const std::string& pattern : patterns) {
    json::Object filter;
    filter["Pattern"] = pattern;
    filters.push_back(std::move(filter));
  }
  json::Object out;
  out["Filters"] = std::move(filters);
  return out;
}

json::Value access_json(const std::vector<SourceAccess>& access) {
  json::Array out;
  for (const SourceAccess& one : access) {
    json::Object entry;
    entry["Type"] = one.type;
    entry["URI"] = one.uri;
    out.push_back(std::move(entry));
  }
  return out;
}

json::Value destination_json(const std::string& destination) {
  json::Object failure, out;
  if (!destination.empty()) failure["Destination"] = destination;
  out["OnFailure"] = std::move(failure);
  return out;
}

json::Value response_types_json(bool report) {
  json::Array out;
  if (report) out.push_back("ReportBatchItemFailures");
  return out;
}

double epoch_real(WallTime time) { return static_cast<double>(epoch_ms(time)) / 1000.0; }

void add_stream_members(json::Object& out, const Mapping& m) {
  const Settings& s = m.settings;
  out["EventSourceArn"] = m.source_arn;
  out["FunctionArn"] = m.function_arn;
  out["BatchSize"] = s.batch_size;
  out["MaximumBatchingWindowInSeconds"] = s.window_s.value_or(0);
  out["ParallelizationFactor"] = s.parallelization;
  out["StartingPosition"] = m.start_name;
  out["BisectBatchOnFunctionError"] = s.bisect;
  out["MaximumRecordAgeInSeconds"] = s.record_age_s;
  out["MaximumRetryAttempts"] = s.retries_max;
  out["TumblingWindowInSeconds"] = s.tumbling_window_s;
  out["FunctionResponseTypes"] = response_types_json(s.report_item_failures);
  out["DestinationConfig"] = destination_json(s.on_failure);
}

void add_kafka_members(json::Object& out, const Mapping& m) {
  const Settings& s = m.settings;
  out["BatchSize"] = s.batch_size;
  if (s.window_s) out["MaximumBatchingWindowInSeconds"] = *s.window_s;
  if (m.kind == SourceKind::kCluster) out["EventSourceArn"] = m.source_arn;
  out["FunctionArn"] = m.function_arn;
  if (m.kind == SourceKind::kSelfManaged) {
    json::Object endpoints, source;
    endpoints["KAFKA_BOOTSTRAP_SERVERS"] = json::texts(m.bootstrap_servers);
    source["Endpoints"] = std::move(endpoints);
    out["SelfManagedEventSource"] = std::move(source);
  }
  out[m.kind == SourceKind::kSelfManaged ? "SelfManagedKafkaEventSourceConfig"
                                         : "AmazonManagedKafkaEventSourceConfig"] = m.kafka_config;
  if (!s.source_access.empty()) out["SourceAccessConfigurations"] = access_json(s.source_access);
  out["StartingPosition"] = m.start_name;
  if (m.start_timestamp_s) out["StartingPositionTimestamp"] = *m.start_timestamp_s;
  if (s.bisect) out["BisectBatchOnFunctionError"] = true;
  if (s.record_age_s != -1) out["MaximumRecordAgeInSeconds"] = s.record_age_s;
  if (s.retries_max != -1) out["MaximumRetryAttempts"] = s.retries_max;
  if (s.report_item_failures) out["FunctionResponseTypes"] = response_types_json(true);
  if (!s.on_failure.empty()) out["DestinationConfig"] = destination_json(s.on_failure);
  json::Array topics;
  topics.push_back(m.topic);
  out["Topics"] = std::move(topics);
}

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::kCreating: return "Creating";
    case State::kEnabling: return "Enabling";
    case State::kEnabled: return "Enabled";
    case State::kUpdating: return "Updating";
    case State::kDisabling: return "Disabling";
    case State::kDisabled: return "Disabled";
    case State::kDeleting: return "Deleting";
  }
  std::unreachable();
}

std::string Mapping::arn() const {
  return fmt::format("arn:aws:lambda:{}:{}:event-source-mapping:{}", scope.region, scope.account, uuid);
}

json::Value to_api_json(const Mapping& m) {
  json::Object out;
  out["UUID"] = m.uuid;
  out["EventSourceMappingArn"] = m.arn();
  if (m.is_kafka())
    add_kafka_members(out, m);
  else
    add_stream_members(out, m);
  if (m.settings.filters) out["FilterCriteria"] = filters_json(*m.settings.filters);
  for (const auto& [name, value] : m.settings.echoed) out[name] = value;
  out["State"] = to_string(m.state);
  out["StateTransitionReason"] = m.state_reason;
  out["LastProcessingResult"] = m.last_result;
  out["LastModified"] = epoch_real(m.modified);
  return out;
}

std::string encode(const Mapping& m) {
  json::Object out;
  const Settings& s = m.settings;
  out["account"] = m.scope.account;
  out["region"] = m.scope.region;
  out["uuid"] = m.uuid;
  out["kind"] = static_cast<int>(m.kind);
  out["source_arn"] = m.source_arn;
  out["servers"] = json::texts(m.bootstrap_servers);
  out["topic"] = m.topic;
  out["group"] = m.group;
  out["kafka_config"] = m.kafka_config;
  out["function_arn"] = m.function_arn;
  out["start"] = m.start_name;
  out["start_at"] = static_cast<int>(m.start.at);
  out["start_ms"] = m.start.timestamp_ms;
  if (m.start_timestamp_s) out["start_s"] = *m.start_timestamp_s;
  out["batch_size"] = s.batch_size;
  if (s.window_s) out["window_s"] = *s.window_s;
  out["parallelization"] = s.parallelization;
  out["retries_max"] = s.retries_max;
  out["record_age_s"] = s.record_age_s;
  out["bisect"] = s.bisect;
  out["tumbling_window_s"] = s.tumbling_window_s;
  out["report_item_failures"] = s.report_item_failures;
  if (s.filters) out["filters"] = json::texts(*s.filters);
  out["on_failure"] = s.on_failure;
  out["access"] = access_json(s.source_access);
  out["echoed"] = s.echoed;
  out["enabled"] = m.enabled;
  json::Object tags;
  for (const auto& [name, value] : m.tags) tags[name] = value;
  out["tags"] = std::move(tags);
  out["last_result"] = m.last_result;
  out["modified_ms"] = epoch_ms(m.modified);
  return json::Value(std::move(out)).text();
}

Result<Mapping> decode(std::string_view stored) {
  const auto value = json::Value::parse(stored);
  if (!value || value->string_or("uuid").empty())
    return fail(Errc::kInternal, "a stored event source mapping is damaged");
  Mapping m;
  Settings& s = m.settings;
  m.scope = {.account = value->string_or("account"), .region = value->string_or("region")};
  m.uuid = value->string_or("uuid");
  m.kind = static_cast<SourceKind>(value->integer_or("kind", 0));
  m.source_arn = value->string_or("source_arn");
  m.bootstrap_servers = json::text_list(value->find("servers"));
  m.topic = value->string_or("topic");
  m.group = value->string_or("group");
  if (const auto* config = value->find("kafka_config")) m.kafka_config = *config;
  m.function_arn = value->string_or("function_arn");
  m.start_name = value->string_or("start");
  m.start = {.at = static_cast<Start::At>(value->integer_or("start_at", 0)),
             .timestamp_ms = value->integer_or("start_ms", 0)};
  if (const auto* seconds = value->find("start_s")) m.start_timestamp_s = seconds->as_real();
  s.batch_size = value->integer_or("batch_size", 100);
  if (const auto* window = value->find("window_s")) s.window_s = window->as_integer();
  s.parallelization = value->integer_or("parallelization", 1);
  s.retries_max = value->integer_or("retries_max", -1);
  s.record_age_s = value->integer_or("record_age_s", -1);
  s.bisect = value->bool_or("bisect", false);
  s.tumbling_window_s = value->integer_or("tumbling_window_s", 0);
  s.report_item_failures = value->bool_or("report_item_failures", false);
  if (const auto* filters = value->find("filters")) s.filters = json::text_list(filters);
  s.on_failure = value->string_or("on_failure");
  if (const auto* access = value->find("access"); access && access->is_array())
    for (const auto& one : access->as_array()) s.source_access.push_back({one.string_or("Type"), one.string_or("URI")});
  if (const auto* echoed = value->find("echoed"); echoed && echoed->is_object()) s.echoed = echoed->as_object();
  m.enabled = value->bool_or("enabled", true);
  if (const auto* tags = value->find("tags"); tags && tags->is_object())
    for (const auto& [name, text] : tags->as_object())
      if (text.is_string()) m.tags[name] = text.as_string();
  m.last_result = value->string_or("last_result", "No records processed");
  m.modified = from_epoch_ms(value->integer_or("modified_ms", 0));
  m.state_reason = m.is_kafka() ? "USER_INITIATED" : "User action";
  m.state = m.enabled ? State::kEnabling : State::kDisabled;
  return m;
}

}  // namespace tidemill::triggers
