// The identity engine as a wire front asks for it.
#pragma once

#include "api/awsjson/front.h"
#include "auth/identity.h"

namespace tidemill::server {

class IdentityGate final : public awsjson::Gate {
 public:
  IdentityGate(const auth::Identity& identity, std::string service)
      : identity_(identity), service_(std::move(service)) {}
  auth::Result<auth::Caller> authenticate(const http::Request& request) const override {
    return identity_.authenticate(request, service_);
  }
  auth::Decision authorize(const auth::Principal& principal, std::string_view action,
                           std::string_view resource) const override {
    return identity_.authorize(principal, action, resource);
  }
  bool enforced() const override { return identity_.enforced(); }

 private:
  const auth::Identity& identity_;
  const std::string service_;
};

}  // namespace tidemill::server
