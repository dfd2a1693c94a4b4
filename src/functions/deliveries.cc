#include "functions/deliveries.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/json.h"
#include "base/time_text.h"

namespace tidemill::functions {
namespace {

using storage::Keyspace;

constexpr runtime::Duration kDelayFirst = std::chrono::seconds(1);
constexpr runtime::Duration kDelayMax = std::chrono::minutes(5);
constexpr int kRunningMax = 16;

std::string key_of(std::uint64_t number) {
  std::string key(1, kDeliveryKey);
  append_be(key, number);
  return key;
}

}  // namespace

struct Deliveries::Stored {
  Delivery delivery;
  int attempts = 0;
  std::int64_t added_ms = 0;
  std::int64_t due_ms = 0;

  std::string encode() const {
    json::Object o;
    o["account"] = delivery.scope.account;
    o["region"] = delivery.scope.region;
    o["target"] = delivery.target;
    o["dead_letter"] = delivery.dead_letter;
    o["function"] = delivery.function;
    o["request_id"] = delivery.request_id;
    o["attempts"] = attempts;
    o["added_ms"] = added_ms;
    o["due_ms"] = due_ms;
    o["record"] = delivery.record;
    return json::Value(std::move(o)).text();
  }
  static tidemill::Result<Stored> decode(std::string_view bytes) {
    TM_TRY(const auto v, json::Value::parse(bytes));
    return Stored{.delivery = {.scope = {v.string_or("account"), v.string_or("region")},
                               .target = v.string_or("target"),
                               .record = v.string_or("record"),
                               .dead_letter = v.bool_or("dead_letter", false),
                               .function = v.string_or("function"),
                               .request_id = v.string_or("request_id")},
                  .attempts = static_cast<int>(v.integer_or("attempts", 0)),
                  .added_ms = v.integer_or("added_ms", 0),
                  .due_ms = v.integer_or("due_ms", 0)};
  }
};

Deliveries::~Deliveries() {
  for (auto& [number, waiting] : waiting_)
    if (waiting.timer != 0) services_.loop.cancel(waiting.timer);
}

std::int64_t Deliveries::now_ms() const { return epoch_ms(services_.loop.clock().wall()); }

tidemill::Status Deliveries::open() {
  auto cursor = services_.store.cursor(Keyspace::kEvents, storage::Range::prefix({&kDeliveryKey, 1}));
  for (; cursor->valid(); cursor->next()) {
    if (cursor->key().size() != 9)
      return tidemill::fail(tidemill::Errc::kCorruption, "a waiting record has a key that is not its number");
    TM_TRY(const auto stored, Stored::decode(cursor->value()));
    const auto number = load_be<std::uint64_t>(cursor->key().data() + 1);
    next_ = std::max(next_, number + 1);
    waiting_.emplace(number, Waiting{.attempts = stored.attempts, .added_ms = stored.added_ms});
    if (const auto wait = stored.due_ms - now_ms(); wait > 0)
      again(number, std::chrono::milliseconds(wait));
    else
      due_.push_back(number);
  }
  return cursor->status();
}

void Deliveries::start() {
  started_ = true;
  send_due();
}

void Deliveries::add(Delivery delivery, storage::Mutation& batch) {
  if (waiting_.size() >= services_.settings.event_queue_max) {
    services_.log.error("functions.delivery_given_up", {{"function", delivery.function},
                                                        {"request", delivery.request_id},
                                                        {"target", delivery.target},
                                                        {"error", "too many records wait for their destinations"}});
    return;
  }
  const auto number = next_++;
  Stored stored{.delivery = std::move(delivery), .added_ms = now_ms(), .due_ms = now_ms()};
  waiting_.emplace(number, Waiting{.added_ms = stored.added_ms});
  due_.push_back(number);
  batch.put(Keyspace::kEvents, key_of(number), stored.encode());
}

void Deliveries::send_due() {
  // A sink may answer before `send` returns; the loop below then goes on by itself.
  if (sending_ || !started_) return;
  sending_ = true;
  while (!stopping_ && !due_.empty() && running_ < kRunningMax) {
    const auto number = due_.front();
    due_.pop_front();
    send(number);
  }
  sending_ = false;
}

void Deliveries::send(std::uint64_t number) {
  const auto bytes = services_.store.get(Keyspace::kEvents, key_of(number));
  auto stored = !bytes    ? tidemill::Result<Stored>(std::unexpected(bytes.error()))
                : !*bytes ? tidemill::fail(tidemill::Errc::kCorruption, "it is not stored")
                          : Stored::decode(**bytes);
  if (!stored) {
    services_.log.error("functions.delivery_unreadable", {{"number", number}, {"error", stored.error().message}});
    return drop(number);
  }
  ++running_;
  // The copy that is sent goes its own way; what is kept has the record for the next attempt.
  auto record = stored->delivery.record;
  const auto scope = stored->delivery.scope;
  const auto target = stored->delivery.target;
  const bool dead_letter = stored->delivery.dead_letter;
  services_.sink->send(scope, target, std::move(record), dead_letter,
                       Reply<bool>([this, number, stored = *std::move(stored),
                                    alive = std::weak_ptr<bool>(alive_)](tidemill::Result<bool> sent) mutable {
                         if (alive.lock()) answered(number, std::move(stored), sent);
                       }));
}

void Deliveries::answered(std::uint64_t number, Stored stored, const tidemill::Result<bool>& sent) {
  --running_;
  // While the server stops, answers are of things that are being taken down: the record stays, and goes out after the
  // next start.
  if (!sent && stopping_) return;
  if (sent) {
    drop(number);
    return send_due();
  }
  auto& waiting = waiting_.at(number);
  const auto delay = std::min(kDelayMax, kDelayFirst * (1 << std::min(waiting.attempts, 10)));
  stored.attempts = ++waiting.attempts;
  const auto due_ms = now_ms() + std::chrono::duration_cast<std::chrono::milliseconds>(delay).count();
  const auto age_max_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(services_.settings.event_age_max).count();
  // A kind of target that is not offered will not be offered later.
  if (sent.error().code == tidemill::Errc::kUnsupported || due_ms - waiting.added_ms > age_max_ms) {
    services_.log.error("functions.delivery_given_up", {{"function", stored.delivery.function},
                                                        {"request", stored.delivery.request_id},
                                                        {"target", stored.delivery.target},
                                                        {"attempts", stored.attempts},
                                                        {"error", sent.error().message}});
    drop(number);
    return send_due();
  }
  services_.log.warn("functions.delivery_failed", {{"function", stored.delivery.function},
                                                   {"request", stored.delivery.request_id},
                                                   {"target", stored.delivery.target},
                                                   {"attempts", stored.attempts},
                                                   {"error", sent.error().message}});
  stored.due_ms = due_ms;
  storage::Mutation batch;
  batch.put(Keyspace::kEvents, key_of(number), stored.encode());
  services_.store.write(std::move(batch));
  again(number, delay);
  send_due();
}

void Deliveries::again(std::uint64_t number, runtime::Duration delay) {
  waiting_.at(number).timer = services_.loop.at(services_.loop.clock().now() + delay, [this, number] {
    waiting_.at(number).timer = 0;
    due_.push_back(number);
    send_due();
  });
}

void Deliveries::drop(std::uint64_t number) {
  waiting_.erase(number);
  storage::Mutation batch;
  batch.erase(Keyspace::kEvents, key_of(number));
  services_.store.write(std::move(batch));
}

}  // namespace tidemill::functions
