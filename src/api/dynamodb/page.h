// What Query and Scan have in common.
#pragma once

#include "api/dynamodb/request.h"

namespace tidemill::dynamodb {

// Table, index, Limit, ConsistentRead.
void begin_page(const awsjson::Call& call, tables::PageRequest& request);
// ExclusiveStartKey, with the errors that its values have.
Status read_start_key(const json::Node& body, tables::PageRequest& request);
// The rules between Select, projections and indexes that need no schema.
Status read_select(const json::Node& body, tables::PageRequest& request);

// Of a request whose `before` is kBeforeItems.
inline constexpr std::string_view kBeforeItems = "{\"Items\":[";
awsjson::Answer render_page(tables::PageResult result, CapacityMode mode, bool consistent);

}  // namespace tidemill::dynamodb
