#include "api/dynamodb/page.h"

#include "item/json.h"
#include "item/messages.h"

namespace tidemill::dynamodb {

void begin_page(const awsjson::Call& call, tables::PageRequest& request) {
  const auto& body = call.body();
  auto ref = table_ref(awsjson::read_string(body, "TableName"), call.scope());
  request.scope = std::move(ref.scope);
  request.table = std::move(ref.name);
  if (const auto index = awsjson::read_optional_string(body, "IndexName")) request.index = *index;
  request.consistent = awsjson::read_bool(body, "ConsistentRead", false);
  request.limit = awsjson::read_integer(body, "Limit");
  request.before = kBeforeItems;
}

Status read_start_key(const json::Node& body, tables::PageRequest& request) {
  const auto* start = body.find_present("ExclusiveStartKey");
  if (start == nullptr) return {};
  auto key = item::item_from_json(*start);
  if (!key) {
    // Numeric errors, duplicates and the empty number set come without the words about the starting key.
    const std::string& text = key.error().message;
    const bool bare = text.find("numeric value") != std::string::npos || text.starts_with("Number ") ||
                      text.starts_with("Attempting to store") || text.find("duplicates") != std::string::npos ||
                      text == item::messages::kEmptyNumberSet;
    return tables::invalid(bare ? text : "The provided starting key is invalid: " + text);
  }
  request.start = *std::move(key);
  return {};
}

Status read_select(const json::Node& body, tables::PageRequest& request) {
  const auto select = awsjson::read_optional_string(body, "Select");
  if (!select) return {};
  const auto refuse = [](const std::string& text) { return tables::invalid("1 validation error detected: " + text); };
  if (*select == "ALL_PROJECTED_ATTRIBUTES" && !request.index) {
    return refuse("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
  }
  if (*select == "SPECIFIC_ATTRIBUTES") {
    if (!request.projection) {
      return refuse(
          "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES");
    }
    request.select = tables::Select::kSpecific;
    return {};
  }
  if (request.projection) {
    const bool legacy = body.find_present("AttributesToGet") != nullptr;
    return refuse("Cannot specify the " + std::string(legacy ? "AttributesToGet" : "ProjectionExpression") +
                  " when choosing to get " +
                  (*select == "COUNT" ? std::string("only the Count") : std::string(*select)));
  }
  request.select = *select == "COUNT"                      ? tables::Select::kCount
                   : *select == "ALL_PROJECTED_ATTRIBUTES" ? tables::Select::kAllProjected
                                                           : tables::Select::kAllAttributes;
  return {};
}

awsjson::Answer render_page(tables::PageResult result, CapacityMode mode, bool consistent) {
  std::string out = std::move(result.items);
  if (result.count_only)
    out = '{';
  else
    out += "],";
  out += "\"Count\":" + std::to_string(result.count) + ",\"ScannedCount\":" + std::to_string(result.scanned);
  if (!result.last_key.empty()) out += ",\"LastEvaluatedKey\":" + result.last_key;
  if (mode != CapacityMode::kNone) {
    Units units{.is_write = false};
    const double read = read_units(result.read_bytes, consistent);
    if (result.index != nullptr) {
      units.indexes[result.index->id] = read;
      for (const auto size : result.fetched) units.table += read_units(size, consistent);
    } else {
      units.table = read;
    }
    out += ",\"ConsumedCapacity\":";
    json::Writer writer(out);
    append_capacity(writer, *result.table, units, mode);
  }
  out += '}';
  return out;
}

}  // namespace tidemill::dynamodb
