// Users and their access keys.
#include "api/iam/front.h"
#include "api/iam/render.h"

#include <fmt/format.h>

namespace tidemill::iam {
namespace {

using api::QueryCall;
using api::QueryError;
using api::Xml;
using auth::AccessKey;
using auth::Directory;
using auth::User;

std::string user_arn(const QueryCall& call) {
  return fmt::format("arn:aws:iam::{}:user/{}", call.caller.scope.account, call.form.get("UserName"));
}

std::string one_user(const User& user) { return Xml().open("User").raw(user_xml(user)).close("User").take(); }

// The named user, or the caller when no name is given.
std::string user_name(const QueryCall& call) {
  const std::string name = call.form.get("UserName");
  return name.empty() && call.caller.principal.kind == auth::PrincipalKind::kUser ? call.caller.principal.name : name;
}

void create_user(Directory& directory, QueryCall call) {
  const auto name = required(call, "UserName");
  if (!name) return;
  const std::string account = call.caller.scope.account, path = call.form.get("Path", "/");
  auto tags = tags_of(call.form);
  directory.create_user(account, *name, path, std::move(tags), answer_with<User>(std::move(call), one_user));
}

void get_user(Directory& directory, QueryCall call) {
  const std::string name = user_name(call);
  if (name.empty() && call.caller.principal.kind == auth::PrincipalKind::kAdministrator) {
    const auth::Principal& who = call.caller.principal;
    Xml xml;
    xml.open("User")
        .element("Path", "/")
        .element("UserName", "root")
        .element("UserId", who.user_id)
        .element("Arn", who.arn);
    return call.answer(xml.element("CreateDate", "2006-03-01T00:00:00Z").close("User").take());
  }
  const auto user = directory.user(call.caller.scope.account, name);
  if (!user) return call.answer(std::unexpected(error_of(user.error())));
  call.answer(one_user(*user));
}

void delete_user(Directory& directory, QueryCall call) {
  const auto name = required(call, "UserName");
  if (!name) return;
  const std::string account = call.caller.scope.account;
  directory.delete_user(account, *name, answer_nothing<User>(std::move(call)));
}

void list_users(Directory& directory, QueryCall call) {
  Xml xml;
  xml.open("Users");
  for (const User& user : directory.users(call.caller.scope.account, call.form.get("PathPrefix", "/")))
    xml.open("member").raw(user_xml(user)).close("member");
  call.answer(xml.close("Users").raw(not_truncated()).take());
}

void create_access_key(Directory& directory, QueryCall call) {
  const std::string account = call.caller.scope.account, name = user_name(call);
  directory.create_access_key(
      account, name, answer_with<AccessKey>(std::move(call), [](const AccessKey& key) {
        Xml xml;
        xml.open("AccessKey").element("UserName", key.user).element("AccessKeyId", key.id).element("Status", "Active");
        return xml.element("SecretAccessKey", key.secret)
            .element("CreateDate", iso8601_s(key.created))
            .close("AccessKey")
            .take();
      }));
}

void update_access_key(Directory& directory, QueryCall call) {
  const auto id = required(call, "AccessKeyId");
  if (!id) return;
  const std::string status = call.form.get("Status");
  if (status != "Active" && status != "Inactive")
    return call.answer(
        std::unexpected(QueryError{400, "ValidationError",
                                   fmt::format("1 validation error detected: Value '{}' at 'status' failed to satisfy "
                                               "constraint: Member must satisfy enum value set: "
                                               "[Active, Inactive]",
                                               status)}));
  const std::string account = call.caller.scope.account, name = user_name(call);
  directory.update_access_key(account, name, *id, status == "Active", answer_nothing<AccessKey>(std::move(call)));
}

void delete_access_key(Directory& directory, QueryCall call) {
  const auto id = required(call, "AccessKeyId");
  if (!id) return;
  const std::string account = call.caller.scope.account, name = user_name(call);
  directory.delete_access_key(account, name, *id, answer_nothing<AccessKey>(std::move(call)));
}

void list_access_keys(Directory& directory, QueryCall call) {
  const std::string account = call.caller.scope.account, name = user_name(call);
  if (const auto user = directory.user(account, name); !user)
    return call.answer(std::unexpected(error_of(user.error())));
  Xml xml;
  xml.open("AccessKeyMetadata");
  for (const AccessKey& key : directory.access_keys(account, name)) {
    xml.open("member")
        .element("UserName", key.user)
        .element("AccessKeyId", key.id)
        .element("Status", key.active ? "Active" : "Inactive");
    xml.element("CreateDate", iso8601_s(key.created)).close("member");
  }
  call.answer(xml.close("AccessKeyMetadata").raw(not_truncated()).take());
}

}  // namespace

void add_user_operations(Directory& directory, std::vector<api::QueryOperation>& out) {
  struct Entry {
    std::string_view name, action;
    bool has_result;
    void (*run)(Directory&, QueryCall);
  };
  static constexpr Entry kEntries[] = {
      {"CreateUser", "iam:CreateUser", true, create_user},
      {"GetUser", "iam:GetUser", true, get_user},
      {"DeleteUser", "iam:DeleteUser", false, delete_user},
      {"ListUsers", "iam:ListUsers", true, list_users},
      {"CreateAccessKey", "iam:CreateAccessKey", true, create_access_key},
      {"UpdateAccessKey", "iam:UpdateAccessKey", false, update_access_key},
      {"DeleteAccessKey", "iam:DeleteAccessKey", false, delete_access_key},
      {"ListAccessKeys", "iam:ListAccessKeys", true, list_access_keys},
  };
  for (const Entry& entry : kEntries)
    out.push_back({.name = entry.name,
                   .iam_action = entry.action,
                   .has_result = entry.has_result,
                   .resource = user_arn,
                   .run = [&directory, run = entry.run](QueryCall call) { run(directory, std::move(call)); }});
}

}  // namespace tidemill::iam
