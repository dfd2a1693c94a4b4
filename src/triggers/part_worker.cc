#include "triggers/part_worker.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace tidemill::triggers {
namespace {

constexpr std::size_t kReadRecordsMax = 10'000;
constexpr std::size_t kWindowStateMax = 1024 * 1024;  // more ends the tumbling window early

runtime::Duration batching_window(const Mapping& mapping, const Pace& pace) {
  if (mapping.settings.window_s) return std::chrono::seconds(*mapping.settings.window_s);
  return mapping.is_kafka() ? pace.kafka_window : runtime::Duration(0);
}

std::size_t hash_of(std::string_view key) {
  // FNV-1a: the same key takes the same lane on every machine and after every restart.
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return static_cast<std::size_t>(hash ^ (hash >> 32));
}

}  // namespace

PartWorker::PartWorker(const Services& services, Part part, std::unique_ptr<RecordSource> source,
                       std::unique_ptr<EventFormat> format, std::optional<std::int64_t> retention_ms, Checkpoint from,
                       Events events)
    : services_(services),
      part_(std::move(part)),
      source_(std::move(source)),
      format_(std::move(format)),
      context_{.home = services.home,
               .random = services.random,
               .log = services.log,
               .metrics = services.metrics,
               .invoker = services.invoker,
               .failures = services.failures,
               .mapping = services.mapping,
               .pace = services.pace,
               .format = *format_,
               .retention_ms = retention_ms},
      events_(std::move(events)),
      batch_size_(static_cast<std::size_t>(services.mapping.settings.batch_size)),
      window_(batching_window(services.mapping, services.pace)),
      read_at_(from.position),
      lanes_(static_cast<std::size_t>(
          std::max<std::int64_t>(1, services.mapping.is_kafka() ? 1 : services.mapping.settings.parallelization))),
      window_state_(from.window),
      requested_(std::move(from)),
      save_soon_(services.home, services.pace.checkpoint_lull, [this] { save_now(); }) {}

PartWorker::~PartWorker() {
  alive_.reset();  // a Reply that the source drops must find nobody
  for (Lane& lane : lanes_) {
    if (lane.delivery) lane.delivery->abandon();
    if (lane.timer != 0) services_.home.cancel(lane.timer);
  }
  if (read_timer_ != 0) services_.home.cancel(read_timer_);
}

void PartWorker::start() {
  started_ = true;
  watch_ = source_->watch(guarded([this] {
    advanced_ = true;
    pump();
  }));
  pump();
}

bool PartWorker::has_room() const {
  std::size_t records = 0, bytes = 0;
  for (const Lane& lane : lanes_) {
    records += lane.queue.size();
    bytes += lane.bytes;
  }
  return records < std::max(batch_size_ * (lanes_.size() + 1), services_.pace.read_ahead) &&
         bytes < services_.pace.payload_bytes_max * 2;
}

bool PartWorker::may_read() const {
  return !reading_ && !ended_ && !stopping_ && read_timer_ == 0 && advanced_ && has_room();
}

void PartWorker::pump() {
  if (!may_read()) return;
  reading_ = true;
  // Cleared before the read: what arrives during it asks for another one.
  advanced_ = false;
  source_->read(read_at_,
                {.records_max = std::clamp(batch_size_ * lanes_.size(), services_.pace.read_ahead, kReadRecordsMax),
                 .bytes_max = services_.pace.payload_bytes_max,
                 .filter_view = !services_.filters.empty()},
                Reply<ReadBatch, SourceError>(
                    guarded([this](std::expected<ReadBatch, SourceError> batch) { took(std::move(batch)); })));
}

void PartWorker::took(std::expected<ReadBatch, SourceError> batch) {
  reading_ = false;
  if (!batch) {
    switch (batch.error().code) {
      case SourceErrc::kTrimmed:
        services_.log.warn("mapping.records_trimmed", {{"mapping", services_.mapping.uuid},
                                                       {"part", part_.id},
                                                       {"from", read_at_},
                                                       {"oldest", source_->oldest()}});
        if (source_->oldest() <= read_at_) return retry_read(batch.error().message);
        read_at_ = source_->oldest();
        advanced_ = true;
        services_.home.post(guarded([this] { pump(); }));
        return;
      case SourceErrc::kNotFound:
        if (events_.on_lost) events_.on_lost(batch.error().message);
        return retry_read(batch.error().message);
      case SourceErrc::kUnavailable:
      case SourceErrc::kInternal: return retry_read(batch.error().message);
    }
  }
  read_failures_ = 0;
  services_.metrics.polled.add(batch->records.size());
  const bool moved = batch->next != read_at_;
  for (SourceRecord& record : batch->records) enqueue(std::move(record));
  read_at_ = batch->next;
  if (batch->ended) ended_ = true;
  // As long as reads bring something there may be more: batches are cut when they are full or the source is drained.
  if (moved && !ended_ && !batch->drained) advanced_ = true;
  consider_all();
  save_progress();
  check_finished();
  check_stopped();
  if (may_read() && !pump_posted_) {
    // Posted, not called: a long stretch of filtered records must neither nest calls nor hold the loop.
    pump_posted_ = true;
    services_.home.post(guarded([this] {
      pump_posted_ = false;
      pump();
    }));
  }
}

