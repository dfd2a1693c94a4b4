#include "functions/environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <iterator>

#include "base/assert.h"
#include "base/json.h"
#include "base/utf8.h"
#include "functions/platform_log.h"
#include "functions/variables.h"

namespace tidemill::functions {
namespace {

constexpr std::size_t kTailMax = 4096;
constexpr std::size_t kLineMax = 256 << 10;
constexpr runtime::Duration kSampleAfterInvocationEvery = std::chrono::seconds(1);

std::string error_json(std::string_view type, std::string_view message) {
  std::string body;
  json::Writer(body).begin_object().member("errorType", type).member("errorMessage", message).end_object();
  return body;
}

// Failures that come before an invocation leave the place of its id open.
std::string with_request_id(std::string body, const std::string& request_id) {
  constexpr std::string_view kId = "{request_id}";
  if (const auto at = body.find(kId); at != std::string::npos) body.replace(at, kId.size(), request_id);
  return body;
}

std::string_view state_name(Environment::State state) {
  using State = Environment::State;
  switch (state) {
    case State::kNew:
    case State::kSpare:
    case State::kStarting: return "Started";
    case State::kIdle: return "Ready";
    case State::kRunning: return "Running";
    case State::kAnswered: return "RuntimeResponseSent";
    case State::kStopping:
    case State::kGone: return "Stopped";
  }
  std::unreachable();
}

std::unexpected<RuntimeError> bad_transition(Environment::State from, std::string_view to) {
  return std::unexpected(RuntimeError{
      RuntimeErrc::kInvalidStateTransition,
      fmt::format("State transition from {} to {} failed for runtime. Error: State transition is not allowed",
                  state_name(from), to)});
}

std::string signal_text(int signal) {
  switch (signal) {
    case SIGKILL: return "killed";
    case SIGTERM: return "terminated";
    case SIGSEGV: return "segmentation fault";
    case SIGABRT: return "aborted";
    case SIGBUS: return "bus error";
    case SIGILL: return "illegal instruction";
    case SIGFPE: return "floating point exception";
    default: return fmt::format("signal {}", signal);
  }
}

// Type names travel to metrics and log lines: only well-formed ones are kept.
std::string normal_error_type(std::string_view type) {
  const auto dot = type.find('.');
  const bool prefixed = type.starts_with("Runtime.") || type.starts_with("Function.");
  if (prefixed) {
    const auto name = type.substr(dot + 1);
    if (name.size() >= 2 && name[0] >= 'A' && name[0] <= 'Z' &&
        std::ranges::all_of(name, [](unsigned char c) { return std::isalpha(c) != 0; }))
      return std::string(type);
  }
  return type.starts_with("Function.") ? "Function.Unknown" : "Runtime.Unknown";
}

}  // namespace

bool EnvironmentHost::isolates() {
  if (!isolate) {
    isolate = settings.isolate && processes.can_isolate();
    if (settings.isolate && !*isolate)
      log.warn("functions.not_isolated",
               {{"reason", "namespaces are not available: functions share /tmp by TMPDIR only"}});
  }
  return *isolate;
}

Environment::Environment(EnvironmentHost& host, std::string id) : host_(host), id_(std::move(id)) {}

Environment::~Environment() {
  alive_.reset();
  for (auto* timer : {&init_timer_, &deadline_timer_, &freeze_timer_, &idle_timer_, &kill_timer_}) cancel(*timer);
  process_.reset();
  endpoint_.reset();
  if (!credentials_.access_key_id.empty()) host_.credentials.revoke(credentials_.access_key_id);
  if (!private_tmp_.empty()) {
    // Left over when the queue is full; the next start of the server clears the folder.
    [[maybe_unused]] const bool accepted =
        host_.offload.run([&files = host_.files,
                           folder = private_tmp_] { [[maybe_unused]] const auto removed = files.remove_all(folder); },
                          host_.loop, [] {});
  }
}

void Environment::cancel(runtime::TimerId& timer) {
  if (timer != 0) host_.loop.cancel(std::exchange(timer, 0));
}

std::int64_t Environment::now_ms() const { return epoch_ms(host_.loop.clock().wall()); }

// ---- start
// ------------------------------------------------------------------------------------------------------------------

tidemill::Result<void, InitFailure> Environment::spawn_process(std::vector<std::string> command,
                                                               std::vector<std::string> environment) {
  private_tmp_ = host_.settings.directory + "/tmp/" + id_;
  if (auto made = host_.files.make_directories(private_tmp_); !made)
    return std::unexpected(InitFailure{InitFailure::Kind::kExited,
                                       error_json("Runtime.InternalError", made.error().message),
                                       "Runtime.InternalError"});
  runtime::SpawnOptions options;
  options.command = std::move(command);
  options.environment = std::move(environment);
  options.directory = folder_.empty() ? host_.runtime_directory : folder_;
  options.private_namespaces = host_.isolates();
  options.private_tmp = private_tmp_;
  // An interpreter may have been installed under /tmp, too.
  const auto folder_of = [](const std::string& program) { return program.substr(0, program.rfind('/')); };
  options.keep_visible = {host_.settings.directory, host_.settings.node_path, host_.settings.python_path,
                          folder_of(host_.settings.node), folder_of(host_.settings.python)};
  options.on_stdout = [this](std::string_view bytes) { on_output(partial_out_, bytes); };
  options.on_stderr = [this](std::string_view bytes) { on_output(partial_err_, bytes); };
  options.on_exit = [this](runtime::ExitStatus status) { on_exit(status); };
  auto process = host_.processes.spawn(std::move(options));
  if (!process) {
    host_.log.warn("functions.spawn_failed", {{"environment", id_}, {"error", process.error().message}});
    const bool not_found = process.error().code == tidemill::Errc::kNotFound;
    const bool refused = process.error().code == tidemill::Errc::kPermissionDenied;
    if (not_found || refused)
      return std::unexpected(InitFailure{
          InitFailure::Kind::kReported,
          error_json("Runtime.ExitError",
                     fmt::format("RequestId: {{request_id}} Error: Runtime exited with error: exit status {}",
                                 not_found ? 127 : 126)),
          "Runtime.ExitError"});
    return std::unexpected(InitFailure{InitFailure::Kind::kReported,
                                       error_json("Runtime.InternalError", process.error().message),
                                       "Runtime.InternalError"});
  }
  process_ = *std::move(process);
  return {};
}

// The options are those of Lambda's own start; how much the heap may hold, the bootstrap sees to.
std::vector<std::string> Environment::node_command() const {
  return {host_.settings.node, "--expose-gc", "--max-http-header-size=81920",
          host_.runtime_directory + "/bootstrap.js"};
}

std::vector<std::string> Environment::python_command() const {
  return {host_.settings.python, host_.runtime_directory + "/bootstrap.py"};
}

tidemill::Status Environment::start_spare(Language language, std::move_only_function<void()> ended) {
  TM_ASSERT(state_ == State::kNew);
  spare_ended_ = std::move(ended);
  was_spare_ = true;
  const bool node = language == Language::kNode;
  TM_TRY(endpoint_, host_.endpoints.open(*this));
  auto spawned = spawn_process(node ? node_command() : python_command(),
                               spare_variables(language, host_.settings, endpoint_->address()));
  if (!spawned) return tidemill::fail(tidemill::Errc::kIo, spawned.error().body);
  state_ = State::kSpare;
  return {};
}

std::expected<void, InitFailure> Environment::start(std::shared_ptr<const Function> function, std::string folder,
                                                    EnvironmentOwner& owner) {
  TM_ASSERT(state_ == State::kNew || state_ == State::kSpare);
  function_ = std::move(function);
  folder_ = std::move(folder);
  owner_ = &owner;
  std::string hex;
  for (const char c : id_)
    if (c != '-') hex += c;
  log_group_ = function_->log_group();
  log_stream_ = log_stream_name(*function_, host_.loop.clock().wall(), hex);
  credentials_ = host_.credentials.issue({function_->scope, function_->configuration.role, function_->name, id_});
  return launch();
}

std::expected<void, InitFailure> Environment::launch() {
  const auto runtime = find_runtime(function_->configuration.runtime);
  TM_ASSERT(runtime.has_value());
  if (runtime->language == Language::kProvided) {
    const auto bootstrap = folder_ + "/bootstrap";
    if (!host_.files.exists(bootstrap))
      return std::unexpected(InitFailure{
          InitFailure::Kind::kReported,
          error_json(
              "Runtime.InvalidEntrypoint",
              "RequestId: {request_id} Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"),
          "Runtime.InvalidEntrypoint"});
    if (!host_.files.is_executable(bootstrap))
      return std::unexpected(
          InitFailure{InitFailure::Kind::kReported,
                      error_json("Runtime.InvalidEntrypoint",
                                 "RequestId: {request_id} Error: fork/exec /var/task/bootstrap: permission denied"),
                      "Runtime.InvalidEntrypoint"});
  }
  if ((runtime->language == Language::kNode && host_.settings.node.empty()) ||
      (runtime->language == Language::kPython && host_.settings.python.empty())) {
    const std::string name = runtime->language == Language::kNode ? "Node.js" : "Python";
    return std::unexpected(InitFailure{
        InitFailure::Kind::kReported,
        error_json("Runtime.InvalidEntrypoint", "RequestId: {request_id} Error: " + name +
                                                    " is not installed where this server runs: " +
                                                    function_->configuration.runtime + " functions cannot run"),
        "Runtime.InvalidEntrypoint"});
  }
  if (!endpoint_) {  // a spare has its own already
    auto endpoint = host_.endpoints.open(*this);
    if (!endpoint)
      return std::unexpected(InitFailure{InitFailure::Kind::kReported,
                                         error_json("Runtime.InternalError", endpoint.error().message),
                                         "Runtime.InternalError"});
    endpoint_ = *std::move(endpoint);
  }
  const auto temporary = host_.isolates() ? std::string() : host_.settings.directory + "/tmp/" + id_;
  const auto variables = function_variables({*function_, *runtime, host_.settings, credentials_, endpoint_->address(),
                                             folder_, host_.runtime_directory, log_stream_, temporary});
  begin_init("init");
  if (was_spare_ && process_) {
    json::Object environment;
    for (const auto& entry : variables) {
      const auto equals = entry.find('=');
      environment[entry.substr(0, equals)] = entry.substr(equals + 1);
    }
    json::Object assignment;
    assignment["environment"] = std::move(environment);
    assignment["directory"] = folder_;
    spare_ended_ = nullptr;
    process_->write_stdin(json::Value(std::move(assignment)).text() + "\n");
    was_spare_ = false;
    return {};
  }
  std::vector<std::string> command;
  const auto& own = function_->configuration.environment;
  if (own && own->contains("AWS_LAMBDA_EXEC_WRAPPER")) {
    auto wrapper = own->at("AWS_LAMBDA_EXEC_WRAPPER");
    constexpr std::string_view kTask = "/var/task/";
    if (wrapper.starts_with(kTask)) wrapper = folder_ + "/" + wrapper.substr(kTask.size());
    command.push_back(std::move(wrapper));
  }
  switch (runtime->language) {
    case Language::kNode: std::ranges::move(node_command(), std::back_inserter(command)); break;
    case Language::kPython: std::ranges::move(python_command(), std::back_inserter(command)); break;
    case Language::kProvided: command.push_back(folder_ + "/bootstrap"); break;
  }
  auto spawned = spawn_process(std::move(command), variables);
  if (!spawned) {
    cancel(init_timer_);
    state_ = State::kStopping;
  }
  return spawned;
}

void Environment::begin_init(std::string_view phase) {
  init_phase_ = phase;
  state_ = State::kStarting;
  init_began_ = host_.loop.clock().now();
  write_line(init_start_line(*function_, *find_runtime(function_->configuration.runtime), host_.loop.clock().wall()));
  cancel(init_timer_);
  if (phase == "init")
    init_timer_ = host_.loop.at(init_began_ + host_.settings.init_limit, [this] {
      init_timer_ = 0;
      on_init_limit();
    });
}

void Environment::report_init(std::string_view status, std::string_view error_type) {
  write_line(init_report_line(*function_, host_.loop.clock().wall(), host_.loop.clock().now() - init_began_,
                              init_phase_, status, error_type));
}

void Environment::on_init_limit() {
  process_.reset();
  flush_partial_lines();
  report_init("timeout", "");
  state_ = State::kStopping;
  owner_->init_failed(*this, {InitFailure::Kind::kTimedOut, "", ""});
}

void Environment::retry_init(std::unique_ptr<Invocation> invocation) {
  TM_ASSERT(!process_);
  begin_invocation(std::move(invocation));
  write_start();
  endpoint_.reset();
  if (auto launched = launch(); !launched) {
    state_ = State::kRunning;
    finish(with_request_id(launched.error().body, invocation_->request_id), true,
           {"error", launched.error().error_type});
    return end();
  }
  init_phase_ = "invoke";
  cancel(init_timer_);  // the invocation's own deadline holds now
}

// ---- the Runtime API
// -----------------------------------------------------------------------------------------------------------

void Environment::next(Reply<RuntimeEvent, RuntimeError> reply) {
  switch (state_) {
    case State::kStarting:
      cancel(init_timer_);
      init_took_ = host_.loop.clock().now() - init_began_;
      parked_ = std::move(reply);
      if (invocation_) return hand_over();
      return become_idle();
    case State::kAnswered: parked_ = std::move(reply); return become_idle();
    case State::kIdle:  // the runtime lost its connection and asks again
      parked_ = std::move(reply);
      return;
    case State::kRunning: return std::move(reply)(bad_transition(state_, "Ready"));
    case State::kNew:
    case State::kSpare:
    case State::kStopping:
    case State::kGone:
      return std::move(reply)(std::unexpected(RuntimeError{RuntimeErrc::kStopped, "The environment is stopping"}));
  }
}

tidemill::Result<void, RuntimeError> Environment::check_running(std::string_view request_id) const {
  if (state_ != State::kRunning || !invocation_ || invocation_->request_id != request_id)
    return std::unexpected(RuntimeError{RuntimeErrc::kInvalidRequestId, "Invalid request ID"});
  return {};
}

tidemill::Result<void, RuntimeError> Environment::response(std::string_view request_id, std::string body) {
  if (body.size() > host_.settings.response_max) return response_too_large(request_id);
  TM_CHECK(check_running(request_id));
  finish(std::move(body), false, {});
  return {};
}

tidemill::Result<void, RuntimeError> Environment::response_too_large(std::string_view request_id) {
  TM_CHECK(check_running(request_id));
  std::string body;
  json::Writer(body)
      .begin_object()
      .member("errorMessage", fmt::format("Response payload size exceeded maximum allowed payload size ({} bytes).",
                                          host_.settings.response_max))
      .member("errorType", "Function.ResponseSizeTooLarge")
      .end_object();
  finish(std::move(body), true, {"error", "Function.ResponseSizeTooLarge"});
  return std::unexpected(
      RuntimeError{RuntimeErrc::kResponseTooLarge,
                   fmt::format("Exceeded maximum allowed payload size ({} bytes).", host_.settings.response_max)});
}

tidemill::Result<void, RuntimeError> Environment::error(std::string_view request_id, std::string body,
                                                        std::string_view error_type) {
  TM_CHECK(check_running(request_id));
  host_.log.debug("functions.function_error", {{"function", function_->name}, {"type", normal_error_type(error_type)}});
  finish(std::move(body), true, {});
  return {};
}

tidemill::Result<void, RuntimeError> Environment::init_error(std::string body, std::string_view error_type) {
  if (state_ != State::kStarting) return bad_transition(state_, "InitError");
  cancel(init_timer_);
  take_output();
  const auto type = normal_error_type(error_type);
  report_init("error", type);
  state_ = State::kStopping;
  if (invocation_) {
    state_ = State::kRunning;
    finish(std::move(body), true, {"error", type});
    end();
  } else {
    owner_->init_failed(*this, {InitFailure::Kind::kReported, std::move(body), type});
  }
  return {};
}

// ---- invocations
// -----------------------------------------------------------------------------------------------------------------

void Environment::begin_invocation(std::unique_ptr<Invocation> invocation) {
  invocation_ = std::move(invocation);
  ++invocations_;
  tail_.clear();
  delivered_ = host_.loop.clock().now();
  const auto limit = std::chrono::seconds(function_->configuration.timeout_s);
  deadline_ms_ = epoch_ms(host_.loop.clock().wall() + limit);
  deadline_timer_ = host_.loop.at(delivered_ + limit, [this] {
    deadline_timer_ = 0;
    on_deadline();
  });
  start_unwritten_ = host_.loop.clock().wall();
}

void Environment::write_start() {
  if (!start_unwritten_ || !invocation_) return;
  write_line(start_line(*function_, *std::exchange(start_unwritten_, std::nullopt), invocation_->request_id));
}

void Environment::deliver(std::unique_ptr<Invocation> invocation) {
  TM_ASSERT(state_ == State::kIdle && parked_);
  thaw();
  begin_invocation(std::move(invocation));
  hand_over();
}

void Environment::hand_over() {
  state_ = State::kRunning;
  auto& request = invocation_->request;
  auto parked = *std::exchange(parked_, std::nullopt);
  std::move(parked)(RuntimeEvent{.request_id = invocation_->request_id,
                                 .deadline_ms = deadline_ms_,
                                 .invoked_arn = std::move(request.invoked_arn),
                                 .trace_id = std::move(request.trace_id),
                                 .client_context = std::move(request.client_context),
                                 .payload = std::move(request.payload)});
  write_start();
}

void Environment::finish(std::string payload, bool is_error, const Failure& failure) {
  // The deadline stays: a runtime that has answered and does not come back for more is hung, too.
  write_start();
  InvokeResult result;
  result.payload = std::move(payload);
  if (is_error) result.function_error = "Unhandled";
  result.executed_version = "$LATEST";
  result.request_id = invocation_->request_id;
  end_unwritten_ = Ended{.request_id = invocation_->request_id,
                         .failure = failure,
                         .took = host_.loop.clock().now() - delivered_,
                         .at = host_.loop.clock().wall()};
  const bool wants_tail = invocation_->request.tail_log;
  // Nobody but a caller who asked for them waits for the last lines: the answer leaves first, then the next event.
  if (wants_tail) {
    take_output();
    write_end();
    if (tail_.size() > kTailMax) tail_.erase(0, tail_.size() - kTailMax);
    result.log_tail = std::exchange(tail_, {});
  }
  state_ = State::kAnswered;
  const auto invocation = std::move(invocation_);
  std::move(invocation->reply)(std::move(result));
  if (wants_tail) return;
  take_output();
  host_.loop.post([this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.lock()) write_end();
  });
}

