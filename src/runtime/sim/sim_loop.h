// A loop in virtual time: one test thread lives through a day of retries. Everything is deterministic: what is posted
// runs in order, timers run by time and then by the order in which they were set.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <string>

#include "runtime/executor.h"
#include "runtime/random.h"

namespace tidemill::runtime {

class SimClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  WallTime wall() const override { return epoch_ + (now_ - Instant{}); }
  void set_epoch(WallTime epoch) { epoch_ = epoch; }

 private:
  friend class SimLoop;
  Instant now_{};
  WallTime epoch_ = from_epoch_ms(1'764'085'660'000);  // 2025-11-25T15:47:40Z
};

class SimRandom final : public Random {
 public:
  explicit SimRandom(std::uint64_t seed = 1) : generator_(seed) {}
  std::string bytes(std::size_t size) override;

 private:
  std::mt19937_64 generator_;
};

class SimLoop final : public Loop {
 public:
  void post(Task task) override { posted_.push_back(std::move(task)); }
  bool on_this_thread() const override { return true; }
  TimerId at(Instant when, Task fire) override;
  void cancel(TimerId id) override;
  const Clock& clock() const override { return clock_; }
  SimClock& sim_clock() { return clock_; }

  // Runs what is posted (and what that posts) without moving the clock. True when something ran.
  bool run_ready();
  // Runs everything due within `duration`, moving the clock from event to event, and ends at its end.
  void run_for(Duration duration);
  // Runs until nothing is posted and no timer is set, or `limit` of virtual time has passed.
  void run_until_idle(Duration limit = std::chrono::hours(24 * 365));
  std::size_t timers() const { return timers_.size(); }

 private:
  SimClock clock_;
  std::deque<Task> posted_;
  std::map<std::pair<Instant, TimerId>, Task> timers_;
  std::map<TimerId, Instant> by_id_;
  TimerId next_timer_ = 1;
};

// Offloaded work runs at once on the test's thread; its `done` is posted, as in the real pool.
class SimOffload final : public Offload {
 public:
  bool run(Task work, Executor& home, Task done) override {
    if (full) return false;
    work();
    home.post(std::move(done));
    return true;
  }
  bool full = false;
};

}  // namespace tidemill::runtime
