// One operation on one stack, from start to final status: a state machine driven by the replies of providers. The
// stack's status is its phase, and every step is recorded before it is taken, so the same start() begins an operation
// and resumes one that a crash cut.
//
//   CREATE_IN_PROGRESS, UPDATE_IN_PROGRESS   make and change, in dependency order, in parallel
//   UPDATE_ROLLBACK_IN_PROGRESS              the same towards the definition that was live; replaced resources are
//   taken back
//   *_CLEANUP_IN_PROGRESS                    delete what is no longer used
//   ROLLBACK_IN_PROGRESS, DELETE_IN_PROGRESS delete everything, dependents first
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "deploy/book.h"
#include "deploy/prepare.h"
#include "observe/log.h"

namespace tidemill::deploy {

class Run {
 public:
  struct Services {
    Book& book;
    const Providers& providers;
    const Surroundings& surroundings;
    observe::Log& log;
  };
  // `finished` is called once, as the last thing, when the final status is set (durable or not).
  Run(Services services, Stack& stack, std::function<void()> finished)
      : services_(services), stack_(stack), finished_(std::move(finished)) {}
  Run(const Run&) = delete;

  // `resumed`: steps that were under way may have been carried out already.
  void start(bool resumed);

 private:
  static constexpr std::size_t kParallelMax = 64;

  // What one reply belongs to; a reply that comes after the run has gone is ignored.
  template <class Done>
  Reply<Outcome, HandlerError> reply_to(Done done);

  void apply(const Definition& definition);
  void launch();
  void step(const std::string& id);
  void create(const std::string& id, ResourceVersion version, bool resumed);
  void created(const std::string& id, std::expected<Outcome, HandlerError> result);
  void update(const std::string& id, ResourceVersion version);
  void updated(const std::string& id, std::expected<Outcome, HandlerError> result);
  void take_back(ResourceRecord& record);
  void set_aside(ResourceRecord& record);
  void step_failed(const std::string& id, ResourceStatus status, std::string reason);
  void step_done(const std::string& id);
  void apply_ended();
  void applied();
  void apply_failed(std::string reason);

  void clean_up();
  void remove_all();
  struct Removal {
    std::string logical_id, type;
    ResourceVersion version;
    bool keep = false;
    bool is_record = false;  // else a leftover
    std::set<std::size_t> waits_for;
    bool started = false, done = false, failed = false;
  };
  void add_removal(Removal removal);
  void begin_removals();
  void launch_removals();
  void removed(std::size_t index, std::expected<Outcome, HandlerError> result);
  void removals_ended();

  void set_status(StackStatus status, std::string reason = "");
  void finish();
  ResourceContext context(const std::string& id, const std::string& token) const;
  void note(const ResourceRecord& record, ResourceStatus status, const ResourceVersion& version,
            std::string reason = "");
  bool reverting() const { return stack_.status == StackStatus::kUpdateRollbackInProgress; }
  bool creating() const { return stack_.status == StackStatus::kCreateInProgress; }

  const Services services_;
  Stack& stack_;
  std::function<void()> finished_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool resumed_ = false;
  bool launching_ = false;

  std::optional<Prepared> prepared_;
  std::map<std::string, std::size_t> waiting_;  // needs that are not done yet
  std::deque<std::string> ready_;
  std::size_t running_ = 0;
  std::size_t done_ = 0;
  std::vector<std::string> failed_;
  std::string first_reason_;

  std::vector<Removal> removals_;
};

// `Resource handler returned message: "..." (RequestToken: ..., HandlerErrorCode: ...)`
std::string handler_reason(const HandlerError& error, std::string_view token);

}  // namespace tidemill::deploy
