// DynamoDB JSON: {"S":"a"} and the like.
//
// A front checks the JSON types of a whole request by its description of the request before anything else; reading is
// safe without that, and then answers a wrong type with Errc::kSerialization. Members whose value is null count as
// absent; unknown members are ignored.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "item/attribute_value.h"
#include "item/error.h"

namespace tidemill::item {

Result<AttributeValue> value_from_json(const json::Node& node);
// Checks names (empty, too long) and the depth as well; not the size.
Result<Item> item_from_json(const json::Node& node);

// A boolean, or one of the strings true, false, 1, 0, yes, no, which the service takes for one.
bool boolean_from_json(const json::Node& node);

void append_json(std::string& out, const AttributeValue& value);
void append_json(std::string& out, const Item& item);
std::string to_json(const AttributeValue& value);
std::string to_json(const Item& item);

}  // namespace tidemill::item
