// The deploy engine: stacks made from templates. What CloudFormation's API offers is here as typed calls,
// transport-free; the admin front (tidemill deploy) stands on them. Home loop only.
//
//   create_change_set   checks everything that can be checked and says what would happen; nothing is touched
//   execute_change_set  starts the operation; events tell its course; the stack's status its end
//   load()              reads everything back and resumes what a stop or crash had cut
//
// Replies come when what they say is durable. Destroy the engine before the engines that providers use: replies that
// they drop then are not mistaken for failures.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/reply.h"
#include "deploy/assets.h"
#include "deploy/book.h"
#include "deploy/prepare.h"
#include "deploy/run.h"
#include "observe/log.h"

namespace tidemill::deploy {

struct StackRequest {
  Scope scope;
  std::string stack_name;  // or ARN
  std::string template_text;
  bool use_previous_template = false;
  std::vector<GivenParameter> parameters;
  std::vector<Tag> tags;
  std::vector<std::string> capabilities;
  std::string role_arn;
  std::vector<std::string> notification_arns;
  std::vector<std::string> assets;  // "bucket/key" that the template uses: kept while the stack does
  OnFailure on_failure = OnFailure::kRollback;
  std::string client_token;
};

enum class ChangeSetKind : unsigned char { kCreate, kUpdate, kEither };  // kEither: by whether the stack exists

struct ChangeSetRequest {
  StackRequest stack;
  std::string name;
  std::string description;
  ChangeSetKind kind = ChangeSetKind::kUpdate;
};

struct DeleteRequest {
  Scope scope;
  std::string stack_name;
  std::vector<std::string> retain;  // logical ids, of a stack in DELETE_FAILED
  std::string client_token;
};

class Engine {
 public:
  struct Services {
    storage::Store& store;
    runtime::Loop& loop;
    runtime::Random& random;
    observe::Log& log;
  };
  // `stored_parameter` looks up SSM parameters; the bootstrap version that CDK's templates ask for is answered by the
  // engine.
  Engine(Services services, Providers providers,
         std::function<std::optional<std::string>(const Scope&, std::string_view)> stored_parameter = nullptr);
  ~Engine();
  Engine(const Engine&) = delete;

  tidemill::Status load();

  void create_change_set(ChangeSetRequest request, Reply<ChangeSet, Error> reply);
  void execute_change_set(const Scope& scope, const std::string& stack, const std::string& change_set,
                          const std::string& client_token, Reply<bool, Error> reply);
  void delete_change_set(const Scope& scope, const std::string& stack, const std::string& change_set,
                         Reply<bool, Error> reply);
  Result<const ChangeSet*> change_set(const Scope& scope, const std::string& stack, const std::string& change_set);
  std::vector<const ChangeSet*> change_sets(const Stack& stack);

  // Without a change set. The reply carries the stack's ARN when the operation has begun.
  void create_stack(StackRequest request, Reply<std::string, Error> reply);
  void update_stack(StackRequest request,
                    Reply<std::string, Error> reply);  // "No updates are to be performed." is an error
  void delete_stack(const DeleteRequest& request, Reply<bool, Error> reply);  // of an unknown stack: fine
  Status set_termination_protection(const Scope& scope, const std::string& stack, bool on);

  Result<const Stack*> stack(const Scope& scope, const std::string& name_or_arn);
  std::vector<const Stack*> stacks(const Scope& scope) const;  // the deleted ones too
  // Newest first, from number `from` downwards (0: the newest).
  Result<std::vector<Event>> events(const Stack& stack, std::uint64_t from = 0, std::size_t max = 100);
  std::shared_ptr<void> watch(const Stack& stack, std::function<void(const Event&)> told) {
    return book_.watch(stack, std::move(told));
  }
  // Once, when the stack's operation has ended durably; at once when none runs.
  void when_finished(const Stack& stack, runtime::Task done);

  Assets& assets() { return assets_; }
  const Providers& providers() const { return providers_; }
  // To add some that need the engine's own assets; before load().
  Providers& providers() { return providers_; }

 private:
  Result<Definition> bind(const StackRequest& request, const Stack* existing);
  Result<ChangeSet> plan(const ChangeSetRequest& request, Stack& stack, bool creates);
  Result<Stack*> find(const Scope& scope, const std::string& name_or_arn);
  Status may_update(const Stack& stack) const;
  void begin(Stack& stack, StackStatus status, std::string reason, bool resumed = false);
  void finished(const std::string& uuid);
  void drop_assets();
  std::vector<std::string> importers(const Scope& scope, const std::string& export_name) const;

  const Services services_;
  Providers providers_;
  Surroundings surroundings_;
  Book book_;
  Assets assets_;
  std::map<std::string, std::unique_ptr<Run>> runs_;  // by stack uuid
  std::map<std::string, std::vector<runtime::Task>> waiting_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tidemill::deploy
