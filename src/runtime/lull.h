// Runs a task once it has been quiet for a moment: what nobody waits for stays out of the way of what comes in bursts.
#pragma once

#include <algorithm>
#include <functional>

#include "runtime/executor.h"

namespace tidemill::runtime {

class Lull {
 public:
  struct Times {
    Duration quiet;    // since the last stir()
    Duration at_most;  // since the first, however busy it is
  };
  Lull(Loop& loop, Times times, std::function<void()> task) : loop_(loop), times_(times), task_(std::move(task)) {}
  ~Lull() { cancel(); }
  Lull(const Lull&) = delete;

  // There is something for the task to do.
  void stir() {
    last_ = loop_.clock().now();
    if (timer_ != 0) return;
    limit_ = last_ + times_.at_most;
    set();
  }
  void cancel() {
    if (timer_ != 0) loop_.cancel(std::exchange(timer_, 0));
  }
  bool is_waiting() const { return timer_ != 0; }

 private:
  // Set again only when it fires, so that a stir costs a look at the clock.
  void set() {
    timer_ = loop_.at(due(), [this] {
      timer_ = 0;
      if (loop_.clock().now() < due()) return set();
      task_();
    });
  }
  Instant due() const { return std::min(last_ + times_.quiet, limit_); }

  Loop& loop_;
  const Times times_;
  const std::function<void()> task_;
  TimerId timer_ = 0;
  Instant last_, limit_;
};

}  // namespace tidemill::runtime
