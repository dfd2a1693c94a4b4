#include "signature.h"

#include "base/bytes.h"
#include "base/digest.h"
#include "base/time_text.h"

namespace tidemill::function {

std::string signed_head(const SignedRequest& r) {
  const auto stamp = basic_iso8601(std::chrono::time_point_cast<std::chrono::nanoseconds>(r.now));
  const auto date = stamp.substr(0, 8);
  constexpr std::string_view kType = "application/x-amz-json-1.0";

  // Names in order; the session token is signed when there is one.
  std::string headers = "content-type:" + std::string(kType) + "\nhost:" + r.host + "\nx-amz-date:" + stamp + "\n";
  std::string names = "content-type;host;x-amz-date";
  if (!r.session_token.empty()) {
    headers += "x-amz-security-token:" + r.session_token + "\n";
    names += ";x-amz-security-token";
  }
  headers += "x-amz-target:" + r.target + "\n";
  names += ";x-amz-target";
  const auto canonical = "POST\n/\n\n" + headers + "\n" + names + "\n" + sha256_hex(r.body);
  const auto scope = date + "/" + r.region + "/" + r.service + "/aws4_request";
  const auto to_sign = "AWS4-HMAC-SHA256\n" + stamp + "\n" + scope + "\n" + sha256_hex(canonical);
  const auto key = hmac_sha256(
      hmac_sha256(hmac_sha256(hmac_sha256("AWS4" + r.secret_access_key, date), r.region), r.service), "aws4_request");
  const auto signature = to_hex(hmac_sha256(key, to_sign));

  std::string head = "POST / HTTP/1.1\r\nHost: " + r.host + "\r\nContent-Type: " + std::string(kType) +
                     "\r\nX-Amz-Date: " + stamp + "\r\nX-Amz-Target: " + r.target + "\r\n";
  if (!r.session_token.empty()) head += "X-Amz-Security-Token: " + r.session_token + "\r\n";
  head += "Authorization: AWS4-HMAC-SHA256 Credential=" + r.access_key_id + "/" + scope + ", SignedHeaders=" + names +
          ", Signature=" + signature + "\r\n";
  return head + "Content-Length: " + std::to_string(r.body.size()) + "\r\n\r\n";
}

}  // namespace tidemill::function
