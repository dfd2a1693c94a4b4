// The file system, as far as the program uses it directly (RocksDB has its own). Blocking: call it through Offload or
// at start.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tidemill::runtime {

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;
  bool operator==(const DirectoryEntry&) const = default;
};

struct WriteOptions {
  bool executable = false;
  bool sync = false;  // the bytes and the name are on disk before the call returns
};

// A new file that grows at its end.
class OutputFile {
 public:
  virtual ~OutputFile() = default;  // closes it
  virtual Status append(std::string_view bytes) = 0;
  virtual Status sync() = 0;  // the bytes are on disk; the name is when its folder is synced
};

class Files {
 public:
  virtual ~Files() = default;
  virtual Result<std::string> read(const std::string& path) = 0;
  // At most the first `bytes` bytes: enough to see what a large file is.
  virtual Result<std::string> read_start(const std::string& path, std::size_t bytes) = 0;
  // Written beside and renamed over, so a reader sees the old or the new content, never a part.
  virtual Status write(const std::string& path, std::string_view bytes, WriteOptions options = {}) = 0;
  // Empty, whatever was there before.
  virtual Result<std::unique_ptr<OutputFile>> create(const std::string& path) = 0;
  // At most `size` bytes from `offset` on; fewer only at the end of the file.
  virtual Result<std::string> read_range(const std::string& path, std::uint64_t offset, std::size_t size) = 0;
  virtual Status make_directories(const std::string& path) = 0;
  virtual Status sync_directory(const std::string& path) = 0;  // the names in it are on disk
  virtual Status remove_all(const std::string& path) = 0;      // of what is not there: fine
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status make_symlink(const std::string& target, const std::string& path) = 0;
  virtual Result<std::vector<DirectoryEntry>> list(const std::string& path) = 0;  // sorted by name
  virtual bool exists(const std::string& path) = 0;
  virtual bool is_executable(const std::string& path) = 0;
  // Bytes free for us on the file system of `path`.
  virtual Result<std::uint64_t> free_space(const std::string& path) = 0;
};

}  // namespace tidemill::runtime
