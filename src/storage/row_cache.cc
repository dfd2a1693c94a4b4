#include "storage/row_cache.h"

#include <algorithm>
#include <utility>

namespace tidemill::storage {
namespace {

constexpr std::size_t kLinesAhead = 8;

}  // namespace

bool RowCache::get(std::string_view key, Missed& missed, const std::function<void(std::string_view row)>& see) {
  const auto hash = hash_of(key);
  auto& part = part_of(hash);
  const std::lock_guard lock(part.mutex);
  auto* slot = part.find(hash, key);
  if (slot == nullptr || (slot->hash & kKept) == 0) {
    missed.writes = part.writes;
    return false;
  }
  slot->hash |= kRecent;
  see(slot->row->value());
  return true;
}

void RowCache::fill(std::string_view key, std::string_view value, Missed missed) {
  const auto hash = hash_of(key);
  auto& part = part_of(hash);
  const std::lock_guard lock(part.mutex);
  // With a writer at work, or one that came and went, what was read may be what it has replaced.
  if (part.under_way == 0 && part.writes == missed.writes) put(part, hash, key, value);
}

void RowCache::begin_write(std::string_view key) {
  const auto hash = hash_of(key);
  auto& part = part_of(hash);
  const std::lock_guard lock(part.mutex);
  ++part.writes;
  ++part.under_way;
  if (auto* slot = part.find(hash, key)) slot->hash &= ~kKept;
}

void RowCache::end_write(std::string_view key, std::optional<std::string_view> value) {
  const auto hash = hash_of(key);
  auto& part = part_of(hash);
  const std::lock_guard lock(part.mutex);
  ++part.writes;
  --part.under_way;
  if (value) return put(part, hash, key, *value);
  if (auto* slot = part.find(hash, key)) part.drop(static_cast<std::size_t>(slot - part.slots.data()));
}

void RowCache::begin_clear() {
  for (auto& part : parts_) {
    const std::lock_guard lock(part.mutex);
    ++part.writes;
    ++part.under_way;
    part.slots = std::vector<Slot>();
    part.taken = part.hand = part.bytes = 0;
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

std::size_t RowCache::longest_run() const {
  std::size_t longest = 0;
  for (auto& part : parts_) {
    const std::lock_guard lock(part.mutex);
    std::size_t run = 0;
    for (const auto& slot : part.slots) {
      run = slot.row ? run + 1 : 0;
      longest = std::max(longest, run);
    }
  }
  return longest;
}

void RowCache::put(Part& part, std::uint64_t hash, std::string_view key, std::string_view value) {
  if (value.size() > kRowBytesMax) {
    if (auto* slot = part.find(hash, key)) part.drop(static_cast<std::size_t>(slot - part.slots.data()));
    return;
  }
  part.put(hash, key, value);
  while (part.bytes > part_bytes_max_ && part.taken > 0) {
    const auto at = part.under_hand();
    auto& slot = part.slots[at];
    if (slot.row && (slot.hash & kRecent) == 0) {
      part.drop(at);  // another may move here: the hand stays
    } else {
      slot.hash &= ~kRecent;
      ++part.hand;
    }
  }
}

RowCache::Slot* RowCache::Part::find(std::uint64_t hash, std::string_view key) {
  if (slots.empty()) return nullptr;
  for (auto at = place(hash); slots[at].row; at = next(at)) {
    auto& slot = slots[at];
    if (((slot.hash ^ hash) & ~(kKept | kRecent)) != 0) continue;
    // What lies behind the key is on its way while the key is compared.
    const char* behind = slot.row->bytes();
    for (std::size_t line = 1; line <= kLinesAhead; ++line) __builtin_prefetch(behind + line * 64);
    if (slot.row->key() == key) return &slot;
  }
  return nullptr;
}

void RowCache::Part::put(std::uint64_t hash, std::string_view key, std::string_view value) {
  const auto size = key.size() + value.size();
  auto* slot = find(hash, key);
  // A row that was never asked for is among the first to go.
  const auto recent = slot != nullptr ? kRecent : 0;
  if (slot != nullptr && (slot->row->room < size || slot->row->room > 2 * size)) {
    drop(static_cast<std::size_t>(slot - slots.data()));
    slot = nullptr;
  }
  if (slot == nullptr) {
    Slot made{.hash = hash & ~(kKept | kRecent),
              .row = std::unique_ptr<Row, Free>(static_cast<Row*>(::operator new(sizeof(Row) + size)))};
    made.row->key_size = static_cast<std::uint32_t>(key.size());
    made.row->room = static_cast<std::uint32_t>(size);
    key.copy(made.row->bytes(), key.size());
    slot = insert(std::move(made));
    bytes += slot->row->cost();
  }
  slot->hash |= kKept | recent;
  slot->row->value_size = static_cast<std::uint32_t>(value.size());
  value.copy(slot->row->bytes() + key.size(), value.size());
}

RowCache::Slot* RowCache::Part::insert(Slot slot) {
  if ((taken + 1) * 4 > slots.size() * 3) {
    std::vector<Slot> before(slots.empty() ? 64 : 2 * slots.size());
    before.swap(slots);
    taken = 0;
    for (auto& moved : before) {
      if (moved.row) insert(std::move(moved));
    }
  }
  auto at = place(slot.hash);
  while (slots[at].row) at = next(at);
  slots[at] = std::move(slot);
  ++taken;
  return &slots[at];
}

void RowCache::Part::drop(std::size_t place_of) {
  bytes -= slots[place_of].row->cost();
  --taken;
  // What lies behind it, and could not lie nearer to its place because of it, moves up.
  auto gap = place_of;
  for (auto at = next(gap); slots[at].row; at = next(at)) {
    const auto distance = [this](std::size_t from, std::size_t to) { return (to - from) & (slots.size() - 1); };
    if (distance(place(slots[at].hash), at) < distance(gap, at)) continue;
    slots[gap] = std::move(slots[at]);
    gap = at;
  }
  slots[gap] = {};
}

}  // namespace tidemill::storage
