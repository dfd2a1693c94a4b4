#include "tables/expiry.h"

#include <array>

#include "base/bytes.h"
#include "item/encoding.h"
#include "tables/change.h"
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
  // The table where the walk is, or the next one by id that has the setting.
  TablePtr table, first;
  tables_.catalog()->for_each([&](const TablePtr& one) {
    const auto& definition = one->definition;
    if (!definition.ttl.enabled || (definition.status != TableStatus::kActive && definition.status != TableStatus::kUpdating)) return;
    if (!first || definition.id < first->definition.id) first = one;
    if (definition.id >= table_ && (!table || definition.id < table->definition.id)) table = one;
  });
  if (!table) table = first;
  if (!table) return;
  const auto& definition = table->definition;
  const auto prefix = table_prefix(definition.id);
  if (definition.id != table_ || from_.empty()) from_ = prefix;
  table_ = definition.id;
  const auto now = tables_.clock().wall();
  const std::array<std::string_view, 1> names{definition.ttl.attribute};
  const auto cursor = tables_.store().cursor(Keyspace::kItems, {from_, prefix_end(prefix)});
  std::size_t looked_at = 0;
  for (; cursor->valid() && looked_at < tables_.options().ttl_step; cursor->next(), ++looked_at) {
    const auto encoded = unseal(cursor->value());
    if (!encoded) continue;
    const auto some = item::decode_some(*encoded, names);
    if (some && is_expired(*some, definition.ttl, now)) remove(table, std::string(cursor->key()));
  }
  if (cursor->valid()) {
    from_ = cursor->key();
  } else {
    from_.clear();
    table_ = definition.id + 1;
  }
}

void Expiry::remove(const TablePtr& seen, std::string row) {
  const std::uint64_t stripe = RowKey{.bytes = row}.stripe();
  tables_.stripes().acquire(
      stripe, tables_.home(),
      [this, alive = std::weak_ptr<bool>(alive_), scope = seen->definition.scope, name = seen->definition.name, id = seen->definition.id,
       row = std::move(row)](storage::Stripes::Held held) mutable {
        if (alive.expired()) return;
        // The setting, the table and the item may all have changed since the walk saw them.
        const auto table = tables_.usable(scope, name);
        if (!table || table->definition.id != id || !table->definition.ttl.enabled) return;
        const auto stored = StoredItem::read(tables_.store(), row);
        if (!stored || !*stored) return;
        if (!is_expired((*stored)->item(), table->definition.ttl, tables_.clock().wall())) return;
        const RowKey key = item_row(id, table->definition.keys, (*stored)->item());
        storage::Mutation batch;
        (void)add_change(tables_.store(), *table, key, *stored, std::nullopt, true, batch);
        held.write(tables_.store(), std::move(batch));
      });
}

}  // namespace tidemill::tables
