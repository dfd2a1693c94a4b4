// What CreateFunction, UpdateFunctionConfiguration and UpdateFunctionCode have in common.
#pragma once

#include "api/lambda/body.h"
#include "functions/function.h"

namespace tidemill::lambda {

Result<functions::ConfigurationChange> parse_configuration(const Body& body);
// `code` is the member Code of a create, or the whole body of an update.
Result<functions::Code> parse_code(const Body& code);

}  // namespace tidemill::lambda
