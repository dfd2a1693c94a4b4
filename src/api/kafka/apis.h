#pragma once

#include <span>

#include "api/kafka/call.h"

namespace tidemill::kafka {

// All APIs that are served, by key.
std::span<const ApiEntry* const> apis();
const ApiEntry* find_api(std::int16_t key);

}  // namespace tidemill::kafka
