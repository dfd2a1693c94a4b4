// Roles and what is granted to them.
#include <algorithm>
#include <charconv>

#include "api/iam/front.h"
#include "api/iam/render.h"

#include <fmt/format.h>

namespace tidemill::iam {
namespace {

using api::QueryCall;
using api::QueryError;
using api::Xml;
using auth::Directory;
using auth::Error;
using auth::Grants;
using auth::Role;

std::string role_arn(const QueryCall& call) {
  return fmt::format("arn:aws:iam::{}:role/{}", call.caller.scope.account, call.form.get("RoleName"));
}

std::string one_role(const Role& role) { return Xml().open("Role").raw(role_xml(role)).close("Role").take(); }

void create_role(Directory& directory, QueryCall call) {
  const auto name = required(call, "RoleName");
  if (!name) return;
  const auto trust = required(call, "AssumeRolePolicyDocument");
  if (!trust) return;
  Directory::NewRole role{.account = call.caller.scope.account,
                          .name = *name,
                          .path = call.form.get("Path", "/"),
                          .trust_policy = *trust,
                          .description = call.form.get("Description"),
                          .max_session_s = 3600,
                          .tags = tags_of(call.form)};
  if (const auto text = call.form.find("MaxSessionDuration")) {
    role.max_session_s = 0;  // refused by the directory when it is no number
    std::from_chars(text->data(), text->data() + text->size(), role.max_session_s);
  }
  directory.create_role(std::move(role), answer_with<Role>(std::move(call), one_role));
}

// Runs `f(role)` with the role that the call names, or answers why not.
template <class F>
void with_role(Directory& directory, QueryCall call, F f) {
  const auto name = required(call, "RoleName");
  if (!name) return;
  auto role = directory.role(call.caller.scope.account, *name);
  if (!role) return call.answer(std::unexpected(error_of(role.error())));
  f(std::move(call), *std::move(role));
}

void get_role(Directory& directory, QueryCall call) {
  with_role(directory, std::move(call), [](QueryCall found, const Role& role) { found.answer(one_role(role)); });
}

void update_role(Directory& directory, QueryCall call) {
  with_role(directory, std::move(call), [&directory](QueryCall found, Role role) {
    if (const auto text = found.form.find("Description")) role.description = *text;
    if (const auto text = found.form.find("MaxSessionDuration"))
      std::from_chars(text->data(), text->data() + text->size(), role.max_session_s);
    directory.update_role(std::move(role), answer_nothing<Role>(std::move(found)));
  });
}

void update_trust(Directory& directory, QueryCall call) {
  const auto document = required(call, "PolicyDocument");
  if (!document) return;
  with_role(directory, std::move(call), [&directory, &document](QueryCall found, Role role) {
    role.trust_policy = *document;
    directory.update_role(std::move(role), answer_nothing<Role>(std::move(found)));
  });
}

void tag_role(Directory& directory, QueryCall call) {
  with_role(directory, std::move(call), [&directory](QueryCall found, Role role) {
    for (auto& [name, value] : tags_of(found.form)) role.tags[name] = value;
    directory.update_role(std::move(role), answer_nothing<Role>(std::move(found)));
  });
}

void untag_role(Directory& directory, QueryCall call) {
  with_role(directory, std::move(call), [&directory](QueryCall found, Role role) {
    for (const std::string& name : found.form.list("TagKeys")) role.tags.erase(name);
    directory.update_role(std::move(role), answer_nothing<Role>(std::move(found)));
  });
}

void list_role_tags(Directory& directory, QueryCall call) {
  with_role(directory, std::move(call),
            [](QueryCall found, const Role& role) { found.answer(tags_xml(role.tags) + not_truncated()); });
}

void delete_role(Directory& directory, QueryCall call) {
  const auto name = required(call, "RoleName");
  if (!name) return;
  const std::string account = call.caller.scope.account;
  directory.delete_role(account, *name, answer_nothing<Role>(std::move(call)));
}

void list_roles(Directory& directory, QueryCall call) {
  Xml xml;
  xml.open("Roles");
  for (const Role& role : directory.roles(call.caller.scope.account, call.form.get("PathPrefix", "/")))
    xml.open("member").raw(role_xml(role)).close("member");
  call.answer(xml.close("Roles").raw(not_truncated()).take());
}

void list_instance_profiles(Directory& directory, QueryCall call) {
  with_role(directory, std::move(call),
            [](QueryCall found, const Role&) { found.answer("<InstanceProfiles/>" + not_truncated()); });
}

}  // namespace

void add_role_operations(Directory& directory, std::vector<api::QueryOperation>& out) {
  struct Entry {
    std::string_view name, action;
    bool has_result;
    void (*run)(Directory&, QueryCall);
  };
  static constexpr Entry kEntries[] = {
      {"CreateRole", "iam:CreateRole", true, create_role},
      {"GetRole", "iam:GetRole", true, get_role},
      {"UpdateRole", "iam:UpdateRole", true, update_role},
      {"UpdateAssumeRolePolicy", "iam:UpdateAssumeRolePolicy", false, update_trust},
      {"DeleteRole", "iam:DeleteRole", false, delete_role},
      {"ListRoles", "iam:ListRoles", true, list_roles},
      {"TagRole", "iam:TagRole", false, tag_role},
      {"UntagRole", "iam:UntagRole", false, untag_role},
      {"ListRoleTags", "iam:ListRoleTags", true, list_role_tags},
      {"ListInstanceProfilesForRole", "iam:ListInstanceProfilesForRole", true, list_instance_profiles},
  };
  for (const Entry& entry : kEntries)
    out.push_back({.name = entry.name,
                   .iam_action = entry.action,
                   .has_result = entry.has_result,
                   .resource = role_arn,
                   .run = [&directory, run = entry.run](QueryCall call) { run(directory, std::move(call)); }});
}

}  // namespace tidemill::iam
