#include "tables/change.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "item/encoding.h"
#include "item/size.h"

namespace tidemill::tables {

using storage::Keyspace;

Result<StoredItem> StoredItem::from_sealed(std::string sealed) {
  if (!is_whole(sealed)) return fail(Errc::kInternal, "a stored item is damaged");
  return StoredItem(std::move(sealed));
}

Result<std::optional<StoredItem>> StoredItem::read(const storage::Store& store, std::string_view row,
                                                   const storage::Snapshot* snapshot) {
  if (snapshot != nullptr) {
    auto stored = store.get(Keyspace::kItems, row, snapshot);
    if (!stored) return fail(Errc::kInternal, stored.error().message);
    if (!*stored) return std::nullopt;
    TM_TRY(auto item, from_sealed(std::move(**stored)));
    return item;
  }
  StoredItem item{std::string()};
  const auto found = store.see_item(row, is_whole, [&item](std::string_view sealed) { item.sealed_ = sealed; });
  if (!found) return fail(Errc::kInternal, found.error().message);
  if (!*found) return std::nullopt;
  return item;
}

std::size_t StoredItem::size() const {
  if (!size_) size_ = item_ ? item::size_of(*item_) : item::size_of_encoded(encoded()).value_or(0);
  return *size_;
}

const Item& StoredItem::item() const {
  if (!item_) {
    auto decoded = item::decode(encoded());
    TM_ASSERT(decoded.has_value());  // its checksum matched, so these are the bytes that encode() wrote
    item_ = *std::move(decoded);
  }
  return *item_;
}

std::int64_t write_units(std::size_t size) {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>((size + 1023) / 1024));
}

double read_units(std::size_t bytes, bool consistent) {
  const auto blocks = static_cast<double>(std::max<std::size_t>(1, (bytes + 4095) / 4096));
  return consistent ? blocks : blocks / 2;
}

WriteCost refused_cost(const std::optional<StoredItem>& before) {
  return {.table = before ? write_units(before->size()) : 1};
}

namespace {

struct Entry {
  std::string row;
  std::string encoded;
  std::size_t size = 0;
};

std::optional<Entry> entry(const Table& table, const IndexDefinition& index, const Item& item, std::string_view encoded,
                           std::size_t size) {
  auto row = index_row(table.definition.id, index, table.definition.keys, item);
  if (!row) return std::nullopt;
  if (index.projection.type == ProjectionType::kAll) return Entry{*std::move(row), std::string(encoded), size};
  const Item projected = entry_of(index, table.definition.keys, item);
  return Entry{*std::move(row), item::encode(projected), item::size_of(projected)};
}

// As seal(item::encode(item)), without a copy in between.
std::string sealed_form(const Item& item, std::size_t size) {
  std::string out;
  out.reserve(size + size / 8 + 64);
  out.append(4, '\0');
  item::append_encoded(out, item);
  store_be(out.data(), crc32c(std::string_view(out).substr(4)));
  return out;
}

void count(Counters& counters, std::int64_t items, std::int64_t bytes) {
  if (items != 0) counters.items.fetch_add(items, std::memory_order_relaxed);
  if (bytes != 0) counters.bytes.fetch_add(bytes, std::memory_order_relaxed);
}

}  // namespace

WriteCost add_change(const storage::Store& store, const Table& table, const RowKey& row,
                     const std::optional<StoredItem>& before, const std::optional<Item>& after, bool by_service,
                     storage::Mutation& batch) {
  const auto old_size = before ? static_cast<std::int64_t>(before->size()) : 0;
  const auto new_size = after ? static_cast<std::int64_t>(item::size_of(*after)) : 0;
  std::string sealed = after ? sealed_form(*after, static_cast<std::size_t>(new_size)) : std::string();
  const auto encoded = after ? std::string_view(sealed).substr(4) : std::string_view();
  WriteCost cost{.table = write_units(static_cast<std::size_t>(std::max(old_size, new_size)))};
  if (!before && !after) return cost;
  if (before && after && before->encoded() == encoded) return cost;

  count(*table.counters, (after ? 1 : 0) - (before ? 1 : 0), new_size - old_size);

  for (const auto& index : table.definition.indexes) {
    if (index.status == IndexStatus::kDeleting) continue;
    auto old_entry = before ? entry(table, index, before->item(), before->encoded(), before->size()) : std::nullopt;
    auto new_entry = after ? entry(table, index, *after, encoded, static_cast<std::size_t>(new_size)) : std::nullopt;
    if (!old_entry && !new_entry) continue;
    const bool same_row = old_entry && new_entry && old_entry->row == new_entry->row;
    if (same_row && old_entry->encoded == new_entry->encoded && !index.backfilling) continue;
    // While an index is being filled, an old item may not have its entry yet: then it must not be counted out.
    bool counted = old_entry.has_value();
    if (old_entry && index.backfilling)
      counted = store.get(Keyspace::kIndexes, old_entry->row).value_or(std::nullopt).has_value();
    std::int64_t units = 0;
    if (old_entry && !same_row) {
      batch.erase(Keyspace::kIndexes, old_entry->row);
      units += write_units(old_entry->size);
    }
    if (new_entry) {
      batch.put(Keyspace::kIndexes, std::string(new_entry->row), seal(new_entry->encoded));
      units += same_row ? write_units(std::max(old_entry->size, new_entry->size)) : write_units(new_entry->size);
    }
    cost.indexes[index.id] = units;
    count(*table.index_counters.at(index.id), (new_entry ? 1 : 0) - (counted ? 1 : 0),
          (new_entry ? static_cast<std::int64_t>(new_entry->size) : 0) -
              (counted ? static_cast<std::int64_t>(old_entry->size) : 0));
  }

  if (table.stream || !table.taps.empty()) {
    const Item keys = key_of(table.definition.keys, after ? *after : before->item());
    const std::string encoded_keys = item::encode(keys);
    Change change{.kind = !before ? ChangeKind::kInsert
                          : after ? ChangeKind::kModify
                                  : ChangeKind::kRemove,
                  .row = row.bytes,
                  .keys = encoded_keys,
                  .keys_size = item::size_of(keys),
                  .old_size = static_cast<std::size_t>(old_size),
                  .new_size = static_cast<std::size_t>(new_size),
                  .partition = row.partition,
                  .by_service = by_service};
    if (before) change.old_image = before->encoded();
    if (after) change.new_image = encoded;
    if (table.stream) table.stream->record(change, batch);
    for (const auto& tap : table.taps) tap->record(change, batch);
  }
  // Last: what came before looked at the bytes that move now.
  if (after) {
    batch.put(Keyspace::kItems, std::string(row.bytes), std::move(sealed));
  } else {
    batch.erase(Keyspace::kItems, row.bytes);
  }
  return cost;
}

}  // namespace tidemill::tables
