// Event source mappings: what is between a table's stream or a topic and a function. Each enabled mapping runs as a set
// of state machines on the home loop, woken by its source, never by polling; after a restart they go on from their
// checkpoints, and that is the same code as normal running.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reply.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "runtime/executor.h"
#include "runtime/random.h"
#include "triggers/checkpoints.h"
#include "triggers/error.h"
#include "triggers/failure_sink.h"
#include "triggers/invoker.h"
#include "triggers/mapping.h"
#include "triggers/pace.h"
#include "triggers/record_source.h"

namespace tidemill::storage {
class Store;
}

namespace tidemill::triggers {

class Mappings {
 public:
  struct Services {
    storage::Store& store;
    runtime::Loop& home;
    runtime::Random& random;
    observe::Log& log;
    observe::Metrics& metrics;
    Checkpoints& checkpoints;
    Sources& sources;
    Invoker& invoker;
    FailureSink& failures;
  };
  Mappings(Services services, Pace pace);
  ~Mappings();
  Mappings(const Mappings&) = delete;

  // Reads what is stored and starts the enabled mappings. Once, before requests.
  Status open();
  // No new invocation; `done` when the running ones have ended and their checkpoints are durable.
  void stop(runtime::Task done);

  void create(CreateRequest request, Reply<Mapping, Error> reply);
  Result<Mapping> get(std::string_view uuid) const;
  void update(UpdateRequest request, Reply<Mapping, Error> reply);
  void remove(std::string_view uuid, Reply<Mapping, Error> reply);

  struct ListRequest {
    Scope scope;
    std::string source_arn, function_name;  // empty: any
    std::string marker;                     // of the page before
    std::size_t max_items = 100;            // at most 100 are given
  };
  struct Page {
    std::vector<Mapping> mappings;
    std::string next_marker;  // empty on the last page
  };
  Page list(const ListRequest& request) const;

  // Tags of the mapping with that ARN.
  Result<std::map<std::string, std::string>> tags(std::string_view arn) const;
  void tag(std::string_view arn, std::map<std::string, std::string> add, std::vector<std::string> remove,
           Reply<void, Error> reply);

  // Nothing is being delivered, retried or waited for: all enabled mappings have processed what their sources hold.
  bool is_idle() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemill::triggers