void PartWorker::retry_read(std::string_view why) {
  services_.log.warn("mapping.read_failed", {{"mapping", services_.mapping.uuid}, {"part", part_.id}, {"error", why}});
  advanced_ = true;
  check_stopped();
  if (stopping_) return;
  read_timer_ =
      services_.home.at(services_.home.clock().now() + pause(services_.pace, read_failures_++), guarded([this] {
                          read_timer_ = 0;
                          pump();
                        }));
}

void PartWorker::enqueue(SourceRecord record) {
  if (!services_.filters.pass(record.filter_json.empty() ? record.json : record.filter_json)) {
    services_.metrics.filtered.add();
    return;
  }
  record.filter_json.clear();
  Lane& lane = lanes_[lanes_.size() == 1 ? 0 : hash_of(record.lane_key) % lanes_.size()];
  lane.bytes += record.json.size() + 1;
  lane.queue.push_back(std::move(record));
}

bool PartWorker::is_full(const Lane& lane) const {
  return lane.queue.size() >= batch_size_ || lane.bytes + format_->envelope_bytes() >= services_.pace.payload_bytes_max;
}

void PartWorker::consider_all() {
  for (Lane& lane : lanes_) consider(lane);
}

void PartWorker::set_timer(Lane& lane, runtime::Instant when) {
  if (lane.timer != 0) services_.home.cancel(lane.timer);
  lane.timer = services_.home.at(when, guarded([this, &lane] {
                                   lane.timer = 0;
                                   consider(lane);
                                 }));
}

std::int64_t PartWorker::window_start(std::int64_t arrival_ms) const {
  const std::int64_t length_ms = services_.mapping.settings.tumbling_window_s * 1000;
  return arrival_ms - arrival_ms % length_ms;
}

void PartWorker::consider(Lane& lane) {
  if (lane.delivery || stopping_) return;
  // Nothing more can be expected for this batch just now.
  const bool drained = !reading_ && !may_read();
  if (services_.mapping.settings.tumbling_window_s > 0 && window_state_) {
    const std::int64_t end_ms = window_state_->start_ms + services_.mapping.settings.tumbling_window_s * 1000;
    const std::int64_t now_ms = epoch_ms(services_.home.clock().wall());
    const bool next_is_later =
        !lane.queue.empty() && window_start(lane.queue.front().arrival_ms) != window_state_->start_ms;
    if (next_is_later || (lane.queue.empty() && drained && (ended_ || now_ms >= end_ms)))
      return close_window(lane, /*early=*/false);
    if (lane.queue.empty()) {
      set_timer(lane,
                services_.home.clock().now() + std::chrono::milliseconds(std::max<std::int64_t>(1, end_ms - now_ms)));
      return;
    }
  }
  if (lane.queue.empty()) return;
  if (is_full(lane) || ended_) return send(lane);
  if (window_ == runtime::Duration(0)) {
    if (drained) send(lane);
    return;
  }
  const runtime::Instant now = services_.home.clock().now();
  if (!lane.window_end) lane.window_end = now + window_;
  if (now >= *lane.window_end) return send(lane);
  if (lane.timer == 0) set_timer(lane, *lane.window_end);
}

void PartWorker::send(Lane& lane) {
  lane.window_end.reset();
  if (lane.timer != 0) {
    services_.home.cancel(lane.timer);
    lane.timer = 0;
  }
  Delivery::Batch batch;
  if (services_.mapping.settings.tumbling_window_s > 0) {
    const std::int64_t start = window_start(lane.queue.front().arrival_ms);
    if (!window_state_) window_state_ = OpenWindow{.start_ms = start, .state = "{}"};
    batch.window = window_state_;
  }
  std::size_t bytes = format_->envelope_bytes() + (batch.window ? batch.window->state.size() : 0);
  while (!lane.queue.empty() && batch.records.size() < batch_size_) {
    SourceRecord& next = lane.queue.front();
    if (!batch.records.empty() && bytes + next.json.size() + 1 > services_.pace.payload_bytes_max) break;
    if (batch.window && window_start(next.arrival_ms) != batch.window->start_ms) break;
    bytes += next.json.size() + 1;
    lane.bytes -= next.json.size() + 1;
    batch.records.push_back(std::move(next));
    lane.queue.pop_front();
  }
  batch.end = batch.records.back().position + 1;
  deliver(lane, std::move(batch));
}

