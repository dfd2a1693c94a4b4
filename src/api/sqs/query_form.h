// The Query protocol's flat parameters as the JSON protocol's body, and its answers as XML.
#pragma once

#include <string>
#include <string_view>

#include "api/common/query.h"
#include "base/json.h"

namespace tidemill::sqs {

json::Value body_of_form(const api::Form& form);
// The inside of {operation}Result.
std::string result_xml(std::string_view operation, const json::Value& answer);

}  // namespace tidemill::sqs
