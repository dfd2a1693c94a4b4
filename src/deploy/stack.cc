#include "deploy/stack.h"

#include <array>
#include <utility>

#include "base/json_texts.h"

namespace tidemill::deploy {
namespace {

using json::text_list;
using json::texts;

constexpr std::array<std::string_view, 18> kStackStatus = {
    "REVIEW_IN_PROGRESS",
    "CREATE_IN_PROGRESS",
    "CREATE_COMPLETE",
    "CREATE_FAILED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_FAILED",
    "DELETE_IN_PROGRESS",
    "DELETE_COMPLETE",
    "DELETE_FAILED",
};
constexpr std::array<std::string_view, 10> kResourceStatus = {
    "CREATE_IN_PROGRESS", "CREATE_COMPLETE",    "CREATE_FAILED",   "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE",
    "UPDATE_FAILED",      "DELETE_IN_PROGRESS", "DELETE_COMPLETE", "DELETE_FAILED",      "DELETE_SKIPPED",
};
constexpr std::array<std::string_view, 3> kPolicy = {"Delete", "Retain", "RetainExceptOnCreate"};
constexpr std::array<std::string_view, 3> kOnFailure = {"ROLLBACK", "DELETE", "DO_NOTHING"};
constexpr std::array<std::string_view, 3> kAction = {"Add", "Modify", "Remove"};
constexpr std::array<std::string_view, 3> kReplacement = {"False", "Conditional", "True"};
constexpr std::array<std::string_view, 2> kChangeSetStatus = {"CREATE_COMPLETE", "FAILED"};
constexpr std::array<std::string_view, 6> kExecution = {"UNAVAILABLE",      "AVAILABLE",      "EXECUTE_IN_PROGRESS",
                                                        "EXECUTE_COMPLETE", "EXECUTE_FAILED", "OBSOLETE"};

template <class Enum, std::size_t N>
tidemill::Result<Enum> parse_enum(const std::array<std::string_view, N>& names, const std::string& text) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
  }
  return tidemill::fail(tidemill::Errc::kCorruption, "a stored stack holds the unknown word '" + text + "'");
}

json::Object object_of(const json::Value& from, std::string_view name) {
  const auto* found = from.find(name);
  return found != nullptr && found->is_object() ? found->as_object() : json::Object();
}

const json::Array& array_of(const json::Value& from, std::string_view name) {
  static const json::Array kEmpty;
  const auto* found = from.find(name);
  return found != nullptr && found->is_array() ? found->as_array() : kEmpty;
}

json::Value encode(const ResourceVersion& version) {
  json::Object out;
  out["id"] = version.physical_id;
  out["token"] = version.token;
  out["name"] = version.generated_name;
  out["begun"] = epoch_ms(version.begun);
  out["properties"] = version.properties;
  out["attributes"] = version.attributes;
  out["needs"] = texts(version.needs);
  out["deletion"] = kPolicy[std::to_underlying(version.deletion_policy)];
  out["replace"] = kPolicy[std::to_underlying(version.update_replace_policy)];
  return out;
}

tidemill::Result<ResourceVersion> decode_version(const json::Value& from) {
  ResourceVersion version;
  version.physical_id = from.string_or("id");
  version.token = from.string_or("token");
  version.generated_name = from.string_or("name");
  version.begun = from_epoch_ms(from.integer_or("begun", 0));
  version.properties = object_of(from, "properties");
  version.attributes = object_of(from, "attributes");
  version.needs = text_list(from, "needs");
  TM_TRY(version.deletion_policy, parse_enum<DeletionPolicy>(kPolicy, from.string_or("deletion", "Delete")));
  TM_TRY(version.update_replace_policy, parse_enum<DeletionPolicy>(kPolicy, from.string_or("replace", "Delete")));
  return version;
}

tidemill::Result<std::optional<ResourceVersion>> decode_optional_version(const json::Value& from,
                                                                         std::string_view name) {
  const auto* found = from.find(name);
  if (found == nullptr) return std::optional<ResourceVersion>();
  TM_TRY(auto version, decode_version(*found));
  return std::optional<ResourceVersion>(std::move(version));
}

}  // namespace

