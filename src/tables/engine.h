// The tables engine: control plane here, data plane in operations.h. Data operations run on the caller's loop under
// stripes; control operations run on the home loop. Every reply comes on the loop that the caller names, after the
// change is durable.
//
// How the two planes meet: a writer takes its stripe first and reads the catalog second. So after the control plane has
// published a new catalog and then once held every stripe (a barrier), no writer knows the old one. Enabling an index,
// disabling a stream and deleting a table stand on that.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "observe/log.h"
#include "runtime/executor.h"
#include "runtime/random.h"
#include "storage/store.h"
#include "storage/stripes.h"
#include "tables/catalog.h"
#include "tables/change_sink.h"
#include "tables/define_table.h"
#include "tables/in_flight.h"
#include "tables/reply.h"
#include "tables/rows.h"
#include "tables/tokens.h"

namespace tidemill::tables {

struct Size {
  std::int64_t items = 0;
  std::int64_t bytes = 0;
};

// A table as DescribeTable shows it.
struct TableDescription {
  TableDefinition definition;
  TableStatus status = TableStatus::kActive;
  Size size;
  std::map<IndexId, Size> index_sizes;
  bool ttl_changing = false;  // the setting of time to live is on its way
};

struct TagList {
  std::vector<std::pair<std::string, std::string>> tags;
};

class Backfill;
class Backups;
class Destinations;
class Expiry;
class Recovery;
class StreamingSink;

class Tables {
 public:
  struct Options {
    std::size_t stripes = 4096;  // a power of two
    // How long CREATING, UPDATING and DELETING can be seen. Zero: the next request finds the change done.
    std::chrono::milliseconds transition{0};
    // Throughput and how often settings change are limited as the service limits them.
    bool limited = false;
    std::int64_t collection_bytes_max = 10LL << 30;  // of an item collection, of tables with local indexes
    // A transaction is answered, and its items are free for others, so much later: makes overlaps visible in tests.
    std::chrono::milliseconds transaction_delay{0};
    std::size_t backfill_step = 64;              // items in one step of filling an index
    std::chrono::milliseconds ttl_period{1000};  // between two steps of the search for expired items
    std::size_t ttl_step = 2048;                 // items looked at in one step
    std::chrono::milliseconds token_life = std::chrono::minutes(10);  // of a transaction's client token
    std::size_t copy_step = 256;                                      // items in one step of a backup or a restore
    // How far the newest restorable time lies behind the present. The service has five minutes; nothing here needs any.
    std::chrono::milliseconds recovery_lag{0};
    bool start_background = true;
  };
  struct Dependencies {
    storage::Store& store;
    runtime::Loop& home;
    runtime::Random& random;
    ChangeSink& changes;
    observe::Log& log;
    // Gives the space of an erased range back, some time; may be empty.
    std::function<void(storage::Keyspace, storage::Range)> reclaim = nullptr;
    StreamingSink* streaming = nullptr;  // none: no Kinesis destination can be enabled
  };
  // Loads the catalog.
  Tables(Dependencies dependencies, Options options);
  ~Tables();
  Tables(const Tables&) = delete;
  // Starts what runs by itself: unfinished index builds, expiry, counting.
  void start();

  // --- Catalog, from any thread.
  std::shared_ptr<const Catalog> catalog() const { return catalog_.load(); }
  // A table that data operations may use; nullptr when there is none, or while it is being created or deleted.
  TablePtr usable(const Scope& scope, std::string_view name) const;
  Result<TableDescription> describe(const Scope& scope, std::string_view name) const;

  // --- Control plane, from any thread.
  void create_table(Scope scope, CreateTableInput input, runtime::Executor& loop, Reply<TableDescription> reply);
  // A table that was created to be imported into becomes ACTIVE. Home loop.
  void end_import(const Scope& scope, const std::string& name);
  void update_table(Scope scope, UpdateTableInput input, runtime::Executor& loop, Reply<TableDescription> reply);
  void delete_table(Scope scope, std::string name, runtime::Executor& loop, Reply<TableDescription> reply);
  // Divides a shard of the table's open stream in two.
  void split_shard(Scope scope, std::string name, std::string shard, runtime::Executor& loop,
                   Reply<TableDescription> reply);
  void update_time_to_live(Scope scope, std::string name, TimeToLive setting, runtime::Executor& loop,
                           Reply<TimeToLive> reply);
  void tag(Scope scope, std::string name, std::vector<std::pair<std::string, std::string>> tags,
           runtime::Executor& loop, Reply<TagList> reply);
  void untag(Scope scope, std::string name, std::vector<std::string> keys, runtime::Executor& loop,
             Reply<TagList> reply);

