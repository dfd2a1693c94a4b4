// What the server's own calls share: JSON answers, and who may call.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "auth/error.h"
#include "auth/identity.h"
#include "base/json.h"
#include "http/message.h"

namespace tidemill::admin {

inline void answer(http::Responder respond, int status, const json::Value& body) {
  http::Response response{.status = status, .body = body.text()};
  response.headers.add("Content-Type", "application/json");
  std::move(respond)(std::move(response));
}

inline json::Value message(std::string_view text) {
  json::Object out;
  out["message"] = text;
  return out;
}

// The caller's scope. With identity on, calls are signed and need the action.
inline std::expected<Scope, std::string> admit(const http::Request& request, const auth::Identity& identity,
                                               std::string_view action) {
  if (!identity.enforced()) return identity.home();
  const auto caller = identity.authenticate(request, "");
  if (!caller) return std::unexpected(caller.error().message);
  if (const auto decision = identity.authorize(caller->principal, action, "*"); !decision)
    return std::unexpected(decision.reason);
  return caller->scope;
}

}  // namespace tidemill::admin
