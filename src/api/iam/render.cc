#include "api/iam/render.h"

#include "base/bytes.h"

#include <fmt/format.h>

namespace tidemill::iam {

using api::Xml;

std::string not_truncated() { return "<IsTruncated>false</IsTruncated>"; }
std::string documents_xml(std::string_view document) { return percent_encode(document); }

std::string tags_xml(const auth::Tags& tags) {
  Xml xml;
  xml.open("Tags");
  for (const auto& [name, value] : tags)
    xml.open("member").element("Key", name).element("Value", value).close("member");
  return xml.close("Tags").take();
}

auth::Tags tags_of(const api::Form& form) {
  auth::Tags out;
  for (const api::Form& tag : form.structures("Tags")) out[tag.get("Key")] = tag.get("Value");
  return out;
}

std::string role_xml(const auth::Role& role) {
  Xml xml;
  xml.element("Path", role.path).element("RoleName", role.name).element("RoleId", role.id).element("Arn", role.arn);
  xml.element("CreateDate", iso8601_s(role.created))
      .element("AssumeRolePolicyDocument", documents_xml(role.trust_policy));
  if (!role.description.empty()) xml.element("Description", role.description);
  xml.element("MaxSessionDuration", std::to_string(role.max_session_s));
  if (!role.tags.empty()) xml.raw(tags_xml(role.tags));
  return xml.take();
}

std::string user_xml(const auth::User& user) {
  Xml xml;
  xml.element("Path", user.path).element("UserName", user.name).element("UserId", user.id).element("Arn", user.arn);
  xml.element("CreateDate", iso8601_s(user.created));
  if (!user.tags.empty()) xml.raw(tags_xml(user.tags));
  return xml.take();
}

std::string policy_xml(const auth::ManagedPolicy& policy) {
  Xml xml;
  xml.element("PolicyName", policy.name)
      .element("PolicyId", policy.id)
      .element("Arn", policy.arn)
      .element("Path", policy.path);
  xml.element("DefaultVersionId", policy.version)
      .element("AttachmentCount", "0")
      .element("PermissionsBoundaryUsageCount", "0");
  xml.element("IsAttachable", "true")
      .element("CreateDate", iso8601_s(policy.created))
      .element("UpdateDate", iso8601_s(policy.created));
  if (!policy.description.empty()) xml.element("Description", policy.description);
  if (!policy.tags.empty()) xml.raw(tags_xml(policy.tags));
  return xml.take();
}

std::optional<std::string> required(api::QueryCall& call, std::string_view name) {
  auto value = call.form.find(name);
  if (value && !value->empty()) return value;
  std::string member(name);
  member[0] = static_cast<char>(member[0] - 'A' + 'a');
  call.answer(std::unexpected(api::QueryError{
      400, "ValidationError",
      fmt::format(
          "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
          member)}));
  return std::nullopt;
}

}  // namespace tidemill::iam
