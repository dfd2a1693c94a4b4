// The event loop on Linux: epoll, an eventfd for posts, a binary heap of timers. One thread runs it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "runtime/executor.h"

namespace tidemill::runtime {

// The machine's clocks, both ahead of it by what advance() has added: the virtual clock of `dev`.
class SystemClock final : public Clock {
 public:
  Instant now() const override;
  WallTime wall() const override;
  Duration ahead() const { return Duration(ahead_ns_.load(std::memory_order_relaxed)); }

 private:
  friend class EpollLoop;
  std::atomic<Duration::rep> ahead_ns_ = 0;
};

class EpollLoop final : public Loop, public VirtualTime {
 public:
  struct Options {
    // Before it sleeps, a loop polls for this long: waking an idle core costs more than a short spin. 0 is off.
    Duration spin = Duration(0);
    // Whose clock this loop reads, so that time is moved for both at once; null: it has one of its own.
    const EpollLoop* clock_of = nullptr;
  };
  EpollLoop();
  explicit EpollLoop(Options options);
  ~EpollLoop() override;
  EpollLoop(const EpollLoop&) = delete;

  // Runs until stop(). The calling thread becomes the loop's.
  void run();
  void stop();  // from any thread

  void post(Task task) override;
  bool on_this_thread() const override { return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }
  TimerId at(Instant when, Task fire) override;
  void cancel(TimerId id) override;
  const Clock& clock() const override { return *clock_; }
  Instant turn() const override { return turn_; }
  // On the loop's thread, as if the loop had slept for so long: timers that became due fire in the next turn, each
  // once.
  void advance(Duration by) override { clock_->ahead_ns_.fetch_add(by.count(), std::memory_order_relaxed); }
  Duration ahead() const override { return clock_->ahead(); }

  // File descriptors: `ready(events)` with epoll's bits. Edge-triggered. On the loop's thread, or before run().
  using Ready = std::function<void(std::uint32_t)>;
  void watch(int fd, std::uint32_t events, Ready ready);
  void unwatch(int fd);

  // Runs once at the end of the current turn of the loop, after all that is ready has been handled.
  void at_turn_end(Task task) { turn_end_.push_back(std::move(task)); }
  // Other descriptors are ready and have not been handled yet, and the turn has not lasted long: what is to be sent may
  // wait for its end. Peers that sleep are woken once then, not once for each answer.
  bool sends_may_wait() const { return still_ready_ > 0 && clock_->now() - turn_ < kSendsWaitMax; }
  // A peer was sent something in this turn: it may be waiting for the processor that the loop runs on.
  void sent() { sent_ = true; }
  // Sockets read into it, one at a time, and leave nothing there.
  std::span<char> read_buffer() {
    if (!read_buffer_) read_buffer_ = std::make_unique_for_overwrite<char[]>(kReadBuffer);
    return {read_buffer_.get(), kReadBuffer};
  }

 private:
  static constexpr std::size_t kReadBuffer = 64 << 10;
  static constexpr Duration kSendsWaitMax = std::chrono::microseconds(500);
  struct Timer {
    Instant when;
    TimerId id;
    bool operator>(const Timer& other) const { return when != other.when ? when > other.when : id > other.id; }
  };
  struct Watch {
    Ready ready;
    std::uint64_t generation;
  };

  void run_posted();
  void run_turn_end();
  void run_timers();
  int sleep_ms(bool spinning) const;

  Options options_;
  const std::shared_ptr<SystemClock> clock_;
  int epoll_ = -1;
  int wake_ = -1;
  std::atomic<std::thread::id> thread_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> awake_ = true;  // a post need not write the eventfd while the loop is known to look again

  std::mutex mutex_;
  std::vector<Task> posted_;  // guarded by mutex_
  std::vector<Task> running_;
  std::vector<Task> turn_end_;
  std::unique_ptr<char[]> read_buffer_;
  int still_ready_ = 0;  // in this turn
  bool sent_ = false;    // in this turn
  Instant turn_;         // when it began

  std::vector<Timer> heap_;
  std::unordered_map<TimerId, Task> timers_;
  TimerId next_timer_ = 1;
  std::unordered_map<int, std::shared_ptr<Watch>> watches_;
  std::uint64_t next_generation_ = 1;
};

// Runs a loop on a thread of its own, which ends with this object.
class LoopThread {
 public:
  explicit LoopThread(EpollLoop& loop) : loop_(loop), thread_([this] { loop_.run(); }) {}
  ~LoopThread() {
    loop_.stop();
    thread_.join();
  }
  LoopThread(const LoopThread&) = delete;

 private:
  EpollLoop& loop_;
  std::thread thread_;
};

}  // namespace tidemill::runtime
