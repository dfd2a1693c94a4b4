#include "functions/event_queue.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/json.h"

namespace tidemill::functions {
namespace {

using storage::Keyspace;

constexpr runtime::Duration kThrottleDelayFirst = std::chrono::seconds(1);
constexpr runtime::Duration kThrottleDelayMax = std::chrono::minutes(5);

std::string key_of(std::uint64_t number) {
  std::string key;
  append_be(key, number);
  return key;
}

}  // namespace

struct EventQueue::Stored {
  std::string request_id, arn, invoked_arn, trace_id, payload;
  Scope scope;
  std::string function;
  int attempts = 0;
  std::int64_t accepted_ms = 0;
  std::int64_t due_ms = 0;

  std::string encode() const {
    json::Object o;
    o["request_id"] = request_id;
    o["arn"] = arn;
    o["invoked_arn"] = invoked_arn;
    o["trace_id"] = trace_id;
    o["account"] = scope.account;
    o["region"] = scope.region;
    o["function"] = function;
    o["attempts"] = attempts;
    o["accepted_ms"] = accepted_ms;
    o["due_ms"] = due_ms;
    o["payload"] = payload;
    return json::Value(std::move(o)).text();
  }
  static tidemill::Result<Stored> decode(std::string_view bytes) {
    TM_TRY(const auto v, json::Value::parse(bytes));
    Stored s;
    s.request_id = v.string_or("request_id");
    s.arn = v.string_or("arn");
    s.invoked_arn = v.string_or("invoked_arn");
    s.trace_id = v.string_or("trace_id");
    s.scope = {v.string_or("account"), v.string_or("region")};
    s.function = v.string_or("function");
    s.attempts = static_cast<int>(v.integer_or("attempts", 0));
    s.accepted_ms = v.integer_or("accepted_ms", 0);
    s.due_ms = v.integer_or("due_ms", 0);
    s.payload = v.string_or("payload");
    return s;
  }
};

EventQueue::EventQueue(Services services)
    : services_(std::move(services)),
      deliveries_({services_.loop, services_.store, services_.log, services_.settings, services_.sink}) {}

EventQueue::~EventQueue() {
  for (auto& [number, event] : events_)
    if (event.timer != 0) services_.loop.cancel(event.timer);
}

std::int64_t EventQueue::now_ms() const { return epoch_ms(services_.loop.clock().wall()); }
std::size_t EventQueue::size() const { return events_.size() + deliveries_.size(); }

tidemill::Status EventQueue::open() {
  auto cursor = services_.store.cursor(Keyspace::kEvents, {.from = {}, .to = std::string(1, kDeliveryKey)});
  for (; cursor->valid(); cursor->next()) {
    if (cursor->key().size() != 8)
      return tidemill::fail(tidemill::Errc::kCorruption, "an asynchronous event has a key that is not its number");
    TM_TRY(const auto stored, Stored::decode(cursor->value()));
    Event event;
    event.number = load_be<std::uint64_t>(cursor->key().data());
    event.arn = stored.arn;
    event.attempts = stored.attempts;
    event.accepted_ms = stored.accepted_ms;
    next_ = std::max(next_, event.number + 1);
    ++lines_[event.arn].size;
    const auto number = event.number;
    events_.emplace(number, std::move(event));
    const auto wait = stored.due_ms - now_ms();
    if (wait > 0)
      again(number, std::chrono::milliseconds(wait));
    else
      lines_[stored.arn].due.push_back(number);
  }
  TM_CHECK(cursor->status());
  return deliveries_.open();
}

void EventQueue::start() {
  started_ = true;
  deliveries_.start();
  std::vector<std::string> arns;
  arns.reserve(lines_.size());
  for (const auto& [arn, line] : lines_) arns.push_back(arn);
  for (const auto& arn : arns) run_due(arn);
}

void EventQueue::accept(const Function& function, std::string request_id, InvokeRequest request,
                        Reply<bool, Error> reply) {
  Stored stored;
  stored.request_id = std::move(request_id);
  stored.arn = function.arn();
  stored.invoked_arn = std::move(request.invoked_arn);
  stored.trace_id = std::move(request.trace_id);
  stored.payload = std::move(request.payload);
  stored.scope = function.scope;
  stored.function = function.name;
  stored.accepted_ms = stored.due_ms = now_ms();
  auto& line = lines_[stored.arn];
  if (line.size >= services_.settings.event_queue_max)
    return std::move(reply)(
        fail(Errc::kThrottled, "Rate Exceeded.", "ReservedFunctionConcurrentInvocationLimitExceeded"));
  if (auto admitted = services_.store.admit(); !admitted)
    return std::move(reply)(fail(Errc::kInternal, admitted.error().message));
  ++line.size;
  Event event;
  event.number = next_++;
  event.arn = stored.arn;
  event.accepted_ms = stored.accepted_ms;
  const auto number = event.number;
  events_.emplace(number, std::move(event));
  storage::Mutation batch;
  batch.put(Keyspace::kEvents, key_of(number), stored.encode());
  services_.store.commit(
      std::move(batch), services_.loop,
      [this, number, arn = stored.arn, alive = std::weak_ptr<bool>(alive_), reply = std::move(reply)]() mutable {
        if (!alive.lock()) return;
        std::move(reply)(true);
        if (!events_.contains(number)) return;
        lines_[arn].due.push_back(number);
        run_due(arn);
      });
}

void EventQueue::wake(const std::string& arn) { run_due(arn); }

void EventQueue::run_due(const std::string& arn) {
  for (;;) {
    // Looked up anew each time: an attempt that fails at once may end the line.
    const auto found = lines_.find(arn);
    if (found == lines_.end() || !started_ || stopping_) return;
    auto& line = found->second;
    if (line.due.empty() || line.running >= services_.settings.event_concurrency) return;
    const auto function = services_.find(arn);
    // Events that came during an update run on the new code.
    if (function && (function->update == UpdateStatus::kInProgress || function->state == State::kPending)) return;
    const auto number = line.due.front();
    line.due.pop_front();
    const auto event = events_.find(number);
    if (event == events_.end()) continue;
    event->second.running = true;
    ++line.running;
    attempt(number);
  }
}

void EventQueue::attempt(std::uint64_t number) {
  auto& event = events_.at(number);
  const auto bytes = services_.store.get(Keyspace::kEvents, key_of(number));
  if (!bytes || !*bytes) {
    services_.log.error("functions.event_lost",
                        {{"number", number}, {"error", bytes ? "it is not stored" : bytes.error().message}});
    return drop(number);
  }
  auto stored = Stored::decode(**bytes);
  if (!stored) {
    services_.log.error("functions.event_unreadable", {{"number", number}, {"error", stored.error().message}});
    return drop(number);
  }
  const auto function = services_.find(event.arn);
  if (!function) return drop(number);
  const auto age_max_ms =
      function->event_invoke && function->event_invoke->event_age_s
          ? std::int64_t{*function->event_invoke->event_age_s} * 1000
          : std::chrono::duration_cast<std::chrono::milliseconds>(services_.settings.event_age_max).count();
  if (now_ms() - event.accepted_ms > age_max_ms) return finish(number, *stored, "EventAgeExceeded", nullptr);
  if (const auto admitted = services_.admit(*function); !admitted) {
    const auto delay = std::min(kThrottleDelayMax, kThrottleDelayFirst * (1 << std::min(event.throttles, 10)));
    ++event.throttles;
    release(event);
    return again(number, delay);
  }
  event.throttles = 0;
  auto invocation = std::make_unique<Invocation>(
      stored->request_id,
      InvokeRequest{.scope = stored->scope,
                    .function = stored->function,
                    .payload = stored->payload,
                    .trace_id = stored->trace_id,
                    .invoked_arn = stored->invoked_arn},
      Reply<InvokeResult, Error>(
          [this, number, stored = *stored, alive = std::weak_ptr<bool>(alive_)](Result<InvokeResult> result) mutable {
            if (alive.lock()) attempted(number, std::move(stored), std::move(result));
          }));
  services_.submit(event.arn, std::move(invocation));
}

void EventQueue::attempted(std::uint64_t number, Stored stored, Result<InvokeResult> result) {
  const auto found = events_.find(number);
  if (found == events_.end()) return;
  auto& event = found->second;
  if (!result) {
    // Not the function's fault. When the server stops, the event stays stored and runs after the next start.
    if (stopping_) return;
    release(event);
    ++event.throttles;
    return again(number, std::min(kThrottleDelayMax, kThrottleDelayFirst * (1 << std::min(event.throttles, 10))));
  }
  ++event.attempts;
  stored.attempts = event.attempts;
  if (!result->function_error) return finish(number, stored, "Success", &*result);
  const auto function = services_.find(event.arn);
  const int retries = function && function->event_invoke && function->event_invoke->retries_max
                          ? *function->event_invoke->retries_max
                          : services_.settings.event_retries;
  if (event.attempts > retries) return finish(number, stored, "RetriesExhausted", &*result);
  const auto& delays = services_.settings.event_retry_delays;
  const auto delay = delays.empty() ? runtime::Duration(0)
                                    : delays[std::min(static_cast<std::size_t>(event.attempts) - 1, delays.size() - 1)];
  stored.due_ms = now_ms() + std::chrono::duration_cast<std::chrono::milliseconds>(delay).count();
  storage::Mutation batch;
  batch.put(Keyspace::kEvents, key_of(number), stored.encode());
  services_.store.write(std::move(batch));
  release(event);
  again(number, delay);
  run_due(stored.arn);
}

// The event no longer counts as running.
void EventQueue::release(Event& event) {
  if (!std::exchange(event.running, false)) return;
  --lines_[event.arn].running;
}

void EventQueue::again(std::uint64_t number, runtime::Duration delay) {
  auto& event = events_.at(number);
  event.timer = services_.loop.at(services_.loop.clock().now() + delay, [this, number] {
    const auto found = events_.find(number);
    if (found == events_.end()) return;
    found->second.timer = 0;
    const auto arn = found->second.arn;
    lines_[arn].due.push_back(number);
    run_due(arn);
  });
}

void EventQueue::finish(std::uint64_t number, const Stored& stored, std::string_view condition,
                        const InvokeResult* result) {
  // What goes on to a destination becomes durable with the end of the event: it is never in both places, nor in none.
  storage::Mutation batch;
  const auto function = services_.find(stored.arn);
  if (function && services_.sink != nullptr) hand_on(*function, stored, condition, result, batch);
  if (condition != "Success")
    services_.log.info("functions.event_given_up",
                       {{"function", stored.function}, {"request", stored.request_id}, {"condition", condition}});
  drop(number, std::move(batch));
  deliveries_.send_added();
}

void EventQueue::hand_on(const Function& function, const Stored& stored, std::string_view condition,
                         const InvokeResult* result, storage::Mutation& batch) {
  const bool success = condition == "Success";
  const auto add = [&](const std::string& target, std::string record, bool dead_letter) {
    deliveries_.add({.scope = stored.scope,
                     .target = target,
                     .record = std::move(record),
                     .dead_letter = dead_letter,
                     .function = stored.function,
                     .request_id = stored.request_id},
                    batch);
  };
  const auto target = !function.event_invoke ? ""
                      : success              ? function.event_invoke->on_success
                                             : function.event_invoke->on_failure;
  if (!target.empty()) {
    std::string record;
    json::Writer out(record);
    out.begin_object().member("version", "1.0").member("timestamp", iso8601_ms(services_.loop.clock().wall()));
    out.key("requestContext").begin_object();
    out.member("requestId", stored.request_id).member("functionArn", stored.arn + ":$LATEST");
    out.member("condition", condition).member("approximateInvokeCount", stored.attempts).end_object();
    out.key("requestPayload").raw(stored.payload.empty() ? "{}" : stored.payload);
    if (result != nullptr) {
      out.key("responseContext").begin_object().member("statusCode", 200).member("executedVersion", "$LATEST");
      if (result->function_error) out.member("functionError", *result->function_error);
      out.end_object();
      out.key("responsePayload");
      if (json::validate(result->payload))
        out.raw(result->payload);
      else
        out.string(result->payload);
    }
    out.end_object();
    add(target, std::move(record), false);
  }
  const auto& dead_letters = function.configuration.dead_letter_target;
  if (!success && !dead_letters.empty()) {
    std::string error_message;
    if (result != nullptr)
      if (const auto parsed = json::Value::parse(result->payload)) error_message = parsed->string_or("errorMessage");
    std::string record;
    json::Writer(record)
        .begin_object()
        .member("body", stored.payload)
        .key("attributes")
        .begin_object()
        .member("RequestID", stored.request_id)
        .member("ErrorCode", "200")
        .member("ErrorMessage", error_message)
        .end_object()
        .end_object();
    add(dead_letters, std::move(record), true);
  }
}

void EventQueue::drop(std::uint64_t number, storage::Mutation batch) {
  const auto found = events_.find(number);
  if (found == events_.end()) return;
  const auto arn = found->second.arn;
  if (found->second.timer != 0) services_.loop.cancel(found->second.timer);
  release(found->second);
  events_.erase(found);
  auto& line = lines_[arn];
  if (--line.size == 0 && line.running == 0) lines_.erase(arn);
  batch.erase(Keyspace::kEvents, key_of(number));
  services_.store.write(std::move(batch));
  // Not from here: an attempt that fails at once would come back into itself.
  services_.loop.post([this, arn, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.lock()) run_due(arn);
  });
}

void EventQueue::discard(const std::string& arn) {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, event] : events_)
    if (event.arn == arn) numbers.push_back(number);
  for (const auto number : numbers) drop(number);
}

}  // namespace tidemill::functions
