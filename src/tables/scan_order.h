// The order in which scans meet partitions: that of a hash of the partition key.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "item/attribute_value.h"
#include "tables/schema.h"

namespace tidemill::tables {

// Partitions lie in the order of this hash, which is the one that DynamoDB's scans were seen to follow. Stored in keys,
// so it never changes.
std::uint64_t scan_hash(const std::vector<KeyAttribute>& hash, const item::Item& item);

// The first 8 bytes of the MD5 of the bytes, big-endian; quick for short input.
std::uint64_t md5_prefix(std::string_view bytes);

}  // namespace tidemill::tables
