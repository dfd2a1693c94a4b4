// Sends requests over keep-alive connections, one under way on each, from one thread.
//   closed loop  each connection sends its next request when it has its answer
//   rate         requests are due on a fixed schedule, whatever the server does; one that finds no free connection
//   waits,
//                and its latency counts from when it was due (no coordinated omission)
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/histogram.h"
#include "load/response.h"

namespace tidemill::bench {

class Generator {
 public:
  struct Options {
    std::string address;
    int connections = 16;
    double rate = 0;  // requests a second; 0: closed loop
    double warmup_s = 0.5, seconds = 3;
    std::uint64_t count = 0;  // not 0: that many requests, without warm-up, however long it takes
  };
  using Next = std::function<std::string_view(std::int64_t due_us)>;
  Generator(Options options, Next next);
  // `began` is called at the end of the warm-up: from there on answers are counted.
  void run(const std::function<void()>& began);

  const Histogram& latency() const { return latency_; }
  double seconds() const { return seconds_; }
  std::uint64_t errors() const { return errors_; }
  const std::string& last_error() const { return last_error_; }

 private:
  struct Client {
    int socket = -1;
    std::int64_t due_ns = 0;
    ResponseReader response;
  };
  void send(Client& client, std::int64_t due_ns);
  void receive(Client& client);
  void answered(Client& client, std::int64_t now);
  // Sends what is due; how long until the next, in nanoseconds (-1: nothing to wait for).
  std::int64_t send_due(std::int64_t now);
  bool finished(std::int64_t now) const;

  const Options options_;
  const Next next_;
  std::vector<Client> clients_;
  std::vector<Client*> idle_;
  std::deque<std::int64_t> waiting_;  // due, without a free connection; bounded by kWaitingMax
  std::int64_t next_due_ = 0, interval_ = 0, wall_minus_monotonic_us_ = 0;
  std::uint64_t sent_ = 0, done_ = 0;
  std::int64_t end_ = 0;
  Histogram latency_;
  double seconds_ = 0;
  std::uint64_t errors_ = 0;
  std::string last_error_;
};

}  // namespace tidemill::bench
