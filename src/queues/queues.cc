#include "queues/queues.h"

#include <algorithm>
#include <deque>
#include <set>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/json.h"
#include "queues/attributes.h"
#include "storage/store.h"

#include <fmt/format.h>

namespace tidemill::queues {
namespace {

// "queue/{account}/{region}/{name}"           description, JSON
// "body/{account}/{region}/{name}/" + n       message, JSON; n is 8 big-endian bytes
// "state/{account}/{region}/{name}/" + n      receive count, visibility, receipt nonce; absent until the first receive
// or delay
constexpr auto kSpace = storage::Keyspace::kQueues;
constexpr std::size_t kQueuesMax = 10'000;
constexpr std::size_t kMessagesMax = 1'000'000;  // in one queue
constexpr std::size_t kInFlightMax = 120'000;    // received and not deleted, in one queue
constexpr std::size_t kWaitersMax = 10'000;      // long polls, in one queue

std::string place(const QueueName& name) { return name.scope.account + "/" + name.scope.region + "/" + name.name; }
std::string numbered(std::string_view kind, const QueueName& name, std::uint64_t n) {
  std::string key = std::string(kind) + place(name) + "/";
  append_be(key, n);
  return key;
}

std::unexpected<Error> no_queue() { return fail(Errc::kQueueDoesNotExist, "The specified queue does not exist."); }

// What changes about a message.
struct State {
  std::int64_t visible_ms = 0;  // from then on it can be received
  std::int64_t receives = 0;
  std::int64_t first_received_ms = 0;
  std::int64_t sent_ms = 0;
  std::uint64_t nonce = 0;  // of the newest receipt handle

  std::string encode() const {
    std::string out;
    append_be(out, static_cast<std::uint64_t>(visible_ms));
    append_be(out, static_cast<std::uint64_t>(receives));
    append_be(out, static_cast<std::uint64_t>(first_received_ms));
    append_be(out, nonce);
    return out;
  }
  bool decode(std::string_view stored) {
    if (stored.size() != 32) return false;
    visible_ms = load_be<std::int64_t>(stored.data());
    receives = load_be<std::int64_t>(stored.data() + 8);
    first_received_ms = load_be<std::int64_t>(stored.data() + 16);
    nonce = load_be<std::uint64_t>(stored.data() + 24);
    return true;
  }
};

struct Waiter {
  ReceiveRequest request;
  runtime::Instant until;
  std::shared_ptr<const bool> cancelled;
  Reply<std::vector<Received>, Error> reply;
};

struct Queue {
  QueueName name;
  Attributes attributes;
  std::map<std::string, std::string> tags;
  std::int64_t created_ms = 0, modified_ms = 0;
  std::string incarnation;  // a queue of the same name made later is another one: its handles differ

  std::uint64_t next = 0;
  std::map<std::uint64_t, State> messages;
  std::set<std::pair<std::int64_t, std::uint64_t>> by_visibility;  // (visible_ms, n) of all messages
  std::deque<Waiter> waiters;
  runtime::TimerId timer = 0;
};

std::string describe(const Queue& queue) {
  json::Object out, attributes, tags;
  for (const auto& [name, value] : queue.attributes) attributes[name] = value;
  for (const auto& [name, value] : queue.tags) tags[name] = value;
  out["account"] = queue.name.scope.account;
  out["region"] = queue.name.scope.region;
  out["name"] = queue.name.name;
  out["attributes"] = std::move(attributes);
  out["tags"] = std::move(tags);
  out["created_ms"] = queue.created_ms;
  out["modified_ms"] = queue.modified_ms;
  out["incarnation"] = queue.incarnation;
  return json::Value(std::move(out)).text();
}

}  // namespace

std::optional<QueueName> queue_of_arn(std::string_view arn) {
  constexpr std::string_view kStart = "arn:aws:sqs:";
  if (!arn.starts_with(kStart)) return std::nullopt;
  std::string_view rest = arn.substr(kStart.size());
  const auto region = rest.find(':');
  if (region == std::string_view::npos) return std::nullopt;
  const auto account = rest.find(':', region + 1);
  if (account == std::string_view::npos) return std::nullopt;
  QueueName out{.scope = {.account = std::string(rest.substr(region + 1, account - region - 1)),
                          .region = std::string(rest.substr(0, region))},
                .name = std::string(rest.substr(account + 1))};
  if (out.name.empty() || out.scope.account.size() != 12) return std::nullopt;
  return out;
}

class Queues::Impl {
 public:
  explicit Impl(Services services) : services_(services) {}
  ~Impl() { alive_.reset(); }

