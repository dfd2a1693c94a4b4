#include "api/s3/error.h"

#include "api/common/query.h"

namespace tidemill::s3 {
namespace {

struct Wire {
  int status;
  std::string_view code;
};

Wire wire_of(objects::Errc code) {
  using objects::Errc;
  switch (code) {
    case Errc::kNoSuchBucket: return {404, "NoSuchBucket"};
    case Errc::kBucketAlreadyExists: return {409, "BucketAlreadyExists"};
    case Errc::kBucketAlreadyOwnedByYou: return {409, "BucketAlreadyOwnedByYou"};
    case Errc::kBucketNotEmpty: return {409, "BucketNotEmpty"};
    case Errc::kInvalidBucketName: return {400, "InvalidBucketName"};
    case Errc::kTooManyBuckets: return {400, "TooManyBuckets"};
    case Errc::kNoSuchKey: return {404, "NoSuchKey"};
    case Errc::kKeyTooLong: return {400, "KeyTooLongError"};
    case Errc::kNoSuchUpload: return {404, "NoSuchUpload"};
    case Errc::kInvalidPart: return {400, "InvalidPart"};
    case Errc::kInvalidPartOrder: return {400, "InvalidPartOrder"};
    case Errc::kEntityTooSmall: return {400, "EntityTooSmall"};
    case Errc::kEntityTooLarge: return {400, "EntityTooLarge"};
    case Errc::kPreconditionFailed: return {412, "PreconditionFailed"};
    case Errc::kInvalidArgument: return {400, "InvalidArgument"};
    case Errc::kInvalidRequest: return {400, "InvalidRequest"};
    case Errc::kBadDigest: return {400, "BadDigest"};
    case Errc::kContentMismatch: return {400, "XAmzContentSHA256Mismatch"};
    case Errc::kSignature: return {403, "SignatureDoesNotMatch"};
    case Errc::kIncompleteBody: return {400, "IncompleteBody"};
    case Errc::kMalformedTrailer: return {400, "MalformedTrailerError"};
    case Errc::kFull: return {503, "ServiceUnavailable"};
    case Errc::kInternal: return {500, "InternalError"};
  }
  std::unreachable();
}

}  // namespace

Failure to_failure(const objects::Error& error) {
  const auto wire = wire_of(error.code);
  return {wire.status, std::string(wire.code), error.message};
}

Failure to_failure(const auth::Error& error) {
  // S3 has words of its own for requests that are too old and for those without a name.
  if (error.code == auth::Errc::kMissingToken) return {403, "AccessDenied", "Access Denied"};
  if (error.code == auth::Errc::kExpiredToken && error.message == "Request has expired")
    return {403, "AccessDenied", error.message};
  if (error.code == auth::Errc::kInvalidSignature &&
      (error.message.starts_with("Signature expired") || error.message.starts_with("Signature not yet")))
    return {403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."};
  if (error.code == auth::Errc::kInvalidSignature && error.message.starts_with("Credential should be scoped"))
    return {400, "AuthorizationHeaderMalformed", "The authorization header is malformed; " + error.message};
  if (error.code == auth::Errc::kUnrecognizedClient)
    return {403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."};
  return {error.code == auth::Errc::kExpiredToken ? 400 : auth::status(error.code),
          std::string(auth::s3_code(error.code)), error.message};
}

std::unexpected<Failure> not_implemented(std::string_view what) {
  return refuse(501, "NotImplemented",
                "A header or query you provided implies functionality that is not implemented: " + std::string(what));
}

std::unexpected<Failure> malformed_xml() {
  return refuse(400, "MalformedXML",
                "The XML you provided was not well-formed or did not validate against our published schema");
}

std::unexpected<Failure> invalid_argument(std::string message, std::string_view name, std::string_view value) {
  return std::unexpected(Failure{400,
                                 "InvalidArgument",
                                 std::move(message),
                                 {{"ArgumentName", std::string(name)}, {"ArgumentValue", std::string(value)}}});
}

http::Response error_response(const Failure& failure, const RequestNames& names, bool head_request) {
  http::Response response{.status = failure.status};
  if (head_request || failure.status == 304) return response;
  api::Xml xml;
  xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").open("Error");
  xml.element("Code", failure.code).element("Message", failure.message);
  for (const auto& [name, value] : failure.details) xml.element(name, value);
  xml.element("RequestId", names.request_id).element("HostId", names.host_id).close("Error");
  response.body = xml.take();
  response.headers.add("Content-Type", "application/xml");
  return response;
}

}  // namespace tidemill::s3
