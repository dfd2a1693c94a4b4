// Clocks of the measuring programs: time, and what processes have used of the processors.
#pragma once

#include <ctime>
#include <string>
#include <vector>

#include <sys/types.h>

#include "common/flags.h"

namespace tidemill::bench {

inline std::int64_t read_clock(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}
inline std::int64_t now_ns() { return read_clock(CLOCK_MONOTONIC); }
inline std::int64_t wall_us() { return read_clock(CLOCK_REALTIME) / 1000; }

// User and system time of processes, all their threads, also of those that have ended, in nanoseconds.
class CpuOf {
 public:
  explicit CpuOf(const std::string& pids) {  // "123,456"
    for (std::size_t at = 0; at < pids.size();) {
      const auto comma = std::min(pids.find(',', at), pids.size());
      clockid_t clock{};
      if (clock_getcpuclockid(static_cast<pid_t>(std::stol(pids.substr(at, comma - at))), &clock) != 0)
        die("no process " + pids.substr(at, comma - at));
      clocks_.push_back(clock);
      at = comma + 1;
    }
  }
  std::int64_t used_ns() const {
    std::int64_t sum = 0;
    for (const auto clock : clocks_) sum += read_clock(clock);
    return sum;
  }
  bool empty() const { return clocks_.empty(); }

 private:
  std::vector<clockid_t> clocks_;
};

}  // namespace tidemill::bench
