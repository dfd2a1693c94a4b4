#include "tables/history.h"

#include <algorithm>

#include "base/bytes.h"
#include "tables/past.h"
#include "tables/rows.h"

namespace tidemill::tables {

using storage::Keyspace;

namespace {

constexpr char kByNumber = 'n', kByRow = 'r', kTrimmed = 't';
constexpr std::size_t kPrefixBytes = 1 + sizeof(TableId) + sizeof(std::uint32_t);
constexpr std::size_t kNumberBytes = 8;

std::string prefix_of(char kind, TableId table, std::uint32_t generation) {
  std::string out(1, kind);
  append_be(out, table);
  append_be(out, generation);
  return out;
}

// Every number below it is gone. Nothing: there is no such history (any more).
std::optional<std::uint64_t> trimmed_to(const storage::Store& store, TableId table, std::uint32_t generation,
                                        const storage::Snapshot* snapshot) {
  const auto stored = store.get(Keyspace::kHistory, prefix_of(kTrimmed, table, generation), snapshot);
  if (!stored || !*stored || (*stored)->size() != 8) return std::nullopt;
  return load_be<std::uint64_t>((*stored)->data());
}

void mark(TableId table, std::uint32_t generation, std::uint64_t trimmed, storage::Mutation& batch) {
  std::string value;
  append_be(value, trimmed);
  batch.put(Keyspace::kHistory, prefix_of(kTrimmed, table, generation), std::move(value));
}

std::int64_t time_of(std::string_view entry) { return entry.size() < 8 ? 0 : load_be<std::int64_t>(entry.data()); }

}  // namespace

History::History(storage::Store& store, const runtime::Clock& clock, TableId table, std::uint32_t generation,
                 std::int64_t since_ms)
    : store_(store),
      clock_(clock),
      table_(table),
      generation_(generation),
      rows_(prefix_of(kByRow, table, generation)),
      last_ms_(since_ms) {
  const auto prefix = prefix_of(kByNumber, table, generation);
  oldest_ = trimmed_to(store, table, generation, nullptr).value_or(0);
  std::uint64_t next = oldest_;
  const auto last =
      store.cursor(Keyspace::kHistory, storage::Range::prefix(prefix), storage::Direction::kReverse, nullptr);
  if (last->valid()) {
    next = storage::Log::number_of(last->key()) + 1;
    last_ms_ = std::max(last_ms_, time_of(last->value()));
  }
  log_ = store.open_log(Keyspace::kHistory, prefix, next);
}

void History::record(const Change& change, storage::Mutation& batch) {
  const auto row = change.row.substr(sizeof(TableId));
  std::string entry(8, '\0');
  entry += row;
  auto number = std::make_shared<std::uint64_t>(0);
  batch.append(*log_, 1, std::move(entry), [this, number](std::uint64_t given, std::string& stored) {
    *number = given;
    // All changes of a batch get one time, so that no point of time lies inside a transaction; and a wall clock that
    // steps back does not take the history along.
    if (!std::exchange(batch_has_time_, true)) last_ms_ = std::max(last_ms_, epoch_ms(clock_.wall()));
    store_be(stored.data(), last_ms_);
  });
  std::string key = rows_;
  key += row;
  batch.at_commit(
      [this, number, key = std::move(key),
       image = change.old_image ? seal(*change.old_image) : std::string()](storage::Mutation& into) mutable {
        batch_has_time_ = false;
        append_be(key, *number);
        into.put(Keyspace::kHistory, std::move(key), std::move(image));
      });
}

std::uint64_t History::cut() const {
  std::uint64_t number = 0;
  storage::Mutation look;
  look.at_commit([this, &number](storage::Mutation&) { number = log_->next(); });
  store_.write(std::move(look));
  return number;
}

std::uint64_t History::first_after(std::int64_t ms, std::uint64_t end) const {
  std::uint64_t low = std::min(oldest_, end), high = end;
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    const auto stored = store_.get(Keyspace::kHistory, log_->key(middle));
    if (stored && *stored && time_of(**stored) > ms) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

std::size_t History::trim(std::int64_t cutoff_ms, std::uint64_t floor, std::size_t entries_max) {
  const auto cursor = store_.cursor(Keyspace::kHistory, {log_->key(oldest_), log_->key(floor)});
  storage::Mutation batch;
  std::size_t erased = 0;
  std::uint64_t to = oldest_;
  for (; cursor->valid() && erased < entries_max; cursor->next(), ++erased) {
    if (cursor->value().size() < 8 || time_of(cursor->value()) > cutoff_ms) break;
    const auto number = storage::Log::number_of(cursor->key());
    std::string key = rows_;
    key += cursor->value().substr(8);
    append_be(key, number);
    batch.erase(Keyspace::kHistory, key);
    to = number + 1;
  }
  if (to == oldest_) return 0;
  batch.erase_range(Keyspace::kHistory, log_->key(oldest_), log_->key(to));
  mark(table_, generation_, to, batch);
  store_.write(std::move(batch));
  oldest_ = to;
  return erased;
}

void History::begin(TableId table, std::uint32_t generation, storage::Mutation& batch) {
  mark(table, generation, 0, batch);
}

void History::erase(TableId table, std::uint32_t generation, storage::Mutation& batch) {
  for (const char kind : {kByNumber, kByRow}) {
    const auto prefix = prefix_of(kind, table, generation);
    batch.erase_range(Keyspace::kHistory, prefix, prefix_end(prefix));
  }
  batch.erase(Keyspace::kHistory, prefix_of(kTrimmed, table, generation));
}

// --- Reading.

namespace {

using Image = std::optional<std::string>;  // encoded; nothing: there was no item

// Goes through the images of a history row by row, within a row by number.
class RowWalk {
 public:
  RowWalk(const storage::Store& store, const storage::Snapshot* snapshot, const PastPoint& point, std::string_view from)
      : store_(store), snapshot_(snapshot), prefix_(prefix_of(kByRow, point.table, point.generation)) {
    std::string key = prefix_;
    key += from;
    open(std::move(key));
  }
  bool valid() const { return cursor_->valid() && cursor_->key().size() >= kPrefixBytes + kNumberBytes; }
  std::string_view row() const {
    return cursor_->key().substr(kPrefixBytes, cursor_->key().size() - kPrefixBytes - kNumberBytes);
  }
  std::uint64_t number() const { return storage::Log::number_of(cursor_->key()); }
  // Of the row where the walk is: the image that its first change from `number` on left behind; nothing when there is
  // no such change. The walk stays there.
  Result<std::optional<Image>> first_from(const std::string& row, std::uint64_t number) {
    seek(row, number);
    if (!valid() || this->row() != row) return std::nullopt;
    const auto stored = cursor_->value();
    if (stored.empty()) return std::optional<Image>(Image());
    const auto encoded = unseal(stored);
    if (!encoded) return fail(Errc::kInternal, "a stored old image is damaged");
    return std::optional<Image>(std::string(*encoded));
  }
  // To the row behind this one.
  void leave(const std::string& row) { seek(row, ~0ULL); }
  Status status() const {
    if (const auto status = cursor_->status(); !status) return fail(Errc::kInternal, status.error().message);
    return {};
  }

 private:
  void open(std::string key) {
    cursor_ = store_.cursor(Keyspace::kHistory, {std::move(key), prefix_end(prefix_)}, storage::Direction::kForward,
                            snapshot_);
  }
  void seek(const std::string& row, std::uint64_t number) {
    std::string key = prefix_;
    key += row;
    append_be(key, number);
    // Mostly it is near; a row that was changed very often is jumped over.
    for (int steps = 0; steps < 8; ++steps) {
      if (!cursor_->valid() || cursor_->key() >= key) return;
      cursor_->next();
    }
    open(std::move(key));
  }

  const storage::Store& store_;
  const storage::Snapshot* snapshot_;
  const std::string prefix_;
  std::unique_ptr<storage::Cursor> cursor_;
};

Status still_there(const storage::Store& store, const PastPoint& point, const storage::Snapshot* snapshot) {
  const auto trimmed = trimmed_to(store, point.table, point.generation, snapshot);
  if (trimmed && point.number >= *trimmed) return {};
  return fail(Errc::kInvalidRestoreTime, "The history of the table does not reach back to the requested time any more");
}

Result<Image> present(const storage::Store& store, TableId table, const std::string& row,
                      const storage::Snapshot* snapshot) {
  const auto stored = store.get(Keyspace::kItems, table_prefix(table) + row, snapshot);
  if (!stored) return fail(Errc::kInternal, stored.error().message);
  if (!*stored) return Image();
  const auto encoded = unseal(**stored);
  if (!encoded) return fail(Errc::kInternal, "a stored item is damaged");
  return Image(std::string(*encoded));
}

}  // namespace

Result<PastPage> read_past(const storage::Store& store, const PastPoint& point, std::string_view from,
                           PastLimits limits) {
  const auto snapshot = store.snapshot();
  TM_CHECK(still_there(store, point, snapshot.get()));
  const auto prefix = table_prefix(point.table);
  std::string start = prefix;
  start += from;
  const auto items = store.cursor(Keyspace::kItems, {std::move(start), prefix_end(prefix)},
                                  storage::Direction::kForward, snapshot.get());
  RowWalk history(store, snapshot.get(), point, from);
  PastPage page;
  std::size_t bytes = 0;
  for (std::size_t rows = 0; items->valid() || history.valid(); ++rows) {
    const auto item_row = items->valid() ? items->key().substr(prefix.size()) : std::string_view();
    const bool in_history = history.valid() && (!items->valid() || history.row() <= item_row);
    const bool in_items = items->valid() && (!in_history || history.row() == item_row);
    const std::string row(in_history ? history.row() : item_row);
    if (rows == limits.rows || bytes >= limits.bytes) {
      page.next = row;
      return page;
    }
    std::optional<Image> old;
    if (in_history) {
      TM_TRY(old, history.first_from(row, point.number));
      history.leave(row);
    }
    if (old) {
      if (*old) {
        bytes += (*old)->size();
        page.items.push_back({row, std::move(**old)});
      }
    } else if (in_items) {
      const auto encoded = unseal(items->value());
      if (!encoded) return fail(Errc::kInternal, "a stored item is damaged");
      bytes += encoded->size();
      page.items.push_back({row, std::string(*encoded)});
    }
    if (in_items) items->next();
  }
  TM_CHECK(history.status());
  if (const auto status = items->status(); !status) return fail(Errc::kInternal, status.error().message);
  return page;
}

Result<PastChanges> read_changes(const storage::Store& store, const PastPoint& from, const PastPoint& to,
                                 std::string_view from_row, PastLimits limits) {
  const auto snapshot = store.snapshot();
  if (from.table != to.table || from.generation != to.generation) {
    return fail(Errc::kInvalidRestoreTime, "The two points belong to different histories");
  }
  TM_CHECK(still_there(store, from, snapshot.get()));
  RowWalk history(store, snapshot.get(), from, from_row);
  PastChanges page;
  std::size_t bytes = 0;
  for (std::size_t rows = 0; history.valid(); ++rows) {
    const std::string row(history.row());
    if (rows == limits.rows || bytes >= limits.bytes) {
      page.next = row;
      return page;
    }
    TM_TRY(auto before, history.first_from(row, from.number));
    // Changed in between when the first change from the one point on lies before the other.
    if (before && history.valid() && history.row() == row && history.number() < to.number) {
      TM_TRY(auto after, history.first_from(row, to.number));
      PastChange change{.row = row, .before = std::move(*before), .after = {}};
      if (after) {
        change.after = std::move(*after);
      } else {
        TM_TRY(change.after, present(store, from.table, row, snapshot.get()));
      }
      bytes += row.size() + (change.before ? change.before->size() : 0) + (change.after ? change.after->size() : 0);
      page.changes.push_back(std::move(change));
    }
    history.leave(row);
  }
  TM_CHECK(history.status());
  return page;
}

}  // namespace tidemill::tables
