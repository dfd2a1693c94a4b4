#include "functions/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "functions/function.h"

namespace tidemill::functions {
namespace {

constexpr std::string_view kNamePattern =
    R"((arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?)";
constexpr std::string_view kQualifierPattern = R"(\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+)";
constexpr std::size_t kNameMax = 64;
constexpr std::size_t kArnMax = 140;

bool is_word(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
}
bool is_account(std::string_view text) {
  return text.size() == 12 && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}
bool is_qualifier(std::string_view text) { return text == "$LATEST" || text == "$LATEST.PUBLISHED" || is_word(text); }

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto colon = text.find(':');
    parts.push_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    text.remove_prefix(colon + 1);
  }
}

std::unexpected<Error> bad_name(std::string_view text) {
  return fail(
      Errc::kValidation,
      fmt::format("1 validation error detected: Value '{}' at 'functionName' failed to satisfy constraint: Member must "
                  "satisfy regular expression pattern: {}",
                  text, kNamePattern));
}

}  // namespace

Result<FunctionReference> parse_function_name(const Scope& scope, std::string_view text, std::string_view qualifier) {
  auto parts = split(text);
  std::string_view region, account;
  if (parts[0] == "arn") {
    if (parts.size() < 7 || parts[2] != "lambda" || parts[5] != "function" || !parts[1].starts_with("aws"))
      return bad_name(text);
    if (text.size() > kArnMax)
      return fail(
          Errc::kValidation,
          fmt::format(
              "1 validation error detected: Value '{}' at 'functionName' failed to satisfy constraint: Member must "
              "have length less than or equal to {}",
              text, kArnMax));
    region = parts[3];
    account = parts[4];
    parts.erase(parts.begin(), parts.begin() + 6);
  } else {
    if (parts.size() > 2 && parts[1] == "function" && is_account(parts[0])) {
      account = parts[0];
      parts.erase(parts.begin());
    }
    if (parts.size() > 1 && parts[0] == "function") parts.erase(parts.begin());
  }
  if (parts.size() > 2 || !is_word(parts[0]) || (parts.size() == 2 && !is_qualifier(parts[1]))) return bad_name(text);
  if (parts[0].size() > kNameMax)
    return fail(
        Errc::kInvalidParameter,
        fmt::format(
            "1 validation error detected: Value '{}' at 'functionName' failed to satisfy constraint: Member must have "
            "length less than or equal to {}",
            parts[0], kNameMax));
  if (!region.empty() && region != scope.region)
    return fail(Errc::kNotFound,
                fmt::format("Functions from '{}' are not reachable in this region ('{}')", region, scope.region));
  if (!account.empty() && account != scope.account)
    return fail(Errc::kAccessDenied,
                fmt::format("User is not authorized to access the resource {} of account {}", text, account));
  if (!qualifier.empty() && (qualifier.size() > 128 || !is_qualifier(qualifier)))
    return fail(
        Errc::kValidation,
        fmt::format(
            "1 validation error detected: Value '{}' at 'qualifier' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: {}",
            qualifier, kQualifierPattern));
  FunctionReference reference{std::string(parts[0]), std::string(qualifier)};
  if (parts.size() == 2) {
    if (!qualifier.empty() && qualifier != parts[1])
      return fail(Errc::kInvalidParameter,
                  "The derived qualifier from the function name does not match the specified qualifier.");
    reference.qualifier = parts[1];
  }
  return reference;
}

Error function_not_found(const Scope& scope, const FunctionReference& reference) {
  return {Errc::kNotFound, "Function not found: " + function_arn(scope, reference.name, reference.qualifier), {}};
}

}  // namespace tidemill::functions
