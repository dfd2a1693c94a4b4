// Keeps a full disk from reaching RocksDB: below a reserve, writes are refused with a clear error while reads go on; a
// ballast file is given up at start when nothing else is free, so that the store can open. Service resumes by itself.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "observe/log.h"
#include "runtime/executor.h"
#include "runtime/files.h"

namespace tidemill::server {

class DiskGuard {
 public:
  struct Options {
    std::string folder;
    std::uint64_t reserve_bytes = 64ULL << 20;
    std::uint64_t ballast_bytes = 16ULL << 20;
    runtime::Duration every = std::chrono::milliseconds(500);
  };
  DiskGuard(runtime::Loop& loop, runtime::Files& files, runtime::Offload& offload, observe::Log& log, Options options);
  ~DiskGuard();
  // Before the store opens: gives the ballast up when the disk is full.
  void make_room();
  // After it: looks at the disk now and then.
  void watch();
  // Thread-safe, cheap. kResourceExhausted while the disk is full.
  Status admit() const;

 private:
  void look();
  void load_ballast();  // some time after the start, whose first answers must not wait for it
  std::string ballast() const { return options_.folder + "/ballast"; }
  runtime::Loop& loop_;
  runtime::Files& files_;
  runtime::Offload& offload_;
  observe::Log& log_;
  const Options options_;
  std::atomic<bool> full_ = false;
  bool ballast_known_ = false;  // there, or on its way
  runtime::TimerId timer_ = 0;
};

}  // namespace tidemill::server
