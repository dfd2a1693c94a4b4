// What the server answers for itself: health, metrics, and requests that no service owns.
#include "base/json.h"
#include "server/parts.h"

namespace tidemill::server {

void Server::Parts::add_own_fronts() {
  edge.add_path("/metrics", [this](http::Request, runtime::Executor&, http::Responder respond) {
    http::Response response{.body = metrics.text()};
    response.headers.add("Content-Type", "text/plain; version=0.0.4");
    std::move(respond)(std::move(response));
  });
  edge.add_path("/_health", [this](http::Request, runtime::Executor&, http::Responder respond) {
    http::Response response;
    json::Writer(response.body)
        .begin_object()
        .member("status", disk.admit() ? "ok" : "read-only")
        .member("durability", config.durability == storage::Durability::kDurable ? "durable" : "relaxed")
        .end_object();
    response.headers.add("Content-Type", "application/json");
    std::move(respond)(std::move(response));
  });
  edge.set_default([this](http::Request request, runtime::Executor&, http::Responder respond) {
    answer_unknown(std::move(request), std::move(respond));
  });
}

void Server::Parts::answer_unknown(http::Request request, http::Responder respond) {
  http::Response response{.status = 404};
  json::Writer(response.body)
      .begin_object()
      .member("__type", "UnknownOperationException")
      .member("message", "No service of this server answers " + request.method + " " + std::string(request.path()))
      .end_object();
  response.headers.add("Content-Type", "application/json");
  response.headers.add("x-amzn-RequestId", request_ids.uuid());
  std::move(respond)(std::move(response));
}

}  // namespace tidemill::server