  Status open();
  void create(QueueName name, Attributes attributes, std::map<std::string, std::string> tags,
              Reply<QueueName, Error> reply);
  void remove(const QueueName& name, Reply<void, Error> reply);
  void send(const QueueName& name, std::vector<ToSend> messages, std::string sender,
            Reply<std::vector<Sent>, Error> reply);
  void receive(ReceiveRequest request, std::shared_ptr<const bool> cancelled,
               Reply<std::vector<Received>, Error> reply);
  void delete_message(const QueueName& name, std::string_view handle, Reply<void, Error> reply);
  void change_visibility(const QueueName& name, std::string_view handle, std::int64_t visibility_s,
                         Reply<void, Error> reply);
  void purge(const QueueName& name, Reply<void, Error> reply);
  Result<Attributes> attributes(const QueueName& name);
  void save(Queue& queue, Reply<void, Error> reply);
  Queue* find(const QueueName& name) {
    const auto at = queues_.find(name);
    return at == queues_.end() ? nullptr : &at->second;
  }

  const Services services_;
  std::map<QueueName, Queue> queues_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);

  std::int64_t now_ms() const { return epoch_ms(services_.home.clock().wall()); }

 private:
  struct Handle {
    std::uint64_t n, nonce;
  };
  std::string make_handle(const Queue& queue, std::uint64_t n, std::uint64_t nonce) const;
  Result<Handle> read_handle(const Queue& queue, std::string_view handle) const;
  void set_visibility(Queue& queue, std::uint64_t n, std::int64_t visible_ms);
  void forget(Queue& queue, std::uint64_t n, storage::Mutation& mutation);
  void expire(Queue& queue, storage::Mutation& mutation);
  Result<std::vector<Received>> take(Queue& queue, const ReceiveRequest& request, storage::Mutation& mutation);
  void serve(const QueueName& name);
  void arm(Queue& queue);
  void commit(storage::Mutation mutation, runtime::Task done) {
    services_.store.commit(std::move(mutation), services_.home, std::move(done));
  }
  std::size_t in_flight(const Queue& queue) const;
};

Status Queues::Impl::open() {
  const auto damaged = [](std::string_view key) {
    return fail(Errc::kInternal, fmt::format("the stored queue entry '{}' is damaged", key));
  };
  auto cursor = services_.store.cursor(kSpace, storage::Range::prefix("queue/"));
  for (; cursor->valid(); cursor->next()) {
    const auto value = json::Value::parse(cursor->value());
    if (!value || value->string_or("name").empty()) return damaged(cursor->key());
    Queue queue;
    queue.name = {.scope = {.account = value->string_or("account"), .region = value->string_or("region")},
                  .name = value->string_or("name")};
    const auto read = [&value](std::string_view member, std::map<std::string, std::string>& out) {
      if (const auto* object = value->find(member); object && object->is_object())
        for (const auto& [name, text] : object->as_object())
          if (text.is_string()) out[name] = text.as_string();
    };
    read("attributes", queue.attributes);
    read("tags", queue.tags);
    queue.created_ms = value->integer_or("created_ms", 0);
    queue.modified_ms = value->integer_or("modified_ms", 0);
    queue.incarnation = value->string_or("incarnation");
    queues_[queue.name] = std::move(queue);
  }
  if (auto status = cursor->status(); !status) return fail(Errc::kInternal, status.error().message);
  for (auto& [name, queue] : queues_) {
    const std::string bodies = "body/" + place(name) + "/", states = "state/" + place(name) + "/";
    for (auto at = services_.store.cursor(kSpace, storage::Range::prefix(bodies)); at->valid(); at->next()) {
      if (at->key().size() != bodies.size() + 8) return damaged(at->key());
      const auto n = load_be<std::uint64_t>(at->key().data() + bodies.size());
      const auto message = decode(at->value());
      if (!message) return damaged(at->key());
      queue.messages[n].sent_ms = message->sent_ms;
      queue.next = n + 1;
    }
    for (auto at = services_.store.cursor(kSpace, storage::Range::prefix(states)); at->valid(); at->next()) {
      if (at->key().size() != states.size() + 8) return damaged(at->key());
      const auto found = queue.messages.find(load_be<std::uint64_t>(at->key().data() + states.size()));
      if (found != queue.messages.end() && !found->second.decode(at->value())) return damaged(at->key());
    }
    for (const auto& [n, state] : queue.messages) queue.by_visibility.emplace(state.visible_ms, n);
  }
  return {};
}

