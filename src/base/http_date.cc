#include "base/http_date.h"

#include <fmt/format.h>

namespace tidemill {

std::optional<WallTime> parse_http_date(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || text.substr(25) != " GMT") return std::nullopt;
  const auto month = kMonths.find(text.substr(8, 3));
  if (month == kMonths.npos || month % 3 != 0) return std::nullopt;
  return parse_basic_iso8601(fmt::format("{}{:02}{}T{}{}{}Z", text.substr(12, 4), month / 3 + 1, text.substr(5, 2),
                                         text.substr(17, 2), text.substr(20, 2), text.substr(23, 2)));
}

}  // namespace tidemill
