#include "runtime/epoll_loop.h"

#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include "base/assert.h"

namespace tidemill::runtime {
namespace {

// struct sched_attr of sched_setattr(2), which this glibc does not have.
struct SchedulerAttributes {
  std::uint32_t size, policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime, deadline, period;
};

// Linux gives a thread that asks for short slices the processor sooner when it wakes, and does not take it away for
// whoever it has just woken itself: without it, a peer that gets its answer runs before the rest of the turn. The share
// of the processor stays the same. Kernels before 6.12 take no notice. What this thread starts asks for the same: a
// function that gets its event shall not wait for the server's turn.
void ask_for_short_slices() {
  constexpr std::uint64_t kSliceNs = 500'000;  // shorter than the shortest default (0.7 ms, on one processor)
  SchedulerAttributes attributes{};
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) != 0 || attributes.policy != SCHED_OTHER)
    return;
  attributes.size = sizeof(attributes);
  attributes.runtime = kSliceNs;
  // Refused by some sandboxes: the loop runs as others do.
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace

Instant SystemClock::now() const {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return Instant(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec)) + ahead();
}

WallTime SystemClock::wall() const {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  return WallTime(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec)) + ahead();
}

EpollLoop::EpollLoop() : EpollLoop(Options{}) {}

EpollLoop::EpollLoop(Options options)
    : options_(options),
      clock_(options.clock_of == nullptr ? std::make_shared<SystemClock>() : options.clock_of->clock_) {
  turn_ = clock_->now();
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  TM_ASSERT(epoll_ >= 0 && wake_ >= 0);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_;
  TM_ASSERT(epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) == 0);
}

EpollLoop::~EpollLoop() {
  // What is still posted may own connections that unwatch themselves: let it go while epoll is still open.
  running_.clear();
  posted_.clear();
  turn_end_.clear();
  timers_.clear();
  watches_.clear();
  close(wake_);
  close(epoll_);
}

void EpollLoop::post(Task task) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    wake = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (wake && !awake_.load(std::memory_order_seq_cst)) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(wake_, &one, sizeof(one));
  }
}

void EpollLoop::stop() {
  stopping_.store(true);
  post([] {});
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(wake_, &one, sizeof(one));
}

TimerId EpollLoop::at(Instant when, Task fire) {
  const TimerId id = next_timer_++;
  timers_.emplace(id, std::move(fire));
  heap_.push_back({when, id});
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  return id;
}

void EpollLoop::cancel(TimerId id) {
  timers_.erase(id);
  // Cancelled entries leave the heap when they come up; a heap that is mostly such entries is rebuilt.
  if (heap_.size() > 64 && heap_.size() > timers_.size() * 4) {
    std::erase_if(heap_, [this](const Timer& t) { return !timers_.contains(t.id); });
    std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
  }
}

void EpollLoop::watch(int fd, std::uint32_t events, Ready ready) {
  epoll_event event{};
  event.events = events | EPOLLET;
  event.data.fd = fd;
  const bool known = watches_.contains(fd);
  watches_[fd] = std::make_shared<Watch>(std::move(ready), next_generation_++);
  TM_ASSERT(epoll_ctl(epoll_, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) == 0);
}

void EpollLoop::unwatch(int fd) {
  if (watches_.erase(fd) > 0) epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
}

void EpollLoop::run_posted() {
  {
    const std::lock_guard lock(mutex_);
    running_.swap(posted_);
  }
  for (auto& task : running_) {
    task();
    task = nullptr;
  }
  running_.clear();
}

void EpollLoop::run_turn_end() {
  while (!turn_end_.empty()) {
    auto tasks = std::exchange(turn_end_, {});
    for (auto& task : tasks) task();
  }
}

void EpollLoop::run_timers() {
  const auto now = clock_->now();
  while (!heap_.empty() && heap_.front().when <= now) {
    const auto id = heap_.front().id;
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    heap_.pop_back();
    if (const auto found = timers_.find(id); found != timers_.end()) {
      auto fire = std::move(found->second);
      timers_.erase(found);
      fire();
    }
  }
}

int EpollLoop::sleep_ms(bool spinning) const {
  if (spinning) return 0;
  if (heap_.empty()) return -1;
  const auto wait = heap_.front().when - clock_->now();
  if (wait <= Duration(0)) return 0;
  return static_cast<int>(std::min<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(wait).count(), 60'000));
}

void EpollLoop::run() {
  thread_.store(std::this_thread::get_id());
  ask_for_short_slices();
  std::array<epoll_event, 256> events{};
  auto last_work = clock_->now();
  int count = 0;
  while (!stopping_.load(std::memory_order_relaxed)) {
    run_posted();
    run_timers();
    run_turn_end();
    bool more = false;
    {
      // awake_ falls before the last look at the queue: a post after that look writes the eventfd.
      awake_.store(false, std::memory_order_seq_cst);
      const std::lock_guard lock(mutex_);
      more = !posted_.empty();
    }
    // The one peer of this turn has its answer, and the turn goes on. Asked for a moment of the processor, it is asleep
    // again before the next is woken. Two that wait here make the scheduler wake the second one where it ran before: on
    // an idle processor, which takes longer than both turns, and away from what this loop has in its caches.
    if (more && count == 1 && sent_) sched_yield();
    sent_ = false;
    const bool spinning = options_.spin > Duration(0) && clock_->now() - last_work < options_.spin;
    count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), more ? 0 : sleep_ms(spinning));
    awake_.store(true, std::memory_order_seq_cst);
    TM_ASSERT(count >= 0 || errno == EINTR);
    turn_ = clock_->now();
    if (count > 0) last_work = turn_;
    for (int i = 0; i < count; ++i) {
      still_ready_ = count - i - 1;
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == wake_) {
        std::uint64_t ignored;
        [[maybe_unused]] const auto read_bytes = read(wake_, &ignored, sizeof(ignored));
        continue;
      }
      // A handler earlier in this turn may have closed this descriptor; the shared_ptr keeps a running one alive.
      if (const auto found = watches_.find(fd); found != watches_.end()) {
        const auto watch = found->second;
        watch->ready(events[static_cast<std::size_t>(i)].events);
      }
    }
  }
  run_posted();
  run_turn_end();
  thread_.store(std::thread::id{});
}

}  // namespace tidemill::runtime
