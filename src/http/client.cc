#include "http/client.h"

#include "http/parser.h"

namespace tidemill::http {
namespace {

// One exchange; lives until it has answered.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(runtime::Loop& loop, Reply<Response> reply, const ClientOptions& options, bool head_only)
      : loop_(loop), reply_(std::move(reply)), parser_(head_only, {.body_bytes = options.body_bytes_max}) {
    parser_.on_body = options.on_body;
  }

  void start(runtime::Network& network, const runtime::Address& address, std::string bytes,
             const ClientOptions& options) {
    if (options.timeout > runtime::Duration(0)) {
      timer_ = loop_.at(loop_.clock().now() + options.timeout,
                        [self = shared_from_this()] { self->finish(fail(Errc::kTimeout, "no answer in time")); });
    }
    network.connect(address, options.connect_timeout,
                    [self = shared_from_this(), bytes = std::move(bytes)](auto connected) mutable {
                      if (!connected) return self->finish(std::unexpected(std::move(connected).error()));
                      self->run(std::move(*connected), std::move(bytes));
                    });
  }

 private:
  void run(std::unique_ptr<runtime::Connection> connection, std::string bytes) {
    if (done_) return;
    connection_ = std::move(connection);
    const auto self = shared_from_this();
    connection_->start({.on_data =
                            [self](std::string_view data) {
                              if (self->done_) return;
                              if (!self->parser_.feed(data))
                                return self->finish(fail(Errc::kIo, "the answer is not HTTP"));
                              if (self->parser_.complete()) self->finish(self->parser_.take());
                            },
                        .on_close =
                            [self] {
                              if (self->done_) return;
                              if (self->parser_.finish()) return self->finish(self->parser_.take());
                              self->finish(fail(Errc::kUnavailable, "the connection was closed before the answer"));
                            }});
    connection_->write(std::move(bytes));
  }

  void finish(Result<Response> result) {
    if (std::exchange(done_, true)) return;
    loop_.cancel(timer_);
    // Not from inside the connection's own callback.
    loop_.post([self = shared_from_this()] { self->connection_.reset(); });
    std::move(reply_)(std::move(result));
  }

  runtime::Loop& loop_;
  Reply<Response> reply_;
  ResponseParser parser_;
  std::unique_ptr<runtime::Connection> connection_;
  runtime::TimerId timer_ = 0;
  bool done_ = false;
};

}  // namespace

void Client::send(const runtime::Address& address, Request request, Reply<Response> reply, ClientOptions options) {
  std::string bytes = request.method + " " + (request.target.empty() ? "/" : request.target) + " HTTP/1.1\r\n";
  if (!request.headers.find("host")) bytes += "Host: " + address.text() + "\r\n";
  for (const auto& [name, value] : request.headers) bytes.append(name).append(": ").append(value).append("\r\n");
  const bool has_body = !request.body.empty() || request.method == "POST" || request.method == "PUT";
  if (has_body && !request.headers.find("content-length"))
    bytes += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  bytes += "Connection: close\r\n\r\n";
  bytes += request.body;
  std::make_shared<Exchange>(loop_, std::move(reply), options, request.method == "HEAD")
      ->start(network_, address, std::move(bytes), options);
}

}  // namespace tidemill::http
