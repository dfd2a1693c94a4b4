#include "auth/error.h"

#include <utility>

namespace tidemill::auth {

std::string_view json_code(Errc code) {
  switch (code) {
    case Errc::kMissingToken: return "MissingAuthenticationTokenException";
    case Errc::kIncompleteSignature: return "IncompleteSignatureException";
    case Errc::kInvalidSignature: return "InvalidSignatureException";
    case Errc::kUnrecognizedClient: return "UnrecognizedClientException";
    case Errc::kExpiredToken: return "ExpiredTokenException";
    case Errc::kAccessDenied: return "AccessDeniedException";
    case Errc::kValidation: return "ValidationException";
    case Errc::kNoSuchEntity: return "ResourceNotFoundException";
    case Errc::kEntityAlreadyExists: return "ResourceConflictException";
    case Errc::kMalformedPolicyDocument: return "ValidationException";
    case Errc::kDeleteConflict: return "ResourceConflictException";
    case Errc::kLimitExceeded: return "LimitExceededException";
    case Errc::kUnmodifiableEntity: return "ValidationException";
    case Errc::kInternal: return "InternalFailure";
  }
  std::unreachable();
}

std::string_view query_code(Errc code) {
  switch (code) {
    case Errc::kMissingToken: return "MissingAuthenticationToken";
    case Errc::kIncompleteSignature: return "IncompleteSignature";
    case Errc::kInvalidSignature: return "SignatureDoesNotMatch";
    case Errc::kUnrecognizedClient: return "InvalidClientTokenId";
    case Errc::kExpiredToken: return "ExpiredToken";
    case Errc::kAccessDenied: return "AccessDenied";
    case Errc::kValidation: return "ValidationError";
    case Errc::kNoSuchEntity: return "NoSuchEntity";
    case Errc::kEntityAlreadyExists: return "EntityAlreadyExists";
    case Errc::kMalformedPolicyDocument: return "MalformedPolicyDocument";
    case Errc::kDeleteConflict: return "DeleteConflict";
    case Errc::kLimitExceeded: return "LimitExceeded";
    case Errc::kUnmodifiableEntity: return "UnmodifiableEntity";
    case Errc::kInternal: return "InternalFailure";
  }
  std::unreachable();
}

std::string_view s3_code(Errc code) {
  switch (code) {
    case Errc::kMissingToken: return "AccessDenied";
    case Errc::kIncompleteSignature: return "AuthorizationHeaderMalformed";
    case Errc::kInvalidSignature: return "SignatureDoesNotMatch";
    case Errc::kUnrecognizedClient: return "InvalidAccessKeyId";
    case Errc::kExpiredToken: return "ExpiredToken";
    case Errc::kAccessDenied: return "AccessDenied";
    case Errc::kValidation:
    case Errc::kNoSuchEntity:
    case Errc::kEntityAlreadyExists:
    case Errc::kMalformedPolicyDocument:
    case Errc::kDeleteConflict:
    case Errc::kLimitExceeded:
    case Errc::kUnmodifiableEntity: return "InvalidRequest";
    case Errc::kInternal: return "InternalError";
  }
  std::unreachable();
}

int status(Errc code) {
  switch (code) {
    case Errc::kMissingToken:
    case Errc::kInvalidSignature:
    case Errc::kUnrecognizedClient:
    case Errc::kExpiredToken:
    case Errc::kAccessDenied: return 403;
    case Errc::kIncompleteSignature:
    case Errc::kValidation:
    case Errc::kMalformedPolicyDocument:
    case Errc::kUnmodifiableEntity: return 400;
    case Errc::kNoSuchEntity: return 404;
    case Errc::kEntityAlreadyExists:
    case Errc::kDeleteConflict:
    case Errc::kLimitExceeded: return 409;
    case Errc::kInternal: return 500;
  }
  std::unreachable();
}

}  // namespace tidemill::auth
