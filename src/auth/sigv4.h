// AWS Signature Version 4: the Authorization header and the presigned query, verified and made. Pure functions of the
// request, the credentials and the time: who owns a key, and what they may do, is auth/identity.h.
#pragma once

#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "auth/error.h"
#include "base/digest.h"
#include "base/time_text.h"
#include "http/message.h"

namespace tidemill::auth {

// AKID/20261121/us-east-1/dynamodb/aws4_request. Views into what was parsed.
struct CredentialScope {
  std::string_view access_key, date, region, service, terminator;
  bool operator==(const CredentialScope&) const = default;
};

enum class SignatureForm : unsigned char { kHeader, kQuery };

// What a request says about its signature; nothing of it has been checked. Views into the request (or the parameters)
// that it comes from.
struct SignatureClaim {
  SignatureForm form = SignatureForm::kHeader;
  CredentialScope scope;
  std::string_view signed_headers;  // as sent: names with semicolons between them
  std::string_view signature;       // hex as sent
  std::string_view date;            // as sent: X-Amz-Date, else Date
  std::chrono::seconds expires{0};  // query form only
  std::string_view session_token;   // empty when absent
  // Of the query form: what the views point into.
  std::shared_ptr<const std::vector<http::Parameter>> decoded = nullptr;

  std::optional<WallTime> time() const;  // nothing when `date` is not a date
};

// Errors, with the texts of the services: kMissingToken, kInvalidSignature (both forms at once), kIncompleteSignature.
Result<SignatureClaim> parse_claim(const http::Request& request);

struct ScopeRule {
  std::string_view service;  // empty: any
  std::string_view region;   // empty: any well-formed region name
  WallTime now;
  std::chrono::seconds skew = std::chrono::minutes(15);
};
// Terminator, service, region, date of the scope, age of the request. Error: kInvalidSignature.
Status check_scope(const SignatureClaim& claim, const ScopeRule& rule);

// Keys derived from secrets (four HMACs each) by day, region and service. Bounded; thread-safe.
class SigningKeys {
 public:
  explicit SigningKeys(std::size_t entries_max = 1024) : entries_max_(entries_max) {}
  HmacSha256 key(std::string_view secret, const CredentialScope& scope);

 private:
  using Entries = std::list<std::pair<std::string, HmacSha256>>;
  const std::size_t entries_max_;
  std::mutex mutex_;
  Entries entries_;                                                  // guarded by mutex_; newest use first
  std::unordered_map<std::string_view, Entries::iterator> by_name_;  // guarded by mutex_; views into entries_
};

// The signature, the signed headers (host and every x-amz-*), the payload hash. Error: kInvalidSignature. `claim` comes
// from the same request.
Status verify(const http::Request& request, const SignatureClaim& claim, std::string_view secret, SigningKeys& keys);

// The same for a request to S3 whose body is still on its way: the payload is taken as `said_payload` and is for its
// reader to check.
Status verify_head(const http::Request& request, const SignatureClaim& claim, std::string_view secret,
                   SigningKeys& keys);
// What a request to S3 says about its body: a digest in hexadecimal, UNSIGNED-PAYLOAD, a STREAMING-... form; empty when
// it says nothing.
std::string said_payload(const http::Request& request, const SignatureClaim& claim);

// A body in signed chunks (STREAMING-AWS4-HMAC-SHA256-PAYLOAD[-TRAILER]): each signature covers the one before it, the
// first the request's own.
class SignedChunks {
 public:
  SignedChunks() = default;  // nothing is checked: every signature passes
  SignedChunks(const SignatureClaim& claim, const HmacSha256& key);
  // In order. `sha256` is of the chunk's bytes, or of the trailer's lines "name:value\n"; 32 bytes.
  bool chunk(std::string_view sha256, std::string_view signature);
  bool trailer(std::string_view sha256, std::string_view signature);

 private:
  bool follows(std::string_view text, std::string_view signature);
  std::optional<HmacSha256> key_;
  std::string date_, scope_, previous_;
};

// A presigned GET of "/" that did not come as an HTTP request (Kafka's SASL mechanisms AWS_MSK_IAM and OAUTHBEARER):
// parameters decoded, with their names as in the URL (X-Amz-Credential, ...), without User-Agent. Only `host` may be
// signed.
struct PresignedUrl {
  std::string method = "GET";
  std::string host;
  std::vector<http::Parameter> parameters;
};
Result<SignatureClaim> parse_claim(const PresignedUrl& url);
Status verify(const PresignedUrl& url, const SignatureClaim& claim, std::string_view secret, SigningKeys& keys);

struct Credentials {
  std::string access_key, secret_key, session_token;  // the token is empty for long-term keys
  bool operator==(const Credentials&) const = default;
};
struct SignOptions {
  std::string_view service, region;
  WallTime now;
};
// Adds X-Amz-Date, X-Amz-Security-Token (when there is one), X-Amz-Content-Sha256 and Authorization. `host` must be set
// already; signs host, content-type and every x-amz-* header.
void sign(http::Request& request, const Credentials& credentials, const SignOptions& options);
// The query string (without '?') of a presigned URL for that host; `parameters` are signed too.
std::string presign(const PresignedUrl& url, const Credentials& credentials, const SignOptions& options,
                    std::chrono::seconds expires);

// Lower-case words joined by dashes and a number at the end: us-east-1, us-gov-west-1, eu-isoe-west-1.
bool is_region_name(std::string_view text);

}  // namespace tidemill::auth