  // --- Parts of the control plane; on the home loop (on_home).
  Recovery& recovery() { return *recovery_; }
  Backups& backups() { return *backups_; }
  Destinations& destinations() { return *destinations_; }
  // Runs `work` on the home loop, the reply on `loop`.
  template <class T>
  void on_home(runtime::Executor& loop, Reply<T> reply, std::move_only_function<void(Reply<T>)> work);
  // Stores the definition and publishes the table; `before` is the current one, or nothing for a new table.
  TablePtr replace(TableDefinition definition, const TablePtr& before, storage::Mutation batch = {});
  // Gives a new table its id, times and key.
  void identify(TableDefinition& definition, const Scope& scope, storage::Mutation& batch);
  // Runs `then` when no writer knows a catalog that is older than the present one.
  void barrier(runtime::Task then);
  void after(std::chrono::milliseconds delay, runtime::Task task);
  void erase_table(TablePtr table, std::function<void(storage::Ticket)> done);

  // --- For the data plane (operations.h) and the background work.
  storage::Store& store() { return deps_.store; }
  storage::Stripes& stripes() { return stripes_; }
  const runtime::Clock& clock() const { return deps_.home.clock(); }
  runtime::Loop& home() { return deps_.home; }
  runtime::Random& random() { return deps_.random; }
  observe::Log& log() { return deps_.log; }
  const Options& options() const { return options_; }
  Tokens& tokens() { return tokens_; }
  InFlight& in_flight() { return in_flight_; }
  // Runs `task` on the home loop after `delay`; never, when the engine goes before. Any thread.
  void hold(std::chrono::milliseconds delay, runtime::Task task);
  // Home loop: the index is full.
  void backfill_done(const Scope& scope, const std::string& name, IndexId index);
  // Background work that has not come to its end: the tests' and `settled`'s question.
  bool busy() const { return !backfills_.empty() || counting_; }

 private:
  struct Recount;
  using Definition = TableDefinition;

  std::vector<std::shared_ptr<ChangeStream>> taps_of(const TableDefinition& definition);
  // A new snapshot of the catalog with this table in it.
  TablePtr publish(Definition definition, const TablePtr& before, std::shared_ptr<ChangeStream> stream);
  void unpublish(const Scope& scope, const std::string& name);
  void store_definition(const Definition& definition, storage::Mutation& batch) const;
  template <class T>
  void reply_durable(storage::Ticket ticket, T value, Reply<T> reply);
  void name_key(TableDefinition& definition);
  Error why_not_deleted(const Scope& scope, std::string_view name, Error error) const;
  Result<TablePtr> idle_table(const Scope& scope,
                              std::string_view name) const;  // for a change: exists and is not in one
  void finish_creating(const Scope& scope, const std::string& name);
  void finish_updating(const Scope& scope, const std::string& name);
  void give_back(storage::Keyspace keyspace, const std::string& prefix);
  void delete_index(TablePtr table, IndexId index);
  std::string new_stream_label();
  std::shared_ptr<Meters> meters_of(const Definition& definition, const TablePtr& before) const;
  Status check_account(const Definition& definition) const;
  void load();
  void start_backfill(const TablePtr& table, IndexId index);
  void recount_step();

  const Dependencies deps_;
  const Options options_;
  storage::Stripes stripes_;
  Tokens tokens_;
  InFlight in_flight_;
  CatalogHolder catalog_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // posted work of a destroyed engine does nothing

  // Home loop.
  std::map<std::uint64_t, runtime::Task> held_;  // they hold what is the engine's
  std::uint64_t next_held_ = 1;
  TableId next_table_ = 1;
  std::int64_t last_label_ms_ = 0;
  std::set<std::pair<Scope, std::string>> changing_;  // tables inside a control operation
  std::map<std::pair<TableId, IndexId>, std::unique_ptr<Backfill>> backfills_;
  std::unique_ptr<Recount> recount_;
  bool counting_ = false;
  std::unique_ptr<Expiry> expiry_;
  std::unique_ptr<Recovery> recovery_;
  std::unique_ptr<Destinations> destinations_;
  std::unique_ptr<Backups> backups_;
};

TableDescription description_of(const Table& table);

// Where a restore keeps the next row of its source.
std::string restore_progress_key(TableId table);

template <class T>
void Tables::on_home(runtime::Executor& loop, Reply<T> reply, std::move_only_function<void(Reply<T>)> work) {
  if (deps_.home.on_this_thread() && &loop == static_cast<runtime::Executor*>(&deps_.home))
    return work(std::move(reply));
  Reply<T> back([&loop, reply = std::move(reply)](Result<T> value) mutable {
    loop.post([reply = std::move(reply), value = std::move(value)]() mutable { std::move(reply)(std::move(value)); });
  });
  deps_.home.post([work = std::move(work), back = std::move(back)]() mutable { work(std::move(back)); });
}

}  // namespace tidemill::tables