void Environment::write_end() {
  if (!end_unwritten_) return;
  const auto ended = *std::exchange(end_unwritten_, std::nullopt);
  const auto now = host_.loop.clock().now();
  if (now - sampled_ >= kSampleAfterInvocationEvery || resident_max_ == 0) {
    sampled_ = now;
    if (process_) resident_max_ = std::max(resident_max_, process_->resident_bytes());
  }
  const int memory = function_->configuration.memory_mb;
  const auto used = std::min(memory, static_cast<int>(resident_max_ >> 20));
  const bool shown = invocation_ && invocation_->request_id == ended.request_id;  // else the tail is another's
  const auto write = [&](std::string line) {
    if (shown) tail_ += line;
    append_to_log(std::move(line));
  };
  write(end_line(*function_, ended.at, ended.request_id, ended.failure.status));
  std::optional<Milliseconds> init;
  if (const auto took = std::exchange(init_took_, std::nullopt)) init = Milliseconds(*took);
  write(report_line(*function_, ended.at,
                    {.request_id = ended.request_id,
                     .duration = ended.took,
                     .init = init,
                     .bill_init = host_.settings.bill_init,
                     .memory_mb = memory,
                     .memory_used_mb = out_of_memory_ ? memory : used,
                     .status = ended.failure.status,
                     .error_type = ended.failure.error_type}));
}

