// An HTTP/1.1 server on one loop: keep-alive, pipelining with answers in order, limits while bytes arrive, slow senders
// cut off.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "http/head_memory.h"
#include "http/message.h"
#include "http/parser.h"
#include "runtime/executor.h"
#include "runtime/network.h"

namespace tidemill::http {

struct ServerOptions {
  Limits limits;
  RequestParser::BodyLimit body_limit;
  RequestParser::OpenBody open_body;
  std::size_t connections_max = 10'000;
  std::size_t pipeline_max = 256;  // requests of one connection under way; further bytes wait
  // Answers to requests that came together with one that is not answered at once leave together with that one's.
  bool hold_for_next = false;
  runtime::Duration head_timeout = std::chrono::seconds(10);  // from a request's first byte to its whole head
  std::size_t body_rate_min = 1 << 10;                        // bytes a second, after a grace of head_timeout
  runtime::Duration idle_timeout = std::chrono::seconds(300);
  std::string server_name = "Tidemill";
  // Asked for each head when set. True: the request is for another server. The connection goes there, with the bytes
  // from that head on, when all that was asked before it is answered (server_group.h).
  std::function<bool(const Request& head)> is_elsewhere;
  std::function<void(std::unique_ptr<runtime::Connection> released, std::string bytes)> hand_over;
};

class Server {
 public:
  Server(runtime::Loop& loop, runtime::Network& network, Handler handler, ServerOptions options = {});
  ~Server();  // closes all connections
  Server(const Server&) = delete;

  Status listen(const runtime::Address& address);
  // A connection of this server's loop that nobody has started; `bytes` have come from it already.
  void accept(std::unique_ptr<runtime::Connection> connection, std::string_view bytes = {});
  runtime::Address address() const;  // of the first listener
  std::size_t connections() const { return connections_.size(); }
  // No new connections; idle ones are closed, busy ones after their answers. `drained` comes when none is left.
  void drain(runtime::Task drained);

 private:
  friend class ServerConnection;
  void remove(std::uint64_t id);
  std::string_view date_line();
  void tick();

  runtime::Loop& loop_;
  runtime::Network& network_;
  const Handler handler_;
  const ServerOptions options_;
  HeadMemory heads_;
  std::vector<std::unique_ptr<runtime::Listener>> listeners_;
  std::unordered_map<std::uint64_t, std::shared_ptr<class ServerConnection>> connections_;
  std::uint64_t next_id_ = 1;
  runtime::TimerId timer_ = 0;
  runtime::Instant ticked_{};
  runtime::Task drained_;
  std::string date_line_;
  runtime::Instant date_until_{};
};

}  // namespace tidemill::http
