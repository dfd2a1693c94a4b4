#include "deploy/engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "deploy/change_set.h"
#include "deploy/names.h"

namespace tidemill::deploy {
namespace {

constexpr std::size_t kStacksMax = 2000;
constexpr std::size_t kChangeSetsMax = 100;  // of one stack
constexpr std::size_t kTagsMax = 50;
// The version of CDK's bootstrap resources whose services this server offers without a bootstrap stack.
constexpr std::string_view kBootstrapVersion = "33";

bool is_bootstrap_version(std::string_view name) {
  return name.starts_with("/cdk-bootstrap/") && name.ends_with("/version") &&
         std::count(name.begin(), name.end(), '/') == 3;
}

constexpr std::string_view kNoChanges =
    "The submitted information didn't contain changes. Submit different information to create a change set.";

std::string bare_name(const std::string& name_or_arn) {
  if (!name_or_arn.starts_with("arn:")) return name_or_arn;
  const auto begin = name_or_arn.find(":stack/");
  if (begin == std::string::npos) return name_or_arn;
  const auto rest = name_or_arn.substr(begin + 7);
  return rest.substr(0, rest.find('/'));
}

bool same_tags(const Definition& a, const Definition& b) { return a.tags == b.tags; }

}  // namespace

Engine::Engine(Services services, Providers providers,
               std::function<std::optional<std::string>(const Scope&, std::string_view)> stored_parameter)
    : services_(services),
      providers_(std::move(providers)),
      book_(services.store, services.loop, services.random),
      assets_(services.store) {
  surroundings_.stored_parameter = [stored = std::move(stored_parameter)](
                                       const Scope& scope, std::string_view name) -> std::optional<std::string> {
    if (stored) {
      if (auto value = stored(scope, name)) return value;
    }
    if (is_bootstrap_version(name)) return std::string(kBootstrapVersion);
    return std::nullopt;
  };
  surroundings_.import_value = [this](const Scope& scope, std::string_view name) -> Result<std::string> {
    for (const auto& [uuid, stack] : book_.stacks()) {
      if (stack->scope != scope || !stack->exists()) continue;
      for (const auto& output : stack->outputs) {
        if (output.export_name == name) return output.value;
      }
    }
    return invalid(fmt::format("No export named {} found. Rollback requested by user.", name));
  };
}

Engine::~Engine() = default;

tidemill::Status Engine::load() {
  TM_CHECK(book_.load());
  TM_CHECK(assets_.load());
  for (const auto& [uuid, stack] : book_.stacks()) {
    if (!is_in_progress(stack->status)) continue;
    services_.log.info("stack.resumed", {{"stack", stack->name}, {"status", to_string(stack->status)}});
    begin(*stack, stack->status, "", true);
  }
  return {};
}

Result<Stack*> Engine::find(const Scope& scope, const std::string& name_or_arn) {
  auto* stack = book_.find(scope, name_or_arn);
  if (stack == nullptr) return invalid(fmt::format("Stack with id {} does not exist", name_or_arn));
  return stack;
}

Result<const Stack*> Engine::stack(const Scope& scope, const std::string& name_or_arn) {
  TM_TRY(const Stack* stack, find(scope, name_or_arn));
  return stack;
}

std::vector<const Stack*> Engine::stacks(const Scope& scope) const {
  std::vector<const Stack*> out;
  for (const auto& [uuid, stack] : book_.stacks()) {
    if (stack->scope == scope) out.push_back(stack.get());
  }
  std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->created > b->created; });
  return out;
}

Result<std::vector<Event>> Engine::events(const Stack& stack, std::uint64_t from, std::size_t max) {
  auto events = book_.events(stack, from, max);
  if (!events) return std::unexpected(Error::internal(events.error().message));
  return *std::move(events);
}

