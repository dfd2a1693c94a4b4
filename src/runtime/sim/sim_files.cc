#include "runtime/sim/sim_files.h"

#include <algorithm>

namespace tidemill::runtime {
namespace {
std::string parent(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? "" : slash == 0 ? "/" : path.substr(0, slash);
}
}  // namespace

Result<std::string> SimFiles::read(const std::string& path) {
  const auto found = files_.find(path);
  if (found == files_.end()) return fail(Errc::kNotFound, path + ": no such file");
  if (!found->second.link_to.empty()) return read(found->second.link_to);
  return found->second.bytes;
}

Result<std::string> SimFiles::read_start(const std::string& path, std::size_t bytes) {
  TM_TRY(auto all, read(path));
  all.resize(std::min(all.size(), bytes));
  return all;
}

Status SimFiles::write(const std::string& path, std::string_view bytes, WriteOptions options) {
  if (fail_writes) return std::unexpected(*fail_writes);
  if (!directories_.contains(parent(path))) return fail(Errc::kNotFound, path + ": no such directory");
  files_[path] = {std::string(bytes), options.executable, ""};
  return {};
}

class SimOutputFile final : public OutputFile {
 public:
  SimOutputFile(SimFiles& files, std::string path) : files_(files), path_(std::move(path)) {}
  Status append(std::string_view bytes) override {
    if (files_.fail_writes) return std::unexpected(*files_.fail_writes);
    files_.files_[path_].bytes += bytes;
    return {};
  }
  Status sync() override { return {}; }

 private:
  SimFiles& files_;
  const std::string path_;
};

Result<std::unique_ptr<OutputFile>> SimFiles::create(const std::string& path) {
  if (auto made = write(path, "", {}); !made) return std::unexpected(made.error());
  return std::make_unique<SimOutputFile>(*this, path);
}

Result<std::string> SimFiles::read_range(const std::string& path, std::uint64_t offset, std::size_t size) {
  TM_TRY(const auto whole, read(path));
  return offset >= whole.size() ? "" : whole.substr(offset, size);
}

Status SimFiles::sync_directory(const std::string&) { return {}; }

std::vector<std::string> SimFiles::paths() const {
  std::vector<std::string> out;
  out.reserve(files_.size());
  for (const auto& [path, file] : files_) out.push_back(path);
  return out;
}

Status SimFiles::make_directories(const std::string& path) {
  for (std::string at = path; !at.empty() && directories_.insert(at).second; at = parent(at)) {
  }
  return {};
}

Status SimFiles::remove_all(const std::string& path) {
  const auto below = [&path](const std::string& other) { return other == path || other.starts_with(path + "/"); };
  std::erase_if(files_, [&](const auto& entry) { return below(entry.first); });
  std::erase_if(directories_, below);
  return {};
}

Status SimFiles::rename(const std::string& from, const std::string& to) {
  if (!exists(from)) return fail(Errc::kNotFound, from + ": no such file");
  std::map<std::string, File> moved;
  for (const auto& [path, file] : files_) {
    const bool inside = path == from || path.starts_with(from + "/");
    if (path == to && !inside) continue;  // replaced
    moved[inside ? to + path.substr(from.size()) : path] = file;
  }
  files_ = std::move(moved);
  std::set<std::string> directories;
  for (const auto& path : directories_) {
    const bool inside = path == from || path.starts_with(from + "/");
    directories.insert(inside ? to + path.substr(from.size()) : path);
  }
  directories_ = std::move(directories);
  return {};
}

Status SimFiles::make_symlink(const std::string& target, const std::string& path) {
  files_[path] = {"", false, target};
  return {};
}

Result<std::vector<DirectoryEntry>> SimFiles::list(const std::string& path) {
  if (!directories_.contains(path)) return fail(Errc::kNotFound, path + ": no such directory");
  std::map<std::string, bool> entries;
  const std::string prefix = path == "/" ? "/" : path + "/";
  for (const auto& [name, file] : files_) {
    if (parent(name) == path) entries[name.substr(prefix.size())] = false;
  }
  for (const auto& name : directories_) {
    if (name != "/" && parent(name) == path) entries[name.substr(prefix.size())] = true;
  }
  std::vector<DirectoryEntry> out;
  out.reserve(entries.size());
  for (const auto& [name, is_directory] : entries) out.push_back({name, is_directory});
  return out;
}

bool SimFiles::exists(const std::string& path) { return files_.contains(path) || directories_.contains(path); }
bool SimFiles::is_executable(const std::string& path) {
  const auto found = files_.find(path);
  return found != files_.end() && found->second.executable;
}
Result<std::uint64_t> SimFiles::free_space(const std::string&) { return free_bytes; }

}  // namespace tidemill::runtime
