#include "api/dynamodb/policies.h"

#include "auth/policy.h"
#include "tables/settings.h"

namespace tidemill::dynamodb {

std::optional<std::string> check_policy(std::string_view document) {
  if (document.size() > tables::kPolicySizeMax) {
    return "One or more parameter values were invalid: The policy document is larger than the limit of 20 KB";
  }
  if (auto parsed = auth::Policy::parse_resource(document); !parsed)
    return "Invalid policy document: " + parsed.error().message;
  return std::nullopt;
}

bool locks_out(std::string_view document, std::string_view arn, const auth::Principal& author) {
  if (author.kind == auth::PrincipalKind::kAdministrator) return false;
  const auto policy = auth::Policy::parse_resource(document);
  if (!policy) return false;
  const auth::PolicyPrincipal who{
      .arn = author.arn, .role_arn = author.role_arn, .account = author.account, .service = {}};
  for (const std::string_view action : {"dynamodb:PutResourcePolicy", "dynamodb:DeleteResourcePolicy"}) {
    if (policy->evaluate({.action = action, .resource = arn}, who) == auth::ResourceEffect::kDeny) return true;
  }
  return false;
}

std::string revision_body(const std::string& revision) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("RevisionId", revision).end_object();
  return out;
}

}  // namespace tidemill::dynamodb
