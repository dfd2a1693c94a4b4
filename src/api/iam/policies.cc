// Managed policies, and the policies of roles and users.
#include "api/iam/front.h"
#include "api/iam/render.h"

#include <fmt/format.h>

namespace tidemill::iam {
namespace {

using api::QueryCall;
using api::QueryError;
using api::Xml;
using auth::Directory;
using auth::Grants;
using auth::ManagedPolicy;

std::string policy_arn(const QueryCall& call) {
  if (const auto arn = call.form.find("PolicyArn")) return *arn;
  return fmt::format("arn:aws:iam::{}:policy/{}", call.caller.scope.account, call.form.get("PolicyName"));
}

// The role or user whose grants the call is about.
Directory::HolderName holder_of(const QueryCall& call) {
  const bool user = call.form.find("UserName").has_value();
  return {.kind = user ? Directory::Holder::kUser : Directory::Holder::kRole,
          .account = call.caller.scope.account,
          .name = call.form.get(user ? "UserName" : "RoleName")};
}
std::string holder_arn(const QueryCall& call) {
  const auto holder = holder_of(call);
  return fmt::format("arn:aws:iam::{}:{}/{}", holder.account, holder.kind == Directory::Holder::kUser ? "user" : "role",
                     holder.name);
}

void create_policy(Directory& directory, QueryCall call) {
  const auto name = required(call, "PolicyName");
  if (!name) return;
  const auto document = required(call, "PolicyDocument");
  if (!document) return;
  const std::string account = call.caller.scope.account, path = call.form.get("Path", "/"),
                    description = call.form.get("Description");
  auto tags = tags_of(call.form);
  directory.create_policy(account, *name, path, description, *document, std::move(tags),
                          answer_with<ManagedPolicy>(std::move(call), [](const ManagedPolicy& policy) {
                            return Xml().open("Policy").raw(policy_xml(policy)).close("Policy").take();
                          }));
}

void get_policy(Directory& directory, QueryCall call) {
  const auto arn = required(call, "PolicyArn");
  if (!arn) return;
  const auto policy = directory.policy(*arn);
  if (!policy) return call.answer(std::unexpected(error_of(policy.error())));
  call.answer(Xml().open("Policy").raw(policy_xml(*policy)).close("Policy").take());
}

void get_policy_version(Directory& directory, QueryCall call) {
  const auto arn = required(call, "PolicyArn");
  if (!arn) return;
  const auto version = required(call, "VersionId");
  if (!version) return;
  const auto policy = directory.policy(*arn);
  if (!policy) return call.answer(std::unexpected(error_of(policy.error())));
  if (*version != policy->version)
    return call.answer(std::unexpected(
        QueryError{404, "NoSuchEntity",
                   fmt::format("Policy {} version {} does not exist or is not attachable.", *arn, *version)}));
  Xml xml;
  xml.open("PolicyVersion").element("Document", documents_xml(policy->document)).element("VersionId", policy->version);
  xml.element("IsDefaultVersion", "true").element("CreateDate", iso8601_s(policy->created)).close("PolicyVersion");
  call.answer(xml.take());
}

void list_policy_versions(Directory& directory, QueryCall call) {
  const auto arn = required(call, "PolicyArn");
  if (!arn) return;
  const auto policy = directory.policy(*arn);
  if (!policy) return call.answer(std::unexpected(error_of(policy.error())));
  Xml xml;
  xml.open("Versions").open("member").element("VersionId", policy->version).element("IsDefaultVersion", "true");
  xml.element("CreateDate", iso8601_s(policy->created)).close("member").close("Versions").raw(not_truncated());
  call.answer(xml.take());
}

void delete_policy(Directory& directory, QueryCall call) {
  const auto arn = required(call, "PolicyArn");
  if (!arn) return;
  directory.delete_policy(*arn, answer_nothing<ManagedPolicy>(std::move(call)));
}

void list_policies(Directory& directory, QueryCall call) {
  const std::string scope = call.form.get("Scope", "All");
  Xml xml;
  xml.open("Policies");
  if (scope != "AWS")
    for (const ManagedPolicy& policy : directory.policies(call.caller.scope.account))
      xml.open("member").raw(policy_xml(policy)).close("member");
  if (scope != "Local")
    for (const auto arn : auth::managed_policy_arns())
      if (const auto policy = directory.policy(arn)) xml.open("member").raw(policy_xml(*policy)).close("member");
  call.answer(xml.close("Policies").raw(not_truncated()).take());
}

void put_inline(Directory& directory, QueryCall call) {
  const auto name = required(call, "PolicyName");
  if (!name) return;
  const auto document = required(call, "PolicyDocument");
  if (!document) return;
  const auto holder = holder_of(call);
  directory.put_inline_policy(holder, *name, *document, answer_nothing<Grants>(std::move(call)));
}

void get_inline(Directory& directory, QueryCall call) {
  const auto name = required(call, "PolicyName");
  if (!name) return;
  const auto holder = holder_of(call);
  const bool user = holder.kind == Directory::Holder::kUser;
  const auto grants = directory.grants(holder);
  if (!grants) return call.answer(std::unexpected(error_of(grants.error())));
  const auto at = grants->inline_policies.find(*name);
  if (at == grants->inline_policies.end())
    return call.answer(std::unexpected(
        QueryError{404, "NoSuchEntity",
                   fmt::format("The {} policy with name {} cannot be found.", user ? "user" : "role", *name)}));
  Xml xml;
  xml.element(user ? "UserName" : "RoleName", holder.name)
      .element("PolicyName", *name)
      .element("PolicyDocument", documents_xml(at->second));
  call.answer(xml.take());
}

void delete_inline(Directory& directory, QueryCall call) {
  const auto name = required(call, "PolicyName");
  if (!name) return;
  const auto holder = holder_of(call);
  directory.delete_inline_policy(holder, *name, answer_nothing<Grants>(std::move(call)));
}

void list_inline(Directory& directory, QueryCall call) {
  const auto grants = directory.grants(holder_of(call));
  if (!grants) return call.answer(std::unexpected(error_of(grants.error())));
  Xml xml;
  xml.open("PolicyNames");
  for (const auto& [name, document] : grants->inline_policies) xml.element("member", name);
  call.answer(xml.close("PolicyNames").raw(not_truncated()).take());
}

void attach(Directory& directory, QueryCall call) {
  const auto arn = required(call, "PolicyArn");
  if (!arn) return;
  const auto holder = holder_of(call);
  directory.attach_policy(holder, *arn, answer_nothing<Grants>(std::move(call)));
}

void detach(Directory& directory, QueryCall call) {
  const auto arn = required(call, "PolicyArn");
  if (!arn) return;
  const auto holder = holder_of(call);
  directory.detach_policy(holder, *arn, answer_nothing<Grants>(std::move(call)));
}

void list_attached(Directory& directory, QueryCall call) {
  const auto grants = directory.grants(holder_of(call));
  if (!grants) return call.answer(std::unexpected(error_of(grants.error())));
  Xml xml;
  xml.open("AttachedPolicies");
  for (const std::string& arn : grants->attached)
    xml.open("member").element("PolicyName", arn.substr(arn.rfind('/') + 1)).element("PolicyArn", arn).close("member");
  call.answer(xml.close("AttachedPolicies").raw(not_truncated()).take());
}

}  // namespace

void add_policy_operations(Directory& directory, std::vector<api::QueryOperation>& out) {
  struct Entry {
    std::string_view name, action;
    bool has_result;
    void (*run)(Directory&, QueryCall);
    std::string (*resource)(const QueryCall&);
  };
  static constexpr Entry kEntries[] = {
      {"CreatePolicy", "iam:CreatePolicy", true, create_policy, policy_arn},
      {"GetPolicy", "iam:GetPolicy", true, get_policy, policy_arn},
      {"GetPolicyVersion", "iam:GetPolicyVersion", true, get_policy_version, policy_arn},
      {"ListPolicyVersions", "iam:ListPolicyVersions", true, list_policy_versions, policy_arn},
      {"DeletePolicy", "iam:DeletePolicy", false, delete_policy, policy_arn},
      {"ListPolicies", "iam:ListPolicies", true, list_policies, policy_arn},
      {"PutRolePolicy", "iam:PutRolePolicy", false, put_inline, holder_arn},
      {"GetRolePolicy", "iam:GetRolePolicy", true, get_inline, holder_arn},
      {"DeleteRolePolicy", "iam:DeleteRolePolicy", false, delete_inline, holder_arn},
      {"ListRolePolicies", "iam:ListRolePolicies", true, list_inline, holder_arn},
      {"AttachRolePolicy", "iam:AttachRolePolicy", false, attach, holder_arn},
      {"DetachRolePolicy", "iam:DetachRolePolicy", false, detach, holder_arn},
      {"ListAttachedRolePolicies", "iam:ListAttachedRolePolicies", true, list_attached, holder_arn},
      {"PutUserPolicy", "iam:PutUserPolicy", false, put_inline, holder_arn},
      {"GetUserPolicy", "iam:GetUserPolicy", true, get_inline, holder_arn},
      {"DeleteUserPolicy", "iam:DeleteUserPolicy", false, delete_inline, holder_arn},
      {"ListUserPolicies", "iam:ListUserPolicies", true, list_inline, holder_arn},
      {"AttachUserPolicy", "iam:AttachUserPolicy", false, attach, holder_arn},
      {"DetachUserPolicy", "iam:DetachUserPolicy", false, detach, holder_arn},
      {"ListAttachedUserPolicies", "iam:ListAttachedUserPolicies", true, list_attached, holder_arn},
  };
  for (const Entry& entry : kEntries)
    out.push_back({.name = entry.name,
                   .iam_action = entry.action,
                   .has_result = entry.has_result,
                   .resource = entry.resource,
                   .run = [&directory, run = entry.run](QueryCall call) { run(directory, std::move(call)); }});
}

}  // namespace tidemill::iam
