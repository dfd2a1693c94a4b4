// The loop of a function in C++: events come in, outcomes go out.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace tidemill::function {

using Json = json::Value;

// Why an invocation failed: what the caller sees as {"errorType","errorMessage"}.
struct Failure {
  std::string type;  // "OrderNotFound"
  std::string message;
};
template <class T>
using Outcome = std::expected<T, Failure>;
inline std::unexpected<Failure> fail(std::string type, std::string message) {
  return std::unexpected(Failure{std::move(type), std::move(message)});
}

// About this invocation.
struct Context {
  std::string request_id;
  std::string invoked_function_arn;
  std::string trace_id;
  std::string client_context;  // JSON, or empty
  std::chrono::system_clock::time_point deadline;
  std::chrono::milliseconds remaining() const;
};

// The variable of the function's environment, or the fallback.
std::string variable(const std::string& name, std::string fallback = "");
// One line in the function's log.
void log(std::string_view line);

using RawHandler = std::function<Outcome<std::string>(std::string_view event, const Context& context)>;
// Serves invocations until the environment ends; the process's exit status.
int serve_raw(const RawHandler& handler);

template <class Event>
concept ParsedEvent = requires(const Json& json) {
  { Event::parse(json) } -> std::same_as<Outcome<Event>>;
};

// Event is a type with `static Outcome<Event> parse(const Json&)`, or Json itself. The result becomes the response.
template <class Event, class Handler>
int serve(Handler handler) {
  return serve_raw(
      [handler = std::move(handler)](std::string_view text, const Context& context) -> Outcome<std::string> {
        auto parsed = Json::parse(text);
        if (!parsed) return fail("Runtime.UnmarshalError", parsed.error().message);
        if constexpr (ParsedEvent<Event>) {
          auto event = Event::parse(*parsed);
          if (!event) return std::unexpected(std::move(event).error());
          auto outcome = handler(*event, context);
          if (!outcome) return std::unexpected(std::move(outcome).error());
          return Json(*std::move(outcome)).text();
        } else {
          auto outcome = handler(*parsed, context);
          if (!outcome) return std::unexpected(std::move(outcome).error());
          return Json(*std::move(outcome)).text();
        }
      });
}

}  // namespace tidemill::function
