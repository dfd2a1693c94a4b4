// The pure part of a write: from the request and the item that is there to the item that will be there. No clock, no
// I/O.
#pragma once

#include <optional>
#include <string>

#include "tables/operations.h"

namespace tidemill::tables {

struct Plan {
  std::optional<Item> after;  // nothing: there will be no item
  bool writes = true;         // false: a condition check
  std::string attributes;     // JSON to return; empty: none
};

// Which words the operation uses for a wrong key.
enum class KeyWords : unsigned char { kPut, kKey, kBatch };

// What depends on the schema and not on the stored item.
Status check_request(const Table& table, const WriteRequest& request, KeyWords words);
// A `Key` parameter: exactly the key attributes, with their types, not empty, not too long.
Status check_key(const TableDefinition& table, const Item& key);
// That no key attribute is an empty text or empty bytes.
Status check_keys_filled(const TableDefinition& table, const Item& item);
// The same of index keys: those of an item that is put, and the constants of an update.
Status check_index_keys_filled(const TableDefinition& table, const WriteRequest& request);
// Key attributes of an item that is put.
Status check_item_keys(const TableDefinition& table, const Item& item, KeyWords words);
// Paths that go into a key attribute of the table or of an index.
Status check_paths(const TableDefinition& table, const std::vector<expr::Path>& paths);

// Errors: kConditionFailed; kValidation when the update does not fit the item.
Result<Plan> plan(const Table& table, const WriteRequest& request, const std::optional<StoredItem>& before);
// The same, for a request that is planned once: the item of a put moves into the plan.
Result<Plan> plan(const Table& table, WriteRequest&& request, const std::optional<StoredItem>& before);

}  // namespace tidemill::tables
