#include "deploy/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/assert.h"
#include "deploy/change_set.h"
#include "deploy/names.h"

namespace tidemill::deploy {
namespace {

// Whether a removal or leftover is this version of this resource, which may be a record and a leftover. Physical ids
// alone name none: those of two stages may be equal.
template <class One>
bool is_version_of(const One& one, std::string_view logical_id, std::string_view type, const ResourceVersion& version) {
  return one.logical_id == logical_id && one.type == type && one.version.physical_id == version.physical_id;
}

}  // namespace

std::string handler_reason(const HandlerError& error, std::string_view token) {
  return fmt::format("Resource handler returned message: \"{}\" (RequestToken: {}, HandlerErrorCode: {})",
                     error.message, token, to_string(error.code));
}

template <class Done>
Reply<Outcome, HandlerError> Run::reply_to(Done done) {
  return Reply<Outcome, HandlerError>([alive = std::weak_ptr<bool>(alive_),
                                       done = std::move(done)](std::expected<Outcome, HandlerError> result) mutable {
    if (!alive.expired()) done(std::move(result));
  });
}

void Run::start(bool resumed) {
  resumed_ = resumed;
  switch (stack_.status) {
    case StackStatus::kCreateInProgress: return apply(stack_.definition);
    case StackStatus::kUpdateInProgress:
      // Without a target everything had been applied when the crash came: applying the live definition finds nothing to
      // do.
      return apply(stack_.target ? *stack_.target : stack_.definition);
    case StackStatus::kUpdateRollbackInProgress: return apply(stack_.definition);
    case StackStatus::kUpdateCompleteCleanupInProgress:
    case StackStatus::kUpdateRollbackCompleteCleanupInProgress: return clean_up();
    case StackStatus::kRollbackInProgress:
    case StackStatus::kDeleteInProgress: return remove_all();
    default: return finish();
  }
}

ResourceContext Run::context(const std::string& id, const std::string& token) const {
  const auto& definition = stack_.target && !reverting() ? *stack_.target : stack_.definition;
  return {.scope = stack_.scope,
          .stack_name = stack_.name,
          .stack_id = stack_.id,
          .logical_id = id,
          .token = token,
          .tags = definition.tags};
}

void Run::set_status(StackStatus status, std::string reason) {
  services_.log.info("stack.status", {{"stack", stack_.name}, {"status", to_string(status)}});
  services_.book.set_status(stack_, status, std::move(reason));
}

void Run::note(const ResourceRecord& record, ResourceStatus status, const ResourceVersion& version,
               std::string reason) {
  services_.book.add_resource_event(stack_, record.logical_id, record.type, version.physical_id, status,
                                    std::move(reason), version.properties);
}

// --- making and changing
// ------------------------------------------------------------------------------------------------

void Run::apply(const Definition& definition) {
  prepared_.reset();
  waiting_.clear();
  ready_.clear();
  done_ = 0;
  failed_.clear();
  first_reason_.clear();
  auto prepared =
      prepare(definition, stack_.scope, stack_.name, stack_.id, services_.providers, services_.surroundings);
  if (!prepared) {  // it could be prepared when the operation began: an export or parameter has gone since
    first_reason_ = prepared.error().message;
    return apply_failed(first_reason_);
  }
  prepared_ = *std::move(prepared);
  for (const auto& [id, needs] : prepared_->graph) {
    waiting_[id] = needs.size();
    if (needs.empty()) ready_.push_back(id);
  }
  launch();
}

// Replies may come while a step is being started: the loop below, not the reply, goes on then.
void Run::launch() {
  if (launching_) return;
  launching_ = true;
  while (failed_.empty() && running_ < kParallelMax && !ready_.empty()) {
    const auto id = ready_.front();
    ready_.pop_front();
    ++running_;
    step(id);
  }
  launching_ = false;
  if (running_ == 0 && (!failed_.empty() || done_ == waiting_.size())) apply_ended();
}

void Run::step(const std::string& id) {
  const auto& declared = prepared_->source->resources.find(id)->second;
  auto found = stack_.resources.find(id);
  if (found != stack_.resources.end() && reverting()) take_back(found->second);

  const LiveValues live(stack_);
  Evaluation scope = prepared_->scope;
  scope.resources = &live;
  auto properties = evaluate_present(scope, declared.properties);
  const bool made = found != stack_.resources.end() && found->second.current;
  if (!properties)
    return step_failed(id, made ? ResourceStatus::kUpdateFailed : ResourceStatus::kCreateFailed,
                       properties.error().message);
  for (const auto& required : services_.providers.find(declared.type)->schema().required) {
    if (properties->find(required) != nullptr) continue;
    return step_failed(
        id, made ? ResourceStatus::kUpdateFailed : ResourceStatus::kCreateFailed,
        fmt::format("Properties validation failed for resource {} with message: #: required key [{}] not found", id,
                    required));
  }

  ResourceVersion version{.properties = *std::move(properties)};
  const auto& needs = prepared_->graph.find(id)->second;
  version.needs.assign(needs.begin(), needs.end());
  version.deletion_policy = declared.deletion_policy;
  version.update_replace_policy = declared.update_replace_policy;

  const auto& provider = *services_.providers.find(declared.type);
  const auto begin_create = [&] {
    auto& record = stack_.resources[id];
    // What an earlier life of the server had begun is begun again under the same token and name.
    const bool again = resumed_ && record.next && record.next->physical_id.empty() && !record.next->token.empty();
    version.token = again ? record.next->token : services_.book.random().uuid();
    version.generated_name = again ? record.next->generated_name
                                   : generate_name(provider.schema().name, stack_.name, id,
                                                   random_suffix(services_.book.random()), version.properties);
    version.begun = again ? record.next->begun : services_.book.now();
    create(id, std::move(version), again);
  };
  if (!made) {
    auto& record = stack_.resources[id];
    record.logical_id = id;
    record.type = declared.type;
    record.new_in_operation = true;
    return begin_create();
  }

  auto& record = found->second;
  const auto& current = *record.current;
  const bool half_done = record.next && record.next->physical_id == current.physical_id;
  if (changed_properties(current.properties, version.properties).empty() && !half_done) {
    const bool same = current.needs == version.needs && current.deletion_policy == version.deletion_policy &&
                      current.update_replace_policy == version.update_replace_policy;
    record.current->needs = version.needs;
    record.current->deletion_policy = version.deletion_policy;
    record.current->update_replace_policy = version.update_replace_policy;
    if (!same) services_.book.save_resource(stack_, record);
    return step_done(id);
  }
  if (replacement_of(provider, current.properties, version.properties) != Replacement::kFalse) {
    const auto& rule = provider.schema().name;
    const auto* old_name = rule.property.empty() ? nullptr : current.properties.find(rule.property);
    const auto* new_name = rule.property.empty() ? nullptr : version.properties.find(rule.property);
    if (old_name != nullptr && new_name != nullptr && same_value(*old_name, *new_name)) {
      return step_failed(id, ResourceStatus::kUpdateFailed,
                         fmt::format("CloudFormation cannot update a stack when a custom-named resource requires "
                                     "replacing. Rename {} and update the stack again.",
                                     scalar_text(*old_name).value_or(id)));
    }
    return begin_create();
  }
  version.physical_id = current.physical_id;
  version.token = current.token;
  version.generated_name = current.generated_name;
  version.begun = current.begun;
  version.attributes = current.attributes;
  update(id, std::move(version));
}

// Going back to the definition before: what the update replaced is current again, what it made becomes a leftover.
void Run::take_back(ResourceRecord& record) {
  if (record.next && record.current && record.next->physical_id != record.current->physical_id) record.next.reset();
  if (!record.previous) return;
  if (record.current) stack_.leftovers.push_back({record.logical_id, record.type, *record.current, false});
  services_.book.save(stack_);
  record.current = std::exchange(record.previous, std::nullopt);
  services_.book.save_resource(stack_, record);
}

void Run::create(const std::string& id, ResourceVersion version, bool resumed) {
  auto& record = stack_.resources.find(id)->second;
  const bool replaces = record.current.has_value();
  record.status = replaces ? ResourceStatus::kUpdateInProgress : ResourceStatus::kCreateInProgress;
  record.reason =
      replaces ? "Requested update requires the creation of a new physical resource; hence creating one." : "";
  record.updated = services_.book.now();
  CreateRequest request{.context = context(id, version.token),
                        .properties = version.properties,
                        .generated_name = version.generated_name,
                        .resumed = resumed,
                        .begun = version.begun};
  record.next = std::move(version);
  services_.book.save_resource(stack_, record);
  if (!resumed) note(record, record.status, replaces ? *record.current : *record.next, record.reason);
  services_.providers.find(record.type)->create(std::move(request), reply_to([this, id](auto result) {
                                                  created(id, std::move(result));
                                                }));
}

void Run::created(const std::string& id, std::expected<Outcome, HandlerError> result) {
  auto& record = stack_.resources.find(id)->second;
  const bool replaces = record.current.has_value();
  record.updated = services_.book.now();
  if (!result) {
    const auto token = record.next->token;
    record.next.reset();
    return step_failed(id, replaces ? ResourceStatus::kUpdateFailed : ResourceStatus::kCreateFailed,
                       handler_reason(result.error(), token));
  }
  auto version = *std::exchange(record.next, std::nullopt);
  version.physical_id = std::move(result->physical_id);
  version.attributes = std::move(result->attributes);
  if (replaces) set_aside(record);
  record.current = std::move(version);
  note(record, replaces ? ResourceStatus::kUpdateInProgress : ResourceStatus::kCreateInProgress, *record.current,
       "Resource creation Initiated");
  if (!failed_.empty()) {
    return step_failed(id, replaces ? ResourceStatus::kUpdateFailed : ResourceStatus::kCreateFailed,
                       "Resource creation cancelled");
  }
  record.status = replaces ? ResourceStatus::kUpdateComplete : ResourceStatus::kCreateComplete;
  record.reason.clear();
  services_.book.save_resource(stack_, record);
  note(record, record.status, *record.current);
  step_done(id);
}

// The current version makes way for another. One that an earlier, failed operation had replaced is cleaned up by this
// one.
void Run::set_aside(ResourceRecord& record) {
  if (record.previous) {
    stack_.leftovers.push_back({record.logical_id, record.type, *record.previous, false});
    services_.book.save(stack_);
  }
  record.previous = std::move(record.current);
}

void Run::update(const std::string& id, ResourceVersion version) {
  auto& record = stack_.resources.find(id)->second;
  // After an update that failed half way, what was attempted is what the resource may be now.
  const auto& old_properties = record.next ? record.next->properties : record.current->properties;
  UpdateRequest request{.context = context(id, version.token),
                        .physical_id = version.physical_id,
                        .properties = version.properties,
                        .old_properties = old_properties,
                        .old_attributes = record.current->attributes};
  record.status = ResourceStatus::kUpdateInProgress;
  record.reason.clear();
  record.updated = services_.book.now();
  record.next = std::move(version);
  services_.book.save_resource(stack_, record);
  note(record, record.status, *record.next);
  services_.providers.find(record.type)->update(std::move(request), reply_to([this, id](auto result) {
                                                  updated(id, std::move(result));
                                                }));
}

void Run::updated(const std::string& id, std::expected<Outcome, HandlerError> result) {
  auto& record = stack_.resources.find(id)->second;
  record.updated = services_.book.now();
  if (!result)
    return step_failed(id, ResourceStatus::kUpdateFailed, handler_reason(result.error(), record.next->token));
  auto version = *std::exchange(record.next, std::nullopt);
  const bool moved = version.physical_id != result->physical_id;  // a custom resource may answer with another one
  version.physical_id = std::move(result->physical_id);
  version.attributes = std::move(result->attributes);
  if (moved) set_aside(record);
  record.current = std::move(version);
  record.status = ResourceStatus::kUpdateComplete;
  record.reason.clear();
  services_.book.save_resource(stack_, record);
  note(record, record.status, *record.current);
  step_done(id);
}

void Run::step_failed(const std::string& id, ResourceStatus status, std::string reason) {
  auto& record = stack_.resources[id];
  record.logical_id = id;
  if (record.type.empty()) record.type = prepared_->source->resources.find(id)->second.type;
  record.status = status;
  record.reason = reason;
  record.updated = services_.book.now();
  services_.book.save_resource(stack_, record);
  note(record, status, record.next ? *record.next : record.current ? *record.current : ResourceVersion(), reason);
  if (failed_.empty()) first_reason_ = std::move(reason);
  failed_.push_back(id);
  --running_;
  launch();
}

void Run::step_done(const std::string& id) {
  --running_;
  ++done_;
  for (const auto& [other, needs] : prepared_->graph) {
    if (needs.contains(id) && --waiting_[other] == 0) ready_.push_back(other);
  }
  launch();
}

void Run::apply_ended() {
  if (!failed_.empty()) {
    return apply_failed(fmt::format("The following resource(s) failed to {}: [{}]. ", creating() ? "create" : "update",
                                    fmt::join(failed_, ", ")));
  }
  applied();
}

void Run::applied() {
  const LiveValues live(stack_);
  auto outputs = evaluate_outputs(*prepared_, live);
  if (!outputs) return apply_failed(outputs.error().message);
  for (const auto& output : *outputs) {
    for (const auto& [uuid, other] : services_.book.stacks()) {
      if (output.export_name.empty() || other.get() == &stack_ || !other->exists() || other->scope != stack_.scope)
        continue;
      for (const auto& theirs : other->outputs) {
        if (theirs.export_name == output.export_name) {
          return apply_failed(
              fmt::format("Export with name {} is already exported by stack {}. Rule: Each exported name must be "
                          "unique per region per account",
                          output.export_name, other->name));
        }
      }
    }
  }
  for (const auto& before : stack_.outputs) {
    if (before.export_name.empty()) continue;
    const bool same = std::any_of(outputs->begin(), outputs->end(), [&](const auto& now) {
      return now.export_name == before.export_name && now.value == before.value;
    });
    if (same) continue;
    for (const auto& [uuid, other] : services_.book.stacks()) {
      if (!other->exists() || other->scope != stack_.scope || other.get() == &stack_) continue;
      if (std::find(other->imports.begin(), other->imports.end(), before.export_name) != other->imports.end()) {
        return apply_failed(
            fmt::format("Export {} cannot be updated as it is in use by {}", before.export_name, other->name));
      }
    }
  }
  auto imports = imported_names(*prepared_, live);
  if (!imports) return apply_failed(imports.error().message);
  stack_.outputs = *std::move(outputs);
  stack_.imports = *std::move(imports);
  if (creating()) {
    set_status(StackStatus::kCreateComplete);
    return finish();
  }
  const bool reverted = reverting();
  if (!reverted && stack_.target) stack_.definition = *stack_.target;
  stack_.target.reset();
  services_.book.save_definitions(stack_);
  set_status(reverted ? StackStatus::kUpdateRollbackCompleteCleanupInProgress
                      : StackStatus::kUpdateCompleteCleanupInProgress);
  clean_up();
}

void Run::apply_failed(std::string reason) {
  services_.log.warn("stack.operation_failed",
                     {{"stack", stack_.name}, {"status", to_string(stack_.status)}, {"failed", failed_.size()}});
  if (creating()) {
    if (stack_.on_failure == OnFailure::kDoNothing) {
      set_status(StackStatus::kCreateFailed, std::move(reason));
      return finish();
    }
    if (stack_.on_failure == OnFailure::kDelete) {
      set_status(StackStatus::kDeleteInProgress, reason + "Delete requested by user.");
    } else {
      set_status(StackStatus::kRollbackInProgress, reason + "Rollback requested by user.");
    }
    return remove_all();
  }
  if (reverting()) {
    set_status(StackStatus::kUpdateRollbackFailed, std::move(reason));
    return finish();
  }
  if (stack_.on_failure == OnFailure::kDoNothing) {
    stack_.target.reset();
    services_.book.save_definitions(stack_);
    set_status(StackStatus::kUpdateFailed, std::move(reason));
    return finish();
  }
  set_status(StackStatus::kUpdateRollbackInProgress, std::move(reason));
  resumed_ = false;
  apply(stack_.definition);
}

// --- removing
// -------------------------------------------------------------------------------------------------------------

void Run::add_removal(Removal removal) {
  for (const auto& other : removals_) {
    if (is_version_of(other, removal.logical_id, removal.type, removal.version)) return;
  }
  removals_.push_back(std::move(removal));
}

void Run::clean_up() {
  const bool reverted = stack_.status == StackStatus::kUpdateRollbackCompleteCleanupInProgress;
  // Replaced resources become leftovers; written before the records forget them.
  for (const auto& [id, record] : stack_.resources) {
    if (!record.previous) continue;
    const bool known =
        std::any_of(stack_.leftovers.begin(), stack_.leftovers.end(), [&id = id, &record = record](const auto& one) {
          return is_version_of(one, id, record.type, *record.previous);
        });
    const auto policy = record.current ? record.current->update_replace_policy : record.previous->update_replace_policy;
    if (!known) stack_.leftovers.push_back({id, record.type, *record.previous, policy != DeletionPolicy::kDelete});
  }
  services_.book.save(stack_);
  auto prepared =
      prepare(stack_.definition, stack_.scope, stack_.name, stack_.id, services_.providers, services_.surroundings);
  std::vector<std::string> never_made;
  for (auto& [id, record] : stack_.resources) {
    if (record.previous) {
      record.previous.reset();
      services_.book.save_resource(stack_, record);
    }
    if (!prepared || prepared->graph.contains(id)) continue;
    if (!record.current) {
      never_made.push_back(id);
      continue;
    }
    const auto policy = record.current->deletion_policy;
    const bool keep = policy == DeletionPolicy::kRetain ||
                      (policy == DeletionPolicy::kRetainExceptOnCreate && !(reverted && record.new_in_operation));
    add_removal({.logical_id = id, .type = record.type, .version = *record.current, .keep = keep, .is_record = true});
  }
  for (const auto& id : never_made) services_.book.erase_resource(stack_, id);
  for (const auto& leftover : stack_.leftovers)
    add_removal(
        {.logical_id = leftover.logical_id, .type = leftover.type, .version = leftover.version, .keep = leftover.keep});
  begin_removals();
}

void Run::remove_all() {
  const bool of_creation = stack_.status == StackStatus::kRollbackInProgress;
  std::vector<std::string> never_made;
  for (const auto& [id, record] : stack_.resources) {
    const bool asked = std::find(stack_.retain.begin(), stack_.retain.end(), id) != stack_.retain.end();
    const auto keeps = [&](DeletionPolicy policy) {
      return asked || policy == DeletionPolicy::kRetain ||
             (policy == DeletionPolicy::kRetainExceptOnCreate && !of_creation);
    };
    if (record.previous)
      add_removal({.logical_id = id,
                   .type = record.type,
                   .version = *record.previous,
                   .keep = keeps(record.previous->update_replace_policy)});
    if (record.current)
      add_removal({.logical_id = id,
                   .type = record.type,
                   .version = *record.current,
                   .keep = keeps(record.current->deletion_policy),
                   .is_record = true});
    else
      never_made.push_back(id);
  }
  for (const auto& id : never_made) services_.book.erase_resource(stack_, id);
  for (const auto& leftover : stack_.leftovers)
    add_removal(
        {.logical_id = leftover.logical_id, .type = leftover.type, .version = leftover.version, .keep = leftover.keep});
  begin_removals();
}

void Run::begin_removals() {
  // A thing goes when everything that needs it has gone.
  for (std::size_t i = 0; i < removals_.size(); ++i) {
    for (std::size_t j = 0; j < removals_.size(); ++j) {
      const auto& needs = removals_[j].version.needs;
      if (i != j && std::find(needs.begin(), needs.end(), removals_[i].logical_id) != needs.end())
        removals_[i].waits_for.insert(j);
    }
  }
  launch_removals();
}

void Run::launch_removals() {
  if (launching_) return;
  launching_ = true;
  for (bool again = true; again;) {
    again = false;
    for (std::size_t i = 0; i < removals_.size() && running_ < kParallelMax; ++i) {
      auto& removal = removals_[i];
      if (removal.started || !removal.waits_for.empty()) continue;
      removal.started = again = true;
      ++running_;
      if (removal.keep) {
        services_.book.add_resource_event(stack_, removal.logical_id, removal.type, removal.version.physical_id,
                                          ResourceStatus::kDeleteSkipped, "", removal.version.properties);
        removed(i, Outcome());
        continue;
      }
      services_.book.add_resource_event(stack_, removal.logical_id, removal.type, removal.version.physical_id,
                                        ResourceStatus::kDeleteInProgress, "", removal.version.properties);
      RemoveRequest request{.context = context(removal.logical_id, removal.version.token),
                            .physical_id = removal.version.physical_id,
                            .properties = removal.version.properties,
                            .attributes = removal.version.attributes};
      auto* provider = services_.providers.find(removal.type);
      if (provider == nullptr) {
        removed(i, refuse(HandlerErrc::kUnsupported, "This server does not know the type " + removal.type));
        continue;
      }
      provider->remove(std::move(request), reply_to([this, i](auto result) { removed(i, std::move(result)); }));
    }
  }
  launching_ = false;
  if (running_ == 0) removals_ended();
}

void Run::removed(std::size_t index, std::expected<Outcome, HandlerError> result) {
  auto& removal = removals_[index];
  --running_;
  if (!result && result.error().code != HandlerErrc::kNotFound) {
    removal.failed = true;
    const auto reason = handler_reason(result.error(), removal.version.token);
    services_.book.add_resource_event(stack_, removal.logical_id, removal.type, removal.version.physical_id,
                                      ResourceStatus::kDeleteFailed, reason, removal.version.properties);
    const auto found = stack_.resources.find(removal.logical_id);
    if (removal.is_record && found != stack_.resources.end()) {
      found->second.status = ResourceStatus::kDeleteFailed;
      found->second.reason = reason;
      services_.book.save_resource(stack_, found->second);
    }
    return launch_removals();
  }
  removal.done = true;
  if (!removal.keep) {
    services_.book.add_resource_event(stack_, removal.logical_id, removal.type, removal.version.physical_id,
                                      ResourceStatus::kDeleteComplete, "", removal.version.properties);
  }
  if (removal.is_record) {
    services_.book.erase_resource(stack_, removal.logical_id);
  }
  std::erase_if(stack_.leftovers, [&removal](const auto& one) {
    return is_version_of(one, removal.logical_id, removal.type, removal.version);
  });
  if (!removal.is_record) services_.book.save(stack_);
  for (auto& other : removals_) other.waits_for.erase(index);
  launch_removals();
}

void Run::removals_ended() {
  std::set<std::string> failed;
  for (const auto& removal : removals_) {
    if (removal.failed) failed.insert(removal.logical_id);
  }
  const auto reason = failed.empty()
                          ? std::string()
                          : fmt::format("The following resource(s) failed to delete: [{}]. ", fmt::join(failed, ", "));
  switch (stack_.status) {
    case StackStatus::kRollbackInProgress:
      set_status(failed.empty() ? StackStatus::kRollbackComplete : StackStatus::kRollbackFailed, reason);
      break;
    case StackStatus::kDeleteInProgress:
      if (failed.empty()) {
        stack_.deleted = services_.book.now();
        stack_.imports.clear();
        stack_.outputs.clear();
      }
      set_status(failed.empty() ? StackStatus::kDeleteComplete : StackStatus::kDeleteFailed, reason);
      break;
    case StackStatus::kUpdateCompleteCleanupInProgress:
      set_status(StackStatus::kUpdateComplete,
                 failed.empty() ? "" : "Update successful. One or more resources could not be deleted.");
      break;
    case StackStatus::kUpdateRollbackCompleteCleanupInProgress:
      set_status(StackStatus::kUpdateRollbackComplete,
                 failed.empty() ? "" : "One or more resources could not be deleted.");
      break;
    default: TM_ASSERT(false);
  }
  finish();
}

void Run::finish() {
  for (auto& [id, record] : stack_.resources) {
    if (!std::exchange(record.new_in_operation, false)) continue;
    services_.book.save_resource(stack_, record);
  }
  finished_();
}

}  // namespace tidemill::deploy
