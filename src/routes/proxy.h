// Between HTTP and functions: the event of a v1 proxy integration, and what the function's result becomes.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time_text.h"
#include "routes/api.h"
#include "routes/matcher.h"

namespace tidemill::routes {

using HeaderList = std::vector<std::pair<std::string, std::string>>;  // as sent, in order

// A request to an API, as it came from outside.
struct Incoming {
  std::string api_id;
  std::string method;
  std::string path;   // with the stage, as sent: "/prod/users/7"
  std::string query;  // as sent, without '?'
  HeaderList headers;
  std::string body;
  std::string source_ip;
  std::string protocol = "HTTP/1.1";
  std::string domain;  // host name that was asked, without port; empty: made from the API's id
  std::string forwarded_port, forwarded_proto;
  // Set when the request was signed and the signature holds.
  struct Caller {
    std::string access_key, account, arn, user_id;
    // Why the caller may not execute-api:Invoke this ARN, or nothing. Null: everything is allowed.
    std::function<std::optional<std::string>(const std::string& arn)> refusal = {};
  };
  std::optional<Caller> caller;
};

struct Outgoing {
  int status = 200;
  HeaderList headers;
  std::string body;
};

// What an event tells beside the request.
struct EventFacts {
  const RestApi& api;
  const Stage& stage;
  const Match& match;
  std::string path;  // without the stage
  std::string request_id, extended_request_id, trace_id;
  WallTime now;
};

std::string proxy_event(const Incoming& incoming, const EventFacts& facts);

// The client's answer to a function's result; nothing when the result is malformed (502).
std::optional<Outgoing> proxy_response(std::string_view payload, const std::vector<std::string>& binary_media_types,
                                       std::string_view accept);

// An error of the gateway itself: {"message": ...} and x-amzn-ErrorType. Errors of integrations have a blank behind the
// colon.
Outgoing gateway_error(int status, std::string_view message, std::string_view type, bool of_integration = false);

// True when one of the types ("image/png", "image/*", "*/*") covers the media type of a Content-Type or Accept header.
bool is_binary(const std::vector<std::string>& types, std::string_view header);

}  // namespace tidemill::routes
