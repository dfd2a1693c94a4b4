// Items as stored bytes (docs/formats/item.md). Equal items have equal bytes. Reading is safe on any bytes: what does
// not decode is Errc::kCorruption.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "item/attribute_value.h"
#include "item/error.h"

namespace tidemill::item {

inline constexpr char kItemFormat = 1;

std::string encode(const Item& item);
void append_encoded(std::string& out, const Item& item);
Result<Item> decode(std::string_view encoded_item);

// Only the named top-level attributes, for filters and projections on wide items.
Result<Item> decode_some(std::string_view encoded_item, std::span<const std::string_view> names);
// One top-level attribute; nothing when the item has none of that name.
Result<std::optional<AttributeValue>> decode_one(std::string_view encoded_item, std::string_view name);

// Straight from stored bytes to DynamoDB JSON, without a tree in between; gives size_of(the item). On error `out` is as
// before.
Result<std::size_t> append_json_of_encoded(std::string& out, std::string_view encoded_item);

// size_of(decode(x)) without the tree.
Result<std::size_t> size_of_encoded(std::string_view encoded_item);

// A single value in the same format (without a format byte), for those who store values inside their own records.
void append_encoded_value(std::string& out, const AttributeValue& value);
Result<AttributeValue> take_encoded_value(std::string_view& in);

}  // namespace tidemill::item