void Queues::Impl::save(Queue& queue, Reply<void, Error> reply) {
  storage::Mutation mutation;
  mutation.put(kSpace, "queue/" + place(queue.name), describe(queue));
  commit(std::move(mutation), [reply = std::move(reply)]() mutable { std::move(reply)({}); });
}

void Queues::Impl::create(QueueName name, Attributes attributes, std::map<std::string, std::string> tags,
                          Reply<QueueName, Error> reply) {
  if (auto status = check_attributes(name, attributes); !status)
    return std::move(reply)(std::unexpected(status.error()));
  if (!is_queue_name(name.name))
    return std::move(reply)(
        fail(Errc::kInvalidParameter,
             "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"));
  if (const Queue* known = find(name)) {
    const Attributes now = with_defaults(known->attributes);
    for (const auto& [attribute, value] : attributes) {
      const auto at = now.find(attribute);
      if (at == now.end() || at->second != value)
        return std::move(reply)(
            fail(Errc::kQueueNameExists,
                 fmt::format("A queue already exists with the same name and a different value for attribute {}",
                             attribute)));
    }
    return std::move(reply)(std::move(name));
  }
  if (queues_.size() >= kQueuesMax) return std::move(reply)(fail(Errc::kOverLimit, "There are too many queues."));
  Queue& queue = queues_[name];
  queue.name = name;
  queue.attributes = std::move(attributes);
  queue.tags = std::move(tags);
  queue.created_ms = queue.modified_ms = now_ms();
  queue.incarnation = services_.random.uuid();
  storage::Mutation mutation;
  mutation.put(kSpace, "queue/" + place(name), describe(queue));
  commit(std::move(mutation),
         [reply = std::move(reply), name = std::move(name)]() mutable { std::move(reply)(std::move(name)); });
}

void Queues::Impl::remove(const QueueName& name, Reply<void, Error> reply) {
  Queue* queue = find(name);
  if (!queue) return std::move(reply)(no_queue());
  storage::Mutation mutation;
  mutation.erase(kSpace, "queue/" + place(name));
  for (const char* kind : {"body/", "state/"}) {
    const auto range = storage::Range::prefix(kind + place(name) + "/");
    mutation.erase_range(kSpace, range.from, range.to);
  }
  if (queue->timer != 0) services_.home.cancel(queue->timer);
  auto waiters = std::move(queue->waiters);
  queues_.erase(name);
  for (Waiter& waiter : waiters) std::move(waiter.reply)(no_queue());
  commit(std::move(mutation), [reply = std::move(reply)]() mutable { std::move(reply)({}); });
}

