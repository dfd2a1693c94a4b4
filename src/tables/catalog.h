// The tables that exist, as an immutable snapshot: a data operation takes one pointer and sees one consistent state.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tables/change_sink.h"
#include "tables/schema.h"

namespace tidemill::tables {

// Live counts; shared by all snapshots of one table or index.
struct Counters {
  std::atomic<std::int64_t> items = 0;
  std::atomic<std::int64_t> bytes = 0;
};

class Meters;

struct Table {
  TableDefinition definition;
  std::shared_ptr<Counters> counters;
  std::map<IndexId, std::shared_ptr<Counters>> index_counters;
  std::shared_ptr<ChangeStream> stream;  // while one is enabled
  std::shared_ptr<Meters> meters;        // only when throughput is limited
  // Others that every change is written to: the history of recovery, outboxes of destinations. Mostly empty.
  std::vector<std::shared_ptr<ChangeStream>> taps;

  const Scope& scope() const { return definition.scope; }
};
using TablePtr = std::shared_ptr<const Table>;

class Catalog {
 public:
  // nullptr when there is none of that name.
  TablePtr find(const Scope& scope, std::string_view name) const;
  // Names in ascending order of their bytes.
  const std::map<std::string, TablePtr, std::less<>>& of(const Scope& scope) const;
  void for_each(const std::function<void(const TablePtr&)>& visit) const;

  void put(TablePtr table);
  void erase(const Scope& scope, std::string_view name);

 private:
  std::map<Scope, std::map<std::string, TablePtr, std::less<>>> tables_;
};

// The current snapshot; readers on any thread, one writer (the home loop).
class CatalogHolder {
 public:
  std::shared_ptr<const Catalog> load() const {
    const std::lock_guard lock(mutex_);
    return catalog_;
  }
  void publish(std::shared_ptr<const Catalog> catalog) {
    const std::lock_guard lock(mutex_);
    catalog_.swap(catalog);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Catalog> catalog_ = std::make_shared<Catalog>();  // guarded by mutex_
};

}  // namespace tidemill::tables