Result<Definition> Engine::bind(const StackRequest& request, const Stack* existing) {
  if (request.tags.size() > kTagsMax) return invalid(fmt::format("Tags: at most {} tags are allowed", kTagsMax));
  if (request.use_previous_template && existing == nullptr)
    return invalid("UsePreviousTemplate needs a stack that exists");
  Definition definition;
  definition.template_text = request.use_previous_template ? existing->definition.template_text : request.template_text;
  TM_TRY(const auto source, Template::read(definition.template_text));
  static const ParameterValues kNone;
  TM_TRY(definition.parameters,
         bind_parameters(
             source, request.parameters, existing == nullptr ? kNone : existing->definition.parameters,
             [this, &request](std::string_view name) { return surroundings_.stored_parameter(request.scope, name); }));
  definition.tags = request.tags;
  definition.capabilities = request.capabilities;
  definition.role_arn = request.role_arn;
  definition.notification_arns = request.notification_arns;
  definition.assets = request.assets;
  if (request.use_previous_template && definition.assets.empty()) definition.assets = existing->definition.assets;
  return definition;
}

Result<ChangeSet> Engine::plan(const ChangeSetRequest& request, Stack& stack, bool creates) {
  TM_TRY(auto definition, bind(request.stack, creates ? nullptr : &stack));
  TM_TRY(const auto prepared, prepare(definition, stack.scope, stack.name, stack.id, providers_, surroundings_));
  const auto needed = needed_capabilities(prepared, providers_);
  for (const auto& capability : needed) {
    const auto has = [&](std::string_view one) {
      return std::find(definition.capabilities.begin(), definition.capabilities.end(), one) !=
             definition.capabilities.end();
    };
    if (!has(capability) && !has("CAPABILITY_NAMED_IAM")) {
      return fail(Errc::kInsufficientCapabilities,
                  fmt::format("Requires capabilities : [{}]", fmt::join(needed, ", ")));
    }
  }
  ChangeSet set{.name = request.name,
                .stack_id = stack.id,
                .creates = creates,
                .description = request.description,
                .client_token = request.stack.client_token};
  set.id = change_set_arn(stack.scope, request.name, services_.random.uuid());
  TM_TRY(set.changes, compute_changes(prepared, creates ? nullptr : &stack, providers_));
  set.created = book_.now();
  set.on_failure = request.stack.on_failure;
  if (!creates && set.changes.empty() && same_tags(definition, stack.definition)) {
    const LiveValues live(stack);
    TM_TRY(const auto outputs, evaluate_outputs(prepared, live));
    if (outputs == stack.outputs) {
      set.status = ChangeSetStatus::kFailed;
      set.execution = ExecutionStatus::kUnavailable;
      set.reason = kNoChanges;
    }
  }
  set.definition = std::move(definition);
  return set;
}

Status Engine::may_update(const Stack& stack) const {
  if (is_in_progress(stack.status)) {
    return invalid(fmt::format("Stack:{} is in {} state and can not be updated.", stack.id, to_string(stack.status)));
  }
  switch (stack.status) {
    case StackStatus::kCreateComplete:
    case StackStatus::kUpdateComplete:
    case StackStatus::kUpdateRollbackComplete:
    case StackStatus::kUpdateFailed:
    case StackStatus::kCreateFailed: return {};
    default:
      return invalid(fmt::format("Stack:{} is in {} state and can not be updated.", stack.id, to_string(stack.status)));
  }
}

