// What one changed item means for the store: its row, its index entries, its change record, its cost. The plan of every
// write.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "storage/mutation.h"
#include "storage/store.h"
#include "tables/catalog.h"
#include "tables/rows.h"

namespace tidemill::tables {

// An item as it was read: its bytes, decoded only when someone asks.
class StoredItem {
 public:
  // Nothing when there is no such row. Errors: kInternal when the row is damaged.
  static Result<std::optional<StoredItem>> read(const storage::Store& store, std::string_view row,
                                                const storage::Snapshot* snapshot = nullptr);
  static Result<StoredItem> from_sealed(std::string sealed);

  std::string_view encoded() const { return encoded_in(sealed_); }
  std::size_t size() const;  // as item/size.h counts
  const Item& item() const;

 private:
  explicit StoredItem(std::string sealed) : sealed_(std::move(sealed)) {}
  std::string sealed_;
  mutable std::optional<std::size_t> size_;
  mutable std::optional<Item> item_;
};

// Write capacity units, whole: the table's own and those of each index that was touched.
struct WriteCost {
  std::int64_t table = 0;
  std::map<IndexId, std::int64_t> indexes;
};

std::int64_t write_units(std::size_t size);             // one for each started 1024 bytes, at least one
double read_units(std::size_t bytes, bool consistent);  // one, or a half, for each started 4096 bytes, at least one

// Adds to `batch` all that changing `before` into `after` means. Nothing at all is written when they are equal. Moves
// the table's counters: call it when the batch is certain to be written.
WriteCost add_change(const storage::Store& store, const Table& table, const RowKey& row,
                     const std::optional<StoredItem>& before, const std::optional<Item>& after, bool by_service,
                     storage::Mutation& batch);

// Cost of a write that was refused by its condition.
WriteCost refused_cost(const std::optional<StoredItem>& before);

}  // namespace tidemill::tables
