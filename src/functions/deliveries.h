// Records of finished asynchronous invocations on their way to a destination or to a dead letter queue: durable
// together with the end of their event, sent again with growing delays while the target refuses them, given up when
// they are as old as an event may become.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "base/scope.h"
#include "functions/seams.h"
#include "functions/settings.h"
#include "observe/log.h"
#include "runtime/executor.h"
#include "storage/store.h"

namespace tidemill::functions {

// First byte of their keys in the keyspace of events: no event's number, eight big-endian bytes, begins with it.
inline constexpr char kDeliveryKey = 'D';

struct Delivery {
  Scope scope;
  std::string target, record;
  bool dead_letter = false;
  std::string function, request_id;  // named in the log
};

class Deliveries {
 public:
  struct Services {
    runtime::Loop& loop;
    storage::Store& store;
    observe::Log& log;
    const Settings& settings;
    InvocationSink* sink;  // null: nothing is ever added
  };
  explicit Deliveries(Services services) : services_(services) {}
  ~Deliveries();
  Deliveries(const Deliveries&) = delete;

  tidemill::Status open();  // reads what is waiting
  void start();             // sends what is due
  // Puts the record into the batch that ends its event; `send_added` follows once that batch is written.
  void add(Delivery delivery, storage::Mutation& batch);
  void send_added() { send_due(); }
  void stop() { stopping_ = true; }
  std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    int attempts = 0;
    std::int64_t added_ms = 0;
    runtime::TimerId timer = 0;
  };
  struct Stored;

  void send_due();
  void send(std::uint64_t number);
  void answered(std::uint64_t number, Stored stored, const tidemill::Result<bool>& sent);
  void again(std::uint64_t number, runtime::Duration delay);
  void drop(std::uint64_t number);
  std::int64_t now_ms() const;

  const Services services_;
  std::map<std::uint64_t, Waiting> waiting_;  // the records themselves are in the store
  std::deque<std::uint64_t> due_;
  std::uint64_t next_ = 1;
  int running_ = 0;
  bool started_ = false;
  bool stopping_ = false;
  bool sending_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tidemill::functions
