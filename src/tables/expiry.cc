#include "tables/expiry.h"

#include <array>
#include <map>

#include "base/bytes.h"
#include "item/encoding.h"
#include "tables/change.h"
#include "tables/collections.h"
#include "tables/engine.h"

namespace tidemill::tables {

using storage::Keyspace;

namespace {
constexpr std::int64_t kOldestSeconds = 5LL * 365 * 24 * 3600;
}

bool is_expired(const Item& item, const TimeToLive& ttl, WallTime now) {
  const AttributeValue* value = item.find(ttl.attribute);
  if (value == nullptr || !value->is(item::Type::kNumber)) return false;
  const auto seconds = value->number().floor_integer();
  if (!seconds) return false;
  const std::int64_t at = epoch_s(now);
  // A fraction counts: 100.5 has not passed at 100 and has passed at 101.
  return *seconds < at && *seconds >= at - kOldestSeconds;
}

Expiry::Expiry(Tables& tables) : tables_(tables) {}

Expiry::~Expiry() {
  *alive_ = false;
  if (timer_ != 0) tables_.home().cancel(timer_);
}

void Expiry::start() { schedule(); }

void Expiry::schedule() {
  timer_ = tables_.home().at(tables_.clock().now() + tables_.options().ttl_period, [this] {
    step();
    schedule();
  });
}

void Expiry::step() {
  Tokens::sweep(tables_.store(), epoch_ms(tables_.clock().wall()));
  std::map<TableId, TablePtr> with_setting;
  tables_.catalog()->for_each([&](const TablePtr& table) {
    const auto& definition = table->definition;
    const bool usable = definition.status == TableStatus::kActive || definition.status == TableStatus::kUpdating;
    if (definition.ttl.enabled && usable) with_setting[definition.id] = table;
  });
  if (with_setting.empty()) return;
  // From where the walk is, round to there again: each table once at most, and so many items in all.
  std::size_t budget = tables_.options().ttl_step;
  for (std::size_t visited = 0; visited < with_setting.size() && budget > 0; ++visited) {
    auto at = with_setting.lower_bound(table_);
    if (at == with_setting.end()) at = with_setting.begin();
    if (at->first != table_) from_.clear();
    table_ = at->first;
    budget -= walk(at->second, budget);
    if (from_.empty()) ++table_;  // this table is done
  }
}

std::size_t Expiry::walk(const TablePtr& table, std::size_t items_max) {
  const auto& definition = table->definition;
  const auto prefix = table_prefix(definition.id);
  if (from_.empty()) from_ = prefix;
  const auto now = tables_.clock().wall();
  const std::array<std::string_view, 2> names{definition.ttl.attribute, definition.keys.hash[0].name};
  const auto cursor = tables_.store().cursor(Keyspace::kItems, {from_, prefix_end(prefix)});
  std::size_t looked_at = 0;
  for (; cursor->valid() && looked_at < items_max; cursor->next(), ++looked_at) {
    const auto encoded = unseal(cursor->value());
    if (!encoded) continue;
    const auto some = item::decode_some(*encoded, names);
    if (!some || !is_expired(*some, definition.ttl, now)) continue;
    std::string row(cursor->key());
    std::vector<std::uint64_t> stripes{RowKey{.bytes = row}.stripe()};
    if (has_local_index(*table)) stripes.push_back(collection_stripe(definition, *some));
    remove(table, std::move(row), std::move(stripes));
  }
  from_ = cursor->valid() ? std::string(cursor->key()) : std::string();
  return looked_at;
}

void Expiry::remove(const TablePtr& seen, std::string row, std::vector<std::uint64_t> stripes) {
  tables_.stripes().acquire(
      std::move(stripes), tables_.home(),
      [this, alive = std::weak_ptr<bool>(alive_), scope = seen->definition.scope, name = seen->definition.name,
       id = seen->definition.id, row = std::move(row)](storage::Stripes::Held held) mutable {
        if (alive.expired()) return;
        // The setting, the table and the item may all have changed since the walk saw them.
        const auto table = tables_.usable(scope, name);
        if (!table || table->definition.id != id || !table->definition.ttl.enabled) return;
        const auto stored = StoredItem::read(tables_.store(), row);
        if (!stored || !*stored) return;
        if (!is_expired((*stored)->item(), table->definition.ttl, tables_.clock().wall())) return;
        const RowKey key = item_row(id, table->definition.keys, (*stored)->item());
        // A transaction that is on its way with the item comes first; the next walk finds it again.
        if (tables_.in_flight().has(row)) return;
        storage::Mutation batch;
        if (has_local_index(*table)) {
          Collections collections(tables_.store(), tables_.options().collection_bytes_max);
          if (!collections.add(*table, (*stored)->item(), *stored, std::nullopt)) return;
          collections.write(batch);
        }
        (void)add_change(tables_.store(), *table, key, *stored, std::nullopt, true, batch);
        held.write(tables_.store(), std::move(batch));
      });
}

}  // namespace tidemill::tables
