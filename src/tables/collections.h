// Item collections: the items of one partition key with their entries in local indexes, of tables that have such
// indexes. Each collection's size lies beside the index entries, under the index id that no index has, and is written
// in the same batch as what changes it. A collection without a size (nothing in it, or filled by an older version or by
// a restore) is counted when it is first written to.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "storage/mutation.h"
#include "storage/store.h"
#include "tables/change.h"

namespace tidemill::tables {

bool has_local_index(const Table& table);
// `key` holds the table's hash attribute.
std::string collection_row(const TableDefinition& table, const Item& key);
// Held, beside those of the items, by whoever writes to the collection.
std::uint64_t collection_stripe(const TableDefinition& table, const Item& key);

// The collections that one operation changes.
class Collections {
 public:
  Collections(const storage::Store& store, std::int64_t bytes_max) : store_(store), bytes_max_(bytes_max) {}
  // Counts a change in. Errors: kCollectionSize when the collection would grow beyond the limit.
  Status add(const Table& table, const Item& key, const std::optional<StoredItem>& before,
             const std::optional<Item>& after);
  std::int64_t size_of(const Table& table, const Item& key) const;  // with what was counted in
  void write(storage::Mutation& batch) const;

 private:
  Result<std::int64_t> stored_or_counted(const Table& table, const Item& key, const std::string& row) const;
  const storage::Store& store_;
  const std::int64_t bytes_max_;
  std::map<std::string, std::int64_t> sizes_;  // by row
};

}  // namespace tidemill::tables
