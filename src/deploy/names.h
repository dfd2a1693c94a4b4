// Names that the engine makes for resources that the template does not name, and the ids of stacks.
#pragma once

#include <string>
#include <string_view>

#include "base/scope.h"
#include "deploy/provider.h"
#include "runtime/random.h"

namespace tidemill::deploy {

// STACK-LOGICALID-XXXXXXXXXXXX within the rule's length: the logical id is cut first, then the stack name.
std::string generate_name(const NameRule& rule, std::string_view stack_name, std::string_view logical_id,
                          std::string_view random12, const json::Value& properties);
std::string random_suffix(runtime::Random& random);  // twelve upper-case letters and digits

bool is_stack_name(std::string_view text);  // [a-zA-Z][-a-zA-Z0-9]*, at most 128
std::string stack_arn(const Scope& scope, std::string_view name, std::string_view uuid);
std::string change_set_arn(const Scope& scope, std::string_view name, std::string_view uuid);

}  // namespace tidemill::deploy
