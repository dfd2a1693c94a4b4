// Functions as the Lambda API shows them.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "functions/function.h"

namespace tidemill::lambda {

// FunctionConfiguration. `qualifier` as it was asked for; with_state: list items of versions have none.
void write_configuration(json::Writer& out, const functions::Function& function, std::string_view qualifier = "",
                         bool with_state = true);
std::string render_configuration(const functions::Function& function, std::string_view qualifier = "");
std::string render_policy(const functions::Function& function);        // the policy document's text
std::string render_event_invoke(const functions::Function& function);  // FunctionEventInvokeConfig

}  // namespace tidemill::lambda
