#include "runtime/system.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include "base/assert.h"

extern char** environ;

namespace tidemill::runtime {
namespace {

namespace fs = std::filesystem;

Errc code_of(int error) {
  switch (error) {
    case ENOENT: return Errc::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS: return Errc::kPermissionDenied;
    case ENOSPC:
    case EDQUOT: return Errc::kResourceExhausted;
    case EEXIST: return Errc::kAlreadyExists;
    default: return Errc::kIo;
  }
}

std::unexpected<Error> failed(const std::string& path, int error) {
  return fail(code_of(error), path + ": " + std::strerror(error));
}

Status sync_folder(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failed(path, errno);
  const int synced = fsync(fd);
  const int error = errno;
  close(fd);
  if (synced != 0) return failed(path, error);
  return {};
}

class SystemOutputFile final : public OutputFile {
 public:
  SystemOutputFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  ~SystemOutputFile() override { close(fd_); }
  Status append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno != EINTR) return failed(path_, errno);
      if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }
  Status sync() override {
    if (fsync(fd_) != 0) return failed(path_, errno);
    return {};
  }

 private:
  const std::string path_;
  const int fd_;
};

void fill_with_random(char* out, std::size_t size) {
  std::size_t have = 0;
  while (have < size) {
    const auto got = getrandom(out + have, size - have, 0);
    TM_ASSERT(got > 0 || errno == EINTR);
    if (got > 0) have += static_cast<std::size_t>(got);
  }
}

}  // namespace

std::string SystemRandom::bytes(std::size_t size) {
  std::string out(size, '\0');
  const std::lock_guard lock(mutex_);
  if (size > block_.size() / 4) {
    fill_with_random(out.data(), size);
    return out;
  }
  if (block_.size() - used_ < size) {
    fill_with_random(block_.data(), block_.size());
    used_ = 0;
  }
  std::memcpy(out.data(), block_.data() + used_, size);
  std::memset(block_.data() + used_, 0, size);
  used_ += size;
  return out;
}

Result<std::string> SystemFiles::read(const std::string& path) {
  return read_start(path, std::numeric_limits<std::size_t>::max());
}

Result<std::string> SystemFiles::read_start(const std::string& path, std::size_t bytes) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed(path, errno);
  std::string out;
  char buffer[64 << 10];
  while (out.size() < bytes) {
    const auto got = ::read(fd, buffer, std::min(sizeof(buffer), bytes - out.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int error = errno;
      close(fd);
      return failed(path, error);
    }
    if (got == 0) break;
    out.append(buffer, static_cast<std::size_t>(got));
  }
  close(fd);
  return out;
}

Status SystemFiles::write(const std::string& path, std::string_view bytes, WriteOptions options) {
  const std::string temporary = path + ".writing";
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, options.executable ? 0755 : 0644);
  if (fd < 0) return failed(path, errno);
  int error = 0;
  while (!bytes.empty() && error == 0) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) error = errno;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (error == 0 && options.sync && fsync(fd) != 0) error = errno;
  if (close(fd) != 0 && error == 0) error = errno;
  if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    unlink(temporary.c_str());
    return failed(path, error);
  }
  if (options.sync) return sync_folder(fs::path(path).parent_path().string());
  return {};
}

Result<std::unique_ptr<OutputFile>> SystemFiles::create(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return failed(path, errno);
  return std::make_unique<SystemOutputFile>(path, fd);
}

Result<std::string> SystemFiles::read_range(const std::string& path, std::uint64_t offset, std::size_t size) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed(path, errno);
  std::string out(size, '\0');
  std::size_t have = 0;
  int error = 0;
  while (have < size && error == 0) {
    const auto got = pread(fd, out.data() + have, size - have, static_cast<off_t>(offset + have));
    if (got == 0) break;
    if (got > 0)
      have += static_cast<std::size_t>(got);
    else if (errno != EINTR)
      error = errno;
  }
  close(fd);
  if (error != 0) return failed(path, error);
  out.resize(have);
  return out;
}

Status SystemFiles::sync_directory(const std::string& path) { return sync_folder(path); }

Status SystemFiles::make_directories(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return failed(path, error.value());
  return {};
}

Status SystemFiles::remove_all(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return failed(path, error.value());
  return {};
}

Status SystemFiles::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failed(from, errno);
  return {};
}

Status SystemFiles::make_symlink(const std::string& target, const std::string& path) {
  if (symlink(target.c_str(), path.c_str()) != 0 && errno != EEXIST) return failed(path, errno);
  return {};
}

Result<std::vector<DirectoryEntry>> SystemFiles::list(const std::string& path) {
  std::error_code error;
  std::vector<DirectoryEntry> out;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    out.push_back({at->path().filename().string(), at->is_directory(ignored)});
  }
  if (error) return failed(path, error.value());
  std::ranges::sort(out, {}, &DirectoryEntry::name);
  return out;
}

bool SystemFiles::exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }
bool SystemFiles::is_executable(const std::string& path) { return access(path.c_str(), X_OK) == 0; }

Result<std::uint64_t> SystemFiles::free_space(const std::string& path) {
  struct statvfs info{};
  if (statvfs(path.c_str(), &info) != 0) return failed(path, errno);
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

ThreadPool::ThreadPool(Options options) : options_(options) {
  for (std::size_t i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { serve(); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  ready_.notify_all();
  for (auto& thread : threads_) thread.join();
}

bool ThreadPool::run(Task work, Executor& home, Task done) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= options_.queue_max) return false;
    queue_.push_back({std::move(work), &home, std::move(done)});
  }
  ready_.notify_one();
  return true;
}

void ThreadPool::serve() {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    job.work();
    job.work = nullptr;
    job.home->post(std::move(job.done));
  }
}

std::string environment_variable(const std::string& name, std::string fallback) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::move(fallback) : value;
}

std::vector<std::string> environment_variables() {
  std::vector<std::string> out;
  for (char** at = environ; *at != nullptr; ++at) out.emplace_back(*at);
  return out;
}

}  // namespace tidemill::runtime
