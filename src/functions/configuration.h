// The rules of a function's configuration, as the service words them.
#pragma once

#include <string_view>

#include "functions/error.h"
#include "functions/function.h"
#include "functions/settings.h"

namespace tidemill::functions {

// `base` with the fields that `change` names, checked.
Result<Configuration> apply(Configuration base, const ConfigurationChange& change, const Settings& settings);

// What must be there before anything else is looked at (create).
Status check_required(const ConfigurationChange& configuration);

Status check_tags(const std::map<std::string, std::string>& tags);

constexpr std::size_t kTagsMax = 50;

}  // namespace tidemill::functions
