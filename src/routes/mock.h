// MOCK integrations: the answer is made from the configuration alone. CORS preflights of CDK are these.
#pragma once

#include <string>
#include <string_view>

#include "routes/error.h"
#include "routes/proxy.h"

namespace tidemill::routes {

// The status code that a request template names: `{"statusCode": 200}`, also CDK's `{ statusCode: 204 }`.
std::optional<int> mock_status(std::string_view template_text);

Outgoing mock_response(const Integration& integration, const Incoming& incoming);

// What can be mapped here: literals ('text'). Mapping templates hold no expressions. The error is the service's.
Status check_mapping(const Integration& integration);
Status check_mapping(const IntegrationResponse& response);

}  // namespace tidemill::routes
