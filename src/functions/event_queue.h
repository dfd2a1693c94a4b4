// Asynchronous invocations: durable before they are accepted, tried again with delays, at last handed to a destination.
//
// An event lives in the store until it is done, so a restart takes up where it was (at least once). In memory there is
// only its number, its function and when it is due; the payload is read when it runs.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "functions/deliveries.h"
#include "functions/environment.h"
#include "functions/function.h"
#include "functions/seams.h"
#include "functions/settings.h"
#include "observe/log.h"
#include "runtime/executor.h"
#include "storage/store.h"

namespace tidemill::functions {

class EventQueue {
 public:
  struct Services {
    runtime::Loop& loop;
    storage::Store& store;
    observe::Log& log;
    const Settings& settings;
    InvocationSink* sink;  // null: there are no destinations
    // The function now, or null; how an invocation is run.
    std::function<std::shared_ptr<const Function>(const std::string& arn)> find;
    std::function<Status(const Function&)> admit;
    std::function<void(const std::string& arn, std::unique_ptr<Invocation>)> submit;
  };
  explicit EventQueue(Services services);
  ~EventQueue();
  EventQueue(const EventQueue&) = delete;

  tidemill::Status open();  // reads what is queued
  void start();             // runs what is due
  // Answered when the event is durable. `request_id` is that of every attempt.
  void accept(const Function& function, std::string request_id, InvokeRequest request, Reply<bool, Error> reply);
  void wake(const std::string& arn);     // the function has become ready
  void discard(const std::string& arn);  // the function has gone, and its events with it
  void stop() {
    stopping_ = true;
    deliveries_.stop();
  }
  std::size_t size() const;  // events that wait or run, and records on their way to a destination

 private:
  struct Event {
    std::uint64_t number = 0;
    std::string arn;
    int attempts = 0;   // that ran the function
    int throttles = 0;  // in a row
    std::int64_t accepted_ms = 0;
    runtime::TimerId timer = 0;
    bool running = false;
  };
  struct Line {
    std::deque<std::uint64_t> due;
    std::size_t size = 0;  // events of this function, due or not
    int running = 0;
  };
  struct Stored;

  void run_due(const std::string& arn);
  void attempt(std::uint64_t number);
  void attempted(std::uint64_t number, Stored stored, Result<InvokeResult> result);
  void again(std::uint64_t number, runtime::Duration delay);
  void finish(std::uint64_t number, const Stored& stored, std::string_view condition, const InvokeResult* result);
  void hand_on(const Function& function, const Stored& stored, std::string_view condition, const InvokeResult* result,
               storage::Mutation& batch);
  void drop(std::uint64_t number, storage::Mutation batch = {});  // with what its end writes
  void release(Event& event);
  std::int64_t now_ms() const;

  const Services services_;
  Deliveries deliveries_;
  std::map<std::uint64_t, Event> events_;
  std::map<std::string, Line, std::less<>> lines_;
  std::uint64_t next_ = 1;
  bool started_ = false;
  bool stopping_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tidemill::functions