std::size_t Queues::Impl::in_flight(const Queue& queue) const {
  const auto first_hidden = queue.by_visibility.upper_bound({now_ms(), std::numeric_limits<std::uint64_t>::max()});
  return static_cast<std::size_t>(std::count_if(first_hidden, queue.by_visibility.end(), [&queue](const auto& entry) {
    return queue.messages.at(entry.second).receives > 0;
  }));
}

Result<Attributes> Queues::Impl::attributes(const QueueName& name) {
  Queue* queue = find(name);
  if (!queue) return no_queue();
  storage::Mutation expired;
  expire(*queue, expired);
  if (!expired.empty()) services_.store.write(std::move(expired));
  Attributes out = with_defaults(queue->attributes);
  const auto hidden = static_cast<std::size_t>(
      std::distance(queue->by_visibility.upper_bound({now_ms(), std::numeric_limits<std::uint64_t>::max()}),
                    queue->by_visibility.end()));
  const std::size_t flying = in_flight(*queue);
  out["ApproximateNumberOfMessages"] = std::to_string(queue->messages.size() - hidden);
  out["ApproximateNumberOfMessagesNotVisible"] = std::to_string(flying);
  out["ApproximateNumberOfMessagesDelayed"] = std::to_string(hidden - flying);
  out["CreatedTimestamp"] = std::to_string(queue->created_ms / 1000);
  out["LastModifiedTimestamp"] = std::to_string(queue->modified_ms / 1000);
  out["QueueArn"] = name.arn();
  return out;
}

void Queues::Impl::set_visibility(Queue& queue, std::uint64_t n, std::int64_t visible_ms) {
  State& state = queue.messages[n];
  queue.by_visibility.erase({state.visible_ms, n});
  state.visible_ms = visible_ms;
  queue.by_visibility.emplace(visible_ms, n);
}

void Queues::Impl::forget(Queue& queue, std::uint64_t n, storage::Mutation& mutation) {
  const auto at = queue.messages.find(n);
  queue.by_visibility.erase({at->second.visible_ms, n});
  queue.messages.erase(at);
  mutation.erase(kSpace, numbered("body/", queue.name, n));
  mutation.erase(kSpace, numbered("state/", queue.name, n));
}

void Queues::Impl::expire(Queue& queue, storage::Mutation& mutation) {
  const std::int64_t oldest = now_ms() - attribute_integer(queue.attributes, "MessageRetentionPeriod") * 1000;
  // Numbers follow the time of sending, so what has expired is in front.
  while (!queue.messages.empty() && queue.messages.begin()->second.sent_ms < oldest)
    forget(queue, queue.messages.begin()->first, mutation);
}

