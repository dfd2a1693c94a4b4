// Key values as bytes whose order is DynamoDB's order: strings and binaries by unsigned bytes, numbers by value
// (docs/formats/keys.md). Elements are self-delimiting and prefix-free, so they can be laid one after the other: the
// bytes of a tuple sort as the tuple, and all rows of one partition are exactly those that start with the partition
// key's element.
//   equal to v          [k, prefix_end(k))  with k = prefix + key(v)
//   less than v         [prefix, k)                       greater than v      [prefix_end(k), prefix_end(prefix))
//   begins with v       [p, prefix_end(p))  with p = prefix + key_prefix(v)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "item/attribute_value.h"
#include "item/error.h"

namespace tidemill::item {

constexpr bool is_key_type(Type type) {
  return type == Type::kString || type == Type::kNumber || type == Type::kBinary;
}

// `value` is of a key type (asserted).
void append_key(std::string& out, const AttributeValue& value);
std::string encode_key(const AttributeValue& value);

// The bytes that every key element beginning with `value` starts with; `value` is a string or a binary (asserted).
void append_key_prefix(std::string& out, const AttributeValue& value);

// Takes one element off the front of `in`.
Result<AttributeValue> take_key(std::string_view& in);

}  // namespace tidemill::item
