// Log groups, their retention and tags.
#include <fmt/format.h>

#include <algorithm>

#include "api/logs/operation.h"

namespace tidemill::logs {
namespace {

using functions::LogErrc;
using functions::LogError;
using functions::LogGroupView;
using functions::LogStore;

constexpr int kRetentions[] = {1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                               365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};
constexpr std::size_t kTagsMax = 50;

std::optional<LogError> check_name(const std::string& name) {
  if (name.empty())
    return LogError{LogErrc::kInvalidParameter,
                    "1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member "
                    "must not be null"};
  if (name.size() > 512)
    return LogError{LogErrc::kInvalidParameter,
                    "Invalid LogGroup or LogStream, both must have length less than or equal to 512."};
  const auto good = [](unsigned char c) {
    return std::isalnum(c) || std::string_view(".-_/#").contains(static_cast<char>(c));
  };
  if (!std::ranges::all_of(name, good))
    return LogError{
        LogErrc::kInvalidParameter,
        fmt::format("1 validation error detected: Value '{}' at 'logGroupName' failed to satisfy constraint: Member "
                    "must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+",
                    name)};
  return std::nullopt;
}

using Tags = std::map<std::string, std::string>;
Tags tags_of(const Call& call) {
  Tags tags;
  const auto* given = call.body().find_present("tags");
  if (given != nullptr && given->is_object())
    for (const auto& [key, value] : given->members())
      if (value.is_string()) tags[std::string(key)] = value.as_string();
  return tags;
}

Reply<bool, LogError> empty_answer(AnswerReply reply) {
  return std::move(reply).via<bool>([](bool) -> functions::LogResult<Answer> { return Answer(); });
}

void create(LogStore& logs, Call call, AnswerReply reply) {
  const auto name = call.text("logGroupName");
  if (auto bad = check_name(name)) return std::move(reply)(std::unexpected(*std::move(bad)));
  auto tags = tags_of(call);
  if (tags.size() > kTagsMax) return std::move(reply)(invalid("A log group has at most 50 tags"));
  logs.create_group(call.scope, name, std::move(tags), empty_answer(std::move(reply)));
}

void remove(LogStore& logs, Call call, AnswerReply reply) {
  logs.remove_group(call.scope, call.text("logGroupName"), empty_answer(std::move(reply)));
}

void describe(LogStore& logs, Call call, AnswerReply reply) {
  const auto prefix = call.text("logGroupNamePrefix");
  const auto pattern = call.text("logGroupNamePattern");
  if (!prefix.empty() && !pattern.empty())
    return std::move(reply)(
        invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."));
  const auto limit = call.integer("limit").value_or(50);
  if (limit < 1 || limit > 50)
    return std::move(reply)(
        invalid(fmt::format("1 validation error detected: Value '{}' at 'limit' failed to satisfy constraint: Member "
                            "must have value {} than or equal to {}",
                            limit, limit < 1 ? "greater" : "less", limit < 1 ? 1 : 50)));
  const auto after = call.text("nextToken");
  Answer answer;
  json::Writer out(answer);
  out.begin_object().key("logGroups").begin_array();
  std::int64_t count = 0;
  std::string last, next;
  for (const auto& group : logs.groups(call.scope)) {
    if (group.name <= after || !group.name.starts_with(prefix) || group.name.find(pattern) == std::string::npos)
      continue;
    if (count == limit) {
      next = last;
      break;
    }
    ++count;
    last = group.name;
    const auto arn = group_arn(call.scope, group.name);
    out.begin_object().member("logGroupName", group.name).member("creationTime", group.created_ms);
    if (group.retention_days) out.member("retentionInDays", *group.retention_days);
    out.member("metricFilterCount", 0)
        .member("arn", arn + ":*")
        .member("storedBytes", 0)
        .member("logGroupClass", "STANDARD");
    out.member("logGroupArn", arn).end_object();
  }
  out.end_array();
  if (!next.empty()) out.member("nextToken", next);
  out.end_object();
  std::move(reply)(std::move(answer));
}

void put_retention(LogStore& logs, Call call, AnswerReply reply) {
  const auto days = call.integer("retentionInDays");
  if (!days || std::ranges::find(kRetentions, *days) == std::end(kRetentions))
    return std::move(reply)(invalid(fmt::format(
        "1 validation error detected: Value '{}' at 'retentionInDays' failed to satisfy constraint: Member must "
        "satisfy enum "
        "value set: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, "
        "3288, 3653]",
        days ? std::to_string(*days) : "null")));
  logs.set_retention(call.scope, call.text("logGroupName"), static_cast<int>(*days), empty_answer(std::move(reply)));
}

void delete_retention(LogStore& logs, Call call, AnswerReply reply) {
  logs.set_retention(call.scope, call.text("logGroupName"), std::nullopt, empty_answer(std::move(reply)));
}

std::optional<Tags> current_tags(const LogStore& logs, const Call& call) {
  for (const auto& group : logs.groups(call.scope))
    if (group.name == call.group()) return group.tags;
  return std::nullopt;
}

std::unexpected<LogError> no_group() {
  return std::unexpected(LogError{LogErrc::kNotFound, "The specified log group does not exist."});
}

void tag(LogStore& logs, Call call, AnswerReply reply) {
  auto tags = current_tags(logs, call);
  if (!tags) return std::move(reply)(no_group());
  for (auto& [key, value] : tags_of(call)) (*tags)[key] = value;
  if (tags->size() > kTagsMax) return std::move(reply)(invalid("A log group has at most 50 tags"));
  logs.set_tags(call.scope, call.group(), *std::move(tags), empty_answer(std::move(reply)));
}

void untag(LogStore& logs, Call call, AnswerReply reply) {
  auto tags = current_tags(logs, call);
  if (!tags) return std::move(reply)(no_group());
  for (const auto* member : {"tagKeys", "tags"}) {
    const auto* keys = call.body().find_present(member);
    if (keys == nullptr || !keys->is_array()) continue;
    for (const auto& key : keys->elements())
      if (key.is_string()) tags->erase(std::string(key.as_string()));
  }
  logs.set_tags(call.scope, call.group(), *std::move(tags), empty_answer(std::move(reply)));
}

void list_tags(LogStore& logs, Call call, AnswerReply reply) {
  const auto tags = current_tags(logs, call);
  if (!tags) return std::move(reply)(no_group());
  Answer answer;
  json::Writer out(answer);
  out.begin_object().key("tags").begin_object();
  for (const auto& [key, value] : *tags) out.member(key, value);
  out.end_object().end_object();
  std::move(reply)(std::move(answer));
}

}  // namespace

extern const Operation kCreateLogGroup{.name = "CreateLogGroup", .iam_action = "logs:CreateLogGroup", .run = create};
extern const Operation kDeleteLogGroup{.name = "DeleteLogGroup", .iam_action = "logs:DeleteLogGroup", .run = remove};
extern const Operation kDescribeLogGroups{
    .name = "DescribeLogGroups", .iam_action = "logs:DescribeLogGroups", .run = describe};
extern const Operation kPutRetentionPolicy{
    .name = "PutRetentionPolicy", .iam_action = "logs:PutRetentionPolicy", .run = put_retention};
extern const Operation kDeleteRetentionPolicy{
    .name = "DeleteRetentionPolicy", .iam_action = "logs:DeleteRetentionPolicy", .run = delete_retention};
extern const Operation kTagResource{.name = "TagResource", .iam_action = "logs:TagResource", .run = tag};
extern const Operation kUntagResource{.name = "UntagResource", .iam_action = "logs:UntagResource", .run = untag};
extern const Operation kListTagsForResource{
    .name = "ListTagsForResource", .iam_action = "logs:ListTagsForResource", .run = list_tags};
extern const Operation kTagLogGroup{.name = "TagLogGroup", .iam_action = "logs:TagLogGroup", .run = tag};
extern const Operation kUntagLogGroup{.name = "UntagLogGroup", .iam_action = "logs:UntagLogGroup", .run = untag};
extern const Operation kListTagsLogGroup{
    .name = "ListTagsLogGroup", .iam_action = "logs:ListTagsLogGroup", .run = list_tags};

}  // namespace tidemill::logs
