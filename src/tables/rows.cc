#include "tables/rows.h"

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "item/encoding.h"
#include "item/key_codec.h"
#include "item/size.h"
#include "tables/scan_order.h"

namespace tidemill::tables {
namespace {

// Hash and elements of the hash keys, appended to `out`; the whole hash is returned.
std::uint64_t append_partition(std::string& out, const std::vector<KeyAttribute>& hash, const Item& item) {
  const std::size_t at = out.size();
  out.append(4, '\0');
  for (const auto& key : hash) {
    const AttributeValue* value = item.find(key.name);
    TM_ASSERT(value != nullptr);
    item::append_key(out, *value);
  }
  const std::uint64_t partition = scan_hash(hash, item);
  store_be(out.data() + at, static_cast<std::uint32_t>(partition >> 32));
  return partition;
}

void append_keys(std::string& out, const std::vector<KeyAttribute>& keys, const Item& item) {
  for (const auto& key : keys) {
    const AttributeValue* value = item.find(key.name);
    TM_ASSERT(value != nullptr);
    item::append_key(out, *value);
  }
}

bool indexable(const std::vector<KeyAttribute>& keys, std::size_t size_max, const Item& item) {
  for (const auto& key : keys) {
    const AttributeValue* value = item.find(key.name);
    if (value == nullptr || value->type() != item_type(key.type)) return false;
    if (key.type == KeyType::kNumber) continue;
    const auto size = item::key_size(*value);
    if (size == 0 || size > size_max) return false;
  }
  return true;
}

}  // namespace

std::uint64_t RowKey::stripe() const { return std::hash<std::string_view>()(bytes); }

item::Type item_type(KeyType type) {
  switch (type) {
    case KeyType::kString: return item::Type::kString;
    case KeyType::kNumber: return item::Type::kNumber;
    case KeyType::kBinary: return item::Type::kBinary;
  }
  std::unreachable();
}

std::string table_prefix(TableId table) {
  std::string out;
  append_be(out, table);
  return out;
}

std::string index_prefix(TableId table, IndexId index) {
  std::string out;
  append_be(out, table);
  append_be(out, index);
  return out;
}

RowKey item_row(TableId table, const KeySchema& keys, const Item& item) {
  RowKey row;
  row.bytes.reserve(64);
  append_be(row.bytes, table);
  row.partition = append_partition(row.bytes, keys.hash, item);
  append_keys(row.bytes, keys.range, item);
  return row;
}

std::optional<std::string> index_row(TableId table, const IndexDefinition& index, const KeySchema& table_keys,
                                     const Item& item) {
  if (!indexable(index.keys.hash, item::kMaxPartitionKeySize, item)) return std::nullopt;
  if (!indexable(index.keys.range, item::kMaxSortKeySize, item)) return std::nullopt;
  std::string row;
  row.reserve(96);
  append_be(row, table);
  append_be(row, index.id);
  append_partition(row, index.keys.hash, item);
  append_keys(row, index.keys.range, item);
  append_keys(row, table_keys.hash, item);
  append_keys(row, table_keys.range, item);
  return row;
}

std::string partition_prefix(std::string_view prefix, const std::vector<KeyAttribute>& hash, const Item& item) {
  std::string out;
  out.reserve(64);
  out = prefix;
  append_partition(out, hash, item);
  return out;
}

bool projects(const IndexDefinition& index, const KeySchema& table_keys, std::string_view attribute) {
  if (index.projection.type == ProjectionType::kAll) return true;
  if (index.keys.has(attribute) || table_keys.has(attribute)) return true;
  return std::ranges::find(index.projection.include, attribute) != index.projection.include.end();
}

Item entry_of(const IndexDefinition& index, const KeySchema& table_keys, const Item& item) {
  if (index.projection.type == ProjectionType::kAll) return item;
  std::vector<item::Member> members;
  for (const auto& member : item) {
    if (projects(index, table_keys, member.name)) members.push_back(member);
  }
  return Item::from(std::move(members));
}

Item key_of(const KeySchema& keys, const Item& item) {
  std::vector<item::Member> members;
  for (const auto* part : {&keys.hash, &keys.range}) {
    for (const auto& key : *part) {
      const AttributeValue* value = item.find(key.name);
      TM_ASSERT(value != nullptr);
      members.push_back({key.name, *value});
    }
  }
  return Item::from(std::move(members));
}

std::string seal(std::string_view encoded) {
  std::string out;
  out.reserve(encoded.size() + 4);
  append_be(out, crc32c(encoded));
  out += encoded;
  return out;
}

bool is_whole(std::string_view stored) {
  return stored.size() >= 4 && load_be<std::uint32_t>(stored.data()) == crc32c(encoded_in(stored));
}

std::string_view encoded_in(std::string_view stored) { return stored.substr(4); }

std::optional<std::string_view> unseal(std::string_view stored) {
  if (!is_whole(stored)) return std::nullopt;
  return encoded_in(stored);
}

SegmentBounds segment_bounds(std::int64_t segment, std::int64_t total) {
  // Up to 4096 segments share 4096 equal parts of the hashes; more divide the hashes themselves.
  const int bits = total <= 4096 ? 12 : 32;
  const auto edge = [total, bits](std::int64_t s) {
    const auto part = ((static_cast<std::uint64_t>(s) << bits) + static_cast<std::uint64_t>(total) - 1) /
                      static_cast<std::uint64_t>(total);
    return part << (32 - bits);
  };
  return {static_cast<std::uint32_t>(edge(segment)), static_cast<std::uint32_t>(edge(segment + 1) - 1)};
}

}  // namespace tidemill::tables