std::string_view to_string(StackStatus status) { return kStackStatus[std::to_underlying(status)]; }
std::string_view to_string(ResourceStatus status) { return kResourceStatus[std::to_underlying(status)]; }
std::string_view to_string(Action action) { return kAction[std::to_underlying(action)]; }
std::string_view to_string(Replacement replacement) { return kReplacement[std::to_underlying(replacement)]; }
std::string_view to_string(ChangeSetStatus status) { return kChangeSetStatus[std::to_underlying(status)]; }
std::string_view to_string(ExecutionStatus status) { return kExecution[std::to_underlying(status)]; }

bool is_in_progress(StackStatus status) {
  return to_string(status).ends_with("_IN_PROGRESS") && status != StackStatus::kReviewInProgress;
}

bool is_failure(StackStatus status) {
  const auto text = to_string(status);
  return text.ends_with("_FAILED") || text.find("ROLLBACK") != text.npos;
}

json::Value encode(const Definition& definition) {
  json::Object out;
  out["template"] = definition.template_text;
  json::Object parameters;
  for (const auto& [name, value] : definition.parameters) {
    json::Object one;
    one["value"] = value.value;
    if (value.resolved) one["resolved"] = *value.resolved;
    parameters[name] = std::move(one);
  }
  out["parameters"] = std::move(parameters);
  json::Array tags;
  for (const auto& tag : definition.tags) tags.emplace_back(json::Array{tag.key, tag.value});
  out["tags"] = std::move(tags);
  out["capabilities"] = texts(definition.capabilities);
  out["role"] = definition.role_arn;
  out["notification"] = texts(definition.notification_arns);
  out["assets"] = texts(definition.assets);
  return out;
}

Definition decode_definition(const json::Value& from) {
  Definition definition;
  definition.template_text = from.string_or("template");
  for (const auto& [name, value] : object_of(from, "parameters")) {
    ParameterValue one{.value = value.string_or("value")};
    if (value.find("resolved") != nullptr) one.resolved = value.string_or("resolved");
    definition.parameters.emplace(name, std::move(one));
  }
  for (const auto& tag : array_of(from, "tags")) {
    if (tag.is_array() && tag.as_array().size() == 2)
      definition.tags.push_back({tag.as_array()[0].as_string(), tag.as_array()[1].as_string()});
  }
  definition.capabilities = text_list(from, "capabilities");
  definition.role_arn = from.string_or("role");
  definition.notification_arns = text_list(from, "notification");
  definition.assets = text_list(from, "assets");
  return definition;
}

json::Value encode(const ResourceRecord& record) {
  json::Object out;
  out["logical"] = record.logical_id;
  out["type"] = record.type;
  out["status"] = to_string(record.status);
  out["reason"] = record.reason;
  out["updated"] = epoch_ms(record.updated);
  out["new"] = record.new_in_operation;
  if (record.current) out["current"] = encode(*record.current);
  if (record.next) out["next"] = encode(*record.next);
  if (record.previous) out["previous"] = encode(*record.previous);
  return out;
}

tidemill::Result<ResourceRecord> decode_resource(const json::Value& from) {
  ResourceRecord record;
  record.logical_id = from.string_or("logical");
  record.type = from.string_or("type");
  TM_TRY(record.status, parse_enum<ResourceStatus>(kResourceStatus, from.string_or("status")));
  record.reason = from.string_or("reason");
  record.updated = from_epoch_ms(from.integer_or("updated", 0));
  record.new_in_operation = from.bool_or("new", false);
  TM_TRY(record.current, decode_optional_version(from, "current"));
  TM_TRY(record.next, decode_optional_version(from, "next"));
  TM_TRY(record.previous, decode_optional_version(from, "previous"));
  return record;
}

json::Value encode(const Event& event) {
  json::Object out;
  out["number"] = event.number;
  out["id"] = event.id;
  out["logical"] = event.logical_id;
  out["physical"] = event.physical_id;
  out["type"] = event.type;
  out["status"] = event.status;
  out["reason"] = event.reason;
  out["properties"] = event.properties;
  out["token"] = event.client_token;
  out["time"] = epoch_ms(event.time);
  return out;
}

