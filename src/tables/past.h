// A table as it was: the state at a point of its past, and what changed between two points. While a table keeps a
// history (point-in-time recovery is on, or a backup is being taken), every change leaves the item's old image behind;
// the state at a point is the present with the first old image from that point on in place of each item that has one.
// Read in pages, in the order of the rows, without a copy in between. A point stays readable, also over restarts and
// while writes go on, until the history is trimmed beyond it, recovery is switched off, or the table is deleted:
// reading then answers kInvalidRestoreTime.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/store.h"
#include "tables/error.h"
#include "tables/schema.h"

namespace tidemill::tables {

// A place in the commit order of one table; plain numbers, to be stored by those whose work outlives the process.
struct PastPoint {
  TableId table = 0;
  std::uint32_t generation = 0;  // of the table's history
  std::uint64_t number = 0;      // of the first change that does not belong to the state
  std::int64_t time_ms = 0;      // the time that was asked for
  bool operator==(const PastPoint&) const = default;
};

struct PastLimits {
  std::size_t rows = 256;  // looked at, with or without an item
  std::size_t bytes = 1 << 20;
};

struct PastItem {
  std::string row;      // the row's key without the table's id; unique, ascending
  std::string encoded;  // item::decode, item::append_json_of_encoded
};
struct PastPage {
  std::vector<PastItem> items;
  std::string next;  // where the next page begins; empty: this was the last
};
// The items at `point` from the row `from` on (empty: the first). Any thread; blocks as a scan of the page does.
Result<PastPage> read_past(const storage::Store& store, const PastPoint& point, std::string_view from,
                           PastLimits limits = {});

// One item that was changed at least once between two points; both images absent: it came and went.
struct PastChange {
  std::string row;
  std::optional<std::string> before, after;  // encoded, at the first and at the second point
};
struct PastChanges {
  std::vector<PastChange> changes;
  std::string next;
};
// `from` and `to` are points of the same history.
Result<PastChanges> read_changes(const storage::Store& store, const PastPoint& from, const PastPoint& to,
                                 std::string_view from_row, PastLimits limits = {});

// Where point-in-time recovery stands, as DescribeContinuousBackups tells it.
struct RecoveryDescription {
  bool enabled = false;
  int days = 0;
  std::int64_t earliest_ms = 0, latest_ms = 0;  // whole seconds; both ends can be restored
};

}  // namespace tidemill::tables
