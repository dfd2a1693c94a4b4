#include "functions/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <clocale>
#include <memory>
#include <set>
#include <vector>

namespace tidemill::functions {
namespace {

struct Close {
  void operator()(struct archive* a) const { archive_read_free(a); }
};

std::unexpected<Error> not_a_zip() {
  return fail(Errc::kInvalidParameter,
              "Could not unzip uploaded file. Please check your file, then try to upload again.");
}

// The parts of a path that stays inside its root; nothing when it does not. `depth` parts are already below the root.
bool stays_inside(std::string_view path, int depth) {
  if (path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos) return false;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    depth += part == ".." ? -1 : 1;
    if (depth < 0) return false;
  }
  return true;
}

// libarchive gives the names of entries in the thread's locale, and names that are marked as UTF-8 have no form in "C".
class Utf8Names {
 public:
  Utf8Names() : before_(uselocale(ours_)) {}
  Utf8Names(const Utf8Names&) = delete;
  ~Utf8Names() {
    uselocale(before_);
    if (ours_ != locale_t{}) freelocale(ours_);
  }

 private:
  locale_t ours_ = newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{});
  locale_t before_;
};

int folders_above(std::string_view path) {
  int depth = 0;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) depth += path[i] == '/';
  return depth;
}

Error from_files(const tidemill::Error& error) {
  return {error.code == tidemill::Errc::kResourceExhausted ? Errc::kCodeStorageExceeded : Errc::kInternal,
          error.message,
          {}};
}

}  // namespace

Status unpack(std::string_view zip, const std::string& folder, const ArchiveLimits& limits, runtime::Files& files) {
  const Utf8Names names;
  const std::unique_ptr<struct archive, Close> reader(archive_read_new());
  archive_read_support_format_zip(reader.get());
  if (archive_read_open_memory(reader.get(), zip.data(), zip.size()) != ARCHIVE_OK) return not_a_zip();
  if (auto made = files.make_directories(folder); !made) return std::unexpected(from_files(made.error()));

  std::uint64_t total = 0;
  std::uint64_t entries = 0;
  std::set<std::string> made_folders;
  // Links are made last: no entry can be written through a link that the archive itself brought.
  std::vector<std::pair<std::string, std::string>> links;
  std::vector<char> piece(256 << 10);
  struct archive_entry* entry = nullptr;
  for (;;) {
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) break;
    if (status < ARCHIVE_WARN) return not_a_zip();
    if (++entries > limits.entries_max)
      return fail(Errc::kInvalidParameter, fmt::format("The archive has more than {} entries", limits.entries_max));
    const char* raw = archive_entry_pathname(entry);
    if (raw == nullptr) raw = archive_entry_pathname_utf8(entry);
    if (raw == nullptr || !stays_inside(raw, 0)) return not_a_zip();
    std::string path(raw);
    const auto full = folder + "/" + path;
    const auto type = archive_entry_filetype(entry);
    if (type == AE_IFDIR) {
      if (made_folders.insert(full).second)
        if (auto made = files.make_directories(full); !made) return std::unexpected(from_files(made.error()));
      continue;
    }
    const auto parent = full.substr(0, full.rfind('/'));
    if (made_folders.insert(parent).second)
      if (auto made = files.make_directories(parent); !made) return std::unexpected(from_files(made.error()));
    if (type == AE_IFLNK) {
      const char* target = archive_entry_symlink(entry);
      if (target == nullptr || !stays_inside(target, folders_above(path))) return not_a_zip();
      links.emplace_back(target, full);
      continue;
    }
    if (type != AE_IFREG) return not_a_zip();
    std::string bytes;
    for (;;) {
      const auto got = archive_read_data(reader.get(), piece.data(), piece.size());
      if (got < 0) return not_a_zip();
      if (got == 0) break;
      total += static_cast<std::uint64_t>(got);
      if (total >= limits.unzipped_max)
        return fail(Errc::kInvalidParameter,
                    fmt::format("Unzipped size must be smaller than {} bytes", limits.unzipped_max));
      bytes.append(piece.data(), static_cast<std::size_t>(got));
    }
    const bool executable = (archive_entry_perm(entry) & 0111) != 0;
    if (auto written = files.write(full, bytes, {.executable = executable}); !written)
      return std::unexpected(from_files(written.error()));
  }
  if (entries == 0) return fail(Errc::kInvalidParameter, "Uploaded file must be a non-empty zip");
  for (const auto& [target, path] : links)
    if (auto made = files.make_symlink(target, path); !made) return std::unexpected(from_files(made.error()));
  return {};
}

}  // namespace tidemill::functions
