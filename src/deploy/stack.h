// Stacks, their resources, events and change sets as values, and their stored form (docs/formats/stacks.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/scope.h"
#include "base/time_text.h"
#include "deploy/parameters.h"
#include "deploy/provider.h"
#include "deploy/template.h"

namespace tidemill::deploy {

enum class StackStatus : unsigned char {
  kReviewInProgress,
  kCreateInProgress,
  kCreateComplete,
  kCreateFailed,
  kRollbackInProgress,
  kRollbackComplete,
  kRollbackFailed,
  kUpdateInProgress,
  kUpdateCompleteCleanupInProgress,
  kUpdateComplete,
  kUpdateFailed,
  kUpdateRollbackInProgress,
  kUpdateRollbackCompleteCleanupInProgress,
  kUpdateRollbackComplete,
  kUpdateRollbackFailed,
  kDeleteInProgress,
  kDeleteComplete,
  kDeleteFailed,
};
enum class ResourceStatus : unsigned char {
  kCreateInProgress,
  kCreateComplete,
  kCreateFailed,
  kUpdateInProgress,
  kUpdateComplete,
  kUpdateFailed,
  kDeleteInProgress,
  kDeleteComplete,
  kDeleteFailed,
  kDeleteSkipped,
};
std::string_view to_string(StackStatus status);  // "CREATE_COMPLETE"
std::string_view to_string(ResourceStatus status);
bool is_in_progress(StackStatus status);  // an operation runs (not REVIEW_IN_PROGRESS)
bool is_failure(StackStatus status);      // what a client reports as a failed deployment

// What a stack is made from.
struct Definition {
  std::string template_text;
  ParameterValues parameters;
  std::vector<Tag> tags;
  std::vector<std::string> capabilities;
  std::string role_arn;
  std::vector<std::string> notification_arns;
  std::vector<std::string> assets;  // "bucket/key" of uploaded code that it uses
};

// One made (or being made) physical resource.
struct ResourceVersion {
  std::string physical_id;  // empty until it is known
  std::string token;
  std::string generated_name;
  WallTime begun{};                         // when its making began
  json::Value properties = json::Object();  // resolved
  json::Object attributes;
  std::vector<std::string> needs;  // logical ids
  DeletionPolicy deletion_policy = DeletionPolicy::kDelete;
  DeletionPolicy update_replace_policy = DeletionPolicy::kDelete;
};

struct ResourceRecord {
  std::string logical_id;
  std::string type;
  ResourceStatus status = ResourceStatus::kCreateInProgress;
  std::string reason;
  WallTime updated;
  std::optional<ResourceVersion> current;   // what Ref and GetAtt see
  std::optional<ResourceVersion> next;      // being made, or an update that failed half way
  std::optional<ResourceVersion> previous;  // replaced by current in this operation, still there
  bool new_in_operation = false;            // made by the operation that runs
};

// A physical resource that the stack no longer uses and cleans up at the end of the operation.
struct Leftover {
  std::string logical_id;
  std::string type;
  ResourceVersion version;
  bool keep = false;  // its policy retains it
};

struct Output {
  std::string key, value, description, export_name;
  bool operator==(const Output&) const = default;
};

struct Event {
  std::uint64_t number = 0;  // within the stack, from 1
  std::string id;
  std::string logical_id, physical_id, type;
  std::string status;
  std::string reason;
  std::string properties;  // JSON text of resource events
  std::string client_token;
  WallTime time;
};

enum class OnFailure : unsigned char { kRollback, kDelete, kDoNothing };

struct Stack {
  Scope scope;
  std::string name;
  std::string uuid;
  std::string id;  // ARN
  StackStatus status = StackStatus::kReviewInProgress;
  std::string reason;
  WallTime created;
  std::optional<WallTime> updated, deleted;
  bool termination_protection = false;
  Definition definition;             // live; of a first creation also while it runs
  std::optional<Definition> target;  // of the update that runs
  OnFailure on_failure = OnFailure::kRollback;
  std::string client_token;         // of the operation that runs
  std::vector<std::string> retain;  // logical ids that the deletion that runs keeps
  std::vector<Output> outputs;
  std::vector<std::string> imports;  // export names used
  std::vector<Leftover> leftovers;
  std::uint64_t next_event = 1;
  Named<ResourceRecord> resources;

  bool exists() const { return status != StackStatus::kDeleteComplete; }
};

enum class Action : unsigned char { kAdd, kModify, kRemove };
std::string_view to_string(Action action);
std::string_view to_string(Replacement replacement);

struct ChangeDetail {
  std::string property;             // top level
  std::string requires_recreation;  // Never, Conditionally, Always
  std::string evaluation;           // Static, Dynamic
  std::string source;               // DirectModification, ResourceReference, ResourceAttribute, ParameterReference
  std::string causing_entity;
  bool operator==(const ChangeDetail&) const = default;
};

struct Change {
  Action action = Action::kAdd;
  std::string logical_id, physical_id, type;
  Replacement replacement = Replacement::kFalse;
  std::vector<std::string> scope;  // Properties, Metadata, DeletionPolicy, ...
  std::vector<ChangeDetail> details;
  json::Value before, after;  // properties; after may hold kKnownAfterApply
  bool retained = false;      // a removal that leaves the resource in place
};

enum class ChangeSetStatus : unsigned char { kCreateComplete, kFailed };
enum class ExecutionStatus : unsigned char {
  kUnavailable,
  kAvailable,
  kExecuteInProgress,
  kExecuteComplete,
  kExecuteFailed,
  kObsolete
};
std::string_view to_string(ChangeSetStatus status);
std::string_view to_string(ExecutionStatus status);

struct ChangeSet {
  std::string name;
  std::string id;  // ARN
  std::string stack_id;
  bool creates = false;
  std::string description;
  std::string client_token;
  Definition definition;
  std::vector<Change> changes;
  ChangeSetStatus status = ChangeSetStatus::kCreateComplete;
  ExecutionStatus execution = ExecutionStatus::kAvailable;
  std::string reason;
  OnFailure on_failure = OnFailure::kRollback;
  WallTime created;
};

json::Value encode(const Stack& stack);  // without definitions and resources
json::Value encode(const Definition& definition);
json::Value encode(const ResourceRecord& record);
json::Value encode(const Event& event);
json::Value encode(const ChangeSet& change_set);
tidemill::Result<Stack> decode_stack(const json::Value& from);
Definition decode_definition(const json::Value& from);
tidemill::Result<ResourceRecord> decode_resource(const json::Value& from);
Event decode_event(const json::Value& from);
tidemill::Result<ChangeSet> decode_change_set(const json::Value& from);
// As clients show it: `{"Action": "Add", "LogicalResourceId": ...}`.
json::Value describe(const Change& change);

}  // namespace tidemill::deploy
