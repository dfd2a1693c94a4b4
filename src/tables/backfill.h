// Fills a new index with the items that were there before it, in small steps, while writes go on. The place reached is
// stored with each step, so a restart goes on from there.
#pragma once

#include <memory>
#include <string>

#include "runtime/executor.h"
#include "storage/stripes.h"
#include "tables/schema.h"

namespace tidemill::tables {

class Tables;

class Backfill {
 public:
  Backfill(Tables& tables, Scope scope, std::string table, TableId id, IndexId index);
  ~Backfill();
  void start();
  static std::string progress_key(TableId table, IndexId index);

 private:
  void step();
  void fill(std::vector<std::string> rows, bool last, storage::Stripes::Held held);
  void post(runtime::Task task);

  Tables& tables_;
  const Scope scope_;
  const std::string table_;
  const TableId id_;
  const IndexId index_;
  std::string from_;  // the next row to look at
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tidemill::tables
