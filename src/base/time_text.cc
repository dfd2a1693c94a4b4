#include "base/time_text.h"

#include <fmt/format.h>

#include <charconv>

namespace tidemill {
namespace {

struct Civil {
  int year;
  unsigned month, day, hour, minute, second, millisecond, weekday;
};

Civil civil(WallTime t) {
  using namespace std::chrono;
  const auto days_part = floor<days>(t);
  const year_month_day date{days_part};
  const auto rest = floor<milliseconds>(t - days_part);
  const hh_mm_ss clock{rest};
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<unsigned>(clock.hours().count()),
          static_cast<unsigned>(clock.minutes().count()),
          static_cast<unsigned>(clock.seconds().count()),
          static_cast<unsigned>(clock.subseconds().count()),
          weekday{days_part}.c_encoding()};
}

constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

// Takes exactly `width` digits off the front.
std::optional<int> digits(std::string_view& text, std::size_t width) {
  if (text.size() < width) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool literal(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<WallTime> assemble(int year, int month, int day, int hour, int minute, int second) {
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return WallTime(sys_days(date).time_since_epoch() + hours(hour) + minutes(minute) + seconds(second));
}

}  // namespace

std::string iso8601_ms(WallTime t) {
  const auto c = civil(t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", c.year, c.month, c.day, c.hour, c.minute, c.second,
                     c.millisecond);
}

std::string iso8601_s(WallTime t) {
  const auto c = civil(t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

std::string iso8601_offset(WallTime t) {
  auto text = iso8601_ms(t);
  text.pop_back();
  return text + "+0000";
}

std::string basic_iso8601(WallTime t) {
  const auto c = civil(t);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

std::string http_date(WallTime t) {
  const auto c = civil(t);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[c.weekday], c.day, kMonths[c.month - 1], c.year,
                     c.hour, c.minute, c.second);
}

std::string common_log_date(WallTime t) {
  const auto c = civil(t);
  return fmt::format("{:02}/{}/{:04}:{:02}:{:02}:{:02} +0000", c.day, kMonths[c.month - 1], c.year, c.hour, c.minute,
                     c.second);
}

std::string date_path(WallTime t) {
  const auto c = civil(t);
  return fmt::format("{:04}/{:02}/{:02}", c.year, c.month, c.day);
}

std::optional<WallTime> parse_basic_iso8601(std::string_view text) {
  const auto year = digits(text, 4), month = digits(text, 2), day = digits(text, 2);
  if (!year || !month || !day || !literal(text, 'T')) return std::nullopt;
  const auto hour = digits(text, 2), minute = digits(text, 2), second = digits(text, 2);
  if (!hour || !minute || !second || text != "Z") return std::nullopt;
  return assemble(*year, *month, *day, *hour, *minute, *second);
}

std::optional<WallTime> parse_iso8601(std::string_view text) {
  const auto year = digits(text, 4);
  if (!year || !literal(text, '-')) return std::nullopt;
  const auto month = digits(text, 2);
  if (!month || !literal(text, '-')) return std::nullopt;
  const auto day = digits(text, 2);
  if (!day || !(literal(text, 'T') || literal(text, ' '))) return std::nullopt;
  const auto hour = digits(text, 2);
  if (!hour || !literal(text, ':')) return std::nullopt;
  const auto minute = digits(text, 2);
  if (!minute || !literal(text, ':')) return std::nullopt;
  const auto second = digits(text, 2);
  if (!second) return std::nullopt;
  auto time = assemble(*year, *month, *day, *hour, *minute, *second);
  if (!time) return std::nullopt;
  if (literal(text, '.')) {
    std::int64_t unit = 100'000'000;
    bool any = false;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      *time += std::chrono::nanoseconds((text.front() - '0') * unit);
      unit /= 10;
      any = true;
      text.remove_prefix(1);
    }
    if (!any) return std::nullopt;
  }
  if (text == "Z") return time;
  if (text.size() < 3 || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int sign = text.front() == '+' ? 1 : -1;
  text.remove_prefix(1);
  const auto offset_hour = digits(text, 2);
  if (!offset_hour) return std::nullopt;
  (void)literal(text, ':');
  const auto offset_minute = text.empty() ? std::optional<int>(0) : digits(text, 2);
  if (!offset_minute || !text.empty()) return std::nullopt;
  return *time - sign * (std::chrono::hours(*offset_hour) + std::chrono::minutes(*offset_minute));
}

}  // namespace tidemill
