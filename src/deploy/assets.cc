#include "deploy/assets.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace tidemill::deploy {
namespace {

using storage::Keyspace;

constexpr std::size_t kUploadsMax = 64;
constexpr std::size_t kNameBytesMax = 1200;

// "AS" + name: the size, written when the asset is complete. "AP" + name + 0 + part: the bytes.
std::string size_key(std::string_view name) { return fmt::format("AS{}", name); }
std::string part_prefix(std::string_view name) {
  std::string key = fmt::format("AP{}", name);
  key += '\0';
  return key;
}
std::string part_key(std::string_view name, std::size_t part) {
  auto key = part_prefix(name);
  append_be(key, static_cast<std::uint32_t>(part));
  return key;
}

}  // namespace

std::string asset_name(std::string_view bucket, std::string_view key) { return fmt::format("{}/{}", bucket, key); }

tidemill::Status Assets::load() {
  auto at = store_.cursor(Keyspace::kStacks, storage::Range::prefix("AS"));
  for (; at->valid(); at->next()) {
    if (at->value().size() != 8)
      return tidemill::fail(tidemill::Errc::kCorruption, "the size of a stored asset is damaged");
    sizes_[std::string(at->key().substr(2))] = load_be<std::uint64_t>(at->value().data());
  }
  return at->status();
}

Status Assets::put_part(const std::string& name, std::size_t part, std::string_view bytes, std::uint64_t bytes_total) {
  if (name.empty() || name.size() > kNameBytesMax || name.find('\0') != name.npos)
    return invalid("the name of an asset must have 1 to 1200 bytes");
  if (bytes_total > kAssetBytesMax)
    return invalid(fmt::format("asset {} has {} bytes; at most {} are taken", name, bytes_total, kAssetBytesMax));
  if (bytes.size() > kAssetPartBytes)
    return invalid(fmt::format("a part of an asset may have at most {} bytes", kAssetPartBytes));
  if (part == 0) {
    if (!uploads_.contains(name) && uploads_.size() >= kUploadsMax)
      return fail(Errc::kLimitExceeded, "too many assets are being uploaded at once");
    uploads_[name] = {};
  }
  const auto upload = uploads_.find(name);
  if (upload == uploads_.end() || upload->second.next_part != part)
    return invalid(fmt::format("part {} of asset {} comes out of order", part, name));
  if (upload->second.bytes + bytes.size() > bytes_total)
    return invalid(fmt::format("asset {} is longer than announced", name));
  storage::Mutation batch;
  if (part == 0) {  // an earlier upload of that name, finished or not
    batch.erase_range(Keyspace::kStacks, part_prefix(name), prefix_end(part_prefix(name)));
    batch.erase(Keyspace::kStacks, size_key(name));
    sizes_.erase(name);
  }
  batch.put(Keyspace::kStacks, part_key(name, part), bytes);
  ++upload->second.next_part;
  upload->second.bytes += bytes.size();
  if (upload->second.bytes == bytes_total) {
    std::string size;
    append_be(size, bytes_total);
    batch.put(Keyspace::kStacks, size_key(name), size);
    sizes_[name] = bytes_total;
    uploads_.erase(upload);
  }
  store_.write(std::move(batch));
  return {};
}

Result<std::string> Assets::get(std::string_view name) const {
  const auto size = sizes_.find(name);
  if (size == sizes_.end()) return invalid(fmt::format("The asset {} has not been uploaded", name));
  std::string bytes;
  bytes.reserve(size->second);
  auto at = store_.cursor(Keyspace::kStacks, storage::Range::prefix(part_prefix(name)));
  for (; at->valid(); at->next()) bytes += at->value();
  if (!at->status() || bytes.size() != size->second)
    return fail(Errc::kInternal, fmt::format("The stored asset {} is damaged", name));
  return bytes;
}

void Assets::keep_only(const std::set<std::string, std::less<>>& used) {
  std::set<std::string, std::less<>> unused;
  storage::Mutation batch;
  for (auto it = sizes_.begin(); it != sizes_.end();) {
    const auto& name = it->first;
    if (!used.contains(name) && unused_once_.contains(name)) {
      batch.erase_range(Keyspace::kStacks, part_prefix(name), prefix_end(part_prefix(name)));
      batch.erase(Keyspace::kStacks, size_key(name));
      it = sizes_.erase(it);
      continue;
    }
    if (!used.contains(name)) unused.insert(name);
    ++it;
  }
  unused_once_ = std::move(unused);
  if (!batch.empty()) store_.write(std::move(batch));
}

}  // namespace tidemill::deploy
