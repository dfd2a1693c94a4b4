// Child processes: function environments and the tools that set-up runs. Callbacks come on the loop that spawned the
// process.
#pragma once

#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/executor.h"

namespace tidemill::runtime {

struct ExitStatus {
  int code = 0;    // when it exited
  int signal = 0;  // when a signal killed it, else 0
};

struct SpawnOptions {
  std::vector<std::string> command;      // command[0] is a path, not looked up in PATH
  std::vector<std::string> environment;  // NAME=value, the whole of it
  std::string directory;
  // A process group of its own, killed with it; dies when the server dies (PR_SET_PDEATHSIG).
  std::uint64_t open_files_max = 1024;
  bool private_namespaces = false;                         // user, mount and pid namespaces where the host allows them
  std::vector<std::pair<std::string, std::string>> binds;  // with namespaces: {host path, path inside}, read-only
  std::string private_tmp;                                 // with namespaces: this folder is /tmp inside
  std::vector<std::string> keep_visible;  // folders that stay where they are although they lie under the /tmp outside
  std::function<void(std::string_view)> on_stdout;
  std::function<void(std::string_view)> on_stderr;
  std::move_only_function<void(ExitStatus)> on_exit;  // after all output has been delivered
};

class Process {
 public:
  virtual ~Process() = default;  // kills the group when it still runs; on_exit does not come then
  virtual std::int64_t pid() const = 0;
  virtual void signal_group(int signal) = 0;
  virtual void write_stdin(std::string_view bytes) = 0;
  // Resident bytes of the whole group now, 0 when unknown.
  virtual std::uint64_t resident_bytes() const = 0;
  // Reads and delivers what the process has written so far, before it returns: an answer that came over another channel
  // must not overtake the output written ahead of it.
  virtual void drain_output() {}
};

class Processes {
 public:
  virtual ~Processes() = default;
  virtual Result<std::unique_ptr<Process>> spawn(SpawnOptions options) = 0;
  // True when private_namespaces works on this host.
  virtual bool can_isolate() = 0;
};

}  // namespace tidemill::runtime
