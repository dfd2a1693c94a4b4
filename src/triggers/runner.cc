#include "triggers/runner.h"

#include <algorithm>

#include <fmt/format.h>

namespace tidemill::triggers {

std::expected<std::unique_ptr<EventSource>, SourceError> open_source(Sources& sources, const Mapping& mapping) {
  if (!mapping.is_kafka()) return sources.open_stream({.scope = mapping.scope, .arn = mapping.source_arn});
  return sources.open_topic({.scope = mapping.scope,
                             .bootstrap_servers = fmt::format("{}", fmt::join(mapping.bootstrap_servers, ",")),
                             .cluster_arn = mapping.kind == SourceKind::kCluster ? mapping.source_arn : "",
                             .topic = mapping.topic,
                             .group = mapping.group});
}

Runner::Runner(const Services& services, Mapping mapping, std::function<void(std::string_view)> on_result)
    : services_(services),
      mapping_(std::move(mapping)),
      metrics_(services.metrics, mapping_.uuid),
      on_result_(std::move(on_result)) {
  // The patterns were checked when the mapping was made.
  if (mapping_.settings.filters)
    if (auto filters = Filters::parse(*mapping_.settings.filters)) filters_ = *std::move(filters);
}

Runner::~Runner() {
  alive_.reset();  // a Reply that the source drops must find nobody
  if (timer_ != 0) services_.home.cancel(timer_);
}

void Runner::start() { open(); }

void Runner::retry(std::string_view problem) {
  services_.log.warn("mapping.source_failed", {{"mapping", mapping_.uuid}, {"error", problem}});
  if (stopping_ || timer_ != 0) return;
  timer_ = services_.home.at(services_.home.clock().now() + pause(services_.pace, failures_++), guarded([this] {
                               timer_ = 0;
                               source_ ? look() : open();
                             }));
}

void Runner::open() {
  auto source = open_source(services_.sources, mapping_);
  if (!source) {
    on_result_("PROBLEM: " + source.error().message);
    return retry(source.error().message);
  }
  auto stored = services_.checkpoints.load(mapping_.uuid);
  if (!stored) return retry(stored.error().message);
  checkpoints_ = *std::move(stored);
  source_ = *std::move(source);
  watch_ = source_->watch(guarded([this] { look(); }));
  source_->committed(Reply<std::map<std::string, Position>, SourceError>(
      guarded([this](std::expected<std::map<std::string, Position>, SourceError> committed) {
        if (!committed) {
          watch_.reset();
          source_.reset();
          return retry(committed.error().message);
        }
        // What the group has committed is the newest truth, whoever committed it.
        for (const auto& [part, position] : *committed) checkpoints_[part].position = position;
        ready_ = true;
        look();
      })));
}

void Runner::look() {
  if (!ready_ || stopping_) return;
  if (looking_) {
    look_again_ = true;
    return;
  }
  looking_ = true;
  source_->parts(
      Reply<std::vector<Part>, SourceError>(guarded([this](std::expected<std::vector<Part>, SourceError> parts) {
        looking_ = false;
        if (stopping_) return check_stopped();
        if (parts) {
          failures_ = 0;
          reconcile(*parts);
        } else {
          on_result_("PROBLEM: " + parts.error().message);
          if (parts.error().code == SourceErrc::kNotFound) workers_.clear();
          retry(parts.error().message);
        }
        if (std::exchange(look_again_, false)) look();
      })));
}

void Runner::reconcile(const std::vector<Part>& parts) {
  // Workers of parts that are gone have nothing left to read.
  std::erase_if(workers_,
                [&](const auto& entry) { return std::ranges::find(parts, entry.first, &Part::id) == parts.end(); });
  for (const Part& part : parts) {
    if (workers_.contains(part.id) || starting_.contains(part.id)) continue;
    const auto known = checkpoints_.find(part.id);
    if (known != checkpoints_.end() && known->second.finished) continue;
    if (!part.parent.empty() && std::ranges::find(parts, part.parent, &Part::id) != parts.end()) {
      const auto parent = checkpoints_.find(part.parent);
      if (parent == checkpoints_.end() || !parent->second.finished) continue;
    }
    if (known != checkpoints_.end())
      start_worker(part, known->second);
    else
      find_start(part);
  }
}

void Runner::find_start(const Part& part) {
  // The starting positions of the parts that were there when the mapping was made were stored with it, unless it starts
  // at the oldest record; parts that came later are read from their beginning in any case.
  starting_[part.id] = part;
  source_->position(part, {.at = Start::At::kTrimHorizon},
                    Reply<Position, SourceError>(guarded([this, part](std::expected<Position, SourceError> position) {
                      starting_.erase(part.id);
                      if (stopping_) return check_stopped();
                      if (!position) return retry(position.error().message);
                      start_worker(part, {.position = *position});
                    })));
}

void Runner::start_worker(const Part& part, const Checkpoint& from) {
  auto record_source = source_->open(part);
  if (!record_source) return retry("a part of the source could not be opened");
  auto format = mapping_.is_kafka() ? make_topic_format(mapping_, part, source_->bootstrap_servers())
                                    : make_stream_format(mapping_, part);
  auto worker = std::make_unique<PartWorker>(
      PartWorker::Services{.home = services_.home,
                           .random = services_.random,
                           .log = services_.log,
                           .metrics = metrics_,
                           .invoker = services_.invoker,
                           .failures = services_.failures,
                           .mapping = mapping_,
                           .filters = filters_,
                           .pace = services_.pace},
      part, std::move(record_source), std::move(format), source_->retention_ms(), from,
      PartWorker::Events{
          .on_finished = guarded([this, id = part.id] {
            checkpoints_[id].finished = true;
            services_.home.post(guarded([this, id] {
              if (stopping_) return;
              workers_.erase(id);
              look();
            }));
          }),
          .on_result = guarded([this](std::string_view text) { on_result_(text); }),
          .save = guarded([this, id = part.id](const Checkpoint& checkpoint, Reply<void, Error> reply) {
            save(id, checkpoint, std::move(reply));
          }),
          .on_lost = guarded([this](std::string_view) { services_.home.post(guarded([this] { look(); })); })});
  PartWorker& started = *worker;
  workers_[part.id] = std::move(worker);
  started.start();
}

void Runner::save(const std::string& part, const Checkpoint& checkpoint, Reply<void, Error> reply) {
  if (!mapping_.is_kafka()) return services_.checkpoints.save(mapping_.uuid, part, checkpoint, std::move(reply));
  source_->commit(part, checkpoint.position,
                  Reply<void, SourceError>([reply = std::move(reply)](std::expected<void, SourceError> done) mutable {
                    if (!done) return std::move(reply)(fail(Errc::kInternal, done.error().message));
                    std::move(reply)({});
                  }));
}

void Runner::stop(runtime::Task done) {
  stopping_ = true;
  stopped_ = std::move(done);
  watch_.reset();
  if (timer_ != 0) services_.home.cancel(timer_);
  timer_ = 0;
  stops_awaited_ = workers_.size();
  for (auto& [id, worker] : workers_)
    worker->stop(guarded([this] {
      --stops_awaited_;
      check_stopped();
    }));
  check_stopped();
}

void Runner::check_stopped() {
  if (!stopping_ || stops_awaited_ > 0 || !stopped_) return;
  services_.home.post(guarded([done = std::exchange(stopped_, nullptr)]() mutable { done(); }));
}

bool Runner::is_idle() const {
  if (!ready_ || looking_ || !starting_.empty()) return false;
  return std::ranges::all_of(workers_, [](const auto& entry) { return entry.second->is_idle(); });
}

}  // namespace tidemill::triggers
