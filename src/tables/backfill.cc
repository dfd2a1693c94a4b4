#include "tables/backfill.h"

#include "base/bytes.h"
#include "item/encoding.h"
#include "item/size.h"
#include "tables/change.h"
#include "tables/engine.h"

namespace tidemill::tables {

using storage::Keyspace;

Backfill::Backfill(Tables& tables, Scope scope, std::string table, TableId id, IndexId index)
    : tables_(tables), scope_(std::move(scope)), table_(std::move(table)), id_(id), index_(index) {}

Backfill::~Backfill() { *alive_ = false; }

std::string Backfill::progress_key(TableId table, IndexId index) { return "tables/fill/" + index_prefix(table, index); }

void Backfill::start() {
  const auto stored = tables_.store().get(Keyspace::kMeta, progress_key(id_, index_));
  from_ = stored && *stored ? **stored : table_prefix(id_);
  post([this] { step(); });
}

void Backfill::post(runtime::Task task) {
  tables_.home().post([alive = std::weak_ptr<bool>(alive_), task = std::move(task)]() mutable {
    if (!alive.expired()) task();
  });
}

void Backfill::step() {
  const auto cursor = tables_.store().cursor(Keyspace::kItems, {from_, prefix_end(table_prefix(id_))});
  std::vector<std::string> rows;
  std::vector<std::uint64_t> stripes;
  for (; cursor->valid() && rows.size() < tables_.options().backfill_step; cursor->next()) {
    rows.emplace_back(cursor->key());
    stripes.push_back(RowKey{.bytes = rows.back()}.stripe());
  }
  const bool last = !cursor->valid();
  if (rows.empty()) return tables_.backfill_done(scope_, table_, index_);
  tables_.stripes().acquire(
      std::move(stripes), tables_.home(),
      [this, alive = std::weak_ptr<bool>(alive_), rows = std::move(rows), last](storage::Stripes::Held held) mutable {
        if (alive.expired()) return;
        fill(std::move(rows), last, std::move(held));
      });
}

void Backfill::fill(std::vector<std::string> rows, bool last, storage::Stripes::Held held) {
  // Read again under the stripes: what was deleted or changed since the cursor saw it is left to its writer.
  const auto table = tables_.usable(scope_, table_);
  if (!table || table->definition.id != id_) return;
  const IndexDefinition* index = nullptr;
  for (const auto& one : table->definition.indexes) {
    if (one.id == index_ && one.status == IndexStatus::kCreating) index = &one;
  }
  if (index == nullptr) return;
  storage::Mutation batch;
  auto& counters = *table->index_counters.at(index_);
  for (const auto& row : rows) {
    const auto stored = StoredItem::read(tables_.store(), row);
    if (!stored) {
      tables_.log().error("tables.backfill_row_unreadable", {{"table", table_}, {"error", stored.error().message}});
      continue;
    }
    if (!*stored) continue;
    const auto entry_row = index_row(id_, *index, table->definition.keys, (*stored)->item());
    if (!entry_row) continue;
    if (tables_.store().get(Keyspace::kIndexes, *entry_row).value_or(std::nullopt)) continue;
    const Item entry = entry_of(*index, table->definition.keys, (*stored)->item());
    batch.put(Keyspace::kIndexes, *entry_row, seal(item::encode(entry)));
    counters.items.fetch_add(1, std::memory_order_relaxed);
    counters.bytes.fetch_add(static_cast<std::int64_t>(item::size_of(entry)), std::memory_order_relaxed);
  }
  from_ = rows.back() + '\0';
  batch.put(Keyspace::kMeta, progress_key(id_, index_), from_);
  held.write(tables_.store(), std::move(batch));
  held.release();
  if (last) return tables_.backfill_done(scope_, table_, index_);
  post([this] { step(); });
}

}  // namespace tidemill::tables
