// The protocol's error numbers.
#pragma once

#include <cstdint>

#include "topics/errors.h"

namespace tidemill::kafka {

inline constexpr std::int16_t kNoError = 0;

std::int16_t to_wire(topics::Errc code);

inline std::int16_t to_wire(const topics::Status& status) { return status ? kNoError : to_wire(status.error().code); }

}  // namespace tidemill::kafka
