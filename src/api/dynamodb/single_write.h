// What PutItem, UpdateItem and DeleteItem have in common: how their request begins and how they answer.
#pragma once

#include "api/dynamodb/request.h"

namespace tidemill::dynamodb {

// Sends the request to the engine and renders the answer.
void run_write(Services& services, awsjson::Call call, tables::WriteRequest&& request);
// Table, ReturnValues and the like; the item, the condition and the update are the operation's.
void begin_write(const awsjson::Call& call, tables::WriteRequest::Kind kind, tables::WriteRequest& request);

// For those that know the item before and nothing after.
Status only_old_values(const tables::WriteRequest& request);
// What the expressions, or the members that came before them, say.
Status read_condition_and_update(Services& services, const awsjson::Call& call, expr::Use use,
                                 tables::WriteRequest& request);

template <auto kParse>
void parse_and_write(Services& services, awsjson::Call call) {
  tables::WriteRequest request;
  if (auto parsed = kParse(services, call, request); !parsed) return refuse(std::move(call), parsed.error());
  run_write(services, std::move(call), std::move(request));
}

}  // namespace tidemill::dynamodb
