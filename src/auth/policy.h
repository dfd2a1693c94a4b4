// IAM policy documents: parsed once, evaluated without parsing. An explicit Deny wins over every Allow.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/error.h"
#include "base/time_text.h"

namespace tidemill::auth {

// Values of condition keys of one request; names are compared without case ("aws:PrincipalArn",
// "dynamodb:LeadingKeys").
class RequestContext {
 public:
  RequestContext& add(std::string_view key, std::string_view value);
  const std::vector<std::string>* find(std::string_view key) const;

 private:
  std::vector<std::pair<std::string, std::vector<std::string>>> values_;  // names in lower case
};

struct AccessRequest {
  std::string_view action;    // "dynamodb:PutItem"
  std::string_view resource;  // ARN, or "*"
  const RequestContext* context = nullptr;
};

// What a document says about a request.
enum class Effect : unsigned char { kNone, kAllow, kDeny };

// Whom a resource policy (or a role's trust policy) may name.
struct PolicyPrincipal {
  std::string_view arn;       // user, role, or assumed-role session
  std::string_view role_arn;  // of a session: the role's ARN, else empty
  std::string_view account;
  std::string_view service;  // "lambda.amazonaws.com" when a service asks, else empty
};
// kAllowAccount: the document allows the principal's whole account, so an identity policy must allow the call as well.
enum class ResourceEffect : unsigned char { kNone, kAllowAccount, kAllow, kDeny };

class Policy {
 public:
  // Errors: kMalformedPolicyDocument.
  static Result<Policy> parse_identity(std::string_view json);  // without Principal
  static Result<Policy> parse_resource(
      std::string_view json);  // with Principal; Resource may be left out (trust policies)
  ~Policy();
  Policy(Policy&&) noexcept;
  Policy& operator=(Policy&&) noexcept;

  Effect evaluate(const AccessRequest& request) const;
  ResourceEffect evaluate(const AccessRequest& request, const PolicyPrincipal& principal) const;

  struct Statement;

 private:
  Policy();
  std::vector<Statement> statements_;
};

// '*' any run, '?' one character. Linear in the product of lengths at worst, without recursion.
bool wildcard_match(std::string_view pattern, std::string_view text);

// The documents of the AWS managed policies that we carry: arn:aws:iam::aws:policy/...; empty when the ARN is not one
// of them.
std::string_view managed_policy_document(std::string_view arn);
std::span<const std::string_view> managed_policy_arns();

}  // namespace tidemill::auth
