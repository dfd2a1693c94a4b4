// Which tables keep a history, and how far it reaches back: point-in-time recovery, and the histories that a backup
// needs while it is being taken. Home loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/time.h"
#include "tables/catalog.h"
#include "tables/history.h"
#include "tables/past.h"
#include "tables/reply.h"

namespace tidemill::tables {

class Tables;

struct RecoveryInput {
  bool enabled = false;
  std::optional<int> days;
};

class Recovery {
 public:
  explicit Recovery(Tables& tables);
  ~Recovery();
  Recovery(const Recovery&) = delete;

  // The history that changes of the table are written to, or nullptr. Loads it when it is asked for first.
  std::shared_ptr<ChangeStream> tap(const TableDefinition& table);
  // After the catalog was loaded: ends what nobody needs, trims from now on.
  void start();

  void update(const Scope& scope, const std::string& name, RecoveryInput input, Reply<RecoveryDescription> reply);
  RecoveryDescription describe(const TableDefinition& table) const;

  // The point of a table's past at a time, or the newest. kPointInTimeUnavailable when recovery is off,
  // kInvalidRestoreTime when the time lies outside of what can be restored.
  Result<PastPoint> point(const TableDefinition& table, std::optional<std::int64_t> time_ms);

  // Keeps a history of the table open, from now or longer ago, until it is let go of as often. `held(nullptr)` when the
  // table went away meanwhile. While it is held nothing from its numbers on is trimmed.
  void hold(const TablePtr& table, std::function<void(std::shared_ptr<History>)> held);
  void release(TableId table);
  bool is_held(TableId table) const;
  // Counts in what a start found being under way.
  void hold_again(const TablePtr& table);

  // The table is going: adds to the batch what removes its history.
  void forget(const TableDefinition& table, storage::Mutation& batch);

 private:
  enum class State : unsigned char { kOpening, kOpen, kClosing };
  struct Kept {
    std::string name;
    Scope scope;
    State state = State::kOpen;
    int holders = 0;
    std::shared_ptr<History> history;
    std::vector<std::function<void(std::shared_ptr<History>)>> waiting;
  };
  void open(const TablePtr& table);
  void close_if_unused(TableId table);
  void finish_closing(TableId table);
  TablePtr current(TableId table) const;
  void schedule();
  void trim();

  Tables& tables_;
  std::map<TableId, Kept> kept_;
  runtime::TimerId timer_ = 0;
};

}  // namespace tidemill::tables
