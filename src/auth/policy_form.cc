#include "auth/policy_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <span>

#include "auth/canonical.h"
#include "auth/policy.h"
#include "base/json.h"

namespace tidemill::auth {
namespace {

using json::Array;
using json::Object;
using json::Value;

constexpr std::string_view kDocumentOrder[] = {"Version", "Id", "Statement"};
constexpr std::string_view kStatementOrder[] = {"Sid",       "Effect",   "Principal",   "NotPrincipal", "Action",
                                                "NotAction", "Resource", "NotResource", "Condition"};
// What a condition must say for an Allow to everyone to be no public access.
constexpr std::string_view kTrustedKeys[] = {"aws:principalaccount",
                                             "aws:principalarn",
                                             "aws:principalorgid",
                                             "aws:principalorgpaths",
                                             "aws:sourceaccount",
                                             "aws:sourcearn",
                                             "aws:sourcevpc",
                                             "aws:sourcevpce",
                                             "aws:userid",
                                             "aws:principalservicename",
                                             "aws:principalservicenameslist",
                                             "aws:principalisawsservice",
                                             "aws:ec2instancesourcevpc",
                                             "aws:sourceorgid",
                                             "aws:sourceorgpaths"};
constexpr std::string_view kFixingOperators[] = {
    "stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "bool"};

// Members in that order, then the others as they are.
Value ordered(const Object& object, std::span<const std::string_view> order) {
  Object out;
  for (const auto name : order) {
    if (const auto* value = object.find(name)) out[name] = *value;
  }
  for (const auto& [name, value] : object) {
    if (out.find(name) == nullptr) out[name] = value;
  }
  return out;
}

void unwrap(Value& value) {
  if (!value.is_array() || value.as_array().size() != 1) return;
  Value only = std::move(value.as_array().front());
  value = std::move(only);
}

bool is_account(std::string_view text) {
  return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

void form_principals(Value& principals) {
  if (!principals.is_object()) return;
  for (auto& [kind, who] : principals.as_object()) {
    Array list = who.is_array() ? who.as_array() : Array{who};
    Array out;
    for (auto& one : list) {
      if (kind == "AWS" && one.is_string() && is_account(one.as_string()))
        one = fmt::format("arn:aws:iam::{}:root", one.as_string());
      if (std::ranges::find(out, one) == out.end()) out.push_back(std::move(one));
    }
    who = std::move(out);
    unwrap(who);
  }
}

void form_conditions(Value& conditions) {
  if (!conditions.is_object()) return;
  for (auto& [name, tests] : conditions.as_object()) {
    if (!tests.is_object()) continue;
    for (auto& [key, values] : tests.as_object()) unwrap(values);
  }
}

Value form_statement(const Value& statement) {
  if (!statement.is_object()) return statement;
  Value out = ordered(statement.as_object(), kStatementOrder);
  for (auto& [name, value] : out.as_object()) {
    if (name == "Effect" && value.is_string()) {
      const auto effect = lower_case(value.as_string());
      if (effect == "allow") value = "Allow";
      if (effect == "deny") value = "Deny";
    }
    if (name == "Principal" || name == "NotPrincipal") form_principals(value);
    if (name == "Action" || name == "NotAction" || name == "Resource" || name == "NotResource") unwrap(value);
    if (name == "Condition") form_conditions(value);
  }
  return out;
}

Value form(const Value& policy) {
  Value out = ordered(policy.as_object(), kDocumentOrder);
  if (auto* statements = out.find("Statement")) {
    if (!statements->is_array()) *statements = Array{*statements};
    for (auto& statement : statements->as_array()) statement = form_statement(statement);
  }
  return out;
}

std::span<const Value> statements_of(const Value& policy) {
  const auto* statements = policy.find("Statement");
  if (statements == nullptr) return {};
  return statements->as_array();
}

// What every statement must have.
std::optional<std::string> missing_in(const Value& policy) {
  if (policy.find("Statement") == nullptr) return std::nullopt;
  if (statements_of(policy).empty()) return "Could not parse the policy: Statement is empty!";
  const auto has = [](const Value& statement, const std::string& name) {
    const auto* value = statement.find(name);
    return value != nullptr && !value->is_null();
  };
  for (const auto& statement : statements_of(policy)) {
    if (!statement.is_object()) continue;
    for (const std::string field : {"Effect", "Principal", "Action", "Resource"}) {
      if (!has(statement, field) && !has(statement, "Not" + field)) return "Missing required field " + field;
    }
  }
  return std::nullopt;
}

bool repeats_ids(const Value& policy) {
  std::set<std::string> ids;
  for (const auto& statement : statements_of(policy)) {
    const auto* id = statement.find("Sid");
    if (id != nullptr && id->is_string() && !id->as_string().empty() && !ids.insert(id->as_string()).second)
      return true;
  }
  return false;
}

template <class Test>
bool any_of(const Value& one_or_list, Test test) {
  return one_or_list.is_array() ? std::ranges::any_of(one_or_list.as_array(), test) : test(one_or_list);
}

bool names_everyone(const Value& statement) {
  if (statement.find("NotPrincipal") != nullptr) return true;
  const auto* principals = statement.find("Principal");
  const auto everyone = [](const Value& one) { return one.is_string() && one.as_string() == "*"; };
  if (!principals->is_object()) return everyone(*principals);
  return std::ranges::any_of(principals->as_object(),
                             [&](const auto& entry) { return any_of(entry.second, everyone); });
}

bool fixes_who(std::string_view name, std::string_view key, const Value& values) {
  auto compares = lower_case(name);
  if (compares.starts_with("foranyvalue:")) compares.erase(0, compares.find(':') + 1);
  const auto of = lower_case(key);
  if (std::ranges::find(kFixingOperators, compares) == std::end(kFixingOperators)) return false;
  if (std::ranges::find(kTrustedKeys, of) == std::end(kTrustedKeys)) return false;
  return !any_of(values, [&](const Value& value) {
    const auto text = value.is_string() ? value.as_string() : value.text();
    if (of == "aws:principalisawsservice") return text != "true";
    return text.find_first_of("*?") != text.npos || text.find("${") != text.npos;
  });
}

bool is_public(const Value& statement) {
  if (statement.string_or("Effect") != "Allow" || !names_everyone(statement)) return false;
  const auto* conditions = statement.find("Condition");
  if (conditions == nullptr || !conditions->is_object()) return true;
  for (const auto& [name, tests] : conditions->as_object()) {
    for (const auto& [key, values] : tests.as_object()) {
      if (fixes_who(name, key, values)) return false;
    }
  }
  return true;
}

}  // namespace

std::expected<std::string, std::string> policy_form(std::string_view document) {
  constexpr std::string_view kInvalid = "One or more parameter values were invalid: ";
  if (document.size() > kPolicyFormBytesMax) {
    return std::unexpected(fmt::format("{}Maximum policy size of {} bytes exceeded", kInvalid, kPolicyFormBytesMax));
  }
  const auto wrong = [&](std::string_view what) {
    return std::unexpected(fmt::format("{}Invalid policy document: {}", kInvalid, what));
  };
  const auto parsed = Value::parse(document);
  if (!parsed || !parsed->is_object()) return wrong("This policy contains invalid Json");
  const auto policy = form(*parsed);
  if (auto text = missing_in(policy)) return wrong(*text);
  auto out = policy.text();
  if (auto read = Policy::parse_resource(out); !read) return wrong(read.error().message);
  if (repeats_ids(policy)) return wrong("The Statement Ids in the policy are not unique");
  if (std::ranges::any_of(statements_of(policy), is_public)) {
    return std::unexpected(
        "Resource-based policy grants unbounded access in one or more elements. Please revise the policy to ensure "
        "least-privilege form of access");
  }
  return out;
}

std::string policy_as_read(std::string_view kept) {
  const auto parsed = Value::parse(kept);
  if (!parsed || !parsed->is_object() || parsed->find("Version") != nullptr) return std::string(kept);
  Object out;
  out["Version"] = "2008-10-17";
  for (const auto& [name, value] : parsed->as_object()) out[name] = value;
  return Value(std::move(out)).text();
}

}  // namespace tidemill::auth
