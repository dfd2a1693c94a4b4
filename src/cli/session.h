// Calls to a server, one at a time: a loop on a thread of its own, and a caller that waits.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "base/json.h"
#include "http/client.h"
#include "runtime/epoll_loop.h"
#include "runtime/system.h"

namespace tidemill::cli {

class Session {
 public:
  // `endpoint`: http://HOST:PORT. Errors: kInvalidArgument.
  static Result<std::unique_ptr<Session>> open(const std::string& endpoint);
  ~Session();
  Session(const Session&) = delete;

  // A JSON answer. Errors: the server's message (kInvalidArgument), or what is wrong with the connection.
  Result<json::Value> call(const std::string& method, const std::string& target, const json::Value& body);
  Result<json::Value> upload(const std::string& target, std::string bytes);
  // An answer of JSON lines, each told as it comes (on the session's thread).
  Status follow(const std::string& target, const json::Value& body, std::function<void(const json::Value&)> line);

  const runtime::Clock& clock() const { return loop_.clock(); }
  const std::string& endpoint() const { return endpoint_; }

 private:
  Session(std::string endpoint, runtime::Address address);
  Result<http::Response> send(http::Request request, http::ClientOptions options);

  const std::string endpoint_;
  const runtime::Address address_;
  runtime::EpollLoop loop_;
  std::unique_ptr<runtime::Network> network_;
  http::Client client_;
  std::thread thread_;
};

}  // namespace tidemill::cli
