// The composition root: builds every part from the configuration, connects them, opens the listeners, and takes it all
// down in the reverse order.
#pragma once

#include <memory>

#include "base/result.h"
#include "runtime/epoll_loop.h"
#include "server/config.h"

namespace tidemill::server {

class Server {
 public:
  // `loop` is the home loop; it runs on the calling thread.
  Server(Config config, runtime::EpollLoop& loop);
  ~Server();
  Server(const Server&) = delete;

  // Opens the data directory and the listeners. Errors: one clear sentence each.
  Status open();
  // The line that says where it listens: "ready edge=... kafka=...".
  std::string ready_line() const;
  // Answers what is under way, lets invocations finish, syncs; then `done`.
  void drain(runtime::Task done);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace tidemill::server
