#include "functions/dispatcher.h"

#include <algorithm>

#include "base/assert.h"
#include "functions/names.h"

namespace tidemill::functions {
namespace {

constexpr int kSpareFailuresMax = 3;

// What must be there before the interpreter starts cannot be given to one that has started.
bool needs_own_start(const Function& function) {
  static constexpr std::string_view kEarly[] = {
      "AWS_LAMBDA_EXEC_WRAPPER", "LD_LIBRARY_PATH", "LD_PRELOAD", "LC_ALL", "LC_CTYPE", "LANG"};
  if (!function.configuration.environment) return false;
  return std::ranges::any_of(*function.configuration.environment, [](const auto& variable) {
    const auto& name = variable.first;
    return std::ranges::find(kEarly, name) != std::end(kEarly) || name.starts_with("PYTHON") ||
           name.starts_with("UV_") || (name.starts_with("NODE_") && name != "NODE_PATH");
  });
}

}  // namespace

// ---- one function
// ------------------------------------------------------------------------------------------------------------

class Dispatcher::Pool final : public EnvironmentOwner {
 public:
  Pool(Dispatcher& dispatcher, std::shared_ptr<const Function> function)
      : dispatcher_(dispatcher), function_(std::move(function)) {}
  ~Pool() override { dispatcher_.environments_ -= environments_.size(); }

  const Function& function() const { return *function_; }
  std::size_t in_flight() const { return running_ + waiting_.size(); }
  bool has_waiting() const { return !waiting_.empty(); }
  const std::vector<std::unique_ptr<Environment>>& environments() const { return environments_; }

  void set_function(std::shared_ptr<const Function> function) {
    const bool changed = function->generation != function_->generation;
    function_ = std::move(function);
    if (!changed) return;
    idle_.clear();
    // Those that are still starting belong to the old code: no invocation may reach them.
    for (std::size_t i = 0; i < environments_.size(); ++i) environments_[i]->retire();
    grow();
  }

  void submit(std::unique_ptr<Invocation> invocation) {
    if (!idle_.empty()) {
      // The one that was used last: the others can be stopped.
      auto* environment = idle_.back();
      idle_.pop_back();
      return run(*environment, std::move(invocation));
    }
    waiting_.push_back(std::move(invocation));
    grow();
  }

  // Starts as many environments as there are invocations that no starting one will take.
  void grow() {
    if (unpacking_ || removed_) return;
    while (starting() < waiting_.size()) {
      const auto most = static_cast<std::size_t>(std::max(1, dispatcher_.host_.settings.environments_per_function));
      if (environments_.size() >= most) {
        // Retiring ones of an older generation count until they are gone; gone() comes back here.
        return;
      }
      if (!dispatcher_.make_room(this)) return;
      if (!dispatcher_.code_.is_unpacked(function_->code_sha256)) return unpack();
      start_one();
    }
  }

  // An idle environment gives way to another function.
  runtime::Instant oldest_idle() const { return idle_.front()->idle_since(); }
  bool has_idle() const { return !idle_.empty(); }
  void stop_oldest_idle() {
    auto* environment = idle_.front();
    idle_.erase(idle_.begin());
    environment->retire();
  }

  void remove() {
    removed_ = true;
    idle_.clear();
    auto waiting = std::exchange(waiting_, {});
    for (std::size_t i = 0; i < environments_.size(); ++i) environments_[i]->retire();
    for (auto& invocation : waiting)
      std::move(invocation->reply)(std::unexpected(function_not_found(function_->scope, {function_->name, ""})));
  }
  bool is_removed() const { return removed_; }

  void stop_all(bool now) {
    idle_.clear();
    auto waiting = std::exchange(waiting_, {});
    for (std::size_t i = environments_.size(); i-- > 0;) {
      auto& environment = *environments_[i];
      if (now || environment.state() == Environment::State::kStarting)
        environment.stop();
      else
        environment.retire();
    }
    for (auto& invocation : waiting)
      std::move(invocation->reply)(functions::fail(Errc::kInternal, "The server is stopping"));
  }

  void kill_all() {
    while (!environments_.empty()) take_out(*environments_.back());
  }

  void sample_memory() {
    for (std::size_t i = 0; i < environments_.size(); ++i) environments_[i]->sample_memory();
  }

