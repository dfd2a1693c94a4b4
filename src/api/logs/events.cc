// Log events: put, filter, read.
#include <fmt/format.h>

#include "api/logs/operation.h"

namespace tidemill::logs {
namespace {

using functions::LogStore;

constexpr std::int64_t kLimitMax = 10'000;

std::optional<functions::LogError> check_limit(std::int64_t limit) {
  if (limit >= 1 && limit <= kLimitMax) return std::nullopt;
  return functions::LogError{functions::LogErrc::kInvalidParameter,
                             fmt::format("1 validation error detected: Value '{}' at 'limit' failed to satisfy "
                                         "constraint: Member must have value {} than or equal to {}",
                                         limit, limit < 1 ? "greater" : "less", limit < 1 ? 1 : kLimitMax)};
}

void put(LogStore& logs, Call call, AnswerReply reply) {
  std::vector<functions::NewLogEvent> events;
  const auto* given = call.body().find_present("logEvents");
  if (given == nullptr || !given->is_array())
    return std::move(reply)(
        invalid("1 validation error detected: Value null at 'logEvents' failed to satisfy constraint: Member must not "
                "be null"));
  for (const auto& event : given->elements()) {
    const auto* timestamp = event.find_present("timestamp");
    const auto* message = event.find_present("message");
    if (timestamp == nullptr || !timestamp->is_number() || message == nullptr || !message->is_string() ||
        message->as_string().empty())
      return std::move(reply)(
          invalid("1 validation error detected: Value at 'logEvents' failed to satisfy constraint: every event has a "
                  "timestamp and a message"));
    events.push_back({timestamp->as_integer(), std::string(message->as_string())});
  }
  logs.put(call.scope, call.text("logGroupName"), call.text("logStreamName"), std::move(events),
           std::move(reply).via<functions::PutOutcome>(
               [](const functions::PutOutcome& outcome) -> functions::LogResult<Answer> {
                 Answer answer;
                 json::Writer out(answer);
                 // Sequence tokens are no longer asked for; any will do.
                 out.begin_object().member("nextSequenceToken", "1");
                 if (outcome.too_new_from || outcome.too_old_to) {
                   out.key("rejectedLogEventsInfo").begin_object();
                   if (outcome.too_new_from)
                     out.member("tooNewLogEventStartIndex", static_cast<std::int64_t>(*outcome.too_new_from));
                   if (outcome.too_old_to)
                     out.member("tooOldLogEventEndIndex", static_cast<std::int64_t>(*outcome.too_old_to));
                   out.end_object();
                 }
                 out.end_object();
                 return answer;
               }));
}

void filter(LogStore& logs, Call call, AnswerReply reply) {
  const auto limit = call.integer("limit").value_or(kLimitMax);
  if (auto bad = check_limit(limit)) return std::move(reply)(std::unexpected(*std::move(bad)));
  functions::LogQuery query;
  query.scope = call.scope;
  query.group = call.group();
  query.stream_prefix = call.text("logStreamNamePrefix");
  if (const auto* names = call.body().find_present("logStreamNames"); names != nullptr && names->is_array())
    for (const auto& name : names->elements())
      if (name.is_string()) query.streams.emplace_back(name.as_string());
  if (!query.streams.empty() && !query.stream_prefix.empty())
    return std::move(reply)(invalid("logStreamNamePrefix and logStreamNames are mutually exclusive parameters."));
  if (query.streams.size() > 100) return std::move(reply)(invalid("logStreamNames holds at most 100 names"));
  query.from_ms = call.integer("startTime");
  query.to_ms = call.integer("endTime");
  query.pattern = call.text("filterPattern");
  query.limit = static_cast<std::size_t>(limit);
  query.token = call.text("nextToken");
  const auto page = logs.filter(query);
  if (!page) return std::move(reply)(std::unexpected(page.error()));
  Answer answer;
  json::Writer out(answer);
  out.begin_object().key("events").begin_array();
  for (const auto& event : page->events)
    out.begin_object()
        .member("logStreamName", event.stream)
        .member("timestamp", event.timestamp_ms)
        .member("message", event.message)
        .member("ingestionTime", event.ingested_ms)
        .member("eventId", event.id)
        .end_object();
  out.end_array().key("searchedLogStreams").begin_array().end_array();
  if (!page->next_token.empty()) out.member("nextToken", page->next_token);
  out.end_object();
  std::move(reply)(std::move(answer));
}

void get(LogStore& logs, Call call, AnswerReply reply) {
  const auto limit = call.integer("limit").value_or(kLimitMax);
  if (auto bad = check_limit(limit)) return std::move(reply)(std::unexpected(*std::move(bad)));
  functions::StreamQuery query;
  query.scope = call.scope;
  query.group = call.group();
  query.stream = call.text("logStreamName");
  query.from_ms = call.integer("startTime");
  query.to_ms = call.integer("endTime");
  query.from_head = call.flag("startFromHead");
  query.limit = static_cast<std::size_t>(limit);
  query.token = call.text("nextToken");
  const auto page = logs.read(query);
  if (!page) return std::move(reply)(std::unexpected(page.error()));
  Answer answer;
  json::Writer out(answer);
  out.begin_object().key("events").begin_array();
  for (const auto& event : page->events)
    out.begin_object()
        .member("timestamp", event.timestamp_ms)
        .member("message", event.message)
        .member("ingestionTime", event.ingested_ms)
        .end_object();
  out.end_array()
      .member("nextForwardToken", page->forward_token)
      .member("nextBackwardToken", page->backward_token)
      .end_object();
  std::move(reply)(std::move(answer));
}

void live_tail(LogStore&, Call, AnswerReply reply) {
  std::move(reply)(
      invalid("StartLiveTail is not available on this server: poll FilterLogEvents, as `aws logs tail --follow` does"));
}

}  // namespace

extern const Operation kPutLogEvents{.name = "PutLogEvents", .iam_action = "logs:PutLogEvents", .run = put};
extern const Operation kFilterLogEvents{.name = "FilterLogEvents", .iam_action = "logs:FilterLogEvents", .run = filter};
extern const Operation kGetLogEvents{.name = "GetLogEvents", .iam_action = "logs:GetLogEvents", .run = get};
extern const Operation kStartLiveTail{.name = "StartLiveTail", .iam_action = "logs:StartLiveTail", .run = live_tail};

}  // namespace tidemill::logs
