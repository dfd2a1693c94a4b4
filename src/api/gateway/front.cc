#include "api/gateway/front.h"

namespace tidemill::gateway {
namespace {

// Slightly more than an API takes, so that the engine's own answer for a large body is what the client sees.
constexpr std::size_t kBodyBytesMax = routes::Routes::kBodyBytesMax + (1 << 20);

std::string_view without_port(std::string_view host) { return host.substr(0, host.find(':')); }

}  // namespace

void Front::mount(api::Edge& edge) {
  const auto front = [this](http::Request request, runtime::Executor&, http::Responder respond) {
    serve(std::move(request), std::move(respond));
  };
  edge.add_path(std::string(kPathPrefix), front, kBodyBytesMax);
  edge.add_host(std::string(kHostPart), front, kBodyBytesMax);
}

void Front::serve(http::Request request, http::Responder respond) {
  routes::Incoming incoming{
      .method = request.method, .query = std::string(request.query()), .source_ip = request.peer.host};
  const auto host = request.headers.get("Host");
  const auto path = request.path();
  if (const auto at = host.find(kHostPart); at != host.npos) {
    incoming.api_id = host.substr(0, at);
    incoming.domain = without_port(host);
    incoming.path = path;
  } else {
    const auto rest = path.substr(kPathPrefix.size());
    const auto slash = rest.find('/');
    incoming.api_id = rest.substr(0, slash);
    incoming.path = slash == rest.npos ? "/" : rest.substr(slash);
  }
  const auto colon = host.rfind(':');
  incoming.forwarded_port = colon == host.npos ? "80" : std::string(host.substr(colon + 1));
  incoming.forwarded_proto = "http";
  for (const auto& header : request.headers) incoming.headers.emplace_back(header.name, header.value);
  if (!request.headers.get("Authorization").empty()) {
    // Looked at only by methods that ask for it: others may carry tokens of their own in that header.
    if (const auto caller = identity_.authenticate(request, "execute-api")) {
      const auto& principal = caller->principal;
      incoming.caller =
          routes::Incoming::Caller{.access_key = principal.access_key,
                                   .account = principal.account,
                                   .arn = principal.arn,
                                   .user_id = principal.user_id,
                                   .refusal = [this, principal](const std::string& arn) -> std::optional<std::string> {
                                     auto decision = identity_.authorize(principal, "execute-api:Invoke", arn);
                                     return decision.allowed ? std::nullopt : std::optional(std::move(decision.reason));
                                   }};
    }
  }
  incoming.body = std::move(request.body);
  routes_.serve(std::move(incoming), [respond = std::move(respond)](routes::Outgoing out) mutable {
    http::Response response{.status = out.status};
    for (const auto& [name, value] : out.headers) response.headers.add(name, value);
    response.body = std::move(out.body);
    std::move(respond)(std::move(response));
  });
}

}  // namespace tidemill::gateway
