#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "cli/cli.h"
#include "runtime/epoll_loop.h"
#include "server/config.h"
#include "server/server.h"

namespace {

using tidemill::runtime::EpollLoop;

// SIGTERM and SIGINT drain; a second one ends at once.
void watch_signals(EpollLoop& loop, tidemill::server::Server& server) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  const int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  loop.watch(fd, EPOLLIN, [&loop, &server, fd, draining = false](std::uint32_t) mutable {
    signalfd_siginfo info{};
    while (read(fd, &info, sizeof(info)) == sizeof(info)) {
      if (draining) _exit(1);
      draining = true;
      server.drain([&loop] { loop.stop(); });
    }
  });
}

int run(tidemill::server::Config config) {
  EpollLoop loop;
  tidemill::server::Server server(std::move(config), loop);
  if (auto opened = server.open(); !opened) {
    std::fprintf(stderr, "tidemill: %s\n", opened.error().message.c_str());
    return 1;
  }
  watch_signals(loop, server);
  std::printf("%s\n", server.ready_line().c_str());
  std::fflush(stdout);
  loop.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  if (const auto code = tidemill::cli::run(argc, argv)) return *code;
  // Blocked before any thread starts, so that every thread inherits it and only the signalfd sees them.
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, nullptr);

  auto invocation = tidemill::server::read_command_line(argc, argv);
  if (!invocation.run_server) return invocation.exit_code;
  return run(std::move(invocation.config));
}
