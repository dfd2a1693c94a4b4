// What PutItem, UpdateItem and DeleteItem have in common: how their request begins and how they answer.
#pragma once

#include "api/dynamodb/request.h"

namespace tidemill::dynamodb {

// Sends the request to the engine and renders the answer.
void run_write(Services& services, awsjson::Call call, tables::WriteRequest request);
// Table, ReturnValues and the like; the item, the condition and the update are the operation's.
tables::WriteRequest begin_write(const awsjson::Call& call, tables::WriteRequest::Kind kind);

}  // namespace tidemill::dynamodb
