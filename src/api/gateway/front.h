// APIs on the edge: requests for `<api>.execute-api.<region>.amazonaws.com`, `<api>.execute-api.localhost` and
// `/_api/<api>/<stage>/...` become calls of the routes engine.
#pragma once

#include "api/common/edge.h"
#include "auth/identity.h"
#include "http/message.h"
#include "routes/routes.h"

namespace tidemill::gateway {

class Front {
 public:
  Front(routes::Routes& routes, const auth::Identity& identity) : routes_(routes), identity_(identity) {}
  void mount(api::Edge& edge);

  static constexpr std::string_view kPathPrefix = "/_api/";
  static constexpr std::string_view kHostPart = ".execute-api.";

 private:
  void serve(http::Request request, http::Responder respond);

  routes::Routes& routes_;
  const auth::Identity& identity_;
};

}  // namespace tidemill::gateway
