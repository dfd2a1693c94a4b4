#include "auth/sigv2.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "auth/canonical.h"
#include "base/bytes.h"
#include "base/checksums.h"
#include "base/digest.h"

namespace tidemill::auth {
namespace {

// The parameters that name a part of a resource, and so are signed.
constexpr auto kSigned = std::to_array<std::string_view>({"accelerate",
                                                          "acl",
                                                          "cors",
                                                          "delete",
                                                          "lifecycle",
                                                          "location",
                                                          "logging",
                                                          "notification",
                                                          "partNumber",
                                                          "policy",
                                                          "requestPayment",
                                                          "replication",
                                                          "response-cache-control",
                                                          "response-content-disposition",
                                                          "response-content-encoding",
                                                          "response-content-language",
                                                          "response-content-type",
                                                          "response-expires",
                                                          "restore",
                                                          "storageClass",
                                                          "tagging",
                                                          "torrent",
                                                          "uploadId",
                                                          "uploads",
                                                          "versionId",
                                                          "versioning",
                                                          "versions",
                                                          "website"});

std::string string_to_sign(const http::Request& request, const UrlSignature& claim, std::string_view bucket) {
  std::map<std::string, std::string> amazon, resource;
  std::string md5, type;
  for (const auto& header : request.headers) {
    const std::string name = lower_case(header.name);
    const std::string value(trimmed(header.value));
    if (name == "content-md5") md5 = value;
    if (name == "content-type") type = value;
    if (name.starts_with("x-amz-")) amazon[name] = value;
  }
  bool has_value[kSigned.size()] = {};
  for (std::string_view rest = query_of(request.target); !rest.empty();) {
    const auto end = std::min(rest.find('&'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto equals = part.find('=');
    const std::string name = percent_decode(part.substr(0, equals));
    const std::string value = equals == std::string_view::npos ? "" : percent_decode(part.substr(equals + 1), true);
    if (name == "content-md5") md5 = value;
    if (name == "content-type") type = value;
    if (name.starts_with("x-amz-")) amazon[name] = value;
    const auto* at = std::ranges::find(kSigned, name);
    if (at == kSigned.end()) continue;
    has_value[at - kSigned.begin()] = !value.empty();
    resource[name] = value;
  }
  std::string out = request.method + "\n" + md5 + "\n" + type + "\n" + claim.expires + "\n";
  for (const auto& [name, value] : amazon) out += name + ":" + value + "\n";
  if (!bucket.empty()) out += "/" + std::string(bucket);
  out += path_of(request.target);
  char separator = '?';
  for (const auto& [name, value] : resource) {
    out += separator + name;
    if (has_value[std::ranges::find(kSigned, name) - kSigned.begin()]) out += "=" + value;
    separator = '&';
  }
  return out;
}

}  // namespace

std::optional<UrlSignature> parse_url_signature(const http::Request& request) {
  const std::string_view query = query_of(request.target);
  if (query.find("AWSAccessKeyId=") == std::string_view::npos) return std::nullopt;
  UrlSignature out;
  for (const auto& parameter : decode_query(query)) {
    if (parameter.name == "AWSAccessKeyId") out.access_key = parameter.value;
    if (parameter.name == "Signature") out.signature = parameter.value;
    if (parameter.name == "Expires") out.expires = parameter.value;
    if (parameter.name == "x-amz-security-token") out.session_token = parameter.value;
  }
  if (out.access_key.empty() || out.signature.empty() || out.expires.empty()) return std::nullopt;
  return out;
}

Status verify_url_signature(const http::Request& request, const UrlSignature& claim, std::string_view secret,
                            std::string_view bucket) {
  const std::string wanted = to_base64(hmac_sha1(secret, string_to_sign(request, claim, bucket)));
  if (equal_constant_time(wanted, claim.signature)) return {};
  return fail(Errc::kInvalidSignature,
              "The request signature we calculated does not match the signature you provided. Check your key and "
              "signing method.");
}

Status check_url_expiry(const UrlSignature& claim, WallTime now) {
  std::int64_t expires = 0;
  const auto* end = claim.expires.data() + claim.expires.size();
  if (const auto [rest, error] = std::from_chars(claim.expires.data(), end, expires);
      error != std::errc() || rest != end)
    return fail(Errc::kIncompleteSignature, "Invalid date (should be seconds since epoch): " + claim.expires);
  if (epoch_s(now) > expires) return fail(Errc::kExpiredToken, "Request has expired");
  return {};
}

}  // namespace tidemill::auth