void Environment::fail(std::unique_ptr<Invocation> invocation, const InitFailure& failure) {
  begin_invocation(std::move(invocation));
  write_start();
  state_ = State::kRunning;
  finish(with_request_id(failure.body, invocation_->request_id), true, {"error", failure.error_type});
  state_ = State::kStopping;
}

void Environment::on_deadline() {
  if (!invocation_) {
    process_.reset();
    return end();
  }
  const auto id = invocation_->request_id;
  // Killed first: what it has written comes before the line that says so.
  take_output();
  process_.reset();
  if (state_ == State::kStarting) report_init("timeout", "");
  write_line(timeout_line(*function_, host_.loop.clock().wall(), id));
  const auto message = fmt::format("RequestId: {} Error: Task timed out after {:.2f} seconds", id,
                                   static_cast<double>(function_->configuration.timeout_s));
  finish(error_json("Sandbox.Timedout", message), true, {"timeout", ""});
  end();
}

std::string Environment::exit_body(const std::string& request_id, runtime::ExitStatus status) const {
  if (out_of_memory_)
    return error_json("Runtime.OutOfMemory",
                      fmt::format("RequestId: {} Error: Runtime exited with error: signal: killed", request_id));
  std::string reason = "Runtime exited without providing a reason";
  if (status.signal != 0)
    reason = "Runtime exited with error: signal: " + signal_text(status.signal);
  else if (status.code != 0)
    reason = fmt::format("Runtime exited with error: exit status {}", status.code);
  return error_json("Runtime.ExitError", fmt::format("RequestId: {} Error: {}", request_id, reason));
}

