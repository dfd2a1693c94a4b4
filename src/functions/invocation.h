// One invocation, as every caller states it: the API, event source mappings, routes, the deploy engine, the console.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/scope.h"

namespace tidemill::functions {

enum class InvocationType : std::uint8_t {
  kRequestResponse,  // answered with the function's result
  kEvent,            // answered as soon as the event is durably queued
  kDryRun,           // existence and permission only
};

struct InvokeRequest {
  Scope scope;
  std::string function;   // any accepted form: name, name:qualifier, partial or full ARN
  std::string qualifier;  // empty, or $LATEST
  std::string payload;    // JSON; empty counts as {}
  bool is_json = false;   // the payload was written by this server: it is not read to see whether it is JSON
  InvocationType type = InvocationType::kRequestResponse;
  bool tail_log = false;       // return the last 4 KiB of this invocation's log
  std::string client_context;  // plain JSON; synchronous invocations only
  std::string trace_id;        // X-Ray header; made when empty
  std::string invoked_arn;     // what context.invokedFunctionArn shows; made from function and qualifier when empty
};

struct InvokeResult {
  int status = 200;  // 200, 202 for kEvent, 204 for kDryRun
  std::string payload;
  std::optional<std::string> function_error;  // "Unhandled" when the function failed; payload is then its error JSON
  std::string executed_version;               // "$LATEST"; empty for kEvent
  std::string log_tail;                       // plain text, when asked for
  std::string request_id;
};

}  // namespace tidemill::functions
