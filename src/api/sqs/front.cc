#include "api/sqs/front.h"

#include <algorithm>

#include "api/common/query.h"
#include "api/sqs/operation.h"
#include "api/sqs/query_form.h"

#include <fmt/format.h>

namespace tidemill::sqs {
namespace {

constexpr std::string_view kTarget = "AmazonSQS.";
constexpr std::string_view kNamespace = "http://queue.amazonaws.com/doc/2012-11-05/";

// How the answer goes back; one for each protocol.
struct Wire {
  bool json = true;
  std::string request_id;
  std::string operation;

  http::Response error(int status, std::string_view json_type, std::string_view query_code,
                       std::string_view message) const {
    if (!json)
      return api::query_error_response({status, std::string(query_code), std::string(message)}, kNamespace, request_id);
    http::Response response{.status = status};
    tidemill::json::Writer(response.body)
        .begin_object()
        .member("__type", json_type)
        .member("message", message)
        .end_object();
    response.headers.add("Content-Type", "application/x-amz-json-1.0");
    response.headers.add("x-amzn-RequestId", request_id);
    // SDKs that once spoke the Query protocol go on to know errors by these names.
    response.headers.add("x-amzn-query-error", fmt::format("{};{}", query_code, status >= 500 ? "Receiver" : "Sender"));
    return response;
  }
  http::Response error(const queues::Error& error_value) const {
    const ErrorNames names = names_of(error_value.code);
    return error(names.status, names.json_type, names.query_code, error_value.message);
  }
  http::Response error(const auth::Error& error_value) const {
    return error(json ? 400 : auth::status(error_value.code),
                 "com.amazon.coral.service#" + std::string(auth::json_code(error_value.code)),
                 auth::query_code(error_value.code), error_value.message);
  }
  http::Response answer(const tidemill::json::Value& value) const {
    http::Response response;
    if (json) {
      response.body = value.as_object().empty() ? "{}" : value.text();
      response.headers.add("Content-Type", "application/x-amz-json-1.0");
    } else {
      const std::string result = result_xml(operation, value);
      response.body = fmt::format("<?xml version=\"1.0\"?><{0}Response xmlns=\"{1}\">", operation, kNamespace);
      if (!result.empty()) response.body += fmt::format("<{0}Result>{1}</{0}Result>", operation, result);
      response.body += fmt::format("<ResponseMetadata><RequestId>{1}</RequestId></ResponseMetadata></{0}Response>",
                                   operation, request_id);
      response.headers.add("Content-Type", "text/xml");
    }
    response.headers.add("x-amzn-RequestId", request_id);
    return response;
  }
};

}  // namespace

void SqsFront::mount(api::Edge& edge) {
  edge.add({.service = "sqs",
            .target_prefix = std::string(kTarget),
            .path_prefix = "",
            .form_version = "2012-11-05",
            .front = [this](const http::Request& request, runtime::Executor&,
                            http::Responder respond) { handle(request, std::move(respond)); },
            .body_bytes_max = 4 << 20});
}

void SqsFront::handle(const http::Request& request, http::Responder respond) {
  const std::string_view target = request.headers.get("x-amz-target");
  Wire wire{.json = target.starts_with(kTarget), .request_id = ids_.uuid(), .operation = {}};
  const auto caller = identity_.authenticate(request, "sqs");
  if (!caller) return std::move(respond)(wire.error(caller.error()));

  Call call{.caller = *caller,
            .body = {},
            .host = std::string(request.headers.get("host")),
            .client_gone = std::make_shared<bool>(false),
            .answer = nullptr};
  if (wire.json) {
    wire.operation = target.substr(kTarget.size());
    auto body = json::Value::parse(request.body.empty() ? "{}" : request.body);
    if (!body || !body->is_object())
      return std::move(respond)(wire.error(400, "com.amazon.coral.service#SerializationException", "MalformedInput",
                                           "The request body is no JSON object."));
    call.body = *std::move(body);
  } else {
    const api::Form form = api::Form::of(request);
    wire.operation = form.get("Action");
    call.body = body_of_form(form);
    // Older clients post to the queue's own URL.
    if (!form.find("QueueUrl") && request.path() != "/")
      call.body.as_object()["QueueUrl"] = std::string(request.path());
  }
  const auto all = operations();
  const auto operation = std::ranges::find(all, wire.operation, &Operation::name);
  if (operation == all.end())
    return std::move(respond)(wire.error(400, "com.amazon.coral.service#UnknownOperationException", "InvalidAction",
                                         fmt::format("The action {} is not valid for this endpoint.", wire.operation)));
  queues::QueueName queue{.scope = call.caller.scope, .name = call.text("QueueName")};
  if (operation->on_queue) {
    if (call.text("QueueUrl").empty())
      return std::move(respond)(
          wire.error({queues::Errc::kMissingParameter, "The request must contain the parameter QueueUrl."}));
    const auto named = queue_of_url(call.text("QueueUrl"), call.caller.scope);
    if (!named)
      return std::move(respond)(
          wire.error({queues::Errc::kInvalidParameter,
                      fmt::format("The address {} is not valid for this endpoint.", call.text("QueueUrl"))}));
    queue = *named;
  }
  const auto decision = identity_.authorize(caller->principal, operation->iam_action,
                                            operation->name == "ListQueues" ? "*" : queue.arn());
  if (!decision) return std::move(respond)(wire.error(auth::Error{auth::Errc::kAccessDenied, decision.reason}));

  respond.on_disconnect([gone = call.client_gone] { *gone = true; });
  call.answer = [respond = std::move(respond), wire](Answer answer) mutable {
    std::move(respond)(answer ? wire.answer(*answer) : wire.error(answer.error()));
  };
  operation->run(queues_, queue, std::move(call));
}

}  // namespace tidemill::sqs
