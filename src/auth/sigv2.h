// Signature Version 2 in a URL (AWSAccessKeyId, Signature, Expires): what boto3 and older SDKs still presign for S3 in
// the oldest regions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/error.h"
#include "base/time_text.h"
#include "http/message.h"

namespace tidemill::auth {

struct UrlSignature {
  std::string access_key, signature, session_token;
  std::string expires;  // as sent: seconds since 1970
};

// Nothing when the URL has no such signature.
std::optional<UrlSignature> parse_url_signature(const http::Request& request);
// `bucket` is the one that the host names, empty when it stands in the path. Error: kInvalidSignature.
Status verify_url_signature(const http::Request& request, const UrlSignature& claim, std::string_view secret,
                            std::string_view bucket);
// Error: kExpiredToken when the URL is no longer good, kIncompleteSignature when its date is none.
Status check_url_expiry(const UrlSignature& claim, WallTime now);

}  // namespace tidemill::auth
