#include "server/function_credentials.h"

namespace tidemill::server {

functions::Credentials FunctionCredentials::issue(const functions::CredentialRequest& request) {
  const auto session = identity_.issue_environment(
      {.role_arn = request.role_arn, .session_name = request.function_name, .environment_id = request.environment_id});
  environments_[session.access_key] = request.environment_id;
  return {.access_key_id = session.access_key, .secret_access_key = session.secret_key, .session_token = session.token};
}

void FunctionCredentials::revoke(const std::string& access_key_id) {
  const auto found = environments_.find(access_key_id);
  if (found == environments_.end()) return;
  identity_.revoke_environment(found->second);
  environments_.erase(found);
}

}  // namespace tidemill::server
