// Names of functions as clients write them: bare, with a qualifier, partial and full ARNs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/scope.h"
#include "functions/error.h"

namespace tidemill::functions {

struct FunctionReference {
  std::string name;
  std::string qualifier;  // empty when none was asked for
  bool operator==(const FunctionReference&) const = default;
};

// Accepts fn, fn:qual, {acct}:function:fn[:qual], function:fn[:qual] and full ARNs of this account and region.
// `qualifier` is the separate parameter; it must agree with one inside the name.
Result<FunctionReference> parse_function_name(const Scope& scope, std::string_view text,
                                              std::string_view qualifier = "");

// "Function not found: <arn>", with the qualifier as it was asked for.
Error function_not_found(const Scope& scope, const FunctionReference& reference);

}  // namespace tidemill::functions
