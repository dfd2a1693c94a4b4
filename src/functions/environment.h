// One execution environment: a process that runs one function's code, one invocation at a time.
//
//   kSpare ──assign──┐
//   start ───────> kStarting ──next──> kIdle ──deliver──> kRunning ──response|error──> kAnswered ──next──> kIdle
//                     │ crash, limit, init/error              │ timeout, exit, memory
//                     └──> owner.init_failed                  └──> answered with the service's error; owner.gone
//
// Idle, it is stopped (SIGSTOP) after a moment and continued by the next event.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/reply.h"
#include "functions/function.h"
#include "functions/invocation.h"
#include "functions/log_store.h"
#include "functions/runtimes.h"
#include "functions/seams.h"
#include "functions/settings.h"
#include "observe/log.h"
#include "runtime/executor.h"
#include "runtime/files.h"
#include "runtime/processes.h"
#include "runtime/random.h"

namespace tidemill::functions {

struct Invocation {
  std::string request_id;
  InvokeRequest request;
  Reply<InvokeResult, Error> reply;
};

// What environments need of the world, and what the engine knows of the host.
struct EnvironmentHost {
  runtime::Loop& loop;
  runtime::Offload& offload;
  runtime::Files& files;
  runtime::Processes& processes;
  runtime::Random& random;
  RuntimeEndpoints& endpoints;
  CredentialSource& credentials;
  LogStore& logs;
  observe::Log& log;
  const Settings& settings;
  std::optional<bool> isolate;               // private namespaces work here and are wanted; asked by isolates()
  std::string runtime_directory;             // where the bootstraps are
  std::string node_version, python_version;  // of what is installed; empty when unknown

  // Tried out in a process of its own, when the first environment needs to know: a start does not wait for it.
  bool isolates();
};

// Why an environment did not come up.
struct InitFailure {
  enum class Kind : std::uint8_t { kReported, kExited, kTimedOut } kind = Kind::kExited;
  std::string body;  // the error JSON that the caller gets; of kExited and kTimedOut, when it is not tried again
  std::string error_type;
};

class Environment;

class EnvironmentOwner {
 public:
  virtual ~EnvironmentOwner() = default;
  virtual void ready(Environment& environment) = 0;  // idle: deliver() may be called
  // Before the first `next`. The owner calls retry_init or fail, or lets it go; it must take it out in the last two
  // cases.
  virtual void init_failed(Environment& environment, InitFailure failure) = 0;
  virtual void gone(Environment& environment) = 0;  // ended: take it out, destroy it later than this call
};

class Environment final : public RuntimeSession {
 public:
  enum class State : std::uint8_t { kNew, kSpare, kStarting, kIdle, kRunning, kAnswered, kStopping, kGone };

  Environment(EnvironmentHost& host, std::string id);
  ~Environment() override;
  Environment(const Environment&) = delete;

  // A process that loads the SDK of its language and waits.
  tidemill::Status start_spare(Language language, std::move_only_function<void()> ended);
  // Starts the process, or tells the spare, which function this is. An error is the failure that the caller gets.
  std::expected<void, InitFailure> start(std::shared_ptr<const Function> function, std::string folder,
                                         EnvironmentOwner& owner);

  void deliver(std::unique_ptr<Invocation> invocation);
  // Init once more, inside the invocation and under its timeout.
  void retry_init(std::unique_ptr<Invocation> invocation);
  // Answers an invocation that never reached the code.
  void fail(std::unique_ptr<Invocation> invocation, const InitFailure& failure);
  // No further invocation: stopped now when idle, else after the one that runs.
  void retire();
  void stop();  // SIGTERM, later SIGKILL; the invocation that runs is answered by the exit
  void sample_memory();

  State state() const { return state_; }
  bool is_frozen() const { return frozen_; }
  bool is_retiring() const { return retiring_; }
  const std::string& id() const { return id_; }
  std::int64_t pid() const { return process_ ? process_->pid() : 0; }
  std::uint64_t invocations() const { return invocations_; }
  runtime::Instant idle_since() const { return idle_since_; }
  const Function* function() const { return function_.get(); }

  // RuntimeSession
  void next(Reply<RuntimeEvent, RuntimeError> reply) override;
  tidemill::Result<void, RuntimeError> response(std::string_view request_id, std::string body) override;
  tidemill::Result<void, RuntimeError> response_too_large(std::string_view request_id) override;
  tidemill::Result<void, RuntimeError> error(std::string_view request_id, std::string body,
                                             std::string_view error_type) override;
  tidemill::Result<void, RuntimeError> init_error(std::string body, std::string_view error_type) override;

 private:
  struct Failure {
    std::string status;      // "timeout" or "error"
    std::string error_type;  // of "error"
  };
  // An invocation that is answered, for its END and REPORT.
  struct Ended {
    std::string request_id;
    Failure failure;
    runtime::Duration took;
    WallTime at;
  };

  std::expected<void, InitFailure> launch();
  std::vector<std::string> node_command() const;
  std::vector<std::string> python_command() const;
  tidemill::Result<void, InitFailure> spawn_process(std::vector<std::string> command,
                                                    std::vector<std::string> environment);
  void begin_init(std::string_view phase);
  void report_init(std::string_view status, std::string_view error_type);
  void on_init_limit();
  void on_deadline();
  void on_exit(runtime::ExitStatus status);
  void on_output(std::string& partial, std::string_view bytes);
  void flush_partial_lines();
  void take_output();
  void write_line(std::string message);
  void append_to_log(std::string line);
  void begin_invocation(std::unique_ptr<Invocation> invocation);
  void write_start();
  void write_end();
  void hand_over();
  void finish(std::string payload, bool is_error, const Failure& failure);
  void become_idle();
  void freeze_when_due();
  void freeze();
  void thaw();
  void end();  // kGone and the owner told
  void cancel(runtime::TimerId& timer);
  std::int64_t now_ms() const;
  std::string exit_body(const std::string& request_id, runtime::ExitStatus status) const;
  tidemill::Result<void, RuntimeError> check_running(std::string_view request_id) const;

  EnvironmentHost& host_;
  const std::string id_;
  EnvironmentOwner* owner_ = nullptr;
  State state_ = State::kNew;
  std::shared_ptr<const Function> function_;
  std::string folder_, private_tmp_, log_group_, log_stream_;
  Credentials credentials_;
  std::unique_ptr<RuntimeEndpoint> endpoint_;
  std::unique_ptr<runtime::Process> process_;
  std::move_only_function<void()> spare_ended_;
  bool was_spare_ = false;

  std::unique_ptr<Invocation> invocation_;  // running, or waiting for the end of a repeated init
  std::optional<Reply<RuntimeEvent, RuntimeError>> parked_;
  std::optional<WallTime> start_unwritten_;  // the START line is written when the event is on its way
  std::optional<Ended> end_unwritten_;       // END and REPORT are written when the next event is on its way, or soon
  std::string tail_;                         // the newest lines of this invocation, when its caller wants them
  std::string partial_out_, partial_err_;

  runtime::Instant init_began_, delivered_, idle_since_, sampled_;
  std::int64_t deadline_ms_ = 0;
  std::optional<runtime::Duration> init_took_;  // until the first report has shown it
  std::string_view init_phase_ = "init";
  runtime::TimerId init_timer_ = 0, deadline_timer_ = 0, freeze_timer_ = 0, idle_timer_ = 0, kill_timer_ = 0;
  std::uint64_t resident_max_ = 0;
  std::uint64_t invocations_ = 0;
  bool frozen_ = false;
  bool retiring_ = false;
  bool out_of_memory_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tidemill::functions
