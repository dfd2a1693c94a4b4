// Where code runs. An Executor is one loop: what is posted to it runs on its thread, in order, never inside post().
#pragma once

#include <functional>

#include "runtime/time.h"

namespace tidemill::runtime {

using Task = std::move_only_function<void()>;

class Executor {
 public:
  virtual ~Executor() = default;
  // From any thread. What is posted after the loop has stopped is destroyed unrun.
  virtual void post(Task task) = 0;
  virtual bool on_this_thread() const = 0;
};

// Slow work off the loops: file trees, archives, storage that would block. `done` is posted back to `home`.
class Offload {
 public:
  virtual ~Offload() = default;
  // False when the queue is full: the caller answers "busy".
  virtual bool run(Task work, Executor& home, Task done) = 0;
};

// One loop with its clock and timers.
class Loop : public Executor, public Timers {
 public:
  virtual const Clock& clock() const = 0;
  // When the current turn began, without asking the clock again: exact enough for what is counted in seconds. On the
  // loop's thread.
  virtual Instant turn() const { return clock().now(); }
};

}  // namespace tidemill::runtime