void Queues::Impl::send(const QueueName& name, std::vector<ToSend> messages, std::string sender,
                        Reply<std::vector<Sent>, Error> reply) {
  Queue* queue = find(name);
  if (!queue) return std::move(reply)(no_queue());
  const auto size_max = static_cast<std::size_t>(attribute_integer(queue->attributes, "MaximumMessageSize"));
  for (const ToSend& message : messages) {
    if (auto status = check(message.body, message.attributes); !status)
      return std::move(reply)(std::unexpected(status.error()));
    if (size_of(message.body, message.attributes) > size_max)
      return std::move(reply)(fail(
          Errc::kInvalidParameter,
          fmt::format("One or more parameters are invalid. Reason: Message must be shorter than {} bytes.", size_max)));
    if (message.delay_s && (*message.delay_s < 0 || *message.delay_s > 900))
      return std::move(reply)(fail(
          Errc::kInvalidParameter,
          fmt::format("Value {} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
                      *message.delay_s)));
  }
  storage::Mutation mutation;
  expire(*queue, mutation);
  if (queue->messages.size() + messages.size() > kMessagesMax)
    return std::move(reply)(fail(Errc::kOverLimit, "The queue holds too many messages."));
  const std::int64_t now = now_ms();
  struct Fresh {
    std::uint64_t n;
    State state;
  };
  std::vector<Fresh> fresh;
  std::vector<Sent> sent;
  for (ToSend& in : messages) {
    Sent answer{.id = services_.random.uuid(),
                .md5_of_body = md5_of_body(in.body),
                .md5_of_attributes = md5_of_attributes(in.attributes)};
    const Message message{.id = answer.id,
                          .body = std::move(in.body),
                          .attributes = std::move(in.attributes),
                          .sender = sender,
                          .sent_ms = now};
    const std::uint64_t n = queue->next++;
    const std::int64_t delay_s = in.delay_s.value_or(attribute_integer(queue->attributes, "DelaySeconds"));
    State state{.visible_ms = delay_s > 0 ? now + delay_s * 1000 : 0, .sent_ms = now};
    mutation.put(kSpace, numbered("body/", name, n), encode(message));
    if (delay_s > 0) mutation.put(kSpace, numbered("state/", name, n), state.encode());
    fresh.push_back({n, state});
    sent.push_back(std::move(answer));
  }
  // Shown to receivers when it is durable: a message that is seen must not vanish in a crash.
  commit(std::move(mutation), [this, alive = std::weak_ptr<int>(alive_), name, incarnation = queue->incarnation,
                               fresh = std::move(fresh), sent = std::move(sent), reply = std::move(reply)]() mutable {
    if (alive.expired()) return;
    if (Queue* still = find(name); still && still->incarnation == incarnation) {
      for (const Fresh& one : fresh) {
        still->messages[one.n] = one.state;
        still->by_visibility.emplace(one.state.visible_ms, one.n);
      }
      serve(name);
    }
    std::move(reply)(std::move(sent));
  });
}

std::string Queues::Impl::make_handle(const Queue& queue, std::uint64_t n, std::uint64_t nonce) const {
  std::string bytes;
  append_be(bytes, n);
  append_be(bytes, nonce);
  bytes += sha256(queue.incarnation + bytes).substr(0, 16);
  return to_base64(bytes);
}

Result<Queues::Impl::Handle> Queues::Impl::read_handle(const Queue& queue, std::string_view handle) const {
  const auto bytes = from_base64(handle);
  const auto invalid = [handle] {
    return fail(Errc::kReceiptHandleIsInvalid,
                fmt::format("The input receipt handle \"{}\" is not a valid receipt handle.", handle));
  };
  if (!bytes || bytes->size() != 32) return invalid();
  const Handle out{load_be<std::uint64_t>(bytes->data()), load_be<std::uint64_t>(bytes->data() + 8)};
  if (make_handle(queue, out.n, out.nonce) != handle) return invalid();
  return out;
}

Result<std::vector<Received>> Queues::Impl::take(Queue& queue, const ReceiveRequest& request,
                                                 storage::Mutation& mutation) {
  expire(queue, mutation);
  std::vector<Received> out;
  const std::int64_t now = now_ms();
  const std::int64_t visibility_s =
      request.visibility_s.value_or(attribute_integer(queue.attributes, "VisibilityTimeout"));
  const auto redrive = redrive_of(queue.attributes);
  Queue* dead_letters = redrive ? find(redrive->target) : nullptr;
  while (out.size() < static_cast<std::size_t>(request.messages_max) && !queue.by_visibility.empty() &&
         queue.by_visibility.begin()->first <= now) {
    const std::uint64_t n = queue.by_visibility.begin()->second;
    State& state = queue.messages[n];
    const std::string body_key = numbered("body/", queue.name, n);
    auto stored = services_.store.get(kSpace, body_key);
    if (!stored || !*stored) return fail(Errc::kInternal, "a message could not be read");
    TM_TRY(auto message, decode(**stored));
    if (dead_letters && state.receives >= redrive->receives_max) {
      const std::uint64_t there = dead_letters->next++;
      mutation.put(kSpace, numbered("body/", dead_letters->name, there), **stored);
      dead_letters->messages[there] = State{.sent_ms = state.sent_ms};
      dead_letters->by_visibility.emplace(0, there);
      forget(queue, n, mutation);
      services_.home.post([this, alive = std::weak_ptr<int>(alive_), name = dead_letters->name] {
        if (!alive.expired()) serve(name);
      });
      continue;
    }
    ++state.receives;
    if (state.first_received_ms == 0) state.first_received_ms = now;
    state.nonce = services_.random.u64();
    set_visibility(queue, n, now + visibility_s * 1000);
    mutation.put(kSpace, numbered("state/", queue.name, n), state.encode());
    out.push_back({.message = std::move(message),
                   .receipt_handle = make_handle(queue, n, state.nonce),
                   .receive_count = state.receives,
                   .first_received_ms = state.first_received_ms});
    // With a timeout of zero the message is visible at once, but not twice in one answer.
    if (visibility_s == 0) break;
  }
  return out;
}

