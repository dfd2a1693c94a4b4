#include "tables/features.h"

#include <utility>

namespace tidemill::tables {
namespace {

std::uint32_t small(const json::Value& value, std::string_view name) {
  return static_cast<std::uint32_t>(value.integer_or(name, 0));
}

json::Value destination_value(const StreamingDestination& destination) {
  json::Object out;
  out["stream"] = destination.stream_arn;
  out["status"] = static_cast<int>(destination.status);
  out["problem"] = destination.problem;
  if (destination.precision) out["precision"] = static_cast<int>(*destination.precision);
  out["generation"] = destination.generation;
  return out;
}

StreamingDestination destination_from(const json::Value& value) {
  StreamingDestination out{.stream_arn = value.string_or("stream"),
                           .status = static_cast<DestinationStatus>(value.integer_or("status", 3)),
                           .problem = value.string_or("problem"),
                           .generation = small(value, "generation")};
  if (value.find("precision") != nullptr) out.precision = static_cast<Precision>(value.integer_or("precision", 0));
  return out;
}

}  // namespace

std::string_view to_string(DestinationStatus status) {
  switch (status) {
    case DestinationStatus::kEnabling: return "ENABLING";
    case DestinationStatus::kActive: return "ACTIVE";
    case DestinationStatus::kDisabling: return "DISABLING";
    case DestinationStatus::kDisabled: return "DISABLED";
    case DestinationStatus::kEnableFailed: return "ENABLE_FAILED";
    case DestinationStatus::kUpdating: return "UPDATING";
  }
  std::unreachable();
}

std::string_view to_string(Precision precision) {
  return precision == Precision::kMicrosecond ? "MICROSECOND" : "MILLISECOND";
}

json::Value features_value(const Features& features) {
  json::Object out;
  out["pitr"] = features.recovery.enabled;
  out["pitr_days"] = features.recovery.days;
  out["pitr_since"] = features.recovery.since_ms;
  out["history"] = features.history;
  out["history_closing"] = features.history_closing;
  out["next_generation"] = features.next_generation;
  json::Array destinations;
  for (const auto& one : features.destinations) destinations.push_back(destination_value(one));
  out["destinations"] = std::move(destinations);
  json::Object insights;
  for (const auto& [index, setting] : features.insights) {
    json::Object one;
    one["enabled"] = setting.enabled;
    one["throttled_only"] = setting.throttled_only;
    one["updated"] = setting.updated_ms;
    one["rules"] = setting.rules_ms;
    insights[index] = std::move(one);
  }
  out["insights"] = std::move(insights);
  json::Object policies;
  for (const auto& [stream, policy] : features.policies) {
    json::Object one;
    one["document"] = policy.document;
    one["revision"] = policy.revision;
    policies[stream] = std::move(one);
  }
  out["policies"] = std::move(policies);
  if (features.restoring) {
    json::Object one;
    one["backup_arn"] = features.restoring->backup_arn;
    one["table_arn"] = features.restoring->table_arn;
    one["time"] = features.restoring->time_ms;
    one["backup"] = static_cast<std::int64_t>(features.restoring->backup);
    one["source"] = features.restoring->source;
    one["generation"] = features.restoring->generation;
    one["number"] = static_cast<std::int64_t>(features.restoring->number);
    out["restoring"] = std::move(one);
  }
  if (features.importing) out["importing"] = true;
  return out;
}

Features features_from(const json::Value* value) {
  Features out;
  if (value == nullptr || !value->is_object()) return out;
  out.recovery = {.enabled = value->bool_or("pitr", false),
                  .days = static_cast<int>(value->integer_or("pitr_days", 35)),
                  .since_ms = value->integer_or("pitr_since", 0)};
  out.history = small(*value, "history");
  out.history_closing = value->bool_or("history_closing", false);
  out.next_generation = static_cast<std::uint32_t>(value->integer_or("next_generation", 1));
  if (const auto* list = value->find("destinations"); list != nullptr && list->is_array()) {
    for (const auto& one : list->as_array()) out.destinations.push_back(destination_from(one));
  }
  if (const auto* insights = value->find("insights"); insights != nullptr && insights->is_object()) {
    for (const auto& [index, one] : insights->as_object()) {
      out.insights[index] = {.enabled = one.bool_or("enabled", false),
                             .throttled_only = one.bool_or("throttled_only", false),
                             .updated_ms = one.integer_or("updated", 0),
                             .rules_ms = one.integer_or("rules", 0)};
    }
  }
  if (const auto* policies = value->find("policies"); policies != nullptr && policies->is_object()) {
    for (const auto& [stream, one] : policies->as_object()) {
      out.policies[stream] = {.document = one.string_or("document"), .revision = one.string_or("revision")};
    }
  }
  out.importing = value->bool_or("importing", false);
  if (const auto* one = value->find("restoring"); one != nullptr && one->is_object()) {
    out.restoring = Restoring{.backup_arn = one->string_or("backup_arn"),
                              .table_arn = one->string_or("table_arn"),
                              .time_ms = one->integer_or("time", 0),
                              .backup = static_cast<std::uint64_t>(one->integer_or("backup", 0)),
                              .source = small(*one, "source"),
                              .generation = small(*one, "generation"),
                              .number = static_cast<std::uint64_t>(one->integer_or("number", 0))};
  }
  return out;
}

}  // namespace tidemill::tables
