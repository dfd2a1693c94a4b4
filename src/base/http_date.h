// Dates as HTTP writes them, read. (`http_date` of time_text.h writes them.)
#pragma once

#include <optional>
#include <string_view>

#include "base/time_text.h"

namespace tidemill {

std::optional<WallTime> parse_http_date(std::string_view text);  // Sat, 21 Nov 2026 15:47:40 GMT

}  // namespace tidemill