void Environment::on_exit(runtime::ExitStatus status) {
  flush_partial_lines();
  // The handle is destroyed later: this call comes from inside it.
  host_.loop.post([process = std::shared_ptr<runtime::Process>(std::move(process_))] {});
  switch (state_) {
    case State::kNew:
    case State::kGone: return;
    case State::kSpare:
      state_ = State::kGone;
      if (auto ended = std::exchange(spare_ended_, nullptr)) ended();
      return;
    case State::kStarting: {
      cancel(init_timer_);
      const std::string type = out_of_memory_ ? "Runtime.OutOfMemory" : "Runtime.ExitError";
      report_init("error", type);
      state_ = State::kStopping;
      if (invocation_) {
        state_ = State::kRunning;
        finish(exit_body(invocation_->request_id, status), true, {"error", type});
        return end();
      }
      return owner_->init_failed(*this, {InitFailure::Kind::kExited, exit_body("{request_id}", status), type});
    }
    case State::kRunning:
      finish(exit_body(invocation_->request_id, status), true,
             {"error", out_of_memory_ ? "Runtime.OutOfMemory" : "Runtime.ExitError"});
      return end();
    case State::kIdle:
    case State::kAnswered:
    case State::kStopping: return end();
  }
}

void Environment::end() {
  if (state_ == State::kGone) return;
  state_ = State::kGone;
  write_end();
  cancel(deadline_timer_);
  owner_->gone(*this);
}