void PartWorker::close_window(Lane& lane, bool early) {
  Delivery::Batch batch;
  batch.window = window_state_;
  batch.window_final = true;
  batch.window_terminated_early = early;
  batch.end = done_up_to();
  deliver(lane, std::move(batch));
}

void PartWorker::deliver(Lane& lane, Delivery::Batch batch) {
  lane.delivery = std::make_shared<Delivery>(context_, std::move(batch),
                                             Delivery::Events{.on_progress = guarded([this, &lane] {
                                                                if (lane.delivery && lane.delivery->window())
                                                                  window_state_ = lane.delivery->window();
                                                                save_progress();
                                                              }),
                                                              .on_done = guarded([this, &lane] { delivered(lane); }),
                                                              .on_result = guarded([this](std::string_view text) {
                                                                if (events_.on_result) events_.on_result(text);
                                                              })});
  const auto delivery = lane.delivery;
  delivery->start();
}

void PartWorker::delivered(Lane& lane) {
  const auto delivery = std::exchange(lane.delivery, nullptr);
  if (!stopping_ || delivery->window_final()) {
    if (services_.mapping.settings.tumbling_window_s > 0) window_state_ = delivery->window();
  }
  if (!delivery->is_complete() && !delivery->window_final()) {
    // Halted with records left: they and what follows them in this lane are read again after the restart.
    lane.queue.clear();
    lane.bytes = 0;
    read_at_ = std::min(read_at_, delivery->next());
  }
  save_progress();
  if (stopping_) return check_stopped();
  if (delivery->window() && !delivery->window_final() && delivery->window()->state.size() > kWindowStateMax) {
    close_window(lane, /*early=*/true);
    return;
  }
  // Posted: a source and an invoker that answer at once must not nest.
  services_.home.post(guarded([this, &lane] {
    consider(lane);
    check_finished();
    pump();
  }));
}

Position PartWorker::done_up_to() const {
  Position done = read_at_;
  for (const Lane& lane : lanes_) {
    if (lane.delivery)
      done = std::min(done, lane.delivery->next());
    else if (!lane.queue.empty())
      done = std::min(done, lane.queue.front().position);
  }
  return done;
}

Checkpoint PartWorker::progress() const {
  Checkpoint now{.position = done_up_to(), .finished = false, .window = window_state_};
  const bool all_done =
      std::ranges::all_of(lanes_, [](const Lane& lane) { return !lane.delivery && lane.queue.empty(); });
  now.finished = ended_ && all_done && !window_state_ && !stopping_;
  return now;
}

void PartWorker::save_progress() {
  if (saving_ || finished_) return;
  const auto now = progress();
  if (now == requested_) return;
  if (stopping_ || now.finished) return save_now();
  save_soon_.stir();
}

void PartWorker::save_now() {
  save_soon_.cancel();
  auto now = progress();
  if (now == requested_) return;
  requested_ = now;
  saving_ = true;
  events_.save(now, Reply<void, Error>(guarded([this](Status status) {
                 if (!status)
                   services_.log.warn(
                       "mapping.checkpoint_failed",
                       {{"mapping", services_.mapping.uuid}, {"part", part_.id}, {"error", status.error().message}});
                 saved();
               })));
}

void PartWorker::saved() {
  saving_ = false;
  save_progress();
  check_finished();
  check_stopped();
}

void PartWorker::check_finished() {
  if (finished_ || saving_ || !requested_.finished || stopping_) return;
  finished_ = true;
  if (events_.on_finished) services_.home.post(guarded([this] { events_.on_finished(); }));
}

void PartWorker::stop(runtime::Task done) {
  stopping_ = true;
  stopped_ = std::move(done);
  watch_.reset();
  if (read_timer_ != 0) services_.home.cancel(read_timer_);
  read_timer_ = 0;
  for (Lane& lane : lanes_) {
    if (lane.timer != 0) services_.home.cancel(lane.timer);
    lane.timer = 0;
    if (const auto delivery = lane.delivery) delivery->halt();
  }
  if (save_soon_.is_waiting()) {
    save_soon_.cancel();
    save_progress();
  }
  check_stopped();
}

void PartWorker::check_stopped() {
  if (!stopping_ || !stopped_ || saving_ || reading_) return;
  if (std::ranges::any_of(lanes_, [](const Lane& lane) { return lane.delivery != nullptr; })) return;
  services_.home.post(guarded([done = std::exchange(stopped_, nullptr)]() mutable { done(); }));
}

bool PartWorker::is_idle() const {
  if (reading_ || saving_ || save_soon_.is_waiting() || (advanced_ && !ended_) || read_timer_ != 0) return false;
  return std::ranges::all_of(lanes_, [](const Lane& lane) { return !lane.delivery && lane.queue.empty(); });
}

}  // namespace tidemill::triggers
