#include "floor/runtime_api.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <vector>

#include "common/clock.h"
#include "common/result.h"
#include "floor/server.h"

namespace tidemill::bench {
namespace {

// An environment's one connection: requests in, answers out, in order.
class Environment {
 public:
  explicit Environment(int socket) : socket_(socket) {}

  // Waits for the next request and forgets the one before.
  FloorRequest read() {
    bytes_.erase(0, taken_);
    FloorRequest request{.headers = headers_};
    while ((taken_ = parse_request(bytes_, headers_, request)) == 0) {
      std::array<char, 64 << 10> buffer;
      const auto got = recv(socket_, buffer.data(), buffer.size(), 0);
      if (got <= 0) die("the environment has gone");
      bytes_.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return request;
  }
  void write(const std::string& bytes) const {
    if (send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
      die("the environment has gone");
  }

 private:
  const int socket_;
  std::string bytes_;
  std::size_t taken_ = 0;
  std::vector<FloorHeader> headers_;
};

std::string event(const std::string& payload, std::uint64_t number) {
  std::array<char, 40> id{};
  std::snprintf(id.data(), id.size(), "00000000-0000-4000-8000-%012llx", static_cast<unsigned long long>(number));
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: " +
         std::string(id.data()) + "\r\nLambda-Runtime-Deadline-Ms: " + std::to_string(wall_us() / 1000 + 60'000) +
         "\r\nLambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:floor\r\n"
         "Lambda-Runtime-Trace-Id: Root=1-00000000-000000000000000000000000;Sampled=0\r\nContent-Length: " +
         std::to_string(payload.size()) + "\r\n\r\n" + payload;
}

}  // namespace

int serve_runtime_api(const RuntimeApiOptions& options) {
  const int listener = listen_on(options.listen);
  std::printf("ready edge=http://%s\n", local_address(listener).c_str());
  std::fflush(stdout);
  Environment environment(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  if (const auto first = environment.read(); !first.target.ends_with("/invocation/next"))
    die("the environment failed: " + std::string(first.body));
  const auto measured_from = now_ns() + static_cast<std::int64_t>(options.warmup_s * 1e9);
  const auto end = measured_from + static_cast<std::int64_t>(options.seconds * 1e9);
  Histogram latency;
  for (std::uint64_t number = 1;; ++number) {
    const auto sent = now_ns();
    if (sent >= end) break;
    environment.write(event(options.payload, number));
    if (const auto answer = environment.read(); !answer.target.ends_with("/response"))
      die("the function failed: " + std::string(answer.body));
    if (sent >= measured_from) latency.record(now_ns() - sent);
    environment.write(
        "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"OK\"}");
    environment.read();  // the poll for the next, sent together with the answer
  }
  print({.latency = latency, .seconds = static_cast<double>(now_ns() - measured_from) / 1e9});
  return 0;
}

}  // namespace tidemill::bench
