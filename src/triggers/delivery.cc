#include "triggers/delivery.h"

#include <algorithm>

#include <fmt/format.h>

namespace tidemill::triggers {
namespace {

constexpr std::int64_t kKafkaRetriesWithDestination = 10;

observe::Counter& records_counter(observe::Metrics& metrics, const std::string& uuid, std::string_view kind) {
  return metrics.counter("tidemill_mapping_records_total", "Records of event source mappings by what became of them",
                         fmt::format("mapping=\"{}\",kind=\"{}\"", uuid, kind));
}

// The "state" member of a window's answer, as JSON; nothing when it is missing.
std::optional<std::string> state_of(std::string_view payload) {
  const auto document = json::Document::parse(payload);
  if (!document) return std::nullopt;
  const json::Node* state = document->root().find_present("state");
  if (!state || !state->is_object()) return std::nullopt;
  return json::Value(*state).text();
}

}  // namespace

MappingMetrics::MappingMetrics(observe::Metrics& metrics, const std::string& uuid)
    : polled(records_counter(metrics, uuid, "polled")),
      filtered(records_counter(metrics, uuid, "filtered")),
      invoked(records_counter(metrics, uuid, "invoked")),
      failed(records_counter(metrics, uuid, "failed")),
      dropped(records_counter(metrics, uuid, "dropped")),
      sent_to_destination(records_counter(metrics, uuid, "sent_to_destination")),
      destination_failures(metrics.counter("tidemill_mapping_destination_failures_total",
                                           "Failure records that could not be delivered",
                                           fmt::format("mapping=\"{}\"", uuid))),
      age_ms(metrics.gauge("tidemill_mapping_iterator_age_ms", "Age of the last record of the newest finished batch",
                           fmt::format("mapping=\"{}\"", uuid))) {}

Delivery::Delivery(const DeliveryContext& context, Batch batch, Events events)
    : context_(context), batch_(std::move(batch)), events_(std::move(events)) {
  next_ = batch_.records.empty() ? batch_.end : batch_.records.front().position;
  Segment whole;
  whole.records.reserve(batch_.records.size());
  for (const SourceRecord& record : batch_.records) whole.records.push_back(&record);
  segments_.push_back(std::move(whole));
}

void Delivery::start() { step(); }

void Delivery::halt() {
  halted_ = true;
  if (timer_ != 0) {
    context_.home.cancel(timer_);
    timer_ = 0;
  }
  if (!invoking_ && !sending_) finish();
}

void Delivery::abandon() {
  events_ = {};
  halted_ = finished_ = true;
  if (timer_ != 0) context_.home.cancel(timer_);
  timer_ = 0;
}

void Delivery::finish() {
  if (finished_) return;
  finished_ = true;
  if (events_.on_done) std::exchange(events_.on_done, nullptr)();
}

std::int64_t Delivery::retries_max() const {
  const Settings& settings = context_.mapping.settings;
  if (settings.retries_max == -1 && context_.mapping.is_kafka() && !settings.on_failure.empty())
    return kKafkaRetriesWithDestination;
  return settings.retries_max;
}

void Delivery::advance() {
  while (!segments_.empty() && segments_.front().records.empty() && !batch_.window_final) segments_.pop_front();
  const Position next =
      segments_.empty() || segments_.front().records.empty() ? batch_.end : segments_.front().records.front()->position;
  if (next == next_) return;
  next_ = next;
  if (events_.on_progress) events_.on_progress();
}

Records Delivery::take_expired(Segment& segment) const {
  std::optional<std::int64_t> age_ms = context_.retention_ms;
  if (const auto limit = context_.mapping.settings.record_age_s; limit != -1)
    age_ms = std::min(age_ms.value_or(limit * 1000), limit * 1000);
  if (!age_ms) return {};
  const std::int64_t oldest_ms = epoch_ms(context_.home.clock().wall()) - *age_ms;
  Records expired;
  std::erase_if(segment.records, [&](const SourceRecord* record) {
    if (record->arrival_ms >= oldest_ms) return false;
    expired.push_back(record);
    return true;
  });
  return expired;
}

void Delivery::step() {
  if (finished_) return;
  advance();
  if (segments_.empty() || halted_) return finish();
  Segment& segment = segments_.front();
  if (Records expired = take_expired(segment); !expired.empty()) {
    segment.event.clear();
    return give_up(std::move(expired), "RecordAgeExceeded", /*with_response=*/false);
  }
  invoke();
}

void Delivery::invoke() {
  Segment& segment = segments_.front();
  if (segment.event.empty()) {
    std::optional<WindowView> view;
    if (batch_.window)
      view = WindowView{.start_ms = batch_.window->start_ms,
                        .end_ms = batch_.window->start_ms + context_.mapping.settings.tumbling_window_s * 1000,
                        .state = batch_.window->state,
                        .is_final = batch_.window_final,
                        .terminated_early = batch_.window_terminated_early};
    segment.event = context_.format.event(segment.records, view ? &*view : nullptr);
    if (segment.event.size() > context_.pace.payload_bytes_max && segment.records.size() == 1) {
      Records alone = std::exchange(segment.records, {});
      return give_up(std::move(alone), "MaximumPayloadSizeExceeded", /*with_response=*/false);
    }
  }
  context_.metrics.invoked.add(segment.records.size());
  invoking_ = true;
  context_.invoker.invoke(
      {.scope = context_.mapping.scope, .function_arn = context_.mapping.function_arn, .payload = segment.event},
      [self = shared_from_this()](InvokeResult result) { self->answered(std::move(result)); });
}

void Delivery::answered(InvokeResult result) {
  invoking_ = false;
  if (finished_) return;
  Segment& segment = segments_.front();
  const auto report = [this](std::string_view text) {
    if (events_.on_result) events_.on_result(text);
  };
  switch (result.outcome) {
    case Outcome::kOk: return succeeded(result);
    case Outcome::kFunctionError:
      report("PROBLEM: Function call failed");
      segment.request_id = result.request_id;
      segment.response =
          FailureFacts::Response{.executed_version = result.executed_version, .function_error = result.function_error};
      return failed(segment, /*splittable=*/true);
    case Outcome::kNotFound: report("PROBLEM: Function not found"); return retry_later(segment);
    case Outcome::kThrottled:
    case Outcome::kSystemError: return retry_later(segment);
  }
}

void Delivery::succeeded(const InvokeResult& result) {
  Segment& segment = segments_.front();
  segment.request_id = result.request_id;
  segment.response =
      FailureFacts::Response{.executed_version = result.executed_version, .function_error = std::nullopt};
  const auto report = [this](std::string_view text) {
    if (events_.on_result) events_.on_result(text);
  };
  std::optional<std::string> state;
  if (batch_.window && !batch_.window_final) {
    state = state_of(result.payload);
    if (!state) {
      report("PROBLEM: Function call failed");
      return failed(segment, /*splittable=*/true);
    }
  }
  ItemFailures failures;
  if (context_.mapping.settings.report_item_failures)
    failures = context_.format.failures(result.payload, segment.records);
  if (failures.kind != ItemFailures::Kind::kNone) {
    report("PROBLEM: Function call failed");
    const std::size_t done = failures.kind == ItemFailures::Kind::kFrom ? failures.index : 0;
    if (done == 0) return failed(segment, /*splittable=*/false);
    if (state) batch_.window->state = *std::move(state);
    context_.metrics.failed.add(segment.records.size() - done);
    shorten(segment, done);
    advance();
    return retry_later(segments_.front());
  }
  report("OK");
  if (!segment.records.empty())
    context_.metrics.age_ms.set(epoch_ms(context_.home.clock().wall()) - segment.records.back()->arrival_ms);
  if (state) batch_.window->state = *std::move(state);
  segments_.pop_front();
  // A window's state goes into every event built from here on.
  for (Segment& later : segments_) later.event.clear();
  if (segments_.empty() && batch_.window_final) batch_.window.reset();
  step();
}

void Delivery::shorten(Segment& segment, std::size_t done) {
  segment.records.erase(segment.records.begin(), segment.records.begin() + static_cast<std::ptrdiff_t>(done));
  segment.attempts = 0;  // the limit holds for records that make no progress
  segment.delays = 0;
  segment.event.clear();
}

void Delivery::failed(Segment& segment, bool splittable) {
  context_.metrics.failed.add(segment.records.size());
  ++segment.attempts;
  if (splittable && context_.mapping.settings.bisect && segment.records.size() > 1) {
    // Splitting uses up no retry: each half starts anew.
    const auto middle = segment.records.begin() + static_cast<std::ptrdiff_t>(segment.records.size() / 2);
    Segment second;
    second.records.assign(middle, segment.records.end());
    Segment first;
    first.records.assign(segment.records.begin(), middle);
    first.delays = second.delays = segment.delays;
    segments_.pop_front();
    segments_.push_front(std::move(second));
    segments_.push_front(std::move(first));
    context_.home.post([self = shared_from_this()] { self->step(); });
    return;
  }
  if (const auto limit = retries_max(); limit != -1 && segment.attempts > limit) {
    if (segment.records.empty()) {
      // The last invocation of a window: nothing to send anywhere, its state is given up.
      context_.log.warn("mapping.window_dropped", {{"mapping", context_.mapping.uuid}});
      batch_.window.reset();
      segments_.pop_front();
      return step();
    }
    Records records = std::exchange(segment.records, {});
    return give_up(std::move(records), "RetryAttemptsExhausted", /*with_response=*/true);
  }
  retry_later(segment);
}

void Delivery::retry_later(Segment& segment) {
  if (halted_) return finish();
  runtime::Duration delay = pause(context_.pace, segment.delays++);
  if (context_.pace.jitter)
    delay = delay / 2 + runtime::Duration(context_.random.below(static_cast<std::uint64_t>(delay.count() / 2) + 1));
  timer_ = context_.home.at(context_.home.clock().now() + delay, [self = shared_from_this()] {
    self->timer_ = 0;
    self->step();
  });
}

void Delivery::give_up(Records records, std::string_view condition, bool with_response) {
  const Segment& segment = segments_.front();
  context_.metrics.dropped.add(records.size());
  context_.log.warn("mapping.records_given_up", {{"mapping", context_.mapping.uuid},
                                                 {"records", records.size()},
                                                 {"condition", condition},
                                                 {"attempts", segment.attempts}});
  if (context_.mapping.settings.on_failure.empty()) {
    context_.home.post([self = shared_from_this()] { self->step(); });
    return;
  }
  FailureFacts facts{.condition = condition,
                     .request_id = segment.request_id.empty() ? context_.random.uuid() : segment.request_id,
                     .invoke_count = segment.attempts,
                     .response = with_response ? segment.response : std::nullopt,
                     .now = context_.home.clock().wall()};
  sending_ = true;
  send_failures(context_.format.failure_texts(facts, records), 0);
}

void Delivery::send_failures(std::vector<FailureText> texts, std::size_t index) {
  if (finished_) return;
  if (index == texts.size()) {
    sending_ = false;
    // The records are done with: what is halted now must not send them again.
    advance();
    context_.home.post([self = shared_from_this()] { self->step(); });
    return;
  }
  FailureMessage message{.scope = context_.mapping.scope,
                         .destination = context_.mapping.settings.on_failure,
                         .body = std::move(texts[index].body),
                         .key = std::move(texts[index].key)};
  context_.failures.send(std::move(message), Reply<void>([self = shared_from_this(), texts = std::move(texts),
                                                          index](tidemill::Status sent) mutable {
                           if (self->finished_) return;
                           if (sent) {
                             self->context_.metrics.sent_to_destination.add();
                           } else {
                             // The part goes on: a destination that is away must not block it.
                             self->context_.metrics.destination_failures.add();
                             self->context_.log.warn("mapping.destination_failed",
                                                     {{"mapping", self->context_.mapping.uuid},
                                                      {"destination", self->context_.mapping.settings.on_failure},
                                                      {"error", sent.error().message}});
                           }
                           self->send_failures(std::move(texts), index + 1);
                         }));
}

}  // namespace tidemill::triggers
