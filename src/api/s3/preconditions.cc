#include "api/s3/preconditions.h"

#include <charconv>

#include "auth/canonical.h"
#include "base/http_date.h"

namespace tidemill::s3 {
namespace {

// A list of ETags, quoted or not, or "*".
bool names_etag(std::string_view header, std::string_view etag) {
  while (!header.empty()) {
    const auto end = std::min(header.find(','), header.size());
    auto one = auth::trimmed(header.substr(0, end));
    header.remove_prefix(std::min(end + 1, header.size()));
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one.size() >= 2 && one.front() == '"' && one.back() == '"') one = one.substr(1, one.size() - 2);
    if (one == "*" || one == etag) return true;
  }
  return false;
}

std::unexpected<Failure> failed(std::string_view condition) {
  return std::unexpected(Failure{412,
                                 "PreconditionFailed",
                                 "At least one of the pre-conditions you specified did not hold",
                                 {{"Condition", std::string(condition)}}});
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

Status check_preconditions(const http::Headers& headers, std::string_view prefix, const objects::Object& object,
                           bool unchanged) {
  const auto find = [&](std::string_view name) { return headers.find(std::string(prefix) + std::string(name)); };
  const auto modified = object.modified_ms / 1000;
  const auto seconds = [](std::optional<std::string_view> text) -> std::optional<std::int64_t> {
    const auto time = text ? parse_http_date(auth::trimmed(*text)) : std::nullopt;
    return time ? std::optional(epoch_s(*time)) : std::nullopt;
  };
  if (const auto match = find("if-match")) {
    if (!names_etag(*match, object.etag)) return failed("If-Match");
  } else if (const auto since = seconds(find("if-unmodified-since")); since && modified > *since) {
    return failed("If-Unmodified-Since");
  }
  const auto not_changed = [&](std::string_view condition) -> Status {
    if (!unchanged) return failed(condition);
    return refuse(304, "NotModified", "Not Modified");
  };
  if (const auto match = find("if-none-match")) {
    if (names_etag(*match, object.etag)) return not_changed("If-None-Match");
  } else if (const auto since = seconds(find("if-modified-since")); since && modified <= *since) {
    return not_changed("If-Modified-Since");
  }
  return {};
}

Result<std::optional<ByteRange>> parse_range(std::string_view header, std::uint64_t size) {
  constexpr std::string_view kBytes = "bytes=";
  header = auth::trimmed(header);
  // Several ranges at once are answered with the whole object.
  if (!header.starts_with(kBytes) || header.find(',') != header.npos) return std::nullopt;
  const auto range = auth::trimmed(header.substr(kBytes.size()));
  const auto dash = range.find('-');
  if (dash == range.npos) return std::nullopt;
  const auto first = range.substr(0, dash), last = range.substr(dash + 1);
  const auto unsatisfiable = [&] {
    return std::unexpected(
        Failure{416,
                "InvalidRange",
                "The requested range is not satisfiable",
                {{"RangeRequested", std::string(header)}, {"ActualObjectSize", std::to_string(size)}}});
  };
  if (first.empty()) {
    const auto count = number(last);
    if (!count) return std::nullopt;
    if (*count == 0 || size == 0) return unsatisfiable();
    return ByteRange{size - std::min(*count, size), size};
  }
  const auto begin = number(first);
  const auto end = last.empty() ? std::optional(size) : number(last);
  if (!begin || !end || (!last.empty() && *end < *begin)) return std::nullopt;
  if (*begin >= size) return unsatisfiable();
  return ByteRange{*begin, last.empty() ? size : std::min(*end + 1, size)};
}

}  // namespace tidemill::s3
