// Entities as IAM's XML, and what the operations share.
#pragma once

#include <string>
#include <vector>

#include "api/common/query.h"
#include "auth/directory.h"

namespace tidemill::iam {

std::string role_xml(const auth::Role& role);  // inside of <Role> or <member>
std::string user_xml(const auth::User& user);
std::string policy_xml(const auth::ManagedPolicy& policy);
std::string tags_xml(const auth::Tags& tags);  // <Tags>...</Tags>
auth::Tags tags_of(const api::Form& form);
// <IsTruncated>false</IsTruncated>
std::string not_truncated();
std::string documents_xml(std::string_view document);  // URL-encoded, as IAM gives documents

inline api::QueryError error_of(const auth::Error& error) { return api::to_query_error(error); }

// The named parameter; nothing, and the call answered, when it is missing.
std::optional<std::string> required(api::QueryCall& call, std::string_view name);

// A Reply that renders the value, or answers the error.
template <class T, class Render>
Reply<T, auth::Error> answer_with(api::QueryCall call, Render render) {
  return Reply<T, auth::Error>([call = std::move(call), render](auth::Result<T> value) mutable {
    if (!value) return call.answer(std::unexpected(error_of(value.error())));
    call.answer(render(*value));
  });
}
template <class T>
Reply<T, auth::Error> answer_nothing(api::QueryCall call) {
  return answer_with<T>(std::move(call), [](const T&) { return std::string(); });
}

}  // namespace tidemill::iam
