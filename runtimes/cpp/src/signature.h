// Signature Version 4 of a JSON request (POST /).
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace tidemill::function {

struct SignedRequest {
  std::string host, target;
  std::string_view body;
  std::string service, region;
  std::string access_key_id, secret_access_key, session_token;
  std::chrono::system_clock::time_point now;
};

// The head of the request, to be followed by its body.
std::string signed_head(const SignedRequest& request);

}  // namespace tidemill::function
