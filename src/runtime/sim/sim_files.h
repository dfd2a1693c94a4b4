// A file system in memory.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "runtime/files.h"

namespace tidemill::runtime {

class SimFiles final : public Files {
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

  std::uint64_t free_bytes = 1ULL << 40;
  std::optional<Error> fail_writes;  // every write fails with it while set
  // Every file, by path.
  std::vector<std::string> paths() const;

 private:
  friend class SimOutputFile;
  struct File {
    std::string bytes;
    bool executable = false;
    std::string link_to;
  };
  std::map<std::string, File> files_;
  std::set<std::string> directories_ = {"/"};
};

}  // namespace tidemill::runtime