// ---- idle
// ------------------------------------------------------------------------------------------------------------------------

void Environment::become_idle() {
  cancel(deadline_timer_);
  state_ = State::kIdle;
  idle_since_ = host_.loop.clock().now();
  if (retiring_) return stop();
  owner_->ready(*this);
  if (state_ == State::kIdle) freeze_when_due();
}

// One timer, set again only when it fires: a busy environment pays for none.
void Environment::freeze_when_due() {
  if (freeze_timer_ != 0 || frozen_) return;
  freeze_timer_ = host_.loop.at(idle_since_ + host_.settings.freeze_after, [this] {
    freeze_timer_ = 0;
    if (state_ != State::kIdle) return;
    if (host_.loop.clock().now() >= idle_since_ + host_.settings.freeze_after)
      freeze();
    else
      freeze_when_due();
  });
}

void Environment::freeze() {
  frozen_ = true;
  process_->signal_group(SIGSTOP);
  idle_timer_ = host_.loop.at(idle_since_ + host_.settings.idle_stop_after, [this] {
    idle_timer_ = 0;
    retire();
  });
}

void Environment::thaw() {
  if (!frozen_) return;
  frozen_ = false;
  cancel(idle_timer_);
  process_->signal_group(SIGCONT);
}

void Environment::retire() {
  retiring_ = true;
  if (state_ == State::kIdle) stop();
}

