#include "tables/recovery.h"

#include <fmt/format.h>

#include <algorithm>

#include "tables/engine.h"

namespace tidemill::tables {

namespace {

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
constexpr std::size_t kTrimStep = 4096;

std::int64_t whole_seconds(std::int64_t ms) { return ms / 1000 * 1000; }

}  // namespace

Recovery::Recovery(Tables& tables) : tables_(tables) {}

Recovery::~Recovery() {
  if (timer_ != 0) tables_.home().cancel(timer_);
  for (auto& [id, kept] : kept_) {
    if (kept.history) kept.history->close();
  }
}

std::shared_ptr<ChangeStream> Recovery::tap(const TableDefinition& table) {
  const auto& features = table.features;
  if (features.history == 0 || features.history_closing) return nullptr;
  auto& kept = kept_[table.id];
  if (!kept.history) {
    kept.name = table.name;
    kept.scope = table.scope;
    kept.history = std::make_shared<History>(tables_.store(), tables_.clock(), table.id, features.history,
                                             features.recovery.since_ms);
  }
  return kept.history;
}

void Recovery::start() {
  std::vector<TablePtr> all;
  tables_.catalog()->for_each([&](const TablePtr& table) { all.push_back(table); });
  for (const auto& table : all) {
    const auto& definition = table->definition;
    if (definition.status == TableStatus::kDeleting || definition.features.history == 0) continue;
    if (definition.features.history_closing) {
      kept_[definition.id] = {.name = definition.name, .scope = definition.scope, .state = State::kClosing};
      finish_closing(definition.id);
    } else if (definition.features.recovery.enabled && definition.features.recovery.since_ms == 0) {
      // The server stopped while recovery was being switched on: the state of the start is its beginning.
      auto next = definition;
      next.features.recovery.since_ms = epoch_ms(tables_.clock().wall());
      tables_.replace(std::move(next), table);
    } else {
      close_if_unused(definition.id);
    }
  }
  schedule();
}

TablePtr Recovery::current(TableId id) const {
  const auto kept = kept_.find(id);
  if (kept == kept_.end()) return nullptr;
  auto table = tables_.catalog()->find(kept->second.scope, kept->second.name);
  if (!table || table->definition.id != id || table->definition.status == TableStatus::kDeleting) return nullptr;
  return table;
}

void Recovery::update(const Scope& scope, const std::string& name, RecoveryInput input,
                      Reply<RecoveryDescription> reply) {
  const auto table = tables_.usable(scope, name);
  if (!table) return std::move(reply)(fail(Errc::kTableNotFound, "Table not found: " + name));
  const auto now = epoch_ms(tables_.clock().wall());
  auto next = table->definition;
  auto& setting = next.features.recovery;
  const bool was = setting.enabled;
  // A longer period does not bring back what was trimmed under the shorter one.
  if (was) setting.since_ms = std::max(setting.since_ms, now - setting.days * kDayMs);
  if (input.enabled) {
    setting.enabled = true;
    if (!was) setting.since_ms = 0;
    setting.days = input.days.value_or(was ? setting.days : 35);
  } else {
    setting = {};
  }
  const auto answer = [this](const TablePtr& of, Reply<RecoveryDescription> to) {
    tables_.store().when_durable(
        tables_.store().newest(), tables_.home(),
        [description = describe(of->definition), to = std::move(to)]() mutable { std::move(to)(description); });
  };
  const auto id = next.id;
  const auto changed = tables_.replace(std::move(next), table);
  if (input.enabled && !was) {
    // Once every writer writes to the history, the past begins.
    auto waiting = std::make_shared<Reply<RecoveryDescription>>(std::move(reply));
    return hold(changed, [this, id, answer, waiting, name](std::shared_ptr<History> history) {
      const auto now_open = current(id);
      if (!history || !now_open) {
        release(id);
        return std::move(*waiting)(fail(Errc::kTableNotFound, "Table not found: " + name));
      }
      auto since = now_open->definition;
      TablePtr of = now_open;
      if (since.features.recovery.enabled && since.features.recovery.since_ms == 0) {
        since.features.recovery.since_ms = epoch_ms(tables_.clock().wall());
        of = tables_.replace(std::move(since), now_open);
      }
      release(id);
      answer(of, std::move(*waiting));
    });
  }
  answer(changed, std::move(reply));
  if (!input.enabled) close_if_unused(id);
}

RecoveryDescription Recovery::describe(const TableDefinition& table) const {
  const auto& setting = table.features.recovery;
  if (!setting.enabled) return {};
  const auto now = epoch_ms(tables_.clock().wall());
  RecoveryDescription out{.enabled = true, .days = setting.days};
  out.earliest_ms =
      whole_seconds(std::max(setting.since_ms == 0 ? now : setting.since_ms, now - setting.days * kDayMs));
  out.latest_ms = std::max(out.earliest_ms, whole_seconds(now - tables_.options().recovery_lag.count()));
  return out;
}

Result<PastPoint> Recovery::point(const TableDefinition& table, std::optional<std::int64_t> time_ms) {
  const auto description = describe(table);
  const auto kept = kept_.find(table.id);
  if (!description.enabled || table.features.recovery.since_ms == 0 || kept == kept_.end() || !kept->second.history) {
    return fail(Errc::kPointInTimeUnavailable,
                fmt::format("Point in time recovery is not enabled for table '{}'", table.name));
  }
  const auto now = epoch_ms(tables_.clock().wall());
  const auto lag = tables_.options().recovery_lag.count();
  const auto latest = std::max(table.features.recovery.since_ms, now - lag);
  if (time_ms && (*time_ms < description.earliest_ms || *time_ms > latest)) {
    return fail(Errc::kInvalidRestoreTime,
                fmt::format("RestoreDateTime '{}' must be within EarliestRestorableDateTime '{}' and "
                            "LatestRestorableDateTime '{}'",
                            iso8601_s(from_epoch_ms(*time_ms)), iso8601_s(from_epoch_ms(description.earliest_ms)),
                            iso8601_s(from_epoch_ms(description.latest_ms))));
  }
  const auto& history = *kept->second.history;
  PastPoint point{.table = table.id, .generation = table.features.history, .number = history.cut()};
  point.time_ms = time_ms.value_or(latest);
  // Without a lag the newest point is everything that was written, whatever the clock says.
  if (time_ms || lag > 0) {
    // The first second of the past is whole seconds too: it begins where the history does.
    const auto at = std::max(point.time_ms, table.features.recovery.since_ms);
    point.number = history.first_after(at, point.number);
  }
  return point;
}

void Recovery::hold(const TablePtr& table, std::function<void(std::shared_ptr<History>)> held) {
  const auto id = table->definition.id;
  auto& kept = kept_[id];
  ++kept.holders;
  if (!kept.history && kept.state != State::kClosing) {
    kept.name = table->definition.name;
    kept.scope = table->definition.scope;
    kept.waiting.push_back(std::move(held));
    return open(table);
  }
  if (kept.state == State::kOpen) return held(kept.history);
  kept.waiting.push_back(std::move(held));
}

void Recovery::hold_again(const TablePtr& table) { ++kept_[table->definition.id].holders; }

void Recovery::open(const TablePtr& table) {
  const auto id = table->definition.id;
  auto next = table->definition;
  next.features.history = next.features.next_generation++;
  next.features.history_closing = false;
  kept_[id].state = State::kOpening;
  storage::Mutation batch;
  History::begin(id, next.features.history, batch);
  tables_.replace(std::move(next), table,
                  std::move(batch));  // its taps are made there: from now on writers may know the history
  tables_.barrier([this, id] {
    const auto kept = kept_.find(id);
    if (kept == kept_.end()) return;
    kept->second.state = State::kOpen;
    const auto waiting = std::exchange(kept->second.waiting, {});
    const auto history = current(id) ? kept->second.history : nullptr;
    for (const auto& held : waiting) held(history);
  });
}

void Recovery::release(TableId id) {
  const auto kept = kept_.find(id);
  if (kept == kept_.end()) return;
  if (kept->second.holders > 0) --kept->second.holders;
  close_if_unused(id);
}

bool Recovery::is_held(TableId id) const {
  const auto kept = kept_.find(id);
  return kept != kept_.end() && kept->second.holders > 0;
}

void Recovery::close_if_unused(TableId id) {
  const auto table = current(id);
  const auto kept = kept_.find(id);
  if (!table || kept == kept_.end() || kept->second.state != State::kOpen || kept->second.holders > 0) return;
  if (table->definition.features.recovery.enabled || table->definition.features.history == 0) return;
  auto next = table->definition;
  next.features.history_closing = true;
  kept->second.state = State::kClosing;
  tables_.replace(std::move(next), table);
  tables_.barrier([this, id] { finish_closing(id); });
}

void Recovery::finish_closing(TableId id) {
  const auto table = current(id);
  auto waiting = std::exchange(kept_[id].waiting, {});
  const int holders = kept_[id].holders;
  if (kept_[id].history) kept_[id].history->close();
  if (!table) {
    kept_.erase(id);
    for (const auto& held : waiting) held(nullptr);
    return;
  }
  auto next = table->definition;
  storage::Mutation batch;
  History::erase(id, next.features.history, batch);
  next.features.history = 0;
  next.features.history_closing = false;
  kept_.erase(id);
  const auto changed = tables_.replace(std::move(next), table, std::move(batch));
  if (waiting.empty()) return;
  // Someone came for it while it was being closed.
  auto& kept = kept_[id];
  kept.name = changed->definition.name;
  kept.scope = changed->definition.scope;
  kept.holders = holders;
  kept.waiting = std::move(waiting);
  open(changed);
}

void Recovery::forget(const TableDefinition& table, storage::Mutation& batch) {
  if (table.features.history != 0) History::erase(table.id, table.features.history, batch);
  const auto kept = kept_.find(table.id);
  if (kept == kept_.end()) return;
  auto waiting = std::move(kept->second.waiting);
  if (kept->second.history) kept->second.history->close();
  kept_.erase(kept);
  for (const auto& held : waiting) held(nullptr);
}

void Recovery::schedule() {
  if (!tables_.options().start_background) return;
  timer_ = tables_.home().at(tables_.clock().now() + std::chrono::minutes(1), [this] {
    trim();
    schedule();
  });
}

void Recovery::trim() {
  const auto now = epoch_ms(tables_.clock().wall());
  for (auto& [id, kept] : kept_) {
    const auto table = current(id);
    // While someone reads from it nothing goes: his point may be the oldest.
    if (!table || !kept.history || kept.state != State::kOpen || kept.holders > 0) continue;
    const auto& setting = table->definition.features.recovery;
    if (!setting.enabled) continue;
    std::size_t left = kTrimStep * 16;
    while (left > 0) {
      const auto erased = kept.history->trim(now - setting.days * kDayMs, kept.history->cut(), kTrimStep);
      if (erased == 0) break;
      left -= std::min(left, erased);
    }
  }
}

}  // namespace tidemill::tables
