// A server of one thread and as little as possible: epoll, HTTP/1.1 with Content-Length, one request under way on each
// connection. What an HTTP server on this machine cannot be cheaper than.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::bench {

struct FloorHeader {
  std::string_view name, value;
};

struct FloorRequest {
  std::string_view method, target, body;  // behind the body are at least 64 bytes that may be read
  const std::vector<FloorHeader>& headers;
  std::string_view header(std::string_view name) const;  // name in lower case
};

// Appends the body of the answer.
using FloorHandler = std::function<void(const FloorRequest&, std::string& body)>;

// Prints "ready edge=http://HOST:PORT" and serves until the process is killed.
[[noreturn]] void serve_http(const std::string& address, const FloorHandler& handler);

// The whole request at the start of `bytes`: how many bytes it takes, 0 when it is not complete. Fills `headers`.
std::size_t parse_request(std::string_view bytes, std::vector<FloorHeader>& headers, FloorRequest& request);

}  // namespace tidemill::bench
