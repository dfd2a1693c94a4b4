#include "tidemill/function.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "http_connection.h"

namespace tidemill::function {
namespace {

constexpr std::string_view kRuntime = "/2018-06-01/runtime";

std::string post(std::string_view address, const std::string& target, std::string_view body,
                 std::string_view error_type) {
  std::string text = "POST " + std::string(kRuntime) + target + " HTTP/1.1\r\nHost: " + std::string(address) +
                     "\r\nContent-Type: application/json\r\n";
  if (!error_type.empty()) text += "Lambda-Runtime-Function-Error-Type: " + std::string(error_type) + "\r\n";
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return text.append(body);
}

Context context_of(const HttpAnswer& event) {
  std::int64_t deadline_ms = 0;
  const auto text = event.header("lambda-runtime-deadline-ms");
  std::from_chars(text.data(), text.data() + text.size(), deadline_ms);
  return {.request_id = event.header("lambda-runtime-aws-request-id"),
          .invoked_function_arn = event.header("lambda-runtime-invoked-function-arn"),
          .trace_id = event.header("lambda-runtime-trace-id"),
          .client_context = event.header("lambda-runtime-client-context"),
          .deadline = std::chrono::system_clock::time_point(std::chrono::milliseconds(deadline_ms))};
}

// A handler's own exceptions end here; the kit throws none.
Outcome<std::string> run(const RawHandler& handler, std::string_view event, const Context& context) {
  try {
    return handler(event, context);
  } catch (const std::exception& error) {
    return fail("UnhandledException", error.what());
  }
}

}  // namespace

std::chrono::milliseconds Context::remaining() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::system_clock::now());
}

std::string variable(const std::string& name, std::string fallback) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::move(fallback) : std::string(value);
}

void log(std::string_view line) {
  std::string text(line);
  text += '\n';
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

int serve_raw(const RawHandler& handler) {
  const auto address = variable("AWS_LAMBDA_RUNTIME_API");
  std::string host;
  int port = 0;
  HttpConnection api;
  if (!split_address(address, host, port) || !api.open(host, port)) {
    std::fprintf(stderr, "no Runtime API at AWS_LAMBDA_RUNTIME_API=%s\n", address.c_str());
    return 1;
  }
  const std::string next =
      "GET " + std::string(kRuntime) + "/invocation/next HTTP/1.1\r\nHost: " + address + "\r\n\r\n";
  if (!api.send(next)) return 1;
  for (;;) {
    const auto event = api.receive();
    if (!event || event->status != 200) return 1;
    const auto context = context_of(*event);
    if (context.trace_id.empty())
      unsetenv("_X_AMZN_TRACE_ID");
    else
      setenv("_X_AMZN_TRACE_ID", context.trace_id.c_str(), 1);
    const auto outcome = run(handler, event->body, context);
    std::string answer;
    if (outcome) {
      answer = post(address, "/invocation/" + context.request_id + "/response", *outcome, "");
    } else {
      std::string body;
      json::Writer(body)
          .begin_object()
          .member("errorType", outcome.error().type)
          .member("errorMessage", outcome.error().message)
          .end_object();
      log("ERROR " + body);
      answer = post(address, "/invocation/" + context.request_id + "/error", body, outcome.error().type);
    }
    if (!api.send(answer + next) || !api.receive())
      return 1;  // the answer to the post; that to `next` comes with an event
  }
}

}  // namespace tidemill::function