  // EnvironmentOwner
  void ready(Environment& environment) override {
    if (environment.function()->generation != function_->generation || removed_) return environment.retire();
    if (!waiting_.empty()) {
      auto invocation = std::move(waiting_.front());
      waiting_.pop_front();
      return run(environment, std::move(invocation));
    }
    if (dispatcher_.host_.settings.force_cold_starts && environment.invocations() > 0) return environment.retire();
    idle_.push_back(&environment);
    dispatcher_.serve_waiting();
  }

  void init_failed(Environment& environment, InitFailure failure) override {
    if (environment.is_retiring() || waiting_.empty()) {
      take_out(environment);
      return grow();
    }
    auto invocation = std::move(waiting_.front());
    waiting_.pop_front();
    ++running_;
    count_down_when_answered(*invocation);
    if (failure.kind != InitFailure::Kind::kReported) return environment.retry_init(std::move(invocation));
    environment.fail(std::move(invocation), failure);
    take_out(environment);
    grow();
  }

  void gone(Environment& environment) override {
    take_out(environment);
    if (!dispatcher_.stopping_) grow();
    dispatcher_.serve_waiting();
    dispatcher_.check_stopped();
  }

 private:
  std::size_t starting() const {
    return static_cast<std::size_t>(std::ranges::count_if(environments_, [&](const auto& environment) {
      return environment->state() == Environment::State::kStarting && !environment->is_retiring() &&
             environment->invocations() == 0;
    }));
  }

  void count_down_when_answered(Invocation& invocation) {
    invocation.reply =
        Reply<InvokeResult, Error>([this, alive = std::weak_ptr<bool>(alive_),
                                    reply = std::move(invocation.reply)](Result<InvokeResult> result) mutable {
          if (alive.lock()) --running_;
          std::move(reply)(std::move(result));
        });
  }

  void run(Environment& environment, std::unique_ptr<Invocation> invocation) {
    ++running_;
    count_down_when_answered(*invocation);
    environment.deliver(std::move(invocation));
    dispatcher_.watch_memory();
  }

  void start_one() {
    auto environment = dispatcher_.take_spare(*function_);
    if (!environment) environment = std::make_unique<Environment>(dispatcher_.host_, dispatcher_.host_.random.uuid());
    auto& started = *environment;
    environments_.push_back(std::move(environment));
    ++dispatcher_.environments_;
    const auto outcome = started.start(function_, dispatcher_.code_.unpacked_folder(function_->code_sha256), *this);
    dispatcher_.watch_memory();
    if (outcome) {
      if (const auto runtime = find_runtime(function_->configuration.runtime)) {
        dispatcher_.spares_wanted_.insert(runtime->language);
        dispatcher_.spares_soon_.stir();
      }
      return;
    }
    if (waiting_.empty()) {
      take_out(started);
      return;
    }
    auto invocation = std::move(waiting_.front());
    waiting_.pop_front();
    ++running_;
    count_down_when_answered(*invocation);
    started.fail(std::move(invocation), outcome.error());
    take_out(started);
  }

  void unpack() {
    unpacking_ = true;
    dispatcher_.code_.ensure_unpacked(
        function_->code_sha256, Reply<bool, Error>([this, alive = std::weak_ptr<bool>(alive_)](Result<bool> result) {
          if (!alive.lock()) return;
          unpacking_ = false;
          if (result) return grow();
          auto waiting = std::exchange(waiting_, {});
          for (auto& invocation : waiting) std::move(invocation->reply)(std::unexpected(result.error()));
        }));
  }

  void take_out(Environment& environment) {
    std::erase(idle_, &environment);
    const auto found = std::ranges::find(environments_, &environment, &std::unique_ptr<Environment>::get);
    if (found == environments_.end()) return;
    auto owned = std::move(*found);
    environments_.erase(found);
    --dispatcher_.environments_;
    dispatcher_.bury(std::move(owned));
  }

