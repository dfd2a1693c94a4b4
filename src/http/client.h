// An HTTP/1.1 client on one loop: for the command line, for failure destinations, for tests.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/reply.h"
#include "http/message.h"
#include "runtime/executor.h"
#include "runtime/network.h"

namespace tidemill::http {

struct ClientOptions {
  runtime::Duration connect_timeout = std::chrono::seconds(5);
  runtime::Duration timeout = std::chrono::seconds(60);  // from the call to the whole answer; zero: none
  std::size_t body_bytes_max = 256 << 20;
  // Bytes of the body as they come; Response.body is empty then.
  std::function<void(std::string_view)> on_body;
};

class Client {
 public:
  Client(runtime::Loop& loop, runtime::Network& network) : loop_(loop), network_(network) {}
  // One request on a connection of its own. Host and Content-Length are added when missing. Errors: kUnavailable,
  // kTimeout, kIo.
  void send(const runtime::Address& address, Request request, Reply<Response> reply, ClientOptions options = {});

 private:
  runtime::Loop& loop_;
  runtime::Network& network_;
};

}  // namespace tidemill::http
