// Integrations of routes run functions through this: with identity on, a function's own policy must let API Gateway in.
#pragma once

#include "auth/identity.h"
#include "functions/functions.h"
#include "routes/routes.h"

namespace tidemill::server {

class RouteInvoker final : public routes::FunctionInvoker {
 public:
  RouteInvoker(functions::Functions& functions, const auth::Identity& identity)
      : functions_(functions), identity_(identity) {}
  void invoke(routes::InvokeRequest request, Reply<routes::InvokeResult, routes::InvokeError> reply) override;

 private:
  bool allowed(const functions::Function& function, const routes::InvokeRequest& request) const;
  functions::Functions& functions_;
  const auth::Identity& identity_;
};

}  // namespace tidemill::server
