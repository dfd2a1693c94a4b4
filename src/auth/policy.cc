#include "auth/policy.h"

#include <algorithm>

#include "auth/canonical.h"
#include "auth/condition.h"
#include "base/json.h"

namespace tidemill::auth {

RequestContext& RequestContext::add(std::string_view key, std::string_view value) {
  const std::string name = lower_case(key);
  for (auto& [known, values] : values_)
    if (known == name) {
      values.emplace_back(value);
      return *this;
    }
  values_.push_back({name, {std::string(value)}});
  return *this;
}

const std::vector<std::string>* RequestContext::find(std::string_view key) const {
  for (const auto& [name, values] : values_)
    if (http::equal_ignoring_case(key, name)) return &values;
  return nullptr;
}

bool wildcard_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

struct Policy::Statement {
  bool allow = false;
  bool not_actions = false, not_resources = false, not_principals = false;
  std::vector<std::string> actions;    // lower case
  std::vector<std::string> resources;  // empty: any (trust policies)
  bool any_principal = false;
  std::vector<std::string> aws_principals, service_principals;
  std::vector<Condition> conditions;

  bool covers(const AccessRequest& request) const {
    const std::string action = lower_case(request.action);
    const bool named =
        std::ranges::any_of(actions, [&](const auto& pattern) { return wildcard_match(pattern, action); });
    if (named == not_actions) return false;
    if (!resources.empty()) {
      const bool found = std::ranges::any_of(resources, [&](const std::string& pattern) {
        if (pattern.find("${") == std::string::npos) return wildcard_match(pattern, request.resource);
        const auto text = with_variables(pattern, request.context);
        return text && wildcard_match(*text, request.resource);
      });
      if (found == not_resources) return false;
    }
    static const RequestContext kNoContext;
    const RequestContext& context = request.context ? *request.context : kNoContext;
    return std::ranges::all_of(conditions, [&](const Condition& condition) { return condition.holds(context); });
  }

