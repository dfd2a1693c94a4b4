#include "api/sts/front.h"

#include <charconv>

#include <fmt/format.h>

namespace tidemill::sts {
namespace {

using api::QueryAnswer;
using api::QueryCall;
using api::QueryError;
using api::QueryOperation;
using api::Xml;

std::string credentials_xml(const auth::Session& session) {
  Xml xml;
  xml.open("Credentials").element("AccessKeyId", session.access_key).element("SecretAccessKey", session.secret_key);
  xml.element("SessionToken", session.token).element("Expiration", iso8601_s(*session.expires)).close("Credentials");
  return xml.take();
}

// DurationSeconds, or its default; an error when it is no number.
std::expected<std::chrono::seconds, QueryError> duration_of(const api::Form& form, std::chrono::seconds fallback) {
  const auto text = form.find("DurationSeconds");
  if (!text) return fallback;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (error != std::errc() || end != text->data() + text->size())
    return std::unexpected(QueryError{400, "ValidationError", "DurationSeconds must be an integer"});
  return std::chrono::seconds(seconds);
}

void get_caller_identity(QueryCall call) {
  const auth::Principal& who = call.caller.principal;
  Xml xml;
  xml.element("Arn", who.arn).element("UserId", who.user_id).element("Account", who.account);
  call.answer(xml.take());
}

void get_access_key_info(const auth::Identity& identity, QueryCall call) {
  if (call.form.get("AccessKeyId").empty())
    return call.answer(
        std::unexpected(QueryError{400, "ValidationError", "The request must contain the parameter AccessKeyId."}));
  call.answer(Xml().element("Account", identity.home().account).take());
}

void assume_role(auth::Identity& identity, QueryCall call) {
  for (const char* name : {"RoleArn", "RoleSessionName"})
    if (call.form.get(name).empty())
      return call.answer(std::unexpected(QueryError{
          400, "ValidationError",
          fmt::format(
              "1 validation error detected: Value null at '{}{}' failed to satisfy constraint: Member must not be null",
              std::string_view(name) == "RoleArn" ? "roleA" : "roleS", std::string_view(name).substr(5))}));
  const auto duration = duration_of(call.form, std::chrono::hours(1));
  if (!duration) return call.answer(std::unexpected(duration.error()));
  auth::Identity::AssumeRole request{.caller = call.caller.principal,
                                     .role_arn = call.form.get("RoleArn"),
                                     .session_name = call.form.get("RoleSessionName"),
                                     .external_id = call.form.get("ExternalId"),
                                     .duration = *duration};
  identity.assume_role(
      std::move(request),
      Reply<auth::Session, auth::Error>([call = std::move(call)](auth::Result<auth::Session> session) mutable {
        if (!session) return call.answer(std::unexpected(api::to_query_error(session.error())));
        Xml xml;
        xml.raw(credentials_xml(*session))
            .open("AssumedRoleUser")
            .element("AssumedRoleId", session->user_id)
            .element("Arn", session->arn);
        call.answer(xml.close("AssumedRoleUser").take());
      }));
}

void get_session_token(auth::Identity& identity, QueryCall call) {
  const auto duration = duration_of(call.form, std::chrono::hours(12));
  if (!duration) return call.answer(std::unexpected(duration.error()));
  const auth::Principal who = call.caller.principal;
  identity.session_token(
      who, *duration,
      Reply<auth::Session, auth::Error>([call = std::move(call)](auth::Result<auth::Session> session) mutable {
        if (!session) return call.answer(std::unexpected(api::to_query_error(session.error())));
        call.answer(credentials_xml(*session));
      }));
}

std::vector<QueryOperation> operations(auth::Identity& identity) {
  std::vector<QueryOperation> out;
  // AssumeRole is decided by the role's trust policy, GetCallerIdentity and GetSessionToken are never refused.
  out.push_back({.name = "GetCallerIdentity",
                 .iam_action = "",
                 .has_result = true,
                 .resource = nullptr,
                 .run = get_caller_identity});
  out.push_back({.name = "GetAccessKeyInfo",
                 .iam_action = "sts:GetAccessKeyInfo",
                 .has_result = true,
                 .resource = nullptr,
                 .run = [&identity](QueryCall call) { get_access_key_info(identity, std::move(call)); }});
  out.push_back({.name = "AssumeRole",
                 .iam_action = "",
                 .has_result = true,
                 .resource = nullptr,
                 .run = [&identity](QueryCall call) { assume_role(identity, std::move(call)); }});
  out.push_back({.name = "GetSessionToken",
                 .iam_action = "",
                 .has_result = true,
                 .resource = nullptr,
                 .run = [&identity](QueryCall call) { get_session_token(identity, std::move(call)); }});
  return out;
}

}  // namespace

StsFront::StsFront(auth::Identity& identity, api::RequestIds& ids)
    : front_({.service = "sts", .xml_namespace = "https://sts.amazonaws.com/doc/2011-06-15/"}, identity, ids,
             operations(identity)) {}

void StsFront::mount(api::Edge& edge) {
  edge.add({.service = "sts",
            .target_prefix = "",
            .path_prefix = "",
            .form_version = "2011-06-15",
            .front = [this](const http::Request& request, runtime::Executor&,
                            http::Responder respond) { front_.handle(request, std::move(respond)); },
            .body_bytes_max = 1 << 20});
}

}  // namespace tidemill::sts