void Queues::Impl::receive(ReceiveRequest request, std::shared_ptr<const bool> cancelled,
                           Reply<std::vector<Received>, Error> reply) {
  Queue* queue = find(request.queue);
  if (!queue) return std::move(reply)(no_queue());
  if (request.messages_max < 1 || request.messages_max > 10)
    return std::move(reply)(fail(Errc::kInvalidParameter,
                                 fmt::format("Value {} for parameter MaxNumberOfMessages is invalid. Reason: Must be "
                                             "between 1 and 10, if provided.",
                                             request.messages_max)));
  if (request.visibility_s && (*request.visibility_s < 0 || *request.visibility_s > 43200))
    return std::move(reply)(fail(Errc::kInvalidParameter,
                                 fmt::format("Value {} for parameter VisibilityTimeout is invalid. Reason: Must be "
                                             "between 0 and 43200, if provided.",
                                             *request.visibility_s)));
  const std::int64_t wait_s =
      request.wait_s.value_or(attribute_integer(queue->attributes, "ReceiveMessageWaitTimeSeconds"));
  if (wait_s < 0 || wait_s > 20)
    return std::move(reply)(fail(
        Errc::kInvalidParameter,
        fmt::format("Value {} for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
                    wait_s)));
  if (in_flight(*queue) >= kInFlightMax)
    return std::move(reply)(fail(Errc::kOverLimit, "Too many messages in flight."));
  if (queue->waiters.size() >= kWaitersMax)
    return std::move(reply)(fail(Errc::kOverLimit, "Too many receivers wait on the queue."));
  const QueueName name = request.queue;
  queue->waiters.push_back({.request = std::move(request),
                            .until = services_.home.clock().now() + std::chrono::seconds(wait_s),
                            .cancelled = std::move(cancelled),
                            .reply = std::move(reply)});
  serve(name);
}

// Gives what is visible to those who wait, in the order of their coming; answers those whose time is over.
void Queues::Impl::serve(const QueueName& name) {
  Queue* queue = find(name);
  if (!queue) return;
  const runtime::Instant now = services_.home.clock().now();
  std::deque<Waiter> still_waiting;
  std::deque<Waiter> waiters = std::move(queue->waiters);
  queue->waiters.clear();
  storage::Mutation mutation;
  struct Answer {
    Reply<std::vector<Received>, Error> reply;
    Result<std::vector<Received>> received;
  };
  std::vector<Answer> answers;
  for (Waiter& waiter : waiters) {
    if (waiter.cancelled && *waiter.cancelled) continue;
    auto received = take(*queue, waiter.request, mutation);
    if (received && received->empty() && waiter.until > now) {
      still_waiting.push_back(std::move(waiter));
      continue;
    }
    answers.push_back({std::move(waiter.reply), std::move(received)});
  }
  for (Waiter& waiter : queue->waiters) still_waiting.push_back(std::move(waiter));
  queue->waiters = std::move(still_waiting);
  arm(*queue);
  // One write for all of them: the receive counts are durable before anyone acts on a message.
  if (mutation.empty()) {
    for (Answer& answer : answers) std::move(answer.reply)(std::move(answer.received));
    return;
  }
  commit(std::move(mutation), [answers = std::move(answers)]() mutable {
    for (Answer& answer : answers) std::move(answer.reply)(std::move(answer.received));
  });
}

