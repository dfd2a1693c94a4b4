// Log streams.
#include <fmt/format.h>

#include <algorithm>

#include "api/logs/operation.h"

namespace tidemill::logs {
namespace {

using functions::LogStore;
using functions::LogStreamView;

Reply<bool, functions::LogError> empty_answer(AnswerReply reply) {
  return std::move(reply).via<bool>([](bool) -> functions::LogResult<Answer> { return Answer(); });
}

void create(LogStore& logs, Call call, AnswerReply reply) {
  const auto name = call.text("logStreamName");
  if (name.size() > 512)
    return std::move(reply)(invalid("Invalid LogGroup or LogStream, both must have length less than or equal to 512."));
  if (name.empty() || name.find_first_of(":*") != std::string::npos)
    return std::move(reply)(
        invalid(fmt::format("1 validation error detected: Value '{}' at 'logStreamName' failed to satisfy constraint: "
                            "Member must satisfy regular "
                            "expression pattern: [^:*]*",
                            name)));
  logs.create_stream(call.scope, call.text("logGroupName"), name, empty_answer(std::move(reply)));
}

void remove(LogStore& logs, Call call, AnswerReply reply) {
  logs.remove_stream(call.scope, call.text("logGroupName"), call.text("logStreamName"), empty_answer(std::move(reply)));
}

void describe(LogStore& logs, Call call, AnswerReply reply) {
  const auto prefix = call.text("logStreamNamePrefix");
  const auto order = call.text("orderBy");
  const bool by_time = order == "LastEventTime";
  if (!order.empty() && !by_time && order != "LogStreamName")
    return std::move(reply)(
        invalid(fmt::format("1 validation error detected: Value '{}' at 'orderBy' failed to satisfy constraint: Member "
                            "must satisfy enum value set: "
                            "[LogStreamName, LastEventTime]",
                            order)));
  if (by_time && !prefix.empty())
    return std::move(reply)(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
  const auto limit = call.integer("limit").value_or(50);
  if (limit < 1 || limit > 50)
    return std::move(reply)(
        invalid(fmt::format("1 validation error detected: Value '{}' at 'limit' failed to satisfy constraint: Member "
                            "must have value {} than or equal to {}",
                            limit, limit < 1 ? "greater" : "less", limit < 1 ? 1 : 50)));
  auto streams = logs.streams(call.scope, call.group());
  if (!streams) return std::move(reply)(std::unexpected(streams.error()));
  std::erase_if(*streams, [&](const LogStreamView& stream) { return !stream.name.starts_with(prefix); });
  if (by_time)
    std::ranges::stable_sort(*streams, {}, [](const LogStreamView& stream) { return stream.last_ms.value_or(0); });
  if (call.flag("descending")) std::ranges::reverse(*streams);
  std::size_t begin = 0;
  if (const auto token = call.text("nextToken"); !token.empty()) {
    const auto found = std::ranges::find(*streams, token, &LogStreamView::name);
    if (found == streams->end()) return std::move(reply)(invalid("The specified nextToken is invalid."));
    begin = static_cast<std::size_t>(found - streams->begin());
  }
  const auto end = std::min(streams->size(), begin + static_cast<std::size_t>(limit));
  Answer answer;
  json::Writer out(answer);
  out.begin_object().key("logStreams").begin_array();
  for (auto i = begin; i < end; ++i) {
    const auto& stream = (*streams)[i];
    out.begin_object().member("logStreamName", stream.name).member("creationTime", stream.created_ms);
    if (stream.first_ms) out.member("firstEventTimestamp", *stream.first_ms);
    if (stream.last_ms) out.member("lastEventTimestamp", *stream.last_ms);
    if (stream.ingested_ms) out.member("lastIngestionTime", *stream.ingested_ms);
    out.member("uploadSequenceToken", "1");
    out.member("arn", group_arn(call.scope, call.group()) + ":log-stream:" + stream.name)
        .member("storedBytes", 0)
        .end_object();
  }
  out.end_array();
  if (end < streams->size()) out.member("nextToken", (*streams)[end].name);
  out.end_object();
  std::move(reply)(std::move(answer));
}

}  // namespace

extern const Operation kCreateLogStream{.name = "CreateLogStream", .iam_action = "logs:CreateLogStream", .run = create};
extern const Operation kDeleteLogStream{.name = "DeleteLogStream", .iam_action = "logs:DeleteLogStream", .run = remove};
extern const Operation kDescribeLogStreams{
    .name = "DescribeLogStreams", .iam_action = "logs:DescribeLogStreams", .run = describe};

}  // namespace tidemill::logs