void Engine::create_change_set(ChangeSetRequest request, Reply<ChangeSet, Error> reply) {
  const auto run = [&]() -> Result<ChangeSet> {
    const auto& scope = request.stack.scope;
    if (!is_stack_name(request.name))
      return invalid(
          fmt::format("1 validation error detected: Value '{}' at 'changeSetName' failed to satisfy constraint: Member "
                      "must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*",
                      request.name));
    auto* existing = book_.find(scope, request.stack.stack_name);
    if (existing != nullptr && !existing->exists()) existing = nullptr;
    const bool fresh = existing == nullptr || existing->status == StackStatus::kReviewInProgress;
    const bool creates = request.kind == ChangeSetKind::kCreate || (request.kind == ChangeSetKind::kEither && fresh);
    if (creates && !fresh)
      return invalid(fmt::format("Stack [{}] already exists and cannot be created again with the changeSet [{}].",
                                 existing->name, request.name));
    if (!creates && existing == nullptr)
      return invalid(fmt::format("Stack [{}] does not exist", request.stack.stack_name));
    if (!creates) TM_CHECK(may_update(*existing));
    if (existing != nullptr) {
      const auto& sets = book_.change_sets(*existing);
      if (const auto same = sets.find(request.name); same != sets.end()) {
        if (!request.stack.client_token.empty() && same->second.client_token == request.stack.client_token)
          return same->second;
        return fail(Errc::kAlreadyExists, fmt::format("ChangeSet {} already exists", request.name));
      }
      if (sets.size() >= kChangeSetsMax)
        return fail(Errc::kLimitExceeded,
                    fmt::format("Stack {} has {} change sets already", existing->name, sets.size()));
    }
    if (existing == nullptr) {
      const auto name = bare_name(request.stack.stack_name);
      if (!is_stack_name(name))
        return invalid(
            fmt::format("1 validation error detected: Value '{}' at 'stackName' failed to satisfy constraint: Member "
                        "must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*",
                        name));
      if (book_.stacks().size() >= kStacksMax)
        return fail(Errc::kLimitExceeded, fmt::format("Limit for stack has been exceeded: {}", kStacksMax));
      // The stack comes to be with its change set, not before the template has been found good.
      Stack draft{.scope = scope, .name = name, .uuid = services_.random.uuid()};
      draft.id = stack_arn(scope, name, draft.uuid);
      draft.created = book_.now();
      TM_TRY(auto set, plan(request, draft, true));
      auto& stack = book_.add(std::move(draft));
      book_.set_status(stack, StackStatus::kReviewInProgress, "User Initiated");
      book_.change_sets(stack).emplace(set.name, set);
      book_.save(stack, set);
      return set;
    }
    TM_TRY(auto set, plan(request, *existing, creates));
    book_.change_sets(*existing).emplace(set.name, set);
    book_.save(*existing, set);
    return set;
  };
  auto result = run();
  if (!result) return std::move(reply)(std::move(result));
  book_.flushed([reply = std::move(reply), set = *std::move(result)]() mutable { std::move(reply)(std::move(set)); });
}

Result<const ChangeSet*> Engine::change_set(const Scope& scope, const std::string& stack_name,
                                            const std::string& name_or_arn) {
  for (const auto& [uuid, stack] : book_.stacks()) {
    if (stack->scope != scope) continue;
    if (!stack_name.empty() && stack->id != stack_name && (stack->name != stack_name || !stack->exists())) continue;
    for (const auto& [name, set] : book_.change_sets(*stack)) {
      if (set.id == name_or_arn || (!stack_name.empty() && name == name_or_arn)) return &set;
    }
  }
  return fail(Errc::kChangeSetNotFound, fmt::format("ChangeSet [{}] does not exist", name_or_arn));
}

std::vector<const ChangeSet*> Engine::change_sets(const Stack& stack) {
  std::vector<const ChangeSet*> out;
  for (const auto& [name, set] : book_.change_sets(stack)) out.push_back(&set);
  return out;
}

void Engine::delete_change_set(const Scope& scope, const std::string& stack_name, const std::string& name_or_arn,
                               Reply<bool, Error> reply) {
  if (!stack_name.empty() && book_.find(scope, stack_name) == nullptr) {
    return std::move(reply)(invalid(fmt::format("Stack [{}] does not exist", stack_name)));
  }
  const auto found = change_set(scope, stack_name, name_or_arn);
  if (found) {
    if ((*found)->execution == ExecutionStatus::kExecuteInProgress) {
      return std::move(reply)(
          fail(Errc::kInvalidChangeSetStatus, fmt::format("ChangeSet [{}] is being executed", name_or_arn)));
    }
    auto* stack = book_.find(scope, (*found)->stack_id);
    book_.erase(*stack, ChangeSet(**found));
  }
  book_.flushed([reply = std::move(reply)]() mutable { std::move(reply)(true); });
}

