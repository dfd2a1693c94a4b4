// Standard queues: at-least-once messages with a visibility timeout, long polling, delays, dead-letter queues. What is
// sent is durable before it is answered; receive counts and receipt handles survive a restart. FIFO queues are refused.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reply.h"
#include "base/scope.h"
#include "observe/log.h"
#include "queues/error.h"
#include "queues/message.h"
#include "runtime/executor.h"
#include "runtime/random.h"

namespace tidemill::storage {
class Store;
}

namespace tidemill::queues {

struct QueueName {
  Scope scope;
  std::string name;
  std::string arn() const { return "arn:aws:sqs:" + scope.region + ":" + scope.account + ":" + name; }
  auto operator<=>(const QueueName&) const = default;
};
std::optional<QueueName> queue_of_arn(std::string_view arn);

using Attributes = std::map<std::string, std::string>;

struct ToSend {
  std::string body;
  MessageAttributes attributes;
  std::optional<std::int64_t> delay_s;
};
struct Sent {
  std::string id, md5_of_body, md5_of_attributes;
};

struct ReceiveRequest {
  QueueName queue;
  std::int64_t messages_max = 1;             // 1..10
  std::optional<std::int64_t> visibility_s;  // nothing: the queue's
  std::optional<std::int64_t> wait_s;        // long poll; nothing: the queue's
};
struct Received {
  Message message;
  std::string receipt_handle;
  std::int64_t receive_count = 0, first_received_ms = 0;
};

class Queues {
 public:
  struct Services {
    storage::Store& store;
    runtime::Loop& home;
    runtime::Random& random;
    observe::Log& log;
  };
  explicit Queues(Services services);
  ~Queues();
  Queues(const Queues&) = delete;

  // Reads what is stored. Once, before requests.
  Status open();

  // An existing queue with the same attributes is no error.
  void create(QueueName name, Attributes attributes, std::map<std::string, std::string> tags,
              Reply<QueueName, Error> reply);
  void remove(const QueueName& name, Reply<void, Error> reply);
  Status find(const QueueName& name) const;                                          // kQueueDoesNotExist
  std::vector<std::string> list(const Scope& scope, std::string_view prefix) const;  // names, in order
  Result<Attributes> attributes(const QueueName& name);                              // all of them, counts included
  void set_attributes(const QueueName& name, const Attributes& changes, Reply<void, Error> reply);
  Result<std::map<std::string, std::string>> tags(const QueueName& name) const;
  void tag(const QueueName& name, std::map<std::string, std::string> add, const std::vector<std::string>& remove,
           Reply<void, Error> reply);
  std::vector<std::string> dead_letter_sources(
      const QueueName& name) const;  // names of queues whose dead letters go there

  // All or none; for a batch the caller checks the batch's own rules.
  void send(const QueueName& queue, std::vector<ToSend> messages, std::string sender,
            Reply<std::vector<Sent>, Error> reply);
  // Parked up to wait_s seconds when there is nothing. `cancelled` may be set by the caller when its client has gone.
  void receive(ReceiveRequest request, std::shared_ptr<const bool> cancelled,
               Reply<std::vector<Received>, Error> reply);
  void delete_message(const QueueName& queue, std::string_view receipt_handle, Reply<void, Error> reply);
  void change_visibility(const QueueName& queue, std::string_view receipt_handle, std::int64_t visibility_s,
                         Reply<void, Error> reply);
  void purge(const QueueName& queue, Reply<void, Error> reply);

  // Messages that can be received now, over all queues.
  std::size_t visible() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Limits of one message and one batch, in bytes.
inline constexpr std::size_t kMessageBytesMax = 1024 * 1024;

}  // namespace tidemill::queues
