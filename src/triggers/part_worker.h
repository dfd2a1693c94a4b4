// Works one part of a source off: reads when told that there is something, filters, gathers batches in one or more
// lanes, has them delivered, and moves the part's checkpoint to the end of what is done without a gap.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "triggers/checkpoints.h"
#include "triggers/delivery.h"
#include "triggers/filter/pattern.h"

namespace tidemill::triggers {

class PartWorker {
 public:
  struct Services {
    runtime::Loop& home;
    runtime::Random& random;
    observe::Log& log;
    MappingMetrics& metrics;
    Invoker& invoker;
    FailureSink& failures;
    const Mapping& mapping;  // outlives the worker, unchanged
    const Filters& filters;
    const Pace& pace;
  };
  struct Events {
    // The part has ended and all of it is done; its checkpoint is durable.
    std::function<void()> on_finished;
    std::function<void(std::string_view)> on_result;
    // Saves the checkpoint; answers when it is durable.
    std::function<void(const Checkpoint&, Reply<void, Error>)> save;
    // What the part was read from has gone.
    std::function<void(std::string_view)> on_lost;
  };
  PartWorker(const Services& services, Part part, std::unique_ptr<RecordSource> source,
             std::unique_ptr<EventFormat> format, std::optional<std::int64_t> retention_ms, Checkpoint from,
             Events events);
  ~PartWorker();
  PartWorker(const PartWorker&) = delete;

  void start();
  // No new invocation; `done` when the running ones are over and the checkpoint is durable.
  void stop(runtime::Task done);
  // Everything that the source holds has been delivered and checkpointed.
  bool is_idle() const;
  const Part& part() const { return part_; }

 private:
  struct Lane {
    std::deque<SourceRecord> queue;
    std::size_t bytes = 0;  // of the queue's JSON
    std::shared_ptr<Delivery> delivery;
    std::optional<runtime::Instant> window_end;  // batching window, once a record waits
    runtime::TimerId timer = 0;
  };

  void pump();
  void took(std::expected<ReadBatch, SourceError> batch);
  void retry_read(std::string_view why);
  void enqueue(SourceRecord record);
  void consider(Lane& lane);
  void consider_all();
  bool is_full(const Lane& lane) const;
  void send(Lane& lane);
  void deliver(Lane& lane, Delivery::Batch batch);
  void delivered(Lane& lane);
  // The last invocation of a tumbling window, before anything else is sent.
  void close_window(Lane& lane, bool early);
  std::int64_t window_start(std::int64_t arrival_ms) const;
  bool has_room() const;
  bool may_read() const;
  Position done_up_to() const;
  Checkpoint progress() const;
  void save_progress();  // soon
  void save_now();
  void saved();
  void check_finished();
  void check_stopped();
  void set_timer(Lane& lane, runtime::Instant when);
  // A task that is dropped when the worker is gone.
  template <class F>
  auto guarded(F f) {
    return [alive = std::weak_ptr<int>(alive_), f = std::move(f)](auto&&... args) mutable {
      if (alive.lock()) f(std::forward<decltype(args)>(args)...);
    };
  }

  const Services services_;
  const Part part_;
  const std::unique_ptr<RecordSource> source_;
  const std::unique_ptr<EventFormat> format_;
  const DeliveryContext context_;
  Events events_;
  const std::size_t batch_size_;
  const runtime::Duration window_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);

  Position read_at_;
  bool started_ = false, reading_ = false, advanced_ = true, ended_ = false, pump_posted_ = false;
  int read_failures_ = 0;
  runtime::TimerId read_timer_ = 0;
  std::vector<Lane> lanes_;
  std::optional<OpenWindow> window_state_;

  Checkpoint requested_;  // the newest that was handed to save()
  runtime::Lull save_soon_;
  bool saving_ = false, finished_ = false;
  runtime::Task stopped_;
  bool stopping_ = false;
  std::unique_ptr<Watch> watch_;
};

}  // namespace tidemill::triggers