void Engine::execute_change_set(const Scope& scope, const std::string& stack_name, const std::string& name_or_arn,
                                const std::string& client_token, Reply<bool, Error> reply) {
  const auto found = change_set(scope, stack_name, name_or_arn);
  if (!found) return std::move(reply)(std::unexpected(found.error()));
  auto& stack = *book_.find(scope, (*found)->stack_id);
  if (!client_token.empty() && stack.client_token == client_token && is_in_progress(stack.status)) {
    return book_.flushed([reply = std::move(reply)]() mutable { std::move(reply)(true); });
  }
  if ((*found)->execution != ExecutionStatus::kAvailable) {
    return std::move(reply)(fail(Errc::kInvalidChangeSetStatus,
                                 fmt::format("ChangeSet [{}] cannot be executed in its current status of [{}]",
                                             (*found)->id, to_string((*found)->status))));
  }
  const ChangeSet set = **found;
  if (!set.creates) {
    if (auto fine = may_update(stack); !fine) return std::move(reply)(std::unexpected(fine.error()));
  } else if (stack.status != StackStatus::kReviewInProgress) {
    return std::move(reply)(
        invalid(fmt::format("Stack:{} is in {} state and can not be updated.", stack.id, to_string(stack.status))));
  }
  // Executing one change set makes the others meaningless.
  const auto sets = book_.change_sets(stack);
  for (const auto& [name, other] : sets) book_.erase(stack, ChangeSet(other));
  stack.client_token = client_token;
  stack.on_failure = set.on_failure;
  if (set.creates)
    stack.definition = set.definition;
  else
    stack.target = set.definition;
  book_.save_definitions(stack);
  if (!set.creates) stack.updated = book_.now();
  begin(stack, set.creates ? StackStatus::kCreateInProgress : StackStatus::kUpdateInProgress, "User Initiated");
  book_.flushed([reply = std::move(reply)]() mutable { std::move(reply)(true); });
}

void Engine::create_stack(StackRequest request, Reply<std::string, Error> reply) {
  const auto existing = book_.find(request.scope, request.stack_name);
  if (existing != nullptr && existing->exists()) {
    return std::move(reply)(fail(Errc::kAlreadyExists, fmt::format("Stack [{}] already exists", existing->name)));
  }
  const auto token = request.client_token;
  const auto scope = request.scope;
  const std::string set_name = "direct-" + services_.random.uuid();
  create_change_set({.stack = std::move(request), .name = set_name, .kind = ChangeSetKind::kCreate},
                    Reply<ChangeSet, Error>([this, alive = std::weak_ptr<bool>(alive_), reply = std::move(reply), token,
                                             scope](Result<ChangeSet> set) mutable {
                      if (!set) return std::move(reply)(std::unexpected(set.error()));
                      if (alive.expired()) return;
                      execute_change_set(scope, set->stack_id, set->name, token,
                                         std::move(reply).via<bool>([id = set->stack_id](bool) { return id; }));
                    }));
}

void Engine::update_stack(StackRequest request, Reply<std::string, Error> reply) {
  const auto token = request.client_token;
  const auto scope = request.scope;
  const std::string set_name = "direct-" + services_.random.uuid();
  const auto stack = find(scope, request.stack_name);
  if (!stack) return std::move(reply)(invalid(fmt::format("Stack [{}] does not exist", request.stack_name)));
  create_change_set({.stack = std::move(request), .name = set_name, .kind = ChangeSetKind::kUpdate},
                    Reply<ChangeSet, Error>([this, alive = std::weak_ptr<bool>(alive_), reply = std::move(reply), token,
                                             scope](Result<ChangeSet> set) mutable {
                      if (!set) return std::move(reply)(std::unexpected(set.error()));
                      if (alive.expired()) return;
                      if (set->status == ChangeSetStatus::kFailed) {
                        book_.erase(**find(scope, set->stack_id), *set);
                        return std::move(reply)(invalid("No updates are to be performed."));
                      }
                      execute_change_set(scope, set->stack_id, set->name, token,
                                         std::move(reply).via<bool>([id = set->stack_id](bool) { return id; }));
                    }));
}

std::vector<std::string> Engine::importers(const Scope& scope, const std::string& export_name) const {
  std::vector<std::string> names;
  for (const auto& [uuid, stack] : book_.stacks()) {
    if (stack->scope == scope && stack->exists() &&
        std::find(stack->imports.begin(), stack->imports.end(), export_name) != stack->imports.end())
      names.push_back(stack->name);
  }
  return names;
}

