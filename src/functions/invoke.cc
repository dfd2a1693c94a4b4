// Functions::invoke: checks, then the queue or an environment.
#include <fmt/format.h>

#include "base/bytes.h"
#include "base/json.h"
#include "functions/impl.h"

namespace tidemill::functions {

std::string Functions::Impl::new_trace_id() {
  std::string raw;
  append_be(raw, static_cast<std::uint32_t>(epoch_s(wall())));
  raw += services.random.bytes(20);
  const auto digits = to_hex(raw);
  const std::string_view time(digits.data(), 8), root(digits.data() + 8, 24), parent(digits.data() + 32, 16);
  std::string out;
  out.reserve(80);
  for (const auto part : {std::string_view("Root=1-"), time, std::string_view("-"), root, std::string_view(";Parent="),
                          parent, std::string_view(";Sampled=0")})
    out += part;
  return out;
}

void Functions::Impl::invoke(InvokeRequest request, Reply<InvokeResult, Error> reply) {
  // A mapping names its function by the ARN under which it is kept: nothing to take apart.
  auto* found = request.qualifier.empty() ? find_arn(request.function) : nullptr;
  if (found != nullptr && found->function->scope == request.scope) {
    if (request.invoked_arn.empty()) request.invoked_arn = request.function;
  } else {
    const auto reference = parse_function_name(request.scope, request.function, request.qualifier);
    if (!reference) return std::move(reply)(std::unexpected(reference.error()));
    request.function = function_arn(request.scope, reference->name);
    found = find_arn(request.function);
    if (found == nullptr || (!reference->qualifier.empty() && reference->qualifier != "$LATEST"))
      return std::move(reply)(std::unexpected(function_not_found(request.scope, *reference)));
    // What was asked for, as it was asked for.
    if (request.invoked_arn.empty())
      request.invoked_arn = function_arn(request.scope, reference->name, reference->qualifier);
  }
  auto& entry = *found;
  const auto function = entry.function;
  const bool event = request.type == InvocationType::kEvent;
  const auto limit = event ? settings.event_request_max : settings.request_max;
  if (request.payload.size() > limit)
    return std::move(reply)(
        fail(Errc::kRequestTooLarge,
             fmt::format("Request must be smaller than {} bytes for the InvokeFunction operation", limit)));
  if (request.payload.empty()) {
    request.payload = "{}";
  } else if (!request.is_json) {
    if (const auto valid = json::validate(request.payload); !valid)
      return std::move(reply)(
          fail(Errc::kInvalidRequestContent,
               "Could not parse request body into json: Could not parse payload into json: " + valid.error().message));
  }
  auto request_id = services.random.uuid();
  if (request.type == InvocationType::kDryRun)
    return std::move(reply)(InvokeResult{.status = 204,
                                         .payload = {},
                                         .executed_version = "$LATEST",
                                         .log_tail = {},
                                         .request_id = std::move(request_id)});
  if (request.trace_id.empty()) request.trace_id = new_trace_id();
  if (event) {
    request.client_context.clear();
    auto answer =
        InvokeResult{.status = 202, .payload = {}, .executed_version = {}, .log_tail = {}, .request_id = request_id};
    return events.accept(*function, std::move(request_id), std::move(request),
                         std::move(reply).via<bool>([answer = std::move(answer)](bool) mutable -> Result<InvokeResult> {
                           return std::move(answer);
                         }));
  }
  if (entry.invocations == nullptr) {
    const auto label = fmt::format("function=\"{}\"", function->name);
    auto& metrics = services.metrics;
    entry.invocations = &metrics.counter("tidemill_invocations_total", "Synchronous invocations of functions", label);
    entry.errors =
        &metrics.counter("tidemill_invocation_errors_total", "Invocations that failed in the function", label);
    entry.throttles =
        &metrics.counter("tidemill_invocation_throttles_total", "Invocations refused by a concurrency limit", label);
    entry.duration =
        &metrics.histogram("tidemill_invocation_seconds", "From the request to the function's answer", label);
  }
  if (auto admitted = dispatcher.admit(*function); !admitted) {
    entry.throttles->add();
    return std::move(reply)(std::unexpected(admitted.error()));
  }
  entry.invocations->add();
  auto invocation = std::make_unique<Invocation>(
      std::move(request_id), std::move(request),
      Reply<InvokeResult, Error>([began = services.loop.clock().now(), &clock = services.loop.clock(),
                                  errors = entry.errors, duration = entry.duration,
                                  reply = std::move(reply)](Result<InvokeResult> result) mutable {
        duration->observe_ns((clock.now() - began).count());
        if (result && result->function_error) errors->add();
        std::move(reply)(std::move(result));
      }));
  const auto& arn = invocation->request.function;
  dispatcher.submit(arn, std::move(invocation));
}

}  // namespace tidemill::functions
