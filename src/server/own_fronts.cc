// What the server answers for itself: health, metrics, checkpoints.
#include "auth/error.h"
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
  edge.add_path("/_admin/checkpoint", [this](http::Request request, runtime::Executor&, http::Responder respond) {
    take_checkpoint(std::move(request), std::move(respond));
  });
}

namespace {

http::Response json_answer(int status, std::string_view member, std::string_view text) {
  http::Response response{.status = status};
  json::Writer(response.body).begin_object().member(member, text).end_object();
  response.headers.add("Content-Type", "application/json");
  return response;
}

}  // namespace

// POST {"folder": "/absolute/path/that/does/not/exist"}: a consistent copy of the store, taken while serving, that
// another server can be started on (as <data directory>/store).
void Server::Parts::take_checkpoint(http::Request request, http::Responder respond) {
  if (identity->enforced()) {
    const auto caller = identity->authenticate(request, "");
    if (!caller) return std::move(respond)(json_answer(403, "message", caller.error().message));
    if (const auto decision = identity->authorize(caller->principal, "tidemill:Checkpoint", "*"); !decision) {
      return std::move(respond)(json_answer(403, "message", decision.reason));
    }
  }
  const auto body = json::Value::parse(request.body);
  const std::string folder = body ? body->string_or("folder") : "";
  if (request.method != "POST" || !folder.starts_with('/')) {
    return std::move(respond)(json_answer(400, "message", "POST a JSON object whose \"folder\" is an absolute path"));
  }
  struct Work {
    http::Responder respond;
    Status status;
  };
  auto work = std::make_shared<Work>(std::move(respond), Status{});
  const bool queued = offload.run([this, work, folder] { work->status = store->checkpoint(folder); }, loop,
                                  [work, folder] {
                                    if (work->status)
                                      return std::move(work->respond)(json_answer(200, "folder", folder));
                                    std::move(work->respond)(json_answer(409, "message", work->status.error().message));
                                  });
  if (!queued) std::move(work->respond)(json_answer(503, "message", "too much is under way; try again"));
}

}  // namespace tidemill::server
