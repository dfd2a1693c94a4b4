// Errors of identity. The texts are those of the services (spec of the wire protocol, section "Signature errors"); the
// code's spelling depends on the protocol of the front that answers, so the three spellings live here, beside the list.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::auth {

enum class Errc : unsigned char {
  // who is asking
  kMissingToken,
  kIncompleteSignature,
  kInvalidSignature,    // wrong signature, date or scope
  kUnrecognizedClient,  // unknown or inactive access key, wrong session token
  kExpiredToken,
  // may they
  kAccessDenied,
  // the directory (IAM, STS)
  kValidation,
  kNoSuchEntity,
  kEntityAlreadyExists,
  kMalformedPolicyDocument,
  kDeleteConflict,
  kLimitExceeded,
  kUnmodifiableEntity,
  kInternal,
};

struct [[nodiscard]] Error {
  Errc code = Errc::kInternal;
  std::string message;  // shown to the client verbatim

  static Error internal(std::string_view text) { return {Errc::kInternal, std::string(text)}; }
  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(Errc code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

// As the JSON protocols name it (DynamoDB, Lambda, SQS, Logs): "MissingAuthenticationTokenException". DynamoDB answers
// 400 and prefixes com.amazon.coral.service#; the REST-JSON services answer `status`.
std::string_view json_code(Errc code);
// As the Query protocols name it (STS, IAM, SNS, CloudFormation): "MissingAuthenticationToken", "InvalidClientTokenId".
std::string_view query_code(Errc code);
// As S3 names it: "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied".
std::string_view s3_code(Errc code);
// HTTP status of the Query, REST and S3 protocols.
int status(Errc code);

}  // namespace tidemill::auth
