// What an operation would do, found without doing it.
#pragma once

#include "deploy/prepare.h"

namespace tidemill::deploy {

// `existing` is null for a first creation. Errors: a changed resource type, missing required properties, a property
// that the provider refuses, an expression that cannot be evaluated. `before` is the definition that is live, prepared;
// may be null.
Result<std::vector<Change>> compute_changes(const Prepared& target, const Stack* existing, const Providers& providers);

// What one property's change needs.
Replacement replacement_of(const ResourceProvider& provider, const json::Value& before, const json::Value& after);

}  // namespace tidemill::deploy
