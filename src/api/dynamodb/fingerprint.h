// What a client token stands for.
#pragma once

#include <string>

#include "base/json.h"

namespace tidemill::dynamodb {

// 16 bytes, the same for requests that mean the same: SDKs write the members of a map, and the elements of a set, in
// another order each time. No secret hangs on it: who made two requests meet would only repeat one of their own.
std::string fingerprint_of(const json::Node& request);

}  // namespace tidemill::dynamodb
