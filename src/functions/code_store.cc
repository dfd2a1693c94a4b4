#include "functions/code_store.h"

#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/digest.h"

namespace tidemill::functions {
namespace {

Status unpack_beside(std::string_view zip, const std::string& temporary, const std::string& folder,
                     const ArchiveLimits& limits, runtime::Files& files) {
  if (files.exists(folder)) return {};
  if (auto unpacked = unpack(zip, temporary, limits, files); !unpacked) {
    [[maybe_unused]] const auto removed = files.remove_all(temporary);
    return unpacked;
  }
  if (auto renamed = files.rename(temporary, folder); !renamed) {
    [[maybe_unused]] const auto removed = files.remove_all(temporary);
    // Another upload of the same bytes may have been first.
    if (!files.exists(folder)) return fail(Errc::kInternal, renamed.error().message);
  }
  return {};
}

}  // namespace

CodeStore::CodeStore(Services services, std::string directory, ArchiveLimits limits)
    : services_(services), directory_(std::move(directory)), limits_(limits) {}

std::string CodeStore::archive_path(const std::string& sha256) const {
  return directory_ + "/archives/" + to_hex(sha256) + ".zip";
}
std::string CodeStore::unpacked_folder(const std::string& sha256) const {
  return directory_ + "/unpacked/" + to_hex(sha256);
}
bool CodeStore::is_unpacked(const std::string& sha256) const { return services_.files.exists(unpacked_folder(sha256)); }

void CodeStore::put(std::string zip, Reply<StoredCode, Error> reply) {
  struct Work {
    std::string zip, temporary;
    StoredCode stored;
    Status status;
  };
  auto work = std::make_shared<Work>();
  work->zip = std::move(zip);
  work->temporary = directory_ + "/unpacked/.new-" + std::to_string(++next_temporary_);
  auto shared_reply = std::make_shared<Reply<StoredCode, Error>>(std::move(reply));
  const bool accepted = services_.offload.run(
      [this, work] {
        work->stored = {sha256(work->zip), work->zip.size()};
        auto& files = services_.files;
        if (auto made = files.make_directories(directory_ + "/unpacked"); !made)
          work->status = fail(Errc::kInternal, made.error().message);
        if (auto made = files.make_directories(directory_ + "/archives"); !made)
          work->status = fail(Errc::kInternal, made.error().message);
        if (!work->status) return;
        work->status = unpack_beside(work->zip, work->temporary, unpacked_folder(work->stored.sha256), limits_, files);
        if (!work->status) return;
        const auto path = archive_path(work->stored.sha256);
        if (files.exists(path)) return;
        if (auto written = files.write(path, work->zip, {.sync = true}); !written)
          work->status = fail(
              written.error().code == tidemill::Errc::kResourceExhausted ? Errc::kCodeStorageExceeded : Errc::kInternal,
              written.error().message);
      },
      services_.loop,
      [work, shared_reply] {
        if (!work->status) return std::move(*shared_reply)(std::unexpected(work->status.error()));
        std::move (*shared_reply)(std::move(work->stored));
      });
  if (!accepted) std::move (*shared_reply)(fail(Errc::kThrottled, "Rate Exceeded.", "CallerRateLimitExceeded"));
}

void CodeStore::read(const std::string& sha256, Reply<std::string, Error> reply) {
  auto bytes = std::make_shared<tidemill::Result<std::string>>();
  auto shared_reply = std::make_shared<Reply<std::string, Error>>(std::move(reply));
  const bool accepted = services_.offload.run(
      [this, bytes, path = archive_path(sha256)] { *bytes = services_.files.read(path); }, services_.loop,
      [bytes, shared_reply] {
        if (!*bytes) return std::move(*shared_reply)(fail(Errc::kNotFound, bytes->error().message));
        std::move (*shared_reply)(*std::move(*bytes));
      });
  if (!accepted) std::move (*shared_reply)(fail(Errc::kThrottled, "Rate Exceeded.", "CallerRateLimitExceeded"));
}

void CodeStore::ensure_unpacked(const std::string& sha256, Reply<bool, Error> reply) {
  auto status = std::make_shared<Status>();
  auto shared_reply = std::make_shared<Reply<bool, Error>>(std::move(reply));
  const auto temporary = directory_ + "/unpacked/.new-" + std::to_string(++next_temporary_);
  const bool accepted = services_.offload.run(
      [this, status, temporary, path = archive_path(sha256), folder = unpacked_folder(sha256)] {
        const auto zip = services_.files.read(path);
        if (!zip)
          *status = fail(Errc::kInternal, zip.error().message);
        else
          *status = unpack_beside(*zip, temporary, folder, limits_, services_.files);
      },
      services_.loop,
      [status, shared_reply] {
        if (!*status) return std::move(*shared_reply)(std::unexpected(status->error()));
        std::move (*shared_reply)(true);
      });
  if (!accepted) std::move (*shared_reply)(fail(Errc::kThrottled, "Rate Exceeded.", "CallerRateLimitExceeded"));
}

void CodeStore::remove(const std::string& sha256) {
  // When the queue is full the files stay; the same bytes, uploaded again, are the same files.
  [[maybe_unused]] const bool accepted = services_.offload.run(
      [this, archive = archive_path(sha256), folder = unpacked_folder(sha256)] {
        [[maybe_unused]] const auto removed = services_.files.remove_all(archive);
        [[maybe_unused]] const auto also = services_.files.remove_all(folder);
      },
      services_.loop, [] {});
}

}  // namespace tidemill::functions
