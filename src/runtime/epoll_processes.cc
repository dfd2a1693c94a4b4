// Child processes on an EpollLoop: a pidfd tells of the exit, pipes carry the output.
#include <fcntl.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>

#include "runtime/system.h"

namespace tidemill::runtime {
namespace {

struct Pipe {
  int read = -1;
  int write = -1;
};

// For execve(): ends with a null pointer and lives as long as `texts`.
std::vector<char*> c_strings(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

Result<Pipe> make_pipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0)
    return fail(Errc::kResourceExhausted, std::string("cannot make a pipe: ") + std::strerror(errno));
  return Pipe{fds[0], fds[1]};
}

void shut(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

void write_text(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  [[maybe_unused]] const auto written = write(fd, text, std::strlen(text));
  close(fd);
}

// In the child: a mount namespace of its own, with a user namespace around it where we are not root.
bool enter_namespaces() {
  const auto uid = getuid();
  const auto gid = getgid();
  if (uid == 0) {
    if (unshare(CLONE_NEWNS) != 0) return false;
  } else {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    char map[64];
    std::snprintf(map, sizeof(map), "%u %u 1", uid, uid);
    write_text("/proc/self/uid_map", map);
    write_text("/proc/self/setgroups", "deny");
    std::snprintf(map, sizeof(map), "%u %u 1", gid, gid);
    write_text("/proc/self/gid_map", map);
  }
  return mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

// In the child: the private folder becomes /tmp; what must stay visible is opened before and bound to its old place
// after.
void hide_tmp(const SpawnOptions& options) {
  constexpr std::size_t kKeptMax = 8;
  int kept[kKeptMax];
  std::size_t count = 0;
  for (const auto& folder : options.keep_visible) {
    if (count < kKeptMax)
      kept[count++] = folder.starts_with("/tmp/") ? open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
  }
  if (mount(options.private_tmp.c_str(), "/tmp", nullptr, MS_BIND, nullptr) != 0) return;
  for (std::size_t i = 0; i < count; ++i) {
    if (kept[i] < 0) continue;
    const auto& folder = options.keep_visible[i];
    char partial[PATH_MAX];
    if (folder.size() >= sizeof(partial)) continue;
    for (std::size_t size = 5; size <= folder.size(); ++size) {
      if (size < folder.size() && folder[size] != '/') continue;
      std::memcpy(partial, folder.data(), size);
      partial[size] = '\0';
      mkdir(partial, 0755);
    }
    char source[64];
    std::snprintf(source, sizeof(source), "/proc/self/fd/%d", kept[i]);
    mount(source, folder.c_str(), nullptr, MS_BIND | MS_REC, nullptr);
    close(kept[i]);
  }
}

class Child : public std::enable_shared_from_this<Child> {
 public:
  Child(EpollLoop& loop, SpawnOptions& options)
      : loop_(loop),
        on_stdout_(std::move(options.on_stdout)),
        on_stderr_(std::move(options.on_stderr)),
        on_exit_(std::move(options.on_exit)) {}

  Status start(const SpawnOptions& options) {
    auto in = make_pipe();
    auto out = make_pipe();
    auto err = make_pipe();
    auto problem = make_pipe();
    if (!in || !out || !err || !problem) {
      for (auto* made : {&in, &out, &err, &problem}) {
        if (*made) shut((*made)->read), shut((*made)->write);
      }
      return fail(Errc::kResourceExhausted, "cannot start a process: no file descriptor is free");
    }
    // All that allocates is done before fork().
    const auto argv = c_strings(options.command);
    const auto envp = c_strings(options.environment);
    const auto parent = getpid();

    pid_ = fork();
    if (pid_ == 0) {
      const auto give_up = [&](int error) {
        [[maybe_unused]] const auto written = write(problem->write, &error, sizeof(error));
        _exit(127);
      };
      setpgid(0, 0);
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(127);
      dup2(in->read, STDIN_FILENO);
      dup2(out->write, STDOUT_FILENO);
      dup2(err->write, STDERR_FILENO);
      sigset_t none;
      sigemptyset(&none);
      sigprocmask(SIG_SETMASK, &none, nullptr);
      signal(SIGPIPE, SIG_DFL);
      const rlimit files{options.open_files_max, options.open_files_max};
      setrlimit(RLIMIT_NOFILE, &files);
      const rlimit no_core{0, 0};
      setrlimit(RLIMIT_CORE, &no_core);
      if (options.private_namespaces && enter_namespaces()) {
        for (const auto& [host, inside] : options.binds) {
          if (mount(host.c_str(), inside.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0) {
            mount(nullptr, inside.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr);
          }
        }
        if (!options.private_tmp.empty()) hide_tmp(options);
      }
      if (!options.directory.empty() && chdir(options.directory.c_str()) != 0) give_up(errno);
      execve(argv[0], argv.data(), envp.data());
      give_up(errno);
    }
    shut(in->read);
    shut(out->write);
    shut(err->write);
    shut(problem->write);
    if (pid_ < 0) {
      const int error = errno;
      shut(in->write), shut(out->read), shut(err->read), shut(problem->read);
      return fail(Errc::kResourceExhausted, std::string("cannot start a process: ") + std::strerror(error));
    }
    setpgid(pid_, pid_);
    int error = 0;
    ssize_t got = 0;
    do got = read(problem->read, &error, sizeof(error));
    while (got < 0 && errno == EINTR);
    shut(problem->read);
    if (got == sizeof(error)) {
      waitpid(pid_, nullptr, 0);
      pid_ = -1;
      shut(in->write), shut(out->read), shut(err->read);
      return fail(error == ENOENT ? Errc::kNotFound : Errc::kPermissionDenied,
                  options.command[0] + ": " + std::strerror(error));
    }
    stdin_ = in->write;
    stdout_ = out->read;
    stderr_ = err->read;
    for (const int fd : {stdin_, stdout_, stderr_}) fcntl(fd, F_SETFL, O_NONBLOCK);
    pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    const auto weak = weak_from_this();
    loop_.watch(stdout_, EPOLLIN, [weak](std::uint32_t) {
      if (const auto self = weak.lock()) self->drain(self->stdout_, self->on_stdout_);
    });
    loop_.watch(stderr_, EPOLLIN, [weak](std::uint32_t) {
      if (const auto self = weak.lock()) self->drain(self->stderr_, self->on_stderr_);
    });
    loop_.watch(pidfd_, EPOLLIN, [weak](std::uint32_t) {
      if (const auto self = weak.lock()) self->reap();
    });
    return {};
  }

  // The owner has let go: no callback comes any more, the group dies.
  void abandon() {
    on_stdout_ = nullptr;
    on_stderr_ = nullptr;
    on_exit_ = nullptr;
    if (pid_ > 0) {
      kill(-pid_, SIGCONT);
      kill(-pid_, SIGKILL);
      // Reaped when the pidfd says so; the child keeps itself until then.
      keep_ = shared_from_this();
    } else {
      shut_all();
    }
  }

  std::int64_t pid() const { return pid_; }
  void signal_group(int signal) {
    if (pid_ > 0) kill(-pid_, signal);
  }
  void write_stdin(std::string_view bytes) {
    while (!bytes.empty() && stdin_ >= 0) {
      const auto written = write(stdin_, bytes.data(), bytes.size());
      if (written < 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  std::uint64_t resident_bytes() const;
  void drain_output() {
    drain(stdout_, on_stdout_);
    drain(stderr_, on_stderr_);
  }

 private:
  void drain(int& fd, const std::function<void(std::string_view)>& told) {
    const auto self = shared_from_this();
    char buffer[16 << 10];
    while (fd >= 0) {
      const auto got = read(fd, buffer, sizeof(buffer));
      if (got > 0) {
        if (told) told({buffer, static_cast<std::size_t>(got)});
        continue;
      }
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      loop_.unwatch(fd);
      shut(fd);
    }
  }

  void reap() {
    const auto self = shared_from_this();
    int raw = 0;
    if (pid_ <= 0 || waitpid(pid_, &raw, WNOHANG) != pid_) return;
    const auto group = pid_;
    pid_ = -1;
    drain(stdout_, on_stdout_);
    drain(stderr_, on_stderr_);
    kill(-group, SIGKILL);  // what the process left behind
    shut_all();
    keep_.reset();
    ExitStatus status;
    if (WIFSIGNALED(raw))
      status.signal = WTERMSIG(raw);
    else
      status.code = WEXITSTATUS(raw);
    if (auto on_exit = std::exchange(on_exit_, nullptr)) on_exit(status);
  }

  void shut_all() {
    for (int* fd : {&stdin_, &stdout_, &stderr_, &pidfd_}) {
      if (*fd >= 0) loop_.unwatch(*fd);
      shut(*fd);
    }
  }

  EpollLoop& loop_;
  std::function<void(std::string_view)> on_stdout_;
  std::function<void(std::string_view)> on_stderr_;
  std::move_only_function<void(ExitStatus)> on_exit_;
  std::shared_ptr<Child> keep_;
  pid_t pid_ = -1;
  int pidfd_ = -1;
  int stdin_ = -1;
  int stdout_ = -1;
  int stderr_ = -1;
};

std::uint64_t resident_of(pid_t pid) {
  std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  statm >> total >> resident;
  return statm ? resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

void add_descendants(pid_t pid, std::uint64_t& sum, int depth) {
  sum += resident_of(pid);
  if (depth == 0) return;
  const auto id = std::to_string(pid);
  std::ifstream children("/proc/" + id + "/task/" + id + "/children");
  pid_t child = 0;
  while (children >> child) add_descendants(child, sum, depth - 1);
}

std::uint64_t Child::resident_bytes() const {
  std::uint64_t sum = 0;
  if (pid_ > 0) add_descendants(pid_, sum, 4);
  return sum;
}

class SystemProcess final : public Process {
 public:
  explicit SystemProcess(std::shared_ptr<Child> child) : child_(std::move(child)) {}
  ~SystemProcess() override { child_->abandon(); }
  std::int64_t pid() const override { return child_->pid(); }
  void signal_group(int signal) override { child_->signal_group(signal); }
  void write_stdin(std::string_view bytes) override { child_->write_stdin(bytes); }
  std::uint64_t resident_bytes() const override { return child_->resident_bytes(); }
  void drain_output() override { child_->drain_output(); }

 private:
  const std::shared_ptr<Child> child_;
};

class SystemProcesses final : public Processes {
 public:
  explicit SystemProcesses(EpollLoop& loop) : loop_(loop) {}

  Result<std::unique_ptr<Process>> spawn(SpawnOptions options) override {
    if (options.command.empty()) return fail(Errc::kInvalidArgument, "no command to run");
    auto child = std::make_shared<Child>(loop_, options);
    TM_CHECK(child->start(options));
    return std::make_unique<SystemProcess>(std::move(child));
  }

  bool can_isolate() override {
    const pid_t pid = fork();
    if (pid == 0) _exit(enter_namespaces() ? 0 : 1);
    int raw = 0;
    return pid > 0 && waitpid(pid, &raw, 0) == pid && WIFEXITED(raw) && WEXITSTATUS(raw) == 0;
  }

 private:
  EpollLoop& loop_;
};

}  // namespace

Result<std::string> run_and_read(const std::vector<std::string>& command) {
  auto out = make_pipe();
  if (!out) return std::unexpected(out.error());
  const auto argv = c_strings(command);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(out->write, STDOUT_FILENO);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  shut(out->write);
  std::string text;
  char buffer[4096];
  for (;;) {
    const auto got = read(out->read, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  shut(out->read);
  int raw = 0;
  if (pid < 0 || waitpid(pid, &raw, 0) != pid || !WIFEXITED(raw) || WEXITSTATUS(raw) != 0) {
    return fail(Errc::kIo, command.front() + " did not run to its end");
  }
  return text;
}

std::unique_ptr<Processes> make_processes(EpollLoop& loop) { return std::make_unique<SystemProcesses>(loop); }

}  // namespace tidemill::runtime
