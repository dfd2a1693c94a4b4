// Item collections: the items of one partition key with their entries in local indexes, of tables that have such
// indexes. Each collection's size lies beside the index entries, under the index id that no index has, and is written
// in the same batch as what changes it. A collection without a size is empty, or was filled by an older version: it is
// counted when it is first written to, up to `kCountedMax`.
#pragma once

#include <cstdint>
#include <limits>
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
  // Of a table that is being filled from its beginning: without a limit, and what has no size is empty.
  static Collections filling(const storage::Store& store) {
    Collections out(store, std::numeric_limits<std::int64_t>::max());
    out.filling_ = true;
    return out;
  }
  // Counts a change in. Errors: kCollectionSize when the collection would grow beyond the limit.
  Status add(const Table& table, const Item& key, const std::optional<StoredItem>& before,
             const std::optional<Item>& after);
  std::int64_t size_of(const Table& table, const Item& key) const;  // with what was counted in
  void write(storage::Mutation& batch) const;

 private:
  // Counting happens on the loop of the write: what is behind so much of a collection is not seen.
  static constexpr std::size_t kCountedMax = 32 << 20;

  Result<std::int64_t> stored_or_counted(const Table& table, const Item& key, const std::string& row) const;
  const storage::Store& store_;
  const std::int64_t bytes_max_;
  bool filling_ = false;
  std::map<std::string, std::int64_t> sizes_;  // by row
};

}  // namespace tidemill::tables
