#include <fmt/format.h>

#include "base/bytes.h"
#include "routes/mock.h"
#include "routes/routes.h"

namespace tidemill::routes {
namespace {

std::string_view header(const HeaderList& headers, std::string_view lower_name) {
  for (const auto& [key, value] : headers) {
    if (key.size() != lower_name.size()) continue;
    bool same = true;
    for (std::size_t i = 0; i < key.size(); ++i)
      same = same && (key[i] >= 'A' && key[i] <= 'Z' ? key[i] - 'A' + 'a' : key[i]) == lower_name[i];
    if (same) return value;
  }
  return {};
}

std::size_t head_bytes(const Incoming& incoming) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : incoming.headers) bytes += name.size() + value.size() + 4;
  return bytes;
}

Outgoing internal_error(int status) {
  return gateway_error(status, "Internal server error", "InternalServerErrorException", true);
}

// One invocation and its deadline: whoever comes first answers.
struct Pending {
  std::move_only_function<void(Outgoing)> answer;
  runtime::TimerId timer = 0;
};

}  // namespace

void Routes::serve(Incoming incoming, std::move_only_function<void(Outgoing)> answer) {
  const std::string request_id = services_.random.uuid();
  const std::string extended_id = to_base64(services_.random.bytes(11));
  std::string trace_id(header(incoming.headers, "x-amzn-trace-id"));
  if (trace_id.empty()) {
    trace_id =
        fmt::format("Root=1-{:08x}-{}", epoch_s(services_.loop.clock().wall()), to_hex(services_.random.bytes(12)));
  }
  // What every answer carries, errors too.
  auto reply = [answer = std::move(answer), request_id, extended_id, trace_id](Outgoing out) mutable {
    out.headers.emplace_back("x-amzn-RequestId", request_id);
    out.headers.emplace_back("x-amz-apigw-id", extended_id);
    if (header(out.headers, "x-amzn-trace-id").empty()) out.headers.emplace_back("X-Amzn-Trace-Id", trace_id);
    answer(std::move(out));
  };
  const auto forbidden = [] { return gateway_error(403, "Forbidden", "ForbiddenException"); };

  if (incoming.body.size() > kBodyBytesMax)
    return reply(gateway_error(413, "Request Too Long", "RequestTooLargeException"));
  if (head_bytes(incoming) > kHeadBytesMax)
    return reply(gateway_error(431, "Request Header Fields Too Large", "RequestTooLargeException"));
  if (incoming.path.size() + incoming.query.size() > kHeadBytesMax)
    return reply(gateway_error(414, "Request-URI Too Long", "RequestTooLargeException"));

  const auto found = apis_.find(incoming.api_id);
  if (found == apis_.end() || found->second->disable_execute_api_endpoint) return reply(forbidden());
  auto& api = *found->second;
  const auto slash = incoming.path.find('/', 1);
  const std::string stage_name = incoming.path.substr(1, slash == std::string::npos ? std::string::npos : slash - 1);
  const auto stage_found = api.stages.find(stage_name);
  if (stage_found == api.stages.end()) return reply(forbidden());
  const auto& stage = stage_found->second;
  const auto found_deployment = api.deployments.find(stage.deployment_id);
  if (found_deployment == api.deployments.end()) return reply(forbidden());
  auto& deployment = found_deployment->second;

  // Slashes in front collapse into one; the rest of the path stays as sent.
  std::string path = slash == std::string::npos ? "/" : incoming.path.substr(slash);
  const auto first = path.find_first_not_of('/');
  path = first == std::string::npos ? "/" : "/" + path.substr(first);

  const auto tree = deployment.tree;  // stays while the request runs
  // A deployment never changes, so neither does its matcher.
  if (deployment.matcher == nullptr) deployment.matcher = std::make_shared<const Matcher>(*tree);
  const auto match = deployment.matcher->match(path);
  const auto* method = match ? method_of(*match->resource, incoming.method) : nullptr;
  if (method == nullptr)
    return reply(gateway_error(403, "Missing Authentication Token", "MissingAuthenticationTokenException"));
  if (method->authorization_type == "AWS_IAM" && !incoming.caller) {
    return reply(gateway_error(403, "Missing Authentication Token", "MissingAuthenticationTokenException"));
  }
  if (!method->integration) return reply(internal_error(500));
  const auto source_arn = fmt::format("arn:aws:execute-api:{}:{}:{}/{}/{}{}", api.scope.region, api.scope.account,
                                      api.id, stage.name, incoming.method, path);
  if (method->authorization_type == "AWS_IAM" && incoming.caller->refusal) {
    if (const auto why = incoming.caller->refusal(source_arn))
      return reply(gateway_error(403, *why, "AccessDeniedException"));
  }
  const auto& integration = *method->integration;
  if (integration.type == IntegrationType::kMock) return reply(mock_response(integration, incoming));

  // A function is called by POST only; the gateway fails with any other method.
  const auto function = function_of(integration.uri);
  if (!function || integration.http_method != "POST")
    return reply(gateway_error(500, "Internal server error", "InternalServerErrorException"));

  InvokeRequest request{.scope = api.scope, .function_arn = *function, .trace_id = trace_id};
  // ${stageVariables.x} within the ARN, as stages choose functions.
  for (std::size_t at; (at = request.function_arn.find("${stageVariables.")) != std::string::npos;) {
    const auto end = request.function_arn.find('}', at);
    if (end == std::string::npos) return reply(internal_error(500));
    const auto variable = stage.variables.find(request.function_arn.substr(at + 17, end - at - 17));
    if (variable == stage.variables.end() || variable->second.find("${") != std::string::npos)
      return reply(internal_error(500));
    request.function_arn.replace(at, end - at + 1, variable->second);
  }
  request.source_arn = source_arn;
  request.payload = proxy_event(incoming, {.api = api,
                                           .stage = stage,
                                           .match = *match,
                                           .path = path,
                                           .request_id = request_id,
                                           .extended_request_id = extended_id,
                                           .trace_id = trace_id,
                                           .now = services_.loop.clock().wall()});

  auto pending = std::make_shared<Pending>();
  pending->answer = std::move(reply);
  pending->timer =
      services_.loop.at(services_.loop.clock().now() + std::chrono::milliseconds(integration.timeout_ms), [pending] {
        if (auto late = std::exchange(pending->answer, nullptr))
          late(gateway_error(504, "Endpoint request timed out", "InternalServerErrorException", true));
      });
  services_.functions.invoke(
      std::move(request),
      Reply<InvokeResult, InvokeError>([&loop = services_.loop, &log = services_.log, pending, tree,
                                        binary = api.binary_media_types,
                                        accept = std::string(header(incoming.headers, "accept")),
                                        name = *function](std::expected<InvokeResult, InvokeError> result) {
        auto respond = std::exchange(pending->answer, nullptr);
        if (!respond) return;  // the deadline was first
        loop.cancel(pending->timer);
        if (!result) {
          log.warn("route.invoke_failed", {{"function", name}, {"error", result.error().message}});
          if (result.error().code == InvokeErrc::kTooLarge)
            return respond(gateway_error(413, "Request Too Long", "RequestTooLargeException"));
          if (result.error().code == InvokeErrc::kThrottled)
            return respond(gateway_error(429, "Too Many Requests", "TooManyRequestsException"));
          return respond(gateway_error(500, "Internal server error", "InternalServerErrorException"));
        }
        auto out = result->function_error ? std::nullopt : proxy_response(result->payload, binary, accept);
        respond(out ? *std::move(out) : internal_error(502));
      }));
}

}  // namespace tidemill::routes
