// Resource policies of tables and streams, as requests carry them.
#pragma once

#include <string>
#include <string_view>

#include "api/awsjson/service.h"
#include "api/dynamodb/shapes.h"
#include "auth/identity.h"
#include "tables/settings.h"

namespace tidemill::dynamodb {

inline constexpr Shape kRevision{.type = Type::kString, .min = 1, .max = 255};

// The resource that a call names, when it is one of the caller's account and region.
tables::Result<tables::PolicyResource> policy_resource(const awsjson::Call& call);
// Whether the policy would keep its author from ever changing it again.
bool locks_out(std::string_view document, std::string_view arn, const auth::Principal& author);

std::string revision_body(const std::string& revision);

}  // namespace tidemill::dynamodb
