// Processes that a test scripts: it sees what was spawned and decides what they print and when they end.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/processes.h"
#include "runtime/sim/sim_loop.h"

namespace tidemill::runtime {

class SimProcesses final : public Processes {
 public:
  struct Child {
    std::int64_t pid = 0;
    SpawnOptions options;
    std::vector<int> signals;  // all that were sent
    std::string stdin_bytes;
    std::uint64_t resident = 32 << 20;
    bool running = true;
    bool handle_dropped = false;  // the owner destroyed its Process

    void print(std::string_view text) {
      if (options.on_stdout) options.on_stdout(text);
    }
    void print_error(std::string_view text) {
      if (options.on_stderr) options.on_stderr(text);
    }
    void exit(ExitStatus status);
    // The value of NAME in the environment it was given.
    std::string variable(std::string_view name) const;
  };

  explicit SimProcesses(SimLoop& loop) : loop_(loop) {}
  Result<std::unique_ptr<Process>> spawn(SpawnOptions options) override;
  bool can_isolate() override { return false; }

  std::vector<std::shared_ptr<Child>> children;
  std::function<void(std::shared_ptr<Child>)> on_spawn;  // posted after each spawn
  std::optional<Error> fail_spawns;
  bool die_on_kill = true;  // SIGKILL and SIGTERM end a child by themselves

 private:
  SimLoop& loop_;
  std::int64_t next_pid_ = 1000;
};

}  // namespace tidemill::runtime
