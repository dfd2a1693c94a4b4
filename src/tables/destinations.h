// Kinesis destinations of tables: settings, and the delivery of what waits in their outboxes. Delivery is at least
// once, in order for each item, and goes on from the last delivered record after a restart. Home loop.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/time.h"
#include "tables/catalog.h"
#include "tables/outbox.h"
#include "tables/reply.h"
#include "tables/streaming_sink.h"

namespace tidemill::tables {

class Tables;

class Destinations {
 public:
  // Without a sink nothing can be enabled.
  Destinations(Tables& tables, StreamingSink* sink);
  ~Destinations();
  Destinations(const Destinations&) = delete;

  // The outboxes that changes of the table are written to.
  void add_taps(const TableDefinition& table, std::vector<std::shared_ptr<ChangeStream>>& taps);
  // Delivery begins: once the sink can take records.
  void start();

  void enable(const Scope& scope, const std::string& name, const std::string& stream_arn,
              std::optional<Precision> precision, Reply<StreamingDestination> reply);
  void disable(const Scope& scope, const std::string& name, const std::string& stream_arn,
               Reply<StreamingDestination> reply);
  void update(const Scope& scope, const std::string& name, const std::string& stream_arn,
              std::optional<Precision> precision, Reply<StreamingDestination> reply);
  // The table is going: adds to the batch what removes its outboxes. One that is still owed something stays, with what
  // its delivery needs to know of the table, until all is delivered or too old.
  void forget(const TableDefinition& table, storage::Mutation& batch);

 private:
  using Id = std::pair<TableId, std::uint32_t>;  // table, generation
  struct Delivery {
    Scope scope;
    std::string table, stream;  // names
    std::shared_ptr<Outbox> outbox;
    std::optional<TableDefinition> deleted;  // the table as it was
    storage::Subscription watching;
    bool running = false;
    bool sending = false;
    bool told_failure = false;
    std::chrono::milliseconds pause{0};
  };
  Delivery& delivery(const TableDefinition& table, const StreamingDestination& destination);
  TablePtr current(Id id) const;
  // Changes the stored entry; nothing when it is gone.
  TablePtr change(Id id, const std::function<void(StreamingDestination&)>& how, storage::Mutation batch = {});
  std::optional<StreamingDestination> entry(Id id) const;
  void prepare(Id id);
  void run(Id id);
  void pump(Id id);
  void retry(Id id, std::string_view error);
  void end(Id id, DestinationStatus status, const std::string& problem);
  void end_of_deleted(Id id);
  template <class F>
  auto guarded(F then) {
    return [alive = std::weak_ptr<bool>(alive_), then = std::move(then)](auto&&... arguments) mutable {
      if (!alive.expired()) then(std::forward<decltype(arguments)>(arguments)...);
    };
  }

  Tables& tables_;
  StreamingSink* const sink_;
  std::map<Id, Delivery> deliveries_;
  bool started_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// The name in `arn:aws:kinesis:<region>:<account>:stream/<name>` of this scope; nothing when it is no such ARN.
std::optional<std::string> kinesis_stream_name(std::string_view arn, const Scope& scope);

}  // namespace tidemill::tables