  Dispatcher& dispatcher_;
  std::shared_ptr<const Function> function_;
  std::deque<std::unique_ptr<Invocation>> waiting_;
  std::vector<std::unique_ptr<Environment>> environments_;
  std::vector<Environment*> idle_;  // the one that was used last is last
  std::size_t running_ = 0;
  bool unpacking_ = false;
  bool removed_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// ---- all of them
// -----------------------------------------------------------------------------------------------------------------

Dispatcher::Dispatcher(EnvironmentHost& host, CodeStore& code)
    : host_(host), code_(code), spares_soon_(host.loop, host.settings.spare_lull, [this] {
        for (const auto language : std::exchange(spares_wanted_, {})) start_spares(language);
      }) {}

Dispatcher::~Dispatcher() {
  alive_.reset();
  for (auto* timer : {&memory_timer_, &stop_timer_})
    if (*timer != 0) host_.loop.cancel(*timer);
  pools_.clear();
  removed_.clear();
  spares_.clear();
}

void Dispatcher::set_function(std::shared_ptr<const Function> function) {
  const auto arn = function->arn();
  const auto found = pools_.find(arn);
  if (found != pools_.end()) return found->second->set_function(std::move(function));
  if (const auto runtime = find_runtime(function->configuration.runtime)) start_spares(runtime->language);
  pools_.emplace(arn, std::make_unique<Pool>(*this, std::move(function)));
}

void Dispatcher::remove_function(const Scope& scope, const std::string& name) {
  const auto found = pools_.find(function_arn(scope, name));
  if (found == pools_.end()) return;
  // Kept aside until its last environment has gone: the function may be made again at once.
  auto* pool = removed_.emplace_back(std::move(found->second)).get();
  pools_.erase(found);
  pool->remove();
  const auto limit = std::chrono::seconds(pool->function().configuration.timeout_s) + host_.settings.stop_grace +
                     std::chrono::seconds(1);
  host_.loop.at(host_.loop.clock().now() + limit, [this, pool, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.lock()) return;
    pool->kill_all();
    std::erase_if(removed_, [pool](const auto& kept) { return kept.get() == pool; });
    check_stopped();
  });
}

Status Dispatcher::admit(const Function& function) const {
  if (function.reserved_concurrency) {
    if (in_flight(function.arn()) >= static_cast<std::size_t>(*function.reserved_concurrency))
      return functions::fail(Errc::kThrottled, "Rate Exceeded.", "ReservedFunctionConcurrentInvocationLimitExceeded");
    return {};
  }
  std::size_t all = 0;
  std::size_t reserved = 0;
  for (const auto& [arn, pool] : pools_) {
    const auto& other = pool->function();
    if (other.scope != function.scope) continue;
    if (other.reserved_concurrency)
      reserved += static_cast<std::size_t>(*other.reserved_concurrency);
    else
      all += pool->in_flight();
  }
  const auto limit = static_cast<std::size_t>(host_.settings.concurrency_account);
  if (all + reserved >= limit)
    return functions::fail(Errc::kThrottled, "Rate Exceeded.", "ConcurrentInvocationLimitExceeded");
  return {};
}

void Dispatcher::submit(const std::string& arn, std::unique_ptr<Invocation> invocation) {
  const auto found = pools_.find(arn);
  if (found == pools_.end() || stopping_)
    return std::move(invocation->reply)(functions::fail(Errc::kInternal, "The server is stopping"));
  found->second->submit(std::move(invocation));
}

std::size_t Dispatcher::in_flight() const {
  std::size_t count = 0;
  for (const auto& [arn, pool] : pools_) count += pool->in_flight();
  return count;
}

std::size_t Dispatcher::in_flight(const std::string& arn) const {
  const auto found = pools_.find(arn);
  return found == pools_.end() ? 0 : found->second->in_flight();
}

std::vector<EnvironmentView> Dispatcher::environments() const {
  static constexpr std::string_view kNames[] = {"new",     "spare",    "starting", "idle",
                                                "running", "answered", "stopping", "gone"};
  std::vector<EnvironmentView> views;
  const auto add = [&](const Environment& environment, std::string function) {
    views.push_back({environment.id(), std::move(function),
                     std::string(kNames[std::to_underlying(environment.state())]), environment.pid(),
                     environment.is_frozen(), environment.invocations()});
  };
  for (const auto& [arn, pool] : pools_)
    for (const auto& environment : pool->environments()) add(*environment, arn);
  for (const auto& spare : spares_) add(*spare.environment, "");
  return views;
}

// ---- spares
// ------------------------------------------------------------------------------------------------------------------------

std::unique_ptr<Environment> Dispatcher::take_spare(const Function& function) {
  if (host_.settings.force_cold_starts || needs_own_start(function)) return nullptr;
  const auto runtime = find_runtime(function.configuration.runtime);
  const auto found =
      std::ranges::find_if(spares_, [&](const Spare& spare) { return runtime && spare.language == runtime->language; });
  if (found == spares_.end()) return nullptr;
  auto environment = std::move(found->environment);
  spares_.erase(found);
  spare_failures_[runtime->language] = 0;
  return environment;
}

void Dispatcher::start_spares(Language language) {
  if (language == Language::kProvided || host_.settings.force_cold_starts || stopping_) return;
  const auto have = std::ranges::count(spares_, language, &Spare::language);
  if (have >= host_.settings.spares_per_runtime || spare_failures_[language] >= kSpareFailuresMax) return;
  auto environment = std::make_unique<Environment>(host_, host_.random.uuid());
  auto* spare = environment.get();
  spares_.push_back({std::move(environment), language});
  if (const auto started = spare->start_spare(language, [this, spare] { spare_ended(spare); }); !started) {
    host_.log.warn("functions.spare_failed", {{"error", started.error().message}});
    ++spare_failures_[language];
    spares_.pop_back();
  }
}

void Dispatcher::spare_ended(Environment* environment) {
  const auto found =
      std::ranges::find_if(spares_, [&](const Spare& spare) { return spare.environment.get() == environment; });
  if (found == spares_.end()) return;
  const auto language = found->language;
  bury(std::move(found->environment));
  spares_.erase(found);
  // Started again with the next function that needs one, not at once: what fails now fails again.
  ++spare_failures_[language];
  host_.log.warn("functions.spare_ended", {{"failures", spare_failures_[language]}});
}

// ---- limits
// ------------------------------------------------------------------------------------------------------------------------

bool Dispatcher::make_room(const Pool* asking) {
  if (environments_ < static_cast<std::size_t>(host_.settings.environments_total)) return true;
  Pool* oldest = nullptr;
  for (const auto& [arn, pool] : pools_) {
    if (pool.get() == asking || !pool->has_idle()) continue;
    if (oldest == nullptr || pool->oldest_idle() < oldest->oldest_idle()) oldest = pool.get();
  }
  if (oldest != nullptr) oldest->stop_oldest_idle();
  // Its place is free when it has gone; gone() serves those that wait.
  return environments_ < static_cast<std::size_t>(host_.settings.environments_total);
}

void Dispatcher::serve_waiting() {
  if (stopping_) return;
  for (const auto& [arn, pool] : pools_)
    if (pool->has_waiting()) pool->grow();
}

void Dispatcher::watch_memory() {
  if (memory_timer_ != 0) return;
  memory_timer_ = host_.loop.at(host_.loop.clock().now() + host_.settings.memory_sample_every, [this] {
    memory_timer_ = 0;
    bool busy = false;
    for (const auto& [arn, pool] : pools_) {
      pool->sample_memory();
      busy = busy || pool->in_flight() > 0;
    }
    if (busy) watch_memory();
  });
}

void Dispatcher::bury(std::unique_ptr<Environment> environment) {
  host_.loop.post([environment = std::move(environment)]() mutable { environment.reset(); });
}

void Dispatcher::stop(runtime::Duration grace, runtime::Task done) {
  stopping_ = true;
  stopped_ = std::move(done);
  spares_soon_.cancel();
  spares_.clear();
  each_pool([](Pool& pool) { pool.stop_all(false); });
  stop_timer_ = host_.loop.at(host_.loop.clock().now() + grace, [this] {
    each_pool([](Pool& pool) { pool.stop_all(true); });
    stop_timer_ =
        host_.loop.at(host_.loop.clock().now() + host_.settings.stop_grace + std::chrono::milliseconds(100), [this] {
          stop_timer_ = 0;
          each_pool([](Pool& pool) { pool.kill_all(); });
          check_stopped();
        });
  });
  check_stopped();
}

void Dispatcher::each_pool(const std::function<void(Pool&)>& act) {
  for (const auto& [arn, pool] : pools_) act(*pool);
  for (const auto& pool : removed_) act(*pool);
}

void Dispatcher::check_stopped() {
  if (!stopped_ || environments_ > 0) return;
  if (stop_timer_ != 0) host_.loop.cancel(std::exchange(stop_timer_, 0));
  host_.loop.post(std::exchange(stopped_, nullptr));
}

}  // namespace tidemill::functions