// While someone waits: wakes when the next message becomes visible or the first wait is over.
void Queues::Impl::arm(Queue& queue) {
  if (queue.timer != 0) services_.home.cancel(queue.timer);
  queue.timer = 0;
  if (queue.waiters.empty()) return;
  runtime::Instant when = std::ranges::min_element(queue.waiters, {}, &Waiter::until)->until;
  if (!queue.by_visibility.empty()) {
    const std::int64_t left_ms = std::max<std::int64_t>(0, queue.by_visibility.begin()->first - now_ms());
    when = std::min(when, services_.home.clock().now() + std::chrono::milliseconds(left_ms));
  }
  queue.timer = services_.home.at(when, [this, alive = std::weak_ptr<int>(alive_), name = queue.name] {
    if (alive.expired()) return;
    if (Queue* found = find(name)) found->timer = 0;
    serve(name);
  });
}

void Queues::Impl::delete_message(const QueueName& name, std::string_view text, Reply<void, Error> reply) {
  Queue* queue = find(name);
  if (!queue) return std::move(reply)(no_queue());
  const auto handle = read_handle(*queue, text);
  if (!handle) return std::move(reply)(std::unexpected(handle.error()));
  const auto at = queue->messages.find(handle->n);
  // Gone already, or received again by another: the call succeeds and deletes nothing.
  if (at == queue->messages.end() || at->second.nonce != handle->nonce) return std::move(reply)({});
  storage::Mutation mutation;
  forget(*queue, handle->n, mutation);
  commit(std::move(mutation), [reply = std::move(reply)]() mutable { std::move(reply)({}); });
}

void Queues::Impl::change_visibility(const QueueName& name, std::string_view text, std::int64_t visibility_s,
                                     Reply<void, Error> reply) {
  Queue* queue = find(name);
  if (!queue) return std::move(reply)(no_queue());
  if (visibility_s < 0 || visibility_s > 43200)
    return std::move(reply)(fail(Errc::kInvalidParameter,
                                 fmt::format("Value {} for parameter VisibilityTimeout is invalid. Reason: Must be "
                                             "between 0 and 43200.",
                                             visibility_s)));
  const auto handle = read_handle(*queue, text);
  if (!handle) return std::move(reply)(std::unexpected(handle.error()));
  const auto at = queue->messages.find(handle->n);
  if (at == queue->messages.end() || at->second.nonce != handle->nonce || at->second.visible_ms <= now_ms())
    return std::move(reply)(
        fail(Errc::kMessageNotInflight,
             fmt::format("Value {} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not "
                         "available for visibility timeout change.",
                         text)));
  set_visibility(*queue, handle->n, now_ms() + visibility_s * 1000);
  storage::Mutation mutation;
  mutation.put(kSpace, numbered("state/", name, handle->n), at->second.encode());
  commit(std::move(mutation), [this, alive = std::weak_ptr<int>(alive_), name, reply = std::move(reply)]() mutable {
    if (!alive.expired()) serve(name);
    std::move(reply)({});
  });
}

void Queues::Impl::purge(const QueueName& name, Reply<void, Error> reply) {
  Queue* queue = find(name);
  if (!queue) return std::move(reply)(no_queue());
  storage::Mutation mutation;
  for (const char* kind : {"body/", "state/"})
    // Up to the next number: what is being sent now stays.
    mutation.erase_range(kSpace, numbered(kind, name, 0), numbered(kind, name, queue->next));
  queue->messages.clear();
  queue->by_visibility.clear();
  commit(std::move(mutation), [reply = std::move(reply)]() mutable { std::move(reply)({}); });
}