void Environment::stop() {
  if (state_ == State::kGone || state_ == State::kStopping) return;
  // An invocation that still runs is answered by the exit: the state stays kRunning for that.
  if (state_ != State::kRunning) state_ = State::kStopping;
  if (!process_) return end();
  thaw();
  process_->signal_group(SIGTERM);
  kill_timer_ = host_.loop.at(host_.loop.clock().now() + host_.settings.stop_grace, [this] {
    kill_timer_ = 0;
    if (process_) process_->signal_group(SIGKILL);
  });
}

void Environment::sample_memory() {
  if (!process_ || (state_ != State::kRunning && state_ != State::kStarting)) return;
  sampled_ = host_.loop.clock().now();
  const auto resident = process_->resident_bytes();
  resident_max_ = std::max(resident_max_, resident);
  const auto limit =
      (static_cast<std::uint64_t>(function_->configuration.memory_mb) << 20) + host_.settings.memory_slack_bytes;
  if (resident <= limit || out_of_memory_) return;
  out_of_memory_ = true;
  host_.log.info("functions.out_of_memory",
                 {{"function", function_->name}, {"environment", id_}, {"resident_bytes", resident}});
  process_->signal_group(SIGKILL);
}

// ---- log
// -------------------------------------------------------------------------------------------------------------------------

