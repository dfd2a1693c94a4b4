// Points in time as the services write them. All are UTC; the wall clock itself comes from runtime/.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemill {

using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

inline std::int64_t epoch_ms(WallTime t) {
  return std::chrono::floor<std::chrono::milliseconds>(t).time_since_epoch().count();
}
inline std::int64_t epoch_s(WallTime t) {
  return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
}
inline WallTime from_epoch_ms(std::int64_t ms) { return WallTime(std::chrono::milliseconds(ms)); }

std::string iso8601_ms(WallTime t);       // 2026-11-21T15:47:40.123Z
std::string iso8601_s(WallTime t);        // 2026-11-21T15:47:40Z
std::string iso8601_offset(WallTime t);   // 2026-11-21T15:47:40.123+0000   (Lambda's LastModified)
std::string basic_iso8601(WallTime t);    // 20261121T154740Z               (SigV4)
std::string http_date(WallTime t);        // Sat, 21 Nov 2026 15:47:40 GMT
std::string common_log_date(WallTime t);  // 21/Nov/2026:15:47:40 +0000     (API Gateway's requestTime)
std::string date_path(WallTime t);        // 2026/11/21

std::optional<WallTime> parse_basic_iso8601(std::string_view text);  // 20261121T154740Z
std::optional<WallTime> parse_iso8601(std::string_view text);        // 2026-11-21T15:47:40[.fraction](Z|+hh:mm)

}  // namespace tidemill
