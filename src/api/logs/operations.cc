#include "api/logs/operation.h"

#include <fmt/format.h>

namespace tidemill::logs {

extern const Operation kCreateLogGroup, kDeleteLogGroup, kDescribeLogGroups, kPutRetentionPolicy,
    kDeleteRetentionPolicy;
extern const Operation kTagResource, kUntagResource, kListTagsForResource, kTagLogGroup, kUntagLogGroup,
    kListTagsLogGroup;
extern const Operation kCreateLogStream, kDeleteLogStream, kDescribeLogStreams;
extern const Operation kPutLogEvents, kFilterLogEvents, kGetLogEvents, kStartLiveTail;

std::span<const Operation* const> operations() {
  static constexpr const Operation* kAll[] = {
      &kCreateLogGroup,   &kDeleteLogGroup,  &kDescribeLogGroups,   &kPutRetentionPolicy, &kDeleteRetentionPolicy,
      &kTagResource,      &kUntagResource,   &kListTagsForResource, &kTagLogGroup,        &kUntagLogGroup,
      &kListTagsLogGroup, &kCreateLogStream, &kDeleteLogStream,     &kDescribeLogStreams, &kPutLogEvents,
      &kFilterLogEvents,  &kGetLogEvents,    &kStartLiveTail};
  return kAll;
}

std::string Call::text(std::string_view name) const {
  const auto* member = body().find_present(name);
  return member != nullptr && member->is_string() ? std::string(member->as_string()) : "";
}

std::optional<std::int64_t> Call::integer(std::string_view name) const {
  const auto* member = body().find_present(name);
  if (member == nullptr || !member->is_number()) return std::nullopt;
  return member->as_integer();
}

bool Call::flag(std::string_view name) const {
  const auto* member = body().find_present(name);
  return member != nullptr && member->is_bool() && member->as_bool();
}

std::string Call::group() const {
  auto name = text("logGroupName");
  if (name.empty()) name = text("logGroupIdentifier");
  if (name.empty()) name = text("resourceArn");
  constexpr std::string_view kMark = ":log-group:";
  if (const auto at = name.find(kMark); name.starts_with("arn:") && at != std::string::npos) {
    name = name.substr(at + kMark.size());
    if (name.ends_with(":*")) name.resize(name.size() - 2);
  }
  return name;
}

std::unexpected<functions::LogError> invalid(std::string message) {
  return std::unexpected(functions::LogError{functions::LogErrc::kInvalidParameter, std::move(message)});
}

std::string group_arn(const Scope& scope, std::string_view group) {
  return fmt::format("arn:aws:logs:{}:{}:log-group:{}", scope.region, scope.account, group);
}

}  // namespace tidemill::logs
