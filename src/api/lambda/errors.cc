#include "api/lambda/errors.h"

#include <utility>

#include "base/json.h"

namespace tidemill::lambda {
namespace {

// Which member holds the text differs from exception to exception, and un-modelled ones carry no Type.
struct Form {
  int status;
  std::string_view code;
  std::string_view message_member;
  std::string_view type;  // empty: not modelled
};

constexpr Form form_of(functions::Errc code) {
  using functions::Errc;
  switch (code) {
    case Errc::kInvalidParameter: return {400, "InvalidParameterValueException", "message", "User"};
    case Errc::kInvalidRequestContent: return {400, "InvalidRequestContentException", "message", "User"};
    case Errc::kValidation: return {400, "ValidationException", "message", ""};
    case Errc::kNotFound: return {404, "ResourceNotFoundException", "Message", "User"};
    case Errc::kConflict: return {409, "ResourceConflictException", "message", "User"};
    case Errc::kPreconditionFailed: return {412, "PreconditionFailedException", "message", "User"};
    case Errc::kThrottled: return {429, "TooManyRequestsException", "message", "User"};
    case Errc::kRequestTooLarge: return {413, "RequestEntityTooLargeException", "Message", ""};
    case Errc::kPolicyTooLong: return {400, "PolicyLengthExceededException", "message", "User"};
    case Errc::kCodeStorageExceeded: return {400, "CodeStorageExceededException", "message", "User"};
    case Errc::kAccessDenied: return {403, "AccessDeniedException", "Message", ""};
    case Errc::kInternal: return {500, "ServiceException", "Message", "Service"};
  }
  std::unreachable();
}

http::Response json_response(int status, std::string_view code, std::string body) {
  http::Response response{.status = status, .body = std::move(body)};
  response.headers.add("Content-Type", "application/json");
  response.headers.add("x-amzn-ErrorType", code);
  return response;
}

}  // namespace

http::Response to_response(const functions::Error& error) {
  const auto form = form_of(error.code);
  std::string body;
  json::Writer out(body);
  out.begin_object();
  if (!error.reason.empty()) out.member("Reason", error.reason);
  if (!form.type.empty()) out.member("Type", form.type);
  out.member(form.message_member, error.message).end_object();
  auto response = json_response(form.status, form.code, std::move(body));
  if (error.code == functions::Errc::kThrottled) response.headers.add("Retry-After", "1");
  return response;
}

http::Response to_response(const auth::Error& error) {
  std::string body;
  json::Writer(body)
      .begin_object()
      .member(error.code == auth::Errc::kAccessDenied ? "Message" : "message", error.message)
      .end_object();
  return json_response(auth::status(error.code), auth::json_code(error.code), std::move(body));
}

http::Response unknown_operation(std::string_view method, std::string_view path) {
  std::string body;
  json::Writer(body)
      .begin_object()
      .member("message", "This server has no Lambda operation " + std::string(method) + " " + std::string(path))
      .end_object();
  return json_response(404, "UnknownOperationException", std::move(body));
}

}  // namespace tidemill::lambda
