#include "runtime/sim/sim_processes.h"

namespace tidemill::runtime {
namespace {

class SimProcess final : public Process {
 public:
  SimProcess(SimLoop& loop, std::shared_ptr<SimProcesses::Child> child, bool die_on_kill)
      : loop_(loop), child_(std::move(child)), die_on_kill_(die_on_kill) {}
  ~SimProcess() override {
    child_->handle_dropped = true;
    child_->running = false;
    child_->options.on_exit = nullptr;
    child_->options.on_stdout = nullptr;
    child_->options.on_stderr = nullptr;
  }
  std::int64_t pid() const override { return child_->pid; }
  void signal_group(int signal) override {
    child_->signals.push_back(signal);
    if (die_on_kill_ && (signal == SIGKILL || signal == SIGTERM)) {
      loop_.post([child = child_, signal] { child->exit({.code = 0, .signal = signal}); });
    }
  }
  void write_stdin(std::string_view bytes) override { child_->stdin_bytes += bytes; }
  std::uint64_t resident_bytes() const override { return child_->resident; }

 private:
  SimLoop& loop_;
  const std::shared_ptr<SimProcesses::Child> child_;
  const bool die_on_kill_;
};

}  // namespace

void SimProcesses::Child::exit(ExitStatus status) {
  if (!running) return;
  running = false;
  if (auto on_exit = std::exchange(options.on_exit, nullptr)) on_exit(status);
}

std::string SimProcesses::Child::variable(std::string_view name) const {
  for (const auto& entry : options.environment) {
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
      return entry.substr(name.size() + 1);
  }
  return "";
}

Result<std::unique_ptr<Process>> SimProcesses::spawn(SpawnOptions options) {
  if (fail_spawns) return std::unexpected(*fail_spawns);
  auto child = std::make_shared<Child>();
  child->pid = next_pid_++;
  child->options = std::move(options);
  children.push_back(child);
  if (on_spawn) {
    loop_.post([this, child] {
      if (child->running && on_spawn) on_spawn(child);
    });
  }
  return std::make_unique<SimProcess>(loop_, child, die_on_kill);
}

}  // namespace tidemill::runtime
