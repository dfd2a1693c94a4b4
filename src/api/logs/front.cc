#include "api/logs/front.h"

#include <algorithm>
#include <utility>

#include "api/logs/operation.h"
#include "base/json.h"

namespace tidemill::logs {
namespace {

constexpr std::string_view kTargetPrefix = "Logs_20140328.";

http::Response json_response(int status, std::string body, std::string_view request_id) {
  http::Response response{.status = status, .body = std::move(body)};
  response.headers.add("Content-Type", "application/x-amz-json-1.1");
  response.headers.add("x-amzn-RequestId", request_id);
  return response;
}

http::Response error_response(int status, std::string_view code, std::string_view message,
                              std::string_view request_id) {
  std::string body;
  json::Writer(body).begin_object().member("__type", code).member("message", message).end_object();
  return json_response(status, std::move(body), request_id);
}

struct WireError {
  int status;
  std::string_view code;
};

constexpr WireError to_wire(functions::LogErrc code) {
  using functions::LogErrc;
  switch (code) {
    case LogErrc::kInvalidParameter: return {400, "InvalidParameterException"};
    case LogErrc::kNotFound: return {400, "ResourceNotFoundException"};
    case LogErrc::kAlreadyExists: return {400, "ResourceAlreadyExistsException"};
    case LogErrc::kLimitExceeded: return {400, "LimitExceededException"};
    case LogErrc::kInternal: return {500, "ServiceUnavailableException"};
  }
  std::unreachable();
}

}  // namespace

void LogsFront::mount(api::Edge& edge) {
  const auto front = [this](const http::Request& request, runtime::Executor&, http::Responder respond) {
    handle(request, std::move(respond));
  };
  edge.add({.service = "logs", .front = front});
  edge.add({.target_prefix = std::string(kTargetPrefix), .front = front});
}

void LogsFront::handle(const http::Request& request, http::Responder respond) {
  const auto id = request_ids_.uuid();
  const auto refuse = [&](int status, std::string_view code, std::string_view message) {
    std::move(respond)(error_response(status, code, message, id));
  };
  const auto caller = identity_.authenticate(request, "logs");
  if (!caller) return refuse(400, auth::json_code(caller.error().code), caller.error().message);
  const auto target = request.headers.get("X-Amz-Target");
  const auto name = target.starts_with(kTargetPrefix) ? target.substr(kTargetPrefix.size()) : std::string_view();
  const auto all = operations();
  const auto found = std::ranges::find(all, name, [](const Operation* operation) { return operation->name; });
  if (found == all.end())
    return refuse(400, "UnknownOperationException",
                  "CloudWatch Logs operation '" + std::string(name) + "' is not available on this server");
  auto document = json::Document::parse(request.body.empty() ? "{}" : request.body, {.max_depth = 64});
  if (!document || !document->root().is_object())
    return refuse(400, "SerializationException", "The request is not a JSON object");
  Call call{.scope = caller->scope, .document = std::make_shared<const json::Document>(*std::move(document))};
  const auto group = call.group();
  const auto decision = identity_.authorize(caller->principal, (*found)->iam_action,
                                            group.empty() ? "*" : group_arn(call.scope, group) + ":*");
  if (!decision) return refuse(400, "AccessDeniedException", decision.reason);
  (*found)->run(logs_, std::move(call),
                AnswerReply([respond = std::move(respond), id](functions::LogResult<Answer> answer) mutable {
                  if (!answer) {
                    const auto wire = to_wire(answer.error().code);
                    return std::move(respond)(error_response(wire.status, wire.code, answer.error().message, id));
                  }
                  std::move(respond)(json_response(200, *std::move(answer), id));
                }));
}

}  // namespace tidemill::logs
