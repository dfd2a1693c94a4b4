// One batch on its way through the function: invoked, retried with growing pauses, split, shortened by the records that
// are done, given up record by record, until every record of it is either processed or given up. A state machine; knows
// nothing of where records come from or how far others have got.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "observe/log.h"
#include "observe/metrics.h"
#include "runtime/executor.h"
#include "runtime/random.h"
#include "triggers/checkpoints.h"
#include "triggers/event_format.h"
#include "triggers/failure_sink.h"
#include "triggers/invoker.h"
#include "triggers/mapping.h"
#include "triggers/pace.h"

namespace tidemill::triggers {

// The counters of one mapping.
struct MappingMetrics {
  MappingMetrics(observe::Metrics& metrics, const std::string& uuid);
  observe::Counter &polled, &filtered, &invoked, &failed, &dropped, &sent_to_destination, &destination_failures;
  observe::Gauge& age_ms;  // of the last record of the newest finished batch, when it finished
};

// What is the same for all deliveries of one part of a mapping.
struct DeliveryContext {
  runtime::Loop& home;
  runtime::Random& random;
  observe::Log& log;
  MappingMetrics& metrics;
  Invoker& invoker;
  FailureSink& failures;
  const Mapping& mapping;  // does not change while a worker runs
  const Pace& pace;
  const EventFormat& format;
  std::optional<std::int64_t> retention_ms;
};

class Delivery : public std::enable_shared_from_this<Delivery> {
 public:
  struct Batch {
    std::vector<SourceRecord> records;  // at least one, except for the last invocation of a window
    Position end = 0;                   // behind the batch
    std::optional<OpenWindow> window;   // tumbling window that the batch belongs to
    bool window_final = false;
    bool window_terminated_early = false;
  };
  struct Events {
    // All records before it are done, and `window` is what the function returned last.
    std::function<void()> on_progress;
    // Nothing is left, or the delivery was halted with its running invocation over.
    std::move_only_function<void()> on_done;
    // "OK", "PROBLEM: ..."
    std::function<void(std::string_view)> on_result;
  };

  Delivery(const DeliveryContext& context, Batch batch, Events events);
  void start();
  // No further invocation: on_done comes when the running one is over (at once when there is none).
  void halt();
  // Like halt, but nothing is called any more.
  void abandon();

  // The next record that is not done; the batch's end when all are.
  Position next() const { return next_; }
  const std::optional<OpenWindow>& window() const { return batch_.window; }
  bool window_final() const { return batch_.window_final; }
  bool is_complete() const { return segments_.empty(); }

 private:
  struct Segment {
    Records records;
    std::int64_t attempts = 0;  // invocations that the function executed
    int delays = 0;             // pauses since the last progress
    std::string event;          // the same bytes on every retry
    std::string request_id;
    std::optional<FailureFacts::Response> response;  // of the last attempt
  };

  void step();
  void invoke();
  void answered(InvokeResult result);
  void succeeded(const InvokeResult& result);
  void failed(Segment& segment, bool splittable);
  void shorten(Segment& segment, std::size_t done);
  void retry_later(Segment& segment);
  // Sends the failure record, then drops these records.
  void give_up(Records records, std::string_view condition, bool with_response);
  void send_failures(std::vector<FailureText> texts, std::size_t index);
  Records take_expired(Segment& segment) const;
  std::int64_t retries_max() const;
  void advance();
  void finish();

  const DeliveryContext& context_;
  Batch batch_;
  Events events_;
  std::deque<Segment> segments_;  // in order; the front one is being worked on
  Position next_ = 0;
  runtime::TimerId timer_ = 0;
  bool invoking_ = false, sending_ = false, halted_ = false, finished_ = false;
};

}  // namespace tidemill::triggers
