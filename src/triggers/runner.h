// One enabled mapping at work: opens its source, keeps a worker for every part that may be read (a child shard only
// after its parent is finished), follows parts as they come and go.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "triggers/part_worker.h"

namespace tidemill::triggers {

// How the engine opens the source of a mapping.
std::expected<std::unique_ptr<EventSource>, SourceError> open_source(Sources& sources, const Mapping& mapping);

class Runner {
 public:
  struct Services {
    runtime::Loop& home;
    runtime::Random& random;
    observe::Log& log;
    observe::Metrics& metrics;
    Checkpoints& checkpoints;
    Sources& sources;
    Invoker& invoker;
    FailureSink& failures;
    const Pace& pace;
  };
  Runner(const Services& services, Mapping mapping, std::function<void(std::string_view)> on_result);
  ~Runner();
  Runner(const Runner&) = delete;

  void start();
  void stop(runtime::Task done);
  bool is_idle() const;

 private:
  void open();
  void retry(std::string_view problem);
  void look();  // asks for the parts
  void reconcile(const std::vector<Part>& parts);
  void start_worker(const Part& part, const Checkpoint& from);
  void find_start(const Part& part);
  void save(const std::string& part, const Checkpoint& checkpoint, Reply<void, Error> reply);
  void check_stopped();
  template <class F>
  auto guarded(F f) {
    return [alive = std::weak_ptr<int>(alive_), f = std::move(f)](auto&&... args) mutable {
      if (alive.lock()) f(std::forward<decltype(args)>(args)...);
    };
  }

  const Services services_;
  const Mapping mapping_;
  Filters filters_;
  MappingMetrics metrics_;
  std::function<void(std::string_view)> on_result_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);

  std::unique_ptr<EventSource> source_;
  std::unique_ptr<Watch> watch_;
  CheckpointsByPart checkpoints_;  // as known: loaded, and finished ones as they finish
  std::map<std::string, std::unique_ptr<PartWorker>> workers_;
  std::map<std::string, Part> starting_;  // their position is being asked for
  bool looking_ = false, look_again_ = false, ready_ = false, stopping_ = false;
  std::size_t stops_awaited_ = 0;
  int failures_ = 0;
  runtime::TimerId timer_ = 0;
  runtime::Task stopped_;
};

}  // namespace tidemill::triggers