void Environment::on_output(std::string& partial, std::string_view bytes) {
  if (state_ == State::kSpare) return;  // nobody's log yet
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    partial.append(bytes.substr(0, end == std::string_view::npos ? bytes.size() : end + 1));
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (end != std::string_view::npos) write_line(std::exchange(partial, {}));
    while (partial.size() > kLineMax) {
      auto line = std::string(utf8_prefix(partial, kLineMax));
      partial.erase(0, line.size());
      write_line(std::move(line));
    }
  }
}

// What the process has written until now.
void Environment::take_output() {
  if (process_) process_->drain_output();
  flush_partial_lines();
}

void Environment::flush_partial_lines() {
  for (auto* partial : {&partial_out_, &partial_err_})
    if (!partial->empty()) write_line(std::exchange(*partial, {}));
}

void Environment::write_line(std::string message) {
  write_end();
  if (!is_valid_utf8(message)) message = to_valid_utf8(message);  // it leaves as JSON
  if (invocation_ && invocation_->request.tail_log) {
    tail_ += message;
    if (tail_.size() > 2 * kTailMax) tail_.erase(0, tail_.size() - kTailMax);
  }
  append_to_log(std::move(message));
}

void Environment::append_to_log(std::string line) {
  host_.logs.append(function_->scope, log_group_, log_stream_, now_ms(), std::move(line));
}

}  // namespace tidemill::functions
