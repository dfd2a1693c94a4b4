#include "server/trigger_seams.h"

#include <algorithm>

#include "base/json.h"
#include "functions/names.h"
#include "server/stream_source.h"
#include "server/topic_source.h"

namespace tidemill::server {

using triggers::SourceErrc;
using triggers::SourceError;

std::expected<std::unique_ptr<triggers::EventSource>, SourceError> TriggerSources::open_stream(
    const triggers::StreamSpec& spec) {
  if (!streams_.find_stream(spec.arn))
    return std::unexpected(SourceError{SourceErrc::kNotFound, "Stream not found: " + spec.arn});
  return std::make_unique<StreamSource>(streams_, home_, spec.arn);
}

std::expected<std::unique_ptr<triggers::EventSource>, SourceError> TriggerSources::open_topic(
    const triggers::TopicSpec& spec) {
  return std::make_unique<TopicSource>(cluster_, spec);
}

bool TriggerSources::is_embedded(const std::vector<std::string>& servers) const {
  return std::ranges::any_of(servers, [this](const std::string& server) {
    return std::ranges::find(own_servers_, server) != own_servers_.end();
  });
}

bool TriggerSources::is_embedded_cluster(std::string_view arn) const { return arn == cluster_arn_ || named_.find(arn); }

void TriggerInvoker::invoke(triggers::Invocation invocation,
                            std::move_only_function<void(triggers::InvokeResult)> done) {
  functions_.invoke({.scope = std::move(invocation.scope),
                     .function = std::move(invocation.function_arn),
                     .payload = std::move(invocation.payload),
                     .is_json = true},
                    Reply<functions::InvokeResult, functions::Error>(
                        [done = std::move(done)](functions::Result<functions::InvokeResult> result) mutable {
                          triggers::InvokeResult out;
                          if (!result) {
                            const auto code = result.error().code;
                            out.outcome = code == functions::Errc::kThrottled  ? triggers::Outcome::kThrottled
                                          : code == functions::Errc::kNotFound ? triggers::Outcome::kNotFound
                                                                               : triggers::Outcome::kSystemError;
                            return done(std::move(out));
                          }
                          out.outcome =
                              result->function_error ? triggers::Outcome::kFunctionError : triggers::Outcome::kOk;
                          out.payload = std::move(result->payload);
                          out.function_error = result->function_error.value_or("");
                          out.executed_version = std::move(result->executed_version);
                          out.request_id = std::move(result->request_id);
                          done(std::move(out));
                        }));
}

std::optional<std::string> TriggerInvoker::function_arn(const Scope& scope, std::string_view name) const {
  const auto parsed = functions::parse_function_name(scope, name);
  if (!parsed) return std::nullopt;
  const auto function = functions_.get(scope, std::string(name));
  if (!function) return std::nullopt;
  const auto arn = "arn:aws:lambda:" + scope.region + ":" + scope.account + ":function:" + parsed->name;
  return parsed->qualifier.empty() ? arn : arn + ":" + parsed->qualifier;
}

bool Destinations::supports(std::string_view destination) const {
  return queues::queue_of_arn(destination).has_value() ||
         (destination.starts_with("kafka://") && destination.size() > 8);
}

void Destinations::send(triggers::FailureMessage message, Reply<void> reply) {
  if (const auto queue = queues::queue_of_arn(message.destination)) {
    return queues_.send(*queue, {{.body = std::move(message.body)}}, "",
                        Reply<std::vector<queues::Sent>, queues::Error>(
                            [reply = std::move(reply)](queues::Result<std::vector<queues::Sent>> sent) mutable {
                              if (!sent) return std::move(reply)(fail(Errc::kUnavailable, sent.error().message));
                              std::move(reply)({});
                            }));
  }
  if (message.destination.starts_with("kafka://")) {
    return cluster_.produce({.topic = message.destination.substr(8),
                             .partition = std::nullopt,
                             .records = {{.key = std::move(message.key), .value = std::move(message.body)}}},
                            Reply<topics::Produced, topics::Error>(
                                [reply = std::move(reply)](topics::Result<topics::Produced> produced) mutable {
                                  if (!produced)
                                    return std::move(reply)(fail(Errc::kUnavailable, produced.error().message));
                                  std::move(reply)({});
                                }));
  }
  std::move(reply)(fail(Errc::kUnsupported, "destinations of this kind are not offered: " + message.destination));
}

void Destinations::send(const Scope& scope, const std::string& target_arn, std::string record, bool dead_letter,
                        Reply<bool> reply) {
  (void)scope;
  const auto queue = queues::queue_of_arn(target_arn);
  if (!queue)
    return std::move(reply)(fail(Errc::kUnsupported, "destinations of this kind are not offered: " + target_arn));
  queues::ToSend message{.body = std::move(record)};
  if (dead_letter) {
    const auto parsed = json::Value::parse(message.body);
    if (!parsed) return std::move(reply)(fail(Errc::kInternal, "the dead letter is not JSON"));
    if (const auto* attributes = parsed->find("attributes"); attributes != nullptr && attributes->is_object()) {
      for (const auto& [name, value] : attributes->as_object()) {
        const std::string text = value.is_string() ? value.as_string() : value.text();
        message.attributes[name] = {.type = value.is_number() || name == "ErrorCode" ? "Number" : "String",
                                    .value = text};
      }
    }
    message.body = parsed->string_or("body");
  }
  queues_.send(*queue, {std::move(message)}, "",
               Reply<std::vector<queues::Sent>, queues::Error>(
                   [reply = std::move(reply)](queues::Result<std::vector<queues::Sent>> sent) mutable {
                     if (!sent) return std::move(reply)(fail(Errc::kUnavailable, sent.error().message));
                     std::move(reply)(true);
                   }));
}

}  // namespace tidemill::server
