// How items and index entries lie in the store (docs/formats/tables.md).
//
//   kItems    table id, 4 bytes | hash of the partition key, 4 bytes | partition key | sort key
//   kIndexes  table id, 4 bytes | index id, 4 bytes | hash of the index's hash keys, 4 bytes | hash keys | range keys
//             | partition key | sort key
// Key elements are item::append_key's, so rows of one partition lie together in the order of the sort key, and the hash
// spreads partitions over the scan order and over segments. A value is a CRC-32C of four bytes, then the item as
// item::encode gives it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "item/attribute_value.h"
#include "storage/engine.h"
#include "tables/schema.h"

namespace tidemill::tables {

using item::AttributeValue;
using item::Item;

struct RowKey {
  std::string bytes;
  std::uint64_t partition = 0;   // scan_hash of the partition key
  std::uint64_t stripe() const;  // of this process; on disk is another hash
};

std::string table_prefix(TableId table);
std::string index_prefix(TableId table, IndexId index);

// `item` holds every key attribute with its type (asserted).
RowKey item_row(TableId table, const KeySchema& keys, const Item& item);
// Nothing when the item lacks a key attribute of the index, has it with another type, or empty, or too long: not
// indexed.
std::optional<std::string> index_row(TableId table, const IndexDefinition& index, const KeySchema& table_keys,
                                     const Item& item);
// prefix | hash | hash keys, of the attributes found in `item`.
std::string partition_prefix(std::string_view prefix, const std::vector<KeyAttribute>& hash, const Item& item);

// The attributes that an index stores of an item.
Item entry_of(const IndexDefinition& index, const KeySchema& table_keys, const Item& item);
// Whether the index's entries hold this attribute.
bool projects(const IndexDefinition& index, const KeySchema& table_keys, std::string_view attribute);
// Only the attributes of a key schema.
Item key_of(const KeySchema& keys, const Item& item);

std::string seal(std::string_view encoded);
// The encoded item inside a stored value; nothing when the checksum does not match.
std::optional<std::string_view> unseal(std::string_view stored);
// Whether it matches; and the encoded item of a value that is known to.
bool is_whole(std::string_view stored);
std::string_view encoded_in(std::string_view stored);

// The part of [0, 2^32) of partition hashes that belongs to a segment: [first, last].
struct SegmentBounds {
  std::uint32_t first, last;
};
SegmentBounds segment_bounds(std::int64_t segment, std::int64_t total);

item::Type item_type(KeyType type);

}  // namespace tidemill::tables