Event decode_event(const json::Value& from) {
  return {.number = static_cast<std::uint64_t>(from.integer_or("number", 0)),
          .id = from.string_or("id"),
          .logical_id = from.string_or("logical"),
          .physical_id = from.string_or("physical"),
          .type = from.string_or("type"),
          .status = from.string_or("status"),
          .reason = from.string_or("reason"),
          .properties = from.string_or("properties"),
          .client_token = from.string_or("token"),
          .time = from_epoch_ms(from.integer_or("time", 0))};
}

json::Value encode(const Stack& stack) {
  json::Object out;
  out["account"] = stack.scope.account;
  out["region"] = stack.scope.region;
  out["name"] = stack.name;
  out["uuid"] = stack.uuid;
  out["id"] = stack.id;
  out["status"] = to_string(stack.status);
  out["reason"] = stack.reason;
  out["created"] = epoch_ms(stack.created);
  if (stack.updated) out["updated"] = epoch_ms(*stack.updated);
  if (stack.deleted) out["deleted"] = epoch_ms(*stack.deleted);
  out["protected"] = stack.termination_protection;
  out["on_failure"] = kOnFailure[std::to_underlying(stack.on_failure)];
  out["token"] = stack.client_token;
  out["retain"] = texts(stack.retain);
  json::Array outputs;
  for (const auto& output : stack.outputs) {
    outputs.emplace_back(json::Array{output.key, output.value, output.description, output.export_name});
  }
  out["outputs"] = std::move(outputs);
  out["imports"] = texts(stack.imports);
  json::Array leftovers;
  for (const auto& leftover : stack.leftovers) {
    json::Object one;
    one["logical"] = leftover.logical_id;
    one["type"] = leftover.type;
    one["version"] = encode(leftover.version);
    one["keep"] = leftover.keep;
    leftovers.emplace_back(std::move(one));
  }
  out["leftovers"] = std::move(leftovers);
  out["next_event"] = stack.next_event;
  return out;
}

tidemill::Result<Stack> decode_stack(const json::Value& from) {
  Stack stack;
  stack.scope = {from.string_or("account"), from.string_or("region")};
  stack.name = from.string_or("name");
  stack.uuid = from.string_or("uuid");
  stack.id = from.string_or("id");
  TM_TRY(stack.status, parse_enum<StackStatus>(kStackStatus, from.string_or("status")));
  stack.reason = from.string_or("reason");
  stack.created = from_epoch_ms(from.integer_or("created", 0));
  if (from.find("updated") != nullptr) stack.updated = from_epoch_ms(from.integer_or("updated", 0));
  if (from.find("deleted") != nullptr) stack.deleted = from_epoch_ms(from.integer_or("deleted", 0));
  stack.termination_protection = from.bool_or("protected", false);
  TM_TRY(stack.on_failure, parse_enum<OnFailure>(kOnFailure, from.string_or("on_failure", "ROLLBACK")));
  stack.client_token = from.string_or("token");
  stack.retain = text_list(from, "retain");
  for (const auto& output : array_of(from, "outputs")) {
    const auto& part = output.as_array();
    stack.outputs.push_back(
        {part.at(0).as_string(), part.at(1).as_string(), part.at(2).as_string(), part.at(3).as_string()});
  }
  stack.imports = text_list(from, "imports");
  for (const auto& leftover : array_of(from, "leftovers")) {
    const auto* version = leftover.find("version");
    if (version == nullptr)
      return tidemill::fail(tidemill::Errc::kCorruption, "a stored stack has a leftover without a version");
    TM_TRY(auto decoded, decode_version(*version));
    stack.leftovers.push_back({leftover.string_or("logical"), leftover.string_or("type"), std::move(decoded),
                               leftover.bool_or("keep", false)});
  }
  stack.next_event = static_cast<std::uint64_t>(from.integer_or("next_event", 1));
  return stack;
}

