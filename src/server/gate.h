// The identity engine as a wire front asks for it.
#pragma once

#include <functional>
#include <memory>

#include "api/awsjson/front.h"
#include "auth/identity.h"

namespace tidemill::server {

class IdentityGate final : public awsjson::Gate {
 public:
  // The policy of a resource, or nullptr.
  using PolicyOf = std::function<std::shared_ptr<const auth::Policy>(std::string_view resource)>;
  IdentityGate(const auth::Identity& identity, std::string service, PolicyOf policy_of = nullptr)
      : identity_(identity), service_(std::move(service)), policy_of_(std::move(policy_of)) {}
  auth::Result<std::shared_ptr<const auth::Caller>> authenticate(const http::Request& request) const override {
    return identity_.authenticate_again(request, service_);
  }
  auth::Decision authorize(const auth::Principal& principal, std::string_view action,
                           std::string_view resource) const override {
    const auto policy = policy_of_ ? policy_of_(resource) : nullptr;
    return identity_.authorize(principal, action, resource, {}, policy.get());
  }
  bool enforced() const override { return identity_.enforced(); }

 private:
  const auth::Identity& identity_;
  const std::string service_;
  const PolicyOf policy_of_;
};

}  // namespace tidemill::server
