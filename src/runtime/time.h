// Time as the program sees it. Deadlines and latencies use the monotonic clock; only what users see uses the wall
// clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "base/time_text.h"

namespace tidemill::runtime {

using Duration = std::chrono::nanoseconds;
struct MonotonicClock {
  using duration = Duration;
  using rep = Duration::rep;
  using period = Duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;  // NOLINT(readability-identifier-naming): the name is std::chrono's
};
using Instant = MonotonicClock::time_point;
using WallTime = tidemill::WallTime;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual WallTime wall() const = 0;
};

// Time that can be moved: both clocks of the program go forward at once, and so do its timers.
class VirtualTime {
 public:
  virtual ~VirtualTime() = default;
  virtual void advance(Duration by) = 0;
  virtual Duration ahead() const = 0;  // of the machine's clocks
};

using TimerId = std::uint64_t;  // never 0

// Timers of one loop: set, cancelled and fired on that loop's thread.
class Timers {
 public:
  virtual ~Timers() = default;
  virtual TimerId at(Instant when, std::move_only_function<void()> fire) = 0;
  // A timer that has fired or was cancelled is ignored.
  virtual void cancel(TimerId id) = 0;
};

}  // namespace tidemill::runtime
