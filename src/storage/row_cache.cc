#include "storage/row_cache.h"

#include <utility>

namespace tidemill::storage {

std::optional<std::string> RowCache::get(std::string_view key, Missed& missed) {
  auto& part = part_of(key);
  const std::lock_guard lock(part.mutex);
  const auto found = part.by_key.find(key);
  if (found == part.by_key.end() || !found->second->kept) {
    missed.writes = part.writes;
    return std::nullopt;
  }
  found->second->recent = true;
  return found->second->value;
}

void RowCache::fill(std::string_view key, std::string_view value, Missed missed) {
  auto& part = part_of(key);
  const std::lock_guard lock(part.mutex);
  // With a writer at work, or one that came and went, what was read may be what it has replaced.
  if (part.under_way == 0 && part.writes == missed.writes) put(part, key, value);
}

void RowCache::begin_write(std::string_view key) {
  auto& part = part_of(key);
  const std::lock_guard lock(part.mutex);
  ++part.writes;
  ++part.under_way;
  if (const auto found = part.by_key.find(key); found != part.by_key.end()) found->second->kept = false;
}

void RowCache::end_write(std::string_view key, std::optional<std::string_view> value) {
  auto& part = part_of(key);
  const std::lock_guard lock(part.mutex);
  ++part.writes;
  --part.under_way;
  if (value) return put(part, key, *value);
  if (const auto found = part.by_key.find(key); found != part.by_key.end()) drop(part, found->second);
}

void RowCache::begin_clear() {
  for (auto& part : parts_) {
    const std::lock_guard lock(part.mutex);
    ++part.writes;
    ++part.under_way;
    part.by_key.clear();
    part.entries.clear();
    part.bytes = 0;
  }
}

void RowCache::end_clear() {
  for (auto& part : parts_) {
    const std::lock_guard lock(part.mutex);
    ++part.writes;
    --part.under_way;
  }
}

std::size_t RowCache::bytes() const {
  std::size_t bytes = 0;
  for (auto& part : parts_) {
    const std::lock_guard lock(part.mutex);
    bytes += part.bytes;
  }
  return bytes;
}

void RowCache::put(Part& part, std::string_view key, std::string_view value) {
  const auto found = part.by_key.find(key);
  if (value.size() > kRowBytesMax) {
    if (found != part.by_key.end()) drop(part, found->second);
    return;
  }
  if (found != part.by_key.end()) {
    auto& entry = *found->second;
    part.bytes += value.size() - entry.value.size();
    entry.value = value;
    entry.kept = true;
    entry.recent = true;
  } else {
    // A row that was never asked for is the first to go.
    part.entries.push_back({.key = std::string(key), .value = std::string(value), .kept = true});
    part.by_key.emplace(part.entries.back().key, std::prev(part.entries.end()));
    part.bytes += key.size() + value.size() + kEntryBytes;
  }
  while (part.bytes > part_bytes_max_ && !part.entries.empty()) {
    const auto oldest = part.entries.begin();
    if (std::exchange(oldest->recent, false))
      part.entries.splice(part.entries.end(), part.entries, oldest);
    else
      drop(part, oldest);
  }
}

void RowCache::drop(Part& part, std::list<Entry>::iterator entry) {
  part.bytes -= entry->key.size() + entry->value.size() + kEntryBytes;
  part.by_key.erase(entry->key);
  part.entries.erase(entry);
}

}  // namespace tidemill::storage
