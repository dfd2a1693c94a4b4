#include "api/dynamodb/policies.h"

#include <fmt/format.h>

#include "auth/policy.h"

namespace tidemill::dynamodb {

tables::Result<tables::PolicyResource> policy_resource(const awsjson::Call& call) {
  const auto arn = awsjson::read_string(call.body(), "ResourceArn");
  auto resource = tables::policy_resource(arn);
  if (!resource) return resource;
  const auto& caller = call.scope();
  if (resource->scope.account != caller.account)
    return tables::invalid("This action is only supported by accounts that match the resource owner\u2019s account.");
  if (resource->scope.region != caller.region || !arn.starts_with("arn:aws:"))
    return tables::invalid_values(fmt::format("Invalid resource Arn: {}", arn));
  return resource;
}

bool locks_out(std::string_view document, std::string_view arn, const auth::Principal& author) {
  if (author.kind == auth::PrincipalKind::kAdministrator) return false;
  const auto policy = auth::Policy::parse_resource(document);
  if (!policy) return false;
  const auth::PolicyPrincipal who{
      .arn = author.arn, .role_arn = author.role_arn, .account = author.account, .service = {}};
  auth::RequestContext context;
  context.add("aws:PrincipalArn", author.role_arn.empty() ? author.arn : author.role_arn);
  context.add("aws:PrincipalAccount", author.account);
  return policy->evaluate({.action = "dynamodb:PutResourcePolicy", .resource = arn, .context = &context}, who) ==
         auth::ResourceEffect::kDeny;
}

std::string revision_body(const std::string& revision) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("RevisionId", revision).end_object();
  return out;
}

}  // namespace tidemill::dynamodb
