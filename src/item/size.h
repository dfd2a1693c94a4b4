// What items and values weigh, in bytes, by the service's rules; the measure of limits, page ends, capacity and
// SizeBytes. A name weighs its UTF-8 length; strings and binaries their length; booleans and null 1; numbers see
// Number::size(); a set the sum of its elements; lists and maps 3 plus 1 for each element plus the elements (with their
// names).
#pragma once

#include <cstddef>
#include <string_view>

#include "item/attribute_value.h"

namespace tidemill::item {

inline constexpr std::size_t kMaxItemSize = 409600;
inline constexpr std::size_t kMaxNameSize = 65535;
inline constexpr std::size_t kMaxKeyNameSize = 255;
inline constexpr std::size_t kMaxPartitionKeySize = 2048;
inline constexpr std::size_t kMaxSortKeySize = 1024;

std::size_t size_of(const AttributeValue& value);
std::size_t size_of(const Item& item);  // sum over names and values, without any overhead

// The size of one key value as the key limits count it: raw bytes. Numbers are exempt and count as 0.
std::size_t key_size(const AttributeValue& value);

}  // namespace tidemill::item