  enum class Match : unsigned char { kNone, kAccount, kDirect };
  Match names(const PolicyPrincipal& who) const {
    if (any_principal) return Match::kDirect;
    if (!who.service.empty())
      return std::ranges::find(service_principals, who.service) != service_principals.end() ? Match::kDirect
                                                                                            : Match::kNone;
    Match best = Match::kNone;
    for (const std::string& p : aws_principals) {
      if (p == "*" || p == who.arn || (!who.role_arn.empty() && p == who.role_arn)) return Match::kDirect;
      if (p == who.account || (p.starts_with("arn:") && p.ends_with(":root") &&
                               p.find("::" + std::string(who.account) + ":") != std::string::npos))
        best = Match::kAccount;
    }
    return best;
  }
};

Policy::Policy() = default;
Policy::~Policy() = default;
Policy::Policy(Policy&&) noexcept = default;
Policy& Policy::operator=(Policy&&) noexcept = default;

namespace {

std::unexpected<Error> malformed(std::string text) { return fail(Errc::kMalformedPolicyDocument, std::move(text)); }

// A string, or a list of strings.
Result<std::vector<std::string>> strings(const json::Node& node, std::string_view what) {
  std::vector<std::string> out;
  const auto take = [&out](const json::Node& n) {
    if (n.is_string())
      out.emplace_back(n.as_string());
    else if (n.is_bool())
      out.emplace_back(n.as_bool() ? "true" : "false");
    else if (n.is_number())
      out.push_back(json::Value(n).text());
    else
      return false;
    return true;
  };
  if (node.is_array()) {
    for (const json::Node& element : node.elements())
      if (!take(element)) return malformed("Syntax errors in policy: " + std::string(what) + " must hold strings.");
  } else if (!take(node)) {
    return malformed("Syntax errors in policy: " + std::string(what) + " must be a string or a list of strings.");
  }
  return out;
}

}  // namespace

// Parses statements of either kind; a friend by nesting would put JSON into the header.
static Result<std::vector<Policy::Statement>> parse_statements(std::string_view text, bool resource_policy) {
  auto document = json::Document::parse(text, {.max_depth = 16});
  if (!document || !document->root().is_object()) return malformed("Syntax errors in policy.");
  const json::Node& root = document->root();
  for (const auto& member : root.members())
    if (member.name != "Version" && member.name != "Id" && member.name != "Statement")
      return malformed("Syntax errors in policy.");
  if (const auto* version = root.find_present("Version"))
    if (!version->is_string() || (version->as_string() != "2012-10-17" && version->as_string() != "2008-10-17"))
      return malformed("The policy must contain a valid version string");
  const auto* list = root.find_present("Statement");
  if (!list) return malformed("Syntax errors in policy.");
  std::vector<const json::Node*> nodes;
  if (list->is_array())
    for (const auto& node : list->elements()) nodes.push_back(&node);
  else
    nodes.push_back(list);

  std::vector<Policy::Statement> out;
  for (const json::Node* node : nodes) {
    if (!node->is_object()) return malformed("Syntax errors in policy.");
    Policy::Statement statement;
    bool has_effect = false, has_action = false, has_resource = false, has_principal = false;
    for (const auto& [name, value] : node->members()) {
      if (name == "Sid") {
        if (!value.is_string()) return malformed("Statement IDs (SID) in a single policy must be strings.");
      } else if (name == "Effect") {
        if (!value.is_string() || (value.as_string() != "Allow" && value.as_string() != "Deny"))
          return malformed("Syntax errors in policy: Effect must be Allow or Deny.");
        statement.allow = value.as_string() == "Allow";
        has_effect = true;
      } else if (name == "Action" || name == "NotAction") {
        if (has_action) return malformed("Syntax errors in policy: only one of Action and NotAction.");
        has_action = true;
        statement.not_actions = name == "NotAction";
        TM_TRY(statement.actions, strings(value, name));
        for (std::string& action : statement.actions) {
          if (action != "*" && action.find(':') == std::string::npos)
            return malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
          action = lower_case(action);
        }
        if (statement.actions.empty()) return malformed("Policy statement must contain actions.");
      } else if (name == "Resource" || name == "NotResource") {
        if (has_resource) return malformed("Syntax errors in policy: only one of Resource and NotResource.");
        has_resource = true;
        statement.not_resources = name == "NotResource";
        TM_TRY(statement.resources, strings(value, name));
        if (statement.resources.empty()) return malformed("Policy statement must contain resources.");
        for (const std::string& resource : statement.resources)
          if (!resource.starts_with("arn:") && !resource.starts_with("*") && !resource.starts_with("${"))
            return malformed("Resource " + resource + " must be in ARN format or \"*\".");
      } else if (name == "Principal" || name == "NotPrincipal") {
        if (!resource_policy) return malformed("Policy document should not specify a principal.");
        has_principal = true;
        statement.not_principals = name == "NotPrincipal";
        if (value.is_string()) {
          if (value.as_string() != "*") return malformed("Invalid principal in policy.");
          statement.any_principal = true;
        } else if (value.is_object()) {
          for (const auto& [kind, who] : value.members()) {
            TM_TRY(auto names, strings(who, "Principal"));
            if (kind == "AWS")
              statement.aws_principals.insert(statement.aws_principals.end(), names.begin(), names.end());
            else if (kind == "Service")
              statement.service_principals.insert(statement.service_principals.end(), names.begin(), names.end());
            else if (kind != "Federated" && kind != "CanonicalUser")
              return malformed("Invalid principal in policy: \"" + std::string(kind) + "\"");
          }
        } else {
          return malformed("Invalid principal in policy.");
        }
      } else if (name == "Condition") {
        if (!value.is_object()) return malformed("Syntax errors in policy: Condition must be an object.");
        for (const auto& [operator_name, tests] : value.members()) {
          if (!tests.is_object()) return malformed("Syntax errors in policy: Condition must hold objects.");
          for (const auto& [key, wanted] : tests.members()) {
            TM_TRY(auto values, strings(wanted, "Condition"));
            auto condition = Condition::make(operator_name, key, std::move(values));
            if (!condition) return malformed("Invalid Condition type or value : " + std::string(operator_name) + ".");
            statement.conditions.push_back(*std::move(condition));
          }
        }
      } else {
        return malformed("Syntax errors in policy: unknown member " + std::string(name) + ".");
      }
    }
    if (!has_effect) return malformed("Syntax errors in policy: Effect is missing.");
    if (!has_action) return malformed("Policy statement must contain actions.");
    if (!resource_policy && !has_resource) return malformed("Policy statement must contain resources.");
    if (resource_policy && !has_principal) return malformed("Policy document must specify a principal.");
    out.push_back(std::move(statement));
  }
  return out;
}

Result<Policy> Policy::parse_identity(std::string_view json) {
  TM_TRY(auto statements, parse_statements(json, false));
  Policy policy;
  policy.statements_ = std::move(statements);
  return policy;
}

Result<Policy> Policy::parse_resource(std::string_view json) {
  TM_TRY(auto statements, parse_statements(json, true));
  Policy policy;
  policy.statements_ = std::move(statements);
  return policy;
}

Effect Policy::evaluate(const AccessRequest& request) const {
  Effect effect = Effect::kNone;
  for (const Statement& statement : statements_) {
    if (!statement.covers(request)) continue;
    if (!statement.allow) return Effect::kDeny;
    effect = Effect::kAllow;
  }
  return effect;
}

ResourceEffect Policy::evaluate(const AccessRequest& request, const PolicyPrincipal& principal) const {
  ResourceEffect effect = ResourceEffect::kNone;
  for (const Statement& statement : statements_) {
    auto match = statement.names(principal);
    if (statement.not_principals)
      match = match == Statement::Match::kNone ? Statement::Match::kDirect : Statement::Match::kNone;
    if (match == Statement::Match::kNone || !statement.covers(request)) continue;
    if (!statement.allow) return ResourceEffect::kDeny;
    const auto allows = match == Statement::Match::kDirect ? ResourceEffect::kAllow : ResourceEffect::kAllowAccount;
    effect = std::max(effect, allows);
  }
  return effect;
}

}  // namespace tidemill::auth