void Engine::delete_stack(const DeleteRequest& request, Reply<bool, Error> reply) {
  auto* stack = book_.find(request.scope, request.stack_name);
  const auto done = [&] { book_.flushed([reply = std::move(reply)]() mutable { std::move(reply)(true); }); };
  if (stack == nullptr || !stack->exists()) return done();
  if (stack->status == StackStatus::kDeleteInProgress) return done();
  if (stack->termination_protection) {
    return std::move(reply)(
        invalid(fmt::format("Stack [{}] cannot be deleted while TerminationProtection is enabled", stack->name)));
  }
  if (is_in_progress(stack->status)) {
    return std::move(reply)(
        invalid(fmt::format("Stack:{} is in {} state and can not be deleted.", stack->id, to_string(stack->status))));
  }
  if (!request.retain.empty() && stack->status != StackStatus::kDeleteFailed) {
    return std::move(reply)(invalid(fmt::format(
        "Invalid operation on stack [{}]. Specify RetainResources only when the stack is in DELETE_FAILED state.",
        stack->id)));
  }
  for (const auto& output : stack->outputs) {
    if (output.export_name.empty()) continue;
    auto users = importers(stack->scope, output.export_name);
    std::erase(users, stack->name);
    if (!users.empty()) {
      return std::move(reply)(invalid(fmt::format("Export {} cannot be deleted as it is in use by {}",
                                                  output.export_name, fmt::join(users, ", "))));
    }
  }
  const auto sets = book_.change_sets(*stack);
  for (const auto& [name, set] : sets) book_.erase(*stack, ChangeSet(set));
  stack->retain = request.retain;
  stack->client_token = request.client_token;
  begin(*stack, StackStatus::kDeleteInProgress, "User Initiated");
  done();
}

Status Engine::set_termination_protection(const Scope& scope, const std::string& name, bool on) {
  TM_TRY(auto* stack, find(scope, name));
  stack->termination_protection = on;
  book_.save(*stack);
  return {};
}

void Engine::begin(Stack& stack, StackStatus status, std::string reason, bool resumed) {
  if (!resumed) book_.set_status(stack, status, std::move(reason));
  auto run = std::make_unique<Run>(Run::Services{book_, providers_, surroundings_, services_.log}, stack,
                                   [this, uuid = stack.uuid] { finished(uuid); });
  auto& started = *run;
  runs_[stack.uuid] = std::move(run);
  // The first step comes after the caller's turn: its reply, and whoever wants to watch, come before.
  services_.loop.post([alive = std::weak_ptr<bool>(alive_), &started, resumed] {
    if (!alive.expired()) started.start(resumed);
  });
}

void Engine::finished(const std::string& uuid) {
  // The run is still on the call stack: it is let go of in a later turn.
  services_.loop.post([this, alive = std::weak_ptr<bool>(alive_), uuid] {
    if (alive.expired()) return;
    runs_.erase(uuid);
    drop_assets();
    book_.flushed([this, alive, uuid] {
      if (alive.expired()) return;
      auto waiting = std::move(waiting_[uuid]);
      waiting_.erase(uuid);
      for (auto& done : waiting) done();
    });
  });
}

void Engine::when_finished(const Stack& stack, runtime::Task done) {
  if (!runs_.contains(stack.uuid)) return book_.flushed(std::move(done));
  waiting_[stack.uuid].push_back(std::move(done));
}

void Engine::drop_assets() {
  std::set<std::string, std::less<>> used;
  for (const auto& [uuid, stack] : book_.stacks()) {
    if (!stack->exists()) continue;
    used.insert(stack->definition.assets.begin(), stack->definition.assets.end());
    if (stack->target) used.insert(stack->target->assets.begin(), stack->target->assets.end());
    for (const auto& [name, set] : book_.change_sets(*stack))
      used.insert(set.definition.assets.begin(), set.definition.assets.end());
  }
  assets_.keep_only(used);
}

}  // namespace tidemill::deploy
