// DynamoDB JSON: {"S":"a"} and the like.
//
// The service checks a request in stages, each over the whole request: first the JSON types (SerializationException), later
// the values (ValidationException). So reading has two stages too:
//   check_shape_of_*   stage one, on every attribute value of the request, before anything else is validated;
//   *_from_json        stage two, when it is this value's turn. It repeats no error of stage one, but is safe without it.
// Members whose value is null count as absent; unknown members are ignored.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "item/attribute_value.h"
#include "item/error.h"

namespace tidemill::item {

// Where a value stands decides the text for a scalar in its place.
enum class Place : unsigned char { kField, kElement };  // member of a structure; element of a list or map

Status check_shape_of_value(const json::Node& node, Place place = Place::kField);
// An object of names to attribute values: Item, Key, ExpressionAttributeValues, ExclusiveStartKey, M.
Status check_shape_of_map(const json::Node& node);
// A list of attribute values: AttributeValueList, Parameters, L.
Status check_shape_of_list(const json::Node& node);

Result<AttributeValue> value_from_json(const json::Node& node);
// Checks names (empty, too long) and the depth as well; not the size.
Result<Item> item_from_json(const json::Node& node);

// Type mapping of scalars, for the fronts to use on their own members. The errors are kSerialization.
Status check_string(const json::Node& node);
Status check_boolean(const json::Node& node);
Status check_integer(const json::Node& node);  // Integer
Status check_long(const json::Node& node);     // Long
// After check_boolean: also the strings true, false, 1, 0, yes, no.
bool boolean_from_json(const json::Node& node);

void append_json(std::string& out, const AttributeValue& value);
void append_json(std::string& out, const Item& item);
std::string to_json(const AttributeValue& value);
std::string to_json(const Item& item);

}  // namespace tidemill::item
