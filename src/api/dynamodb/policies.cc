#include "api/dynamodb/policies.h"

#include <fmt/format.h>

#include "auth/policy.h"

namespace tidemill::dynamodb {

namespace {

// What every statement must have.
std::optional<std::string> missing_in(const json::Node& policy) {
  const auto* statements = policy.find_present("Statement");
  if (statements == nullptr || !statements->is_array()) return std::nullopt;
  if (statements->elements().empty()) return "Could not parse the policy: Statement is empty!";
  for (const auto& statement : statements->elements()) {
    if (!statement.is_object()) continue;
    for (const std::string_view field : {"Effect", "Principal", "Action", "Resource"}) {
      if (statement.find_present(field) == nullptr &&
          statement.find_present(std::string("Not") + std::string(field)) == nullptr)
        return "Missing required field " + std::string(field);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> check_policy(std::string_view document) {
  const std::string invalid = "One or more parameter values were invalid: ";
  if (document.size() > tables::kPolicySizeMax)
    return fmt::format("{}Maximum policy size of {} bytes exceeded", invalid, tables::kPolicySizeMax);
  const auto wrong = [&](std::string_view what) { return fmt::format("{}Invalid policy document: {}", invalid, what); };
  const auto parsed = json::Document::parse(document);
  if (!parsed || !parsed->root().is_object()) return wrong("This policy contains invalid Json");
  if (auto text = missing_in(parsed->root())) return wrong(*text);
  if (auto policy = auth::Policy::parse_resource(document); !policy) return wrong(policy.error().message);
  return std::nullopt;
}

tables::Result<tables::PolicyResource> policy_resource(const awsjson::Call& call) {
  const auto arn = awsjson::read_string(call.body(), "ResourceArn");
  auto resource = tables::policy_resource(arn);
  if (!resource) return resource;
  const auto caller = call.scope();
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
