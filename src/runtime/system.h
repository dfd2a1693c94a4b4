// The real machine: kernel randomness, files, sockets, processes, a thread pool. Made by the composition root only.
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/epoll_loop.h"
#include "runtime/files.h"
#include "runtime/network.h"
#include "runtime/processes.h"
#include "runtime/random.h"

namespace tidemill::runtime {

// Asks the kernel for a block at a time: a UUID costs a copy, not a system call.
class SystemRandom final : public Random {
 public:
  std::string bytes(std::size_t size) override;

 private:
  std::mutex mutex_;
  std::array<char, 1024> block_{};  // guarded by mutex_, as is the next; what was handed out is forgotten
  std::size_t used_ = sizeof(block_);
};

class SystemFiles final : public Files {
 public:
  Result<std::string> read(const std::string& path) override;
  Result<std::string> read_start(const std::string& path, std::size_t bytes) override;
  Status write(const std::string& path, std::string_view bytes, WriteOptions options) override;
  Result<std::unique_ptr<OutputFile>> create(const std::string& path) override;
  Result<std::string> read_range(const std::string& path, std::uint64_t offset, std::size_t size) override;
  Status make_directories(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Status remove_all(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status make_symlink(const std::string& target, const std::string& path) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
  bool exists(const std::string& path) override;
  bool is_executable(const std::string& path) override;
  Result<std::uint64_t> free_space(const std::string& path) override;
};

class ThreadPool final : public Offload {
 public:
  struct Options {
    std::size_t threads = 2;
    std::size_t queue_max = 4096;
  };
  explicit ThreadPool(Options options);
  ~ThreadPool() override;  // finishes what runs, drops what waits
  bool run(Task work, Executor& home, Task done) override;

 private:
  struct Job {
    Task work;
    Executor* home;
    Task done;
  };
  void serve();

  const Options options_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Job> queue_;  // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::vector<std::thread> threads_;
};

// Sockets of one loop. Several loops may listen on the same address: the kernel wakes one of them (SO_REUSEPORT).
std::unique_ptr<Network> make_network(EpollLoop& loop);
// Children of one loop.
std::unique_ptr<Processes> make_processes(EpollLoop& loop);

// Runs a command to its end and gives what it printed on standard output. Blocking: at start only.
Result<std::string> run_and_read(const std::vector<std::string>& command);

// The variable of our own environment, or nothing.
std::string environment_variable(const std::string& name, std::string fallback = "");
// The whole of our own environment, NAME=value.
std::vector<std::string> environment_variables();

}  // namespace tidemill::runtime
