// Archives on disk: content-addressed zip files, and each unpacked once beside them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/reply.h"
#include "functions/archive.h"
#include "functions/error.h"
#include "runtime/executor.h"
#include "runtime/files.h"

namespace tidemill::functions {

struct StoredCode {
  std::string sha256;  // 32 raw bytes
  std::uint64_t size = 0;
};

class CodeStore {
 public:
  struct Services {
    runtime::Executor& loop;
    runtime::Offload& offload;
    runtime::Files& files;
  };
  CodeStore(Services services, std::string directory, ArchiveLimits limits);

  // Unpacks and stores the archive, synced, off the loop. The same bytes are stored once.
  void put(std::string zip, Reply<StoredCode, Error> reply);
  void read(const std::string& sha256, Reply<std::string, Error> reply);
  // Unpacks again what is stored, when the unpacked folder is gone.
  void ensure_unpacked(const std::string& sha256, Reply<bool, Error> reply);
  // Off the loop, when nobody refers to it any more.
  void remove(const std::string& sha256);

  std::string unpacked_folder(const std::string& sha256) const;
  bool is_unpacked(const std::string& sha256) const;

 private:
  std::string archive_path(const std::string& sha256) const;

  const Services services_;
  const std::string directory_;
  const ArchiveLimits limits_;
  std::uint64_t next_temporary_ = 0;
};

}  // namespace tidemill::functions
