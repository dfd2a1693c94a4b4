// The old images of one table's changes, in commit order: what the past of a table is read from (past.h). A change
// writes them in the batch of its item (docs/formats/tables.md has the keys).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/time.h"
#include "storage/store.h"
#include "tables/change_sink.h"

namespace tidemill::tables {

class History final : public ChangeStream {
 public:
  // Finds out from the store where it ends. `since_ms`: no change gets an earlier time.
  History(storage::Store& store, const runtime::Clock& clock, TableId table, std::uint32_t generation,
          std::int64_t since_ms);

  void record(const Change& change, storage::Mutation& batch) override;

  // The number behind every change that is visible now; never inside a transaction.
  std::uint64_t cut() const;
  // The first number below `end` whose change came after that time; `end` when there is none. All changes of one
  // transaction have one time.
  std::uint64_t first_after(std::int64_t ms, std::uint64_t end) const;
  // Erases up to `entries_max` changes that are not younger than `cutoff_ms` and have smaller numbers than `floor`.
  // How many it erased.
  std::size_t trim(std::int64_t cutoff_ms, std::uint64_t floor, std::size_t entries_max);

  TableId table() const { return table_; }
  std::uint32_t generation() const { return generation_; }
  // A history begins with its mark and is gone with it: a point without one cannot be read.
  static void begin(TableId table, std::uint32_t generation, storage::Mutation& batch);
  // Everything that a history of this generation has in the store.
  static void erase(TableId table, std::uint32_t generation, storage::Mutation& batch);
  // The store is going: whoever still holds the history may only let go of it.
  void close() { log_.reset(); }

 private:
  storage::Store& store_;
  const runtime::Clock& clock_;
  const TableId table_;
  const std::uint32_t generation_;
  const std::string rows_;  // prefix of the images, by row
  std::unique_ptr<storage::Log> log_;
  std::uint64_t oldest_ = 0;     // home loop
  std::int64_t last_ms_ = 0;     // under the store's commit lock
  bool batch_has_time_ = false;  // under the store's commit lock
};

}  // namespace tidemill::tables
