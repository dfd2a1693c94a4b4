#include "load/generator.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/clock.h"

namespace tidemill::bench {
namespace {

constexpr std::size_t kWaitingMax = 1'000'000;
// The kernel's timers are late by tens of microseconds: the last stretch before a due time is spent looking.
constexpr std::int64_t kSpinNs = 80'000;

}  // namespace

Generator::Generator(Options options, Next next) : options_(std::move(options)), next_(std::move(next)) {
  clients_.resize(static_cast<std::size_t>(options_.connections));
  for (auto& client : clients_) {
    client.socket = connect_to(options_.address);
    idle_.push_back(&client);
  }
}

void Generator::run(const std::function<void()>& began) {
  prctl(PR_SET_TIMERSLACK, 1);
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (auto& client : clients_) {
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &client}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, client.socket, &event);
  }
  wall_minus_monotonic_us_ = wall_us() - now_ns() / 1000;
  const auto start = now_ns();
  const auto measured_from = start + (options_.count > 0 ? 0 : static_cast<std::int64_t>(options_.warmup_s * 1e9));
  end_ = measured_from + static_cast<std::int64_t>(options_.seconds * 1e9);
  interval_ = options_.rate > 0 ? static_cast<std::int64_t>(1e9 / options_.rate) : 0;
  next_due_ = start;
  bool measuring = options_.count > 0;
  if (measuring) began();
  auto began_at = start;
  std::array<epoll_event, 256> events{};
  while (true) {
    const auto now = now_ns();
    if (!measuring && now >= measured_from) {
      measuring = true;
      latency_.clear();
      errors_ = 0;
      began();
      began_at = now_ns();
    }
    if (measuring && finished(now)) break;
    const auto until_due = send_due(now);
    auto wait = std::min<std::int64_t>(until_due < 0 ? 50'000'000 : until_due, 50'000'000);
    wait = wait > kSpinNs ? wait - kSpinNs : 0;
    const timespec timeout{.tv_sec = 0, .tv_nsec = wait};
    const int ready = epoll_pwait2(epoll, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    for (int i = 0; i < ready; ++i) receive(*static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr));
  }
  seconds_ = static_cast<double>(now_ns() - began_at) / 1e9;
  close(epoll);
}

bool Generator::finished(std::int64_t now) const { return options_.count > 0 ? done_ >= options_.count : now >= end_; }

std::int64_t Generator::send_due(std::int64_t now) {
  if (interval_ == 0) {
    while (!idle_.empty() && (options_.count == 0 || sent_ < options_.count)) {
      Client& client = *idle_.back();
      idle_.pop_back();
      send(client, now_ns());
    }
    return -1;
  }
  for (; next_due_ <= now; next_due_ += interval_) {
    if (waiting_.size() == kWaitingMax) die("the server is a million requests behind the rate");
    waiting_.push_back(next_due_);
  }
  while (!waiting_.empty() && !idle_.empty()) {
    Client& client = *idle_.back();
    idle_.pop_back();
    const auto due = waiting_.front();
    waiting_.pop_front();
    send(client, due);
  }
  return next_due_ - now;
}

void Generator::send(Client& client, std::int64_t due_ns) {
  client.due_ns = due_ns;
  client.response.reset();
  ++sent_;
  auto bytes = next_(wall_minus_monotonic_us_ + due_ns / 1000);
  while (!bytes.empty()) {
    const auto taken = ::send(client.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (taken < 0 && errno != EINTR) die(std::string("send: ") + std::strerror(errno));
    if (taken > 0) bytes.remove_prefix(static_cast<std::size_t>(taken));
  }
}

void Generator::receive(Client& client) {
  static std::array<char, 256 << 10> buffer;
  const auto got = recv(client.socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) die("the server closed a connection");
  if (client.response.feed({buffer.data(), static_cast<std::size_t>(got)})) answered(client, now_ns());
}

void Generator::answered(Client& client, std::int64_t now) {
  latency_.record(now - client.due_ns);
  ++done_;
  if (const int status = client.response.status(); status < 200 || status > 299) {
    ++errors_;
    last_error_ = std::to_string(status) + " " + std::string(client.response.body());
  }
  if (interval_ == 0 && (options_.count == 0 || sent_ < options_.count))
    send(client, now);
  else
    idle_.push_back(&client);
}

}  // namespace tidemill::bench
