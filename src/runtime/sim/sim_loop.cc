#include "runtime/sim/sim_loop.h"

namespace tidemill::runtime {

std::string SimRandom::bytes(std::size_t size) {
  std::string out;
  out.reserve(size);
  while (out.size() < size) {
    auto word = generator_();
    for (int i = 0; i < 8 && out.size() < size; ++i, word >>= 8) out += static_cast<char>(word & 0xff);
  }
  return out;
}

TimerId SimLoop::at(Instant when, Task fire) {
  const TimerId id = next_timer_++;
  timers_.emplace(std::pair(when, id), std::move(fire));
  by_id_.emplace(id, when);
  return id;
}

void SimLoop::cancel(TimerId id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  timers_.erase({found->second, id});
  by_id_.erase(found);
}

bool SimLoop::run_ready() {
  bool ran = false;
  for (;;) {
    if (!posted_.empty()) {
      auto task = std::move(posted_.front());
      posted_.pop_front();
      task();
      ran = true;
      continue;
    }
    if (!timers_.empty() && timers_.begin()->first.first <= clock_.now_) {
      auto node = timers_.extract(timers_.begin());
      by_id_.erase(node.key().second);
      node.mapped()();
      ran = true;
      continue;
    }
    return ran;
  }
}

void SimLoop::run_for(Duration duration) {
  const auto end = clock_.now_ + duration;
  for (;;) {
    run_ready();
    if (timers_.empty() || timers_.begin()->first.first > end) break;
    clock_.now_ = timers_.begin()->first.first;
  }
  clock_.now_ = end;
}

void SimLoop::run_until_idle(Duration limit) {
  const auto end = clock_.now_ + limit;
  for (;;) {
    run_ready();
    if (timers_.empty() || timers_.begin()->first.first > end) return;
    clock_.now_ = timers_.begin()->first.first;
  }
}

}  // namespace tidemill::runtime
