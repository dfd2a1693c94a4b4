// The write path: a Mutation is written in place under the commit lock (visible to later plans at once), gets a ticket,
// and is answered when the sync lane has made that ticket durable. One lock, one counter: tickets, log numbers and the
// order in RocksDB's log are the same order, so "durable >= n" says that everything up to n can be shown.
// docs/design/0001-write-path.md argues it; sim/write_path_test.cc tries to break it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"
#include "runtime/executor.h"
#include "storage/engine.h"
#include "storage/mutation.h"
#include "storage/spin_mutex.h"

namespace tidemill::storage {

// The place of a write in the one order of commits. Zero is "before the first".
struct Ticket {
  std::uint64_t number = 0;
  auto operator<=>(const Ticket&) const = default;
};

enum class Durability : unsigned char {
  kDurable,  // a ticket is durable when the log is synced: survives the machine
  kRelaxed,  // a ticket is durable when the kernel has it: survives the process
};

class RowCache;
class Store;

// A watcher of a log; stops watching when destroyed (on its executor's thread: nothing comes after).
class Subscription {
 public:
  Subscription() = default;
  Subscription(Subscription&&) noexcept = default;
  Subscription& operator=(Subscription&&) noexcept = default;

 private:
  friend class Log;
  explicit Subscription(std::shared_ptr<void> token) : token_(std::move(token)) {}
  std::shared_ptr<void> token_;
};

// A sequence of entries with dense numbers: a shard of a stream, a partition of a topic. Owned by its engine.
class Log {
 public:
  ~Log();
  Log(const Log&) = delete;
  // The number that the next entry will get.
  std::uint64_t next() const { return next_.load(std::memory_order_acquire); }
  // Every entry below it is written and durable: readers are shown these and no others.
  std::uint64_t reached() const { return reached_.load(std::memory_order_acquire); }
  Keyspace keyspace() const { return keyspace_; }
  const std::string& prefix() const { return prefix_; }
  std::string key(std::uint64_t number) const;
  static std::uint64_t number_of(std::string_view key);  // the last eight bytes

  // `told(reached)` is posted to the executor after reached() has moved; several moves may come as one call.
  Subscription watch(runtime::Executor& executor, std::function<void(std::uint64_t reached)> told);

 private:
  friend class Store;
  struct Watcher;
  Log(Store& store, Keyspace keyspace, std::string prefix, std::uint64_t next);
  void advance(std::uint64_t reached);

  Store& store_;
  const Keyspace keyspace_;
  const std::string prefix_;
  std::atomic<std::uint64_t> next_;
  std::atomic<std::uint64_t> reached_;
  std::mutex mutex_;
  std::vector<std::weak_ptr<Watcher>> watchers_;  // guarded by mutex_
};

class Store {
 public:
  struct Options {
    Durability durability = Durability::kDurable;
    // A thread syncs (the server); without it sync_once() is called by hand (the simulation).
    bool sync_thread = true;
    // Called, from any thread, when a write or a sync failed: the state of the disk is unknown, the process must stop.
    std::function<void(const Error&)> on_failure;
    // Of memory for items that were read or written lately; 0: none.
    std::size_t item_cache_bytes = 16 << 20;
    // Asked before each write; an error refuses it (a full disk). Deletions and trims may go on: see Admission.
    std::function<Status()> admit;
  };
  Store(std::unique_ptr<Engine> engine, Options options);
  ~Store();  // syncs what is written, answers it, stops the lane
  Store(const Store&) = delete;

  Result<std::optional<std::string>> get(Keyspace keyspace, std::string_view key,
                                         const Snapshot* snapshot = nullptr) const;
  // Shows a row of kItems to `see`, which is short and does not come back here; false when there is none. What comes
  // from the engine must be `whole` (else kCorruption) and is kept in memory; what comes from there has been it.
  Result<bool> see_item(std::string_view key, bool (*whole)(std::string_view row),
                        const std::function<void(std::string_view row)>& see) const;
  std::unique_ptr<Cursor> cursor(Keyspace keyspace, const Range& range, Direction direction = Direction::kForward,
                                 const Snapshot* snapshot = nullptr) const {
    return engine_->cursor(keyspace, range, direction, snapshot);
  }
  std::shared_ptr<const Snapshot> snapshot() const { return engine_->snapshot(); }

  // Refusal before a write is planned, so that nothing is half done: kResourceExhausted when the disk is full.
  Status admit() const { return options_.admit ? options_.admit() : Status{}; }

  // Written and visible when it returns; durable later. Thread-safe. An empty mutation gives the newest ticket.
  // `before_visible(ticket)` runs under the commit lock before any reader can see the batch (stripes note the ticket
  // there).
  Ticket write(Mutation mutation, const std::function<void(Ticket)>& before_visible = nullptr);
  // `done` runs on `executor`: inline when the ticket is durable already and this is its thread, else posted.
  // When the store has failed it never runs: the process is stopping.
  void when_durable(Ticket ticket, runtime::Executor& executor, runtime::Task done);
  void commit(Mutation mutation, runtime::Executor& executor, runtime::Task done) {
    when_durable(write(std::move(mutation)), executor, std::move(done));
  }
  // The newest ticket given: a reader of many keys waits for this one, read after its last key.
  Ticket newest() const { return {issued_.load(std::memory_order_acquire)}; }
  Ticket durable() const { return {durable_.load(std::memory_order_acquire)}; }

  // The log whose entries live under `prefix`; `next` as the owner knows it (its newest entry's number plus count, or
  // 0).
  std::unique_ptr<Log> open_log(Keyspace keyspace, std::string prefix, std::uint64_t next);

  // One turn of the lane: syncs everything written so far and tells whom it concerns. False when nothing was waiting.
  bool sync_once();
  Status checkpoint(const std::string& folder) { return engine_->checkpoint(folder); }
  Engine& engine() { return *engine_; }
  Durability durability() const { return options_.durability; }
  std::uint64_t syncs() const { return syncs_.load(std::memory_order_relaxed); }

 private:
  friend class Log;
  struct Advance {
    std::uint64_t ticket;
    Log* log;
    std::uint64_t end;
  };
  struct Waiter {
    std::uint64_t ticket;
    runtime::Task done;
  };

  void begin_items(const std::vector<Write>& writes);
  void end_items(const std::vector<Write>& writes);
  void lane();
  void publish(std::uint64_t durable);
  void forget(Log& log);
  void fail(const Error& error);

  const std::unique_ptr<Engine> engine_;
  const Options options_;
  const std::unique_ptr<RowCache> items_;  // null: there is none
  std::atomic<std::uint64_t> issued_ = 0;
  std::atomic<std::uint64_t> durable_ = 0;
  std::atomic<std::uint64_t> syncs_ = 0;
  std::atomic<bool> failed_ = false;

  SpinMutex commit_mutex_;    // order: commit_mutex_, then gate_mutex_
  std::vector<Write> batch_;  // guarded by commit_mutex_; its capacity is reused

  std::mutex gate_mutex_;
  std::condition_variable wanted_;                            // with gate_mutex_
  std::deque<Advance> advances_;                              // guarded by gate_mutex_; by ticket
  std::map<runtime::Executor*, std::deque<Waiter>> waiters_;  // guarded by gate_mutex_; each by arrival
  bool stopping_ = false;                                     // guarded by gate_mutex_
  SpinMutex publish_mutex_;                                   // one publish at a time, in order

  std::thread thread_;
};

}  // namespace tidemill::storage
