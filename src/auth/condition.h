// One operator of a policy's Condition block: {"StringLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/x"]}}.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/policy.h"

namespace tidemill::auth {

class Condition {
 public:
  // Nothing when the operator is not one of IAM's, or a value cannot be one of its values.
  static std::optional<Condition> make(std::string_view operator_name, std::string_view key,
                                       std::vector<std::string> values);
  bool holds(const RequestContext& context) const;

 private:
  enum class Comparison : unsigned char {
    kStringEquals,
    kStringEqualsIgnoreCase,
    kStringLike,
    kArnLike,
    kBool,
    kNumericEquals,
    kNumericLess,
    kNumericLessOrEqual,
    kNumericGreater,
    kNumericGreaterOrEqual,
    kDateEquals,
    kDateLess,
    kDateLessOrEqual,
    kDateGreater,
    kDateGreaterOrEqual,
    kIpAddress,
    kNull,
  };
  enum class Quantifier : unsigned char { kNone, kAny, kAll };
  bool matches_any(const std::string& actual, const RequestContext& context) const;
  bool matches(const std::string& actual, const std::string& wanted) const;

  Comparison comparison_ = Comparison::kStringEquals;
  Quantifier quantifier_ = Quantifier::kNone;
  bool negated_ = false;
  bool if_exists_ = false;
  std::string key_;
  std::vector<std::string> values_;
};

// ${aws:username} and the like replaced by the value of the request; ${*}, ${?}, ${$} are the characters themselves.
// Nothing when the request has no such value: the statement cannot match then.
std::optional<std::string> with_variables(std::string_view text, const RequestContext* context);

}  // namespace tidemill::auth
