// One HTTP server on several loops. The first loop, home, listens and deals the connections out in turn: with
// SO_REUSEPORT the kernel would choose by a hash, and of sixteen connections two loops would often get five and eleven.
// A connection lives on its loop and its requests are handled there. When one of them may be answered at home only, the
// whole connection goes there for good, once what was asked before is answered: bodies, streams and disconnects then
// need no way between loops, and a client that keeps to such requests pays for the move once.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "http/server.h"

namespace tidemill::http {

class ServerGroup {
 public:
  struct Member {
    runtime::Loop& loop;
    runtime::Network& network;
  };
  using LoopHandler = std::function<void(runtime::Loop& loop, Request&& request, Responder&& respond)>;
  struct Options {
    ServerOptions server;
    // Only home may answer it. Asked on every loop but home; unset: true for all.
    std::function<bool(const Request& head)> home_only;
  };
  // Home first. Built and destroyed while no loop but the calling one runs; loops that have stopped are destroyed
  // later.
  ServerGroup(std::vector<Member> members, const LoopHandler& handler, const Options& options);
  ServerGroup(const ServerGroup&) = delete;

  // On home, as all that follows.
  Status listen(const runtime::Address& address);
  runtime::Address address() const;  // of the first listener
  // No new connections; idle ones are closed, busy ones after their answers. `drained` comes when none is left.
  void drain(runtime::Task drained);

 private:
  void deal(std::unique_ptr<runtime::Connection> connection);

  const std::vector<Member> members_;
  std::vector<std::unique_ptr<Server>> servers_;  // of each; touched on its loop
  std::vector<std::unique_ptr<runtime::Listener>> listeners_;
  std::size_t next_ = 0;
};

}  // namespace tidemill::http
