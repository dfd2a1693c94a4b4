// Deletes items whose time to live has passed: a slow walk over the tables that have the setting, a bounded step at a
// time.
#pragma once

#include <memory>
#include <string>

#include "runtime/time.h"
#include "storage/stripes.h"
#include "tables/catalog.h"
#include "tables/rows.h"

namespace tidemill::tables {

class Tables;

// Whether an item has expired: the attribute is a number of epoch seconds in the past, and not more than five years
// ago.
bool is_expired(const Item& item, const TimeToLive& ttl, WallTime now);

class Expiry {
 public:
  explicit Expiry(Tables& tables);
  ~Expiry();
  void start();
  // One step of the walk.
  void step();

 private:
  void schedule();
  // Looks at so many items of the table from from_ on; empties from_ at the table's end. How many it looked at.
  std::size_t walk(const TablePtr& table, std::size_t items_max);
  void remove(const TablePtr& table, std::string row, std::vector<std::uint64_t> stripes);

  Tables& tables_;
  TableId table_ = 0;  // where the walk is
  std::string from_;   // the next row there; empty: its first
  runtime::TimerId timer_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tidemill::tables