json::Value encode(const ChangeSet& set) {
  json::Object out;
  out["name"] = set.name;
  out["id"] = set.id;
  out["stack"] = set.stack_id;
  out["creates"] = set.creates;
  out["description"] = set.description;
  out["token"] = set.client_token;
  out["definition"] = encode(set.definition);
  json::Array changes;
  for (const auto& change : set.changes) {
    json::Object one;
    one["action"] = to_string(change.action);
    one["logical"] = change.logical_id;
    one["physical"] = change.physical_id;
    one["type"] = change.type;
    one["replacement"] = to_string(change.replacement);
    one["scope"] = texts(change.scope);
    json::Array details;
    for (const auto& d : change.details)
      details.emplace_back(json::Array{d.property, d.requires_recreation, d.evaluation, d.source, d.causing_entity});
    one["details"] = std::move(details);
    one["before"] = change.before;
    one["after"] = change.after;
    one["retained"] = change.retained;
    changes.emplace_back(std::move(one));
  }
  out["changes"] = std::move(changes);
  out["status"] = to_string(set.status);
  out["execution"] = to_string(set.execution);
  out["reason"] = set.reason;
  out["on_failure"] = kOnFailure[std::to_underlying(set.on_failure)];
  out["created"] = epoch_ms(set.created);
  return out;
}

tidemill::Result<ChangeSet> decode_change_set(const json::Value& from) {
  ChangeSet set;
  set.name = from.string_or("name");
  set.id = from.string_or("id");
  set.stack_id = from.string_or("stack");
  set.creates = from.bool_or("creates", false);
  set.description = from.string_or("description");
  set.client_token = from.string_or("token");
  if (const auto* definition = from.find("definition")) set.definition = decode_definition(*definition);
  for (const auto& one : array_of(from, "changes")) {
    Change change;
    TM_TRY(change.action, parse_enum<Action>(kAction, one.string_or("action")));
    change.logical_id = one.string_or("logical");
    change.physical_id = one.string_or("physical");
    change.type = one.string_or("type");
    TM_TRY(change.replacement, parse_enum<Replacement>(kReplacement, one.string_or("replacement")));
    change.scope = text_list(one, "scope");
    for (const auto& detail : array_of(one, "details")) {
      const auto& d = detail.as_array();
      change.details.push_back(
          {d.at(0).as_string(), d.at(1).as_string(), d.at(2).as_string(), d.at(3).as_string(), d.at(4).as_string()});
    }
    if (const auto* before = one.find("before")) change.before = *before;
    if (const auto* after = one.find("after")) change.after = *after;
    change.retained = one.bool_or("retained", false);
    set.changes.push_back(std::move(change));
  }
  TM_TRY(set.status, parse_enum<ChangeSetStatus>(kChangeSetStatus, from.string_or("status")));
  TM_TRY(set.execution, parse_enum<ExecutionStatus>(kExecution, from.string_or("execution")));
  set.reason = from.string_or("reason");
  TM_TRY(set.on_failure, parse_enum<OnFailure>(kOnFailure, from.string_or("on_failure", "ROLLBACK")));
  set.created = from_epoch_ms(from.integer_or("created", 0));
  return set;
}

json::Value describe(const Change& change) {
  json::Object out;
  out["Action"] = to_string(change.action);
  out["LogicalResourceId"] = change.logical_id;
  if (!change.physical_id.empty()) out["PhysicalResourceId"] = change.physical_id;
  out["ResourceType"] = change.type;
  if (change.action == Action::kModify) out["Replacement"] = to_string(change.replacement);
  if (change.action == Action::kRemove) out["PolicyAction"] = change.retained ? "Retain" : "Delete";
  out["Scope"] = texts(change.scope);
  json::Array details;
  for (const auto& detail : change.details) {
    json::Object target, one;
    target["Attribute"] = "Properties";
    target["Name"] = detail.property;
    target["RequiresRecreation"] = detail.requires_recreation;
    one["Target"] = std::move(target);
    one["Evaluation"] = detail.evaluation;
    one["ChangeSource"] = detail.source;
    if (!detail.causing_entity.empty()) one["CausingEntity"] = detail.causing_entity;
    details.emplace_back(std::move(one));
  }
  out["Details"] = std::move(details);
  return out;
}

}  // namespace tidemill::deploy
