#include "api/lambda_runtime/front.h"

#include <algorithm>
#include <string>

#include "base/bytes.h"
#include "base/json.h"
#include "http/server.h"

namespace tidemill::lambda_runtime {
namespace {

using functions::RuntimeErrc;
using functions::RuntimeError;
using functions::RuntimeEvent;
using functions::RuntimeSession;

constexpr std::string_view kInvocation = "/2018-06-01/runtime/invocation/";
constexpr std::string_view kInitError = "/2018-06-01/runtime/init/error";
constexpr std::string_view kErrorType = "Lambda-Runtime-Function-Error-Type";
constexpr std::string_view kMode = "Lambda-Runtime-Function-Response-Mode";
constexpr std::size_t kHeadMax = 2 << 20;  // the X-Ray cause travels in a header of up to 1 MiB
// Above the limit of a response, so that a runtime that returns too much is told so and keeps its connection.
constexpr std::size_t kBodyMax = 64 << 20;

http::Response json_response(int status, std::string body) {
  http::Response response{.status = status, .body = std::move(body)};
  response.headers.add("Content-Type", "application/json");
  return response;
}

http::Response error_response(int status, std::string_view type, std::string_view message) {
  std::string body;
  json::Writer(body).begin_object().member("errorMessage", message).member("errorType", type).end_object();
  return json_response(status, std::move(body));
}

http::Response to_wire(const RuntimeError& error) {
  switch (error.code) {
    case RuntimeErrc::kInvalidRequestId: return error_response(400, "InvalidRequestID", error.message);
    case RuntimeErrc::kInvalidStateTransition: return error_response(403, "InvalidStateTransition", error.message);
    case RuntimeErrc::kResponseTooLarge: return error_response(413, "RequestEntityTooLarge", error.message);
    case RuntimeErrc::kStopped: return error_response(500, "ContainerError", error.message);
  }
  std::unreachable();
}

http::Response accepted(const tidemill::Result<void, RuntimeError>& result) {
  if (!result) return to_wire(result.error());
  return json_response(202, R"({"status":"OK"})");
}

// A client context comes from a caller: no line end of its may end a header.
std::string header_text(std::string text) {
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

http::Response event_response(RuntimeEvent event) {
  auto response = json_response(200, std::move(event.payload));
  auto& headers = response.headers;
  headers.add("Lambda-Runtime-Aws-Request-Id", event.request_id);
  headers.add("Lambda-Runtime-Deadline-Ms", std::to_string(event.deadline_ms));
  headers.add("Lambda-Runtime-Invoked-Function-Arn", event.invoked_arn);
  headers.add("Lambda-Runtime-Trace-Id", header_text(std::move(event.trace_id)));
  if (!event.client_context.empty())
    headers.add("Lambda-Runtime-Client-Context", header_text(std::move(event.client_context)));
  return response;
}

void next(RuntimeSession& session, http::Responder respond) {
  session.next(Reply<RuntimeEvent, RuntimeError>(
      [respond = std::move(respond)](tidemill::Result<RuntimeEvent, RuntimeError> event) mutable {
        if (!event) return std::move(respond)(to_wire(event.error()));
        std::move(respond)(event_response(*std::move(event)));
      }));
}

http::Response invocation_post(RuntimeSession& session, http::Request& request, std::string_view rest) {
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos) return error_response(404, "NotFound", "No such resource");
  const std::string id(rest.substr(0, slash));
  const auto what = rest.substr(slash + 1);
  if (what == "error") return accepted(session.error(id, std::move(request.body), request.headers.get(kErrorType)));
  if (what != "response") return error_response(404, "NotFound", "No such resource");
  const auto mode = request.headers.get(kMode);
  if (!mode.empty() && !http::equal_ignoring_case(mode, "streaming") && !http::equal_ignoring_case(mode, "buffered"))
    return error_response(400, "InvalidFunctionResponseMode", "Invalid function response mode");
  // A stream that failed half-way says so in its trailers: what was sent until then is not a result.
  if (const auto failed = request.headers.find("trailer:Lambda-Runtime-Function-Error-Body")) {
    auto body = from_base64(*failed);
    return accepted(session.error(id, body ? *std::move(body) : std::string(*failed),
                                  request.headers.get("trailer:" + std::string(kErrorType))));
  }
  return accepted(session.response(id, std::move(request.body)));
}

void handle(RuntimeSession& session, http::Request request, http::Responder respond) {
  const std::string path(request.path());
  if (path.starts_with(kInvocation)) {
    const auto rest = std::string_view(path).substr(kInvocation.size());
    if (rest == "next") {
      if (request.method != "GET") return std::move(respond)(error_response(405, "MethodNotAllowed", "Use GET"));
      return next(session, std::move(respond));
    }
    if (request.method != "POST") return std::move(respond)(error_response(405, "MethodNotAllowed", "Use POST"));
    return std::move(respond)(invocation_post(session, request, rest));
  }
  if (path == kInitError && request.method == "POST")
    return std::move(respond)(accepted(session.init_error(std::move(request.body), request.headers.get(kErrorType))));
  if (path == "/2018-06-01/ping" || path == "/ping") return std::move(respond)(http::Response{.body = "pong"});
  // Subscriptions to telemetry are accepted; nothing is sent to them.
  if (path == "/2022-07-01/telemetry" || path == "/2020-08-15/logs")
    return std::move(respond)(http::Response{.body = "\"OK\""});
  std::move(respond)(error_response(404, "NotFound", "No such resource: " + path));
}

class Endpoint final : public functions::RuntimeEndpoint {
 public:
  Endpoint(runtime::Loop& loop, runtime::Network& network, RuntimeSession& session)
      : server_(loop, network,
                [&session](http::Request request, http::Responder respond) {
                  handle(session, std::move(request), std::move(respond));
                },
                {.limits = {.head_bytes = kHeadMax, .headers = 100, .body_bytes = kBodyMax},
                 .connections_max = 16,
                 // A runtime that sends its answer and the poll for the next event at once is woken by that event only.
                 .hold_for_next = true,
                 // Silent while a handler runs, and while a spare waits for its function.
                 .idle_timeout = runtime::Duration::max()}) {}
  tidemill::Status listen() { return server_.listen({"127.0.0.1", 0}); }
  std::string address() const override { return server_.address().text(); }

 private:
  http::Server server_;
};

}  // namespace

tidemill::Result<std::unique_ptr<functions::RuntimeEndpoint>> RuntimeFront::open(functions::RuntimeSession& session) {
  auto endpoint = std::make_unique<Endpoint>(loop_, network_, session);
  TM_CHECK(endpoint->listen());
  return endpoint;
}

}  // namespace tidemill::lambda_runtime
