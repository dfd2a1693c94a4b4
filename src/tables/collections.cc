#include "tables/collections.h"

#include <algorithm>

#include "base/bytes.h"
#include "item/encoding.h"
#include "item/size.h"

namespace tidemill::tables {

using storage::Keyspace;

namespace {

constexpr IndexId kNoIndex = 0;  // ids of indexes begin with 1

std::int64_t entries_size(const TableDefinition& table, const Item& item) {
  std::size_t bytes = 0;
  for (const auto& index : table.indexes) {
    if (index.kind != IndexKind::kLocal || !index_row(table.id, index, table.keys, item)) continue;
    bytes += index.projection.type == ProjectionType::kAll ? item::size_of(item)
                                                           : item::size_of(entry_of(index, table.keys, item));
  }
  return static_cast<std::int64_t>(bytes);
}

// Reads about `read_max` bytes at most.
Result<std::int64_t> counted(const storage::Store& store, Keyspace keyspace, const std::string& prefix,
                             std::size_t read_max) {
  std::int64_t bytes = 0;
  const auto cursor = store.cursor(keyspace, storage::Range::prefix(prefix));
  for (std::size_t read = 0; cursor->valid() && read < read_max; cursor->next()) {
    read += cursor->key().size() + cursor->value().size();
    const auto encoded = unseal(cursor->value());
    if (encoded) bytes += static_cast<std::int64_t>(item::size_of_encoded(*encoded).value_or(0));
  }
  if (const auto status = cursor->status(); !status) return fail(Errc::kInternal, status.error().message);
  return bytes;
}

}  // namespace

bool has_local_index(const Table& table) {
  return std::ranges::any_of(table.definition.indexes,
                             [](const auto& index) { return index.kind == IndexKind::kLocal; });
}

std::string collection_row(const TableDefinition& table, const Item& key) {
  return partition_prefix(index_prefix(table.id, kNoIndex), table.keys.hash, key);
}

std::uint64_t collection_stripe(const TableDefinition& table, const Item& key) {
  return RowKey{.bytes = collection_row(table, key)}.stripe();
}

Result<std::int64_t> Collections::stored_or_counted(const Table& table, const Item& key, const std::string& row) const {
  const auto stored = store_.get(Keyspace::kIndexes, row);
  if (!stored) return fail(Errc::kInternal, stored.error().message);
  if (*stored && (*stored)->size() == 8) return load_be<std::int64_t>((*stored)->data());
  if (filling_) return 0;
  const auto& definition = table.definition;
  TM_TRY(auto bytes, counted(store_, Keyspace::kItems,
                             partition_prefix(table_prefix(definition.id), definition.keys.hash, key), kCountedMax));
  for (const auto& index : definition.indexes) {
    if (index.kind != IndexKind::kLocal) continue;
    TM_TRY(const auto entries,
           counted(store_, Keyspace::kIndexes,
                   partition_prefix(index_prefix(definition.id, index.id), index.keys.hash, key), kCountedMax));
    bytes += entries;
  }
  return bytes;
}

Status Collections::add(const Table& table, const Item& key, const std::optional<StoredItem>& before,
                        const std::optional<Item>& after) {
  if (!before && !after) return {};
  std::int64_t delta = 0;
  if (before) delta -= static_cast<std::int64_t>(before->size()) + entries_size(table.definition, before->item());
  if (after) delta += static_cast<std::int64_t>(item::size_of(*after)) + entries_size(table.definition, *after);
  auto row = collection_row(table.definition, key);
  auto at = sizes_.find(row);
  if (at == sizes_.end()) {
    TM_TRY(const auto bytes, stored_or_counted(table, key, row));
    at = sizes_.emplace(std::move(row), bytes).first;
  }
  if (delta > 0 && at->second + delta > bytes_max_) return fail(Errc::kCollectionSize, "Collection size exceeded.");
  at->second = std::max<std::int64_t>(0, at->second + delta);
  return {};
}

std::int64_t Collections::size_of(const Table& table, const Item& key) const {
  const auto row = collection_row(table.definition, key);
  if (const auto at = sizes_.find(row); at != sizes_.end()) return at->second;
  return stored_or_counted(table, key, row).value_or(0);
}

void Collections::write(storage::Mutation& batch) const {
  for (const auto& [row, bytes] : sizes_) {
    if (bytes == 0) {
      batch.erase(Keyspace::kIndexes, row);
    } else {
      std::string value;
      append_be(value, bytes);
      batch.put(Keyspace::kIndexes, row, value);
    }
  }
}

}  // namespace tidemill::tables