Queues::Queues(Services services) : impl_(std::make_unique<Impl>(services)) {}
Queues::~Queues() = default;
Status Queues::open() { return impl_->open(); }
void Queues::create(QueueName name, Attributes attributes, std::map<std::string, std::string> tags,
                    Reply<QueueName, Error> reply) {
  impl_->create(std::move(name), std::move(attributes), std::move(tags), std::move(reply));
}
void Queues::remove(const QueueName& name, Reply<void, Error> reply) { impl_->remove(name, std::move(reply)); }
Status Queues::find(const QueueName& name) const {
  if (!impl_->find(name)) return no_queue();
  return {};
}
std::vector<std::string> Queues::list(const Scope& scope, std::string_view prefix) const {
  std::vector<std::string> out;
  for (const auto& [name, queue] : impl_->queues_)
    if (name.scope == scope && name.name.starts_with(prefix)) out.push_back(name.name);
  return out;
}
Result<Attributes> Queues::attributes(const QueueName& name) { return impl_->attributes(name); }
void Queues::set_attributes(const QueueName& name, const Attributes& changes, Reply<void, Error> reply) {
  Queue* queue = impl_->find(name);
  if (!queue) return std::move(reply)(no_queue());
  if (auto status = check_attributes(name, changes); !status) return std::move(reply)(std::unexpected(status.error()));
  for (const auto& [attribute, value] : changes) {
    if (value.empty())
      queue->attributes.erase(attribute);
    else
      queue->attributes[attribute] = value;
  }
  queue->modified_ms = impl_->now_ms();
  impl_->save(*queue, std::move(reply));
}
Result<std::map<std::string, std::string>> Queues::tags(const QueueName& name) const {
  const Queue* queue = impl_->find(name);
  if (!queue) return no_queue();
  return queue->tags;
}
void Queues::tag(const QueueName& name, std::map<std::string, std::string> add, const std::vector<std::string>& remove,
                 Reply<void, Error> reply) {
  Queue* queue = impl_->find(name);
  if (!queue) return std::move(reply)(no_queue());
  auto tags = queue->tags;
  for (auto& [key, value] : add) tags[key] = std::move(value);
  for (const std::string& key : remove) tags.erase(key);
  if (tags.size() > 50)
    return std::move(reply)(fail(Errc::kInvalidParameter, "Too many tags added for queue " + name.name + "."));
  queue->tags = std::move(tags);
  impl_->save(*queue, std::move(reply));
}
std::vector<std::string> Queues::dead_letter_sources(const QueueName& name) const {
  std::vector<std::string> out;
  for (const auto& [source, queue] : impl_->queues_)
    if (const auto redrive = redrive_of(queue.attributes); redrive && redrive->target == name)
      out.push_back(source.name);
  return out;
}
void Queues::send(const QueueName& queue, std::vector<ToSend> messages, std::string sender,
                  Reply<std::vector<Sent>, Error> reply) {
  impl_->send(queue, std::move(messages), std::move(sender), std::move(reply));
}
void Queues::receive(ReceiveRequest request, std::shared_ptr<const bool> cancelled,
                     Reply<std::vector<Received>, Error> reply) {
  impl_->receive(std::move(request), std::move(cancelled), std::move(reply));
}
void Queues::delete_message(const QueueName& queue, std::string_view handle, Reply<void, Error> reply) {
  impl_->delete_message(queue, handle, std::move(reply));
}
void Queues::change_visibility(const QueueName& queue, std::string_view handle, std::int64_t visibility_s,
                               Reply<void, Error> reply) {
  impl_->change_visibility(queue, handle, visibility_s, std::move(reply));
}
void Queues::purge(const QueueName& queue, Reply<void, Error> reply) { impl_->purge(queue, std::move(reply)); }
std::size_t Queues::visible() const {
  std::size_t out = 0;
  for (const auto& [name, queue] : impl_->queues_)
    out += static_cast<std::size_t>(
        std::distance(queue.by_visibility.begin(),
                      queue.by_visibility.upper_bound({impl_->now_ms(), std::numeric_limits<std::uint64_t>::max()})));
  return out;
}

}  // namespace tidemill::queues
