// Credentials of function environments come from the identity engine; they name the environment.
#pragma once

#include <map>
#include <string>

#include "auth/identity.h"
#include "functions/seams.h"

namespace tidemill::server {

class FunctionCredentials final : public functions::CredentialSource {
 public:
  explicit FunctionCredentials(auth::Identity& identity) : identity_(identity) {}
  functions::Credentials issue(const functions::CredentialRequest& request) override;
  void revoke(const std::string& access_key_id) override;

 private:
  auth::Identity& identity_;
  std::map<std::string, std::string> environments_;  // access key -> environment
};

}  // namespace tidemill::server
