#include "api/admin/clock_front.h"

#include "api/admin/answer.h"

namespace tidemill::admin {
namespace {

using std::chrono::milliseconds;

// Durations count in nanoseconds: the years that a test lives through must fit, with room.
constexpr milliseconds kAheadMax = std::chrono::hours(24 * 365 * 20);

}  // namespace

void ClockFront::mount(api::Edge& edge) {
  edge.add_path(std::string(kPath), [this](http::Request request, runtime::Executor&, http::Responder respond) {
    handle(std::move(request), std::move(respond));
  });
}

void ClockFront::handle(http::Request request, http::Responder respond) {
  if (auto allowed = admit(request, identity_, "tidemill:Clock"); !allowed)
    return answer(std::move(respond), 403, message(allowed.error()));
  if (request.path() != kPath) return answer(std::move(respond), 404, message("there is no such call"));
  if (request.method == "POST") {
    const auto body = json::Value::parse(request.body);
    const auto* by = body && body->is_object() ? body->find("advance_ms") : nullptr;
    if (by == nullptr || !by->is_integer() || by->as_integer() < 0 || by->as_integer() > kAheadMax.count() ||
        time_.ahead() + milliseconds(by->as_integer()) > kAheadMax) {
      return answer(std::move(respond), 400,
                    message("POST {\"advance_ms\": N} with N from 0; time can be 20 years ahead in all"));
    }
    time_.advance(milliseconds(by->as_integer()));
  } else if (request.method != "GET") {
    return answer(std::move(respond), 405, message("GET tells the time, POST moves it"));
  }
  // Answered after the timers that became due: they were set before this one, for an earlier time.
  loop_.at(loop_.clock().now(), [this, respond = std::move(respond)]() mutable {
    json::Object out;
    out["now"] = iso8601_ms(loop_.clock().wall());
    out["now_ms"] = epoch_ms(loop_.clock().wall());
    out["ahead_ms"] = std::chrono::duration_cast<milliseconds>(time_.ahead()).count();
    answer(std::move(respond), 200, json::Value(std::move(out)));
  });
}

}  // namespace tidemill::admin
