// The identity engine and the state of the disk, as a wire front asks for them.
#pragma once

#include "api/awsjson/front.h"
#include "auth/identity.h"
#include "storage/store.h"

namespace tidemill::server {

class IdentityGate final : public awsjson::Gate {
 public:
  IdentityGate(const auth::Identity& identity, const storage::Store& store, std::string service)
      : identity_(identity), store_(store), service_(std::move(service)) {}
  auth::Result<auth::Caller> authenticate(const http::Request& request) const override {
    return identity_.authenticate(request, service_);
  }
  auth::Decision authorize(const auth::Principal& principal, std::string_view action, std::string_view resource) const override {
    return identity_.authorize(principal, action, resource);
  }
  bool enforced() const override { return identity_.enforced(); }
  Status admit_write() const override { return store_.admit(); }

 private:
  const auth::Identity& identity_;
  const storage::Store& store_;
  const std::string service_;
};

}  // namespace tidemill::server
