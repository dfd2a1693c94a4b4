// The control plane: tables come, change and go.
#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"
#include "item/encoding.h"
#include "tables/backfill.h"
#include "tables/backups.h"
#include "tables/destinations.h"
#include "tables/engine.h"
#include "tables/expiry.h"
#include "tables/recovery.h"
#include "tables/throughput.h"

namespace tidemill::tables {

using storage::Keyspace;

namespace {

constexpr std::string_view kTablePrefix = "tables/t/";
constexpr std::string_view kNextIdKey = "tables/next-id";

std::string definition_key(const Scope& scope, std::string_view name) {
  return fmt::format("{}{}/{}/{}", kTablePrefix, scope.account, scope.region, name);
}

std::unexpected<Error> table_not_found(std::string_view name) {
  return fail(Errc::kResourceNotFound, fmt::format("Requested resource not found: Table: {} not found", name));
}

std::unexpected<Error> table_in_use(std::string_view what, std::string_view name) {
  return fail(Errc::kResourceInUse,
              fmt::format("Attempt to change a resource which is still in use: Table is being {}: {}", what, name));
}

}  // namespace

// Counts items and bytes after a start: the state of the start is walked on a snapshot, in steps, and added to what has
// been written since.
struct Tables::Recount {
  std::shared_ptr<const storage::Snapshot> snapshot;
  Keyspace keyspace = Keyspace::kItems;
  std::string from;
};

TableDescription description_of(const Table& table) {
  TableDescription out{.definition = table.definition, .status = table.definition.status};
  out.size = {.items = std::max<std::int64_t>(0, table.counters->items.load(std::memory_order_relaxed)),
              .bytes = std::max<std::int64_t>(0, table.counters->bytes.load(std::memory_order_relaxed))};
  for (const auto& [id, counters] : table.index_counters) {
    out.index_sizes[id] = {.items = std::max<std::int64_t>(0, counters->items.load(std::memory_order_relaxed)),
                           .bytes = std::max<std::int64_t>(0, counters->bytes.load(std::memory_order_relaxed))};
  }
  return out;
}

Tables::Tables(Dependencies dependencies, Options options)
    : deps_(dependencies),
      options_(options),
      stripes_(options.stripes),
      recovery_(std::make_unique<Recovery>(*this)),
      destinations_(std::make_unique<Destinations>(*this, dependencies.streaming)),
      backups_(std::make_unique<Backups>(*this)) {
  load();
}

Tables::~Tables() { *alive_ = false; }

template <class T>
void Tables::reply_durable(storage::Ticket ticket, T value, Reply<T> reply) {
  deps_.store.when_durable(ticket, deps_.home, [value = std::move(value), reply = std::move(reply)]() mutable {
    std::move(reply)(std::move(value));
  });
}

void Tables::after(std::chrono::milliseconds delay, runtime::Task task) {
  deps_.home.at(deps_.home.clock().now() + delay,
                [alive = std::weak_ptr<bool>(alive_), task = std::move(task)]() mutable {
                  if (!alive.expired()) task();
                });
}

void Tables::hold(std::chrono::milliseconds delay, runtime::Task task) {
  deps_.home.post([this, alive = std::weak_ptr<bool>(alive_), delay, task = std::move(task)]() mutable {
    if (alive.expired()) return;
    const auto id = next_held_++;
    held_.emplace(id, std::move(task));
    after(delay, [this, id] {
      auto held = held_.extract(id);
      held.mapped()();
    });
  });
}

// The throughput of a table is counted across all changes of its settings.
std::shared_ptr<Meters> Tables::meters_of(const Definition& definition, const TablePtr& before) const {
  if (!options_.limited) return nullptr;
  auto meters = before && before->meters ? before->meters : std::make_shared<Meters>(deps_.home.clock());
  meters->configure(definition);
  return meters;
}

// What the account's tables ask for together must be within its quotas.
Status Tables::check_account(const Definition& definition) const {
  if (!options_.limited) return {};
  Throughput others;
  for (const auto& [name, table] : catalog_.load()->of(definition.scope)) {
    if (name == definition.name) continue;
    const auto units = units_of(table->definition);
    others.read += units.read;
    others.write += units.write;
  }
  return check_quotas(definition, others);
}

void Tables::barrier(runtime::Task then) {
  std::vector<std::uint64_t> all(options_.stripes);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  stripes_.acquire(std::move(all), deps_.home,
                   [alive = std::weak_ptr<bool>(alive_), then = std::move(then)](storage::Stripes::Held held) mutable {
                     held.release();
                     if (!alive.expired()) then();
                   });
}

void Tables::load() {
  if (const auto stored = deps_.store.get(Keyspace::kMeta, kNextIdKey); stored && *stored && (*stored)->size() == 4) {
    next_table_ = load_be<TableId>((*stored)->data());
  }
  auto catalog = std::make_shared<Catalog>();
  const auto cursor = deps_.store.cursor(Keyspace::kMeta, storage::Range::prefix(kTablePrefix));
  for (; cursor->valid(); cursor->next()) {
    auto definition = table_from_stored(cursor->value());
    if (!definition) {
      deps_.log.error("tables.stored_table_unreadable", {{"key", cursor->key()}});
      continue;
    }
    next_table_ = std::max(next_table_, definition->id + 1);
    auto table = std::make_shared<Table>();
    table->counters = std::make_shared<Counters>();
    for (const auto& index : definition->indexes) table->index_counters[index.id] = std::make_shared<Counters>();
    if (definition->stream.enabled) table->stream = deps_.changes.find(*definition);
    table->meters = meters_of(*definition, nullptr);
    if (definition->status != TableStatus::kDeleting) table->taps = taps_of(*definition);
    table->definition = *std::move(definition);
    catalog->put(std::move(table));
  }
  catalog_.publish(std::move(catalog));
  backups_->load();
  // Taken before anything is written: what is counted on it and what is written from now on add up.
  recount_ = std::make_unique<Recount>(Recount{.snapshot = deps_.store.snapshot(), .from = ""});
  counting_ = true;
}

void Tables::start() {
  recount_step();
  std::vector<TablePtr> all;
  catalog_.load()->for_each([&](const TablePtr& table) { all.push_back(table); });
  for (const auto& table : all) {
    const auto& definition = table->definition;
    if (definition.status == TableStatus::kDeleting) {
      erase_table(table, [](storage::Ticket) {});
      continue;
    }
    if (definition.status == TableStatus::kCreating && !definition.features.restoring && !definition.features.importing)
      finish_creating(definition.scope, definition.name);
    for (const auto& index : definition.indexes) {
      if (index.status == IndexStatus::kCreating) start_backfill(table, index.id);
      if (index.status == IndexStatus::kDeleting) delete_index(table, index.id);
    }
    if (definition.status == TableStatus::kUpdating) finish_updating(definition.scope, definition.name);
  }
  recovery_->start();
  backups_->start();
  expiry_ = std::make_unique<Expiry>(*this);
  if (options_.start_background) expiry_->start();
}

void Tables::recount_step() {
  if (!recount_) return;
  constexpr std::size_t kRowsPerStep = 4096;
  const auto catalog = catalog_.load();
  std::map<TableId, TablePtr> tables;
  catalog->for_each([&](const TablePtr& table) { tables[table->definition.id] = table; });
  const auto cursor = deps_.store.cursor(recount_->keyspace, {recount_->from, ""}, storage::Direction::kForward,
                                         recount_->snapshot.get());
  std::size_t rows = 0;
  for (; cursor->valid() && rows < kRowsPerStep; cursor->next(), ++rows) {
    const auto key = cursor->key();
    if (key.size() < 8) continue;
    const auto table = tables.find(load_be<TableId>(key.data()));
    const auto encoded = unseal(cursor->value());
    if (table == tables.end() || !encoded) continue;
    Counters* counters = table->second->counters.get();
    if (recount_->keyspace == Keyspace::kIndexes) {
      const auto index = table->second->index_counters.find(load_be<IndexId>(key.data() + 4));
      if (index == table->second->index_counters.end()) continue;
      counters = index->second.get();
    }
    counters->items.fetch_add(1, std::memory_order_relaxed);
    counters->bytes.fetch_add(static_cast<std::int64_t>(item::size_of_encoded(*encoded).value_or(0)),
                              std::memory_order_relaxed);
  }
  if (cursor->valid()) {
    recount_->from = cursor->key();
  } else if (recount_->keyspace == Keyspace::kItems) {
    recount_->keyspace = Keyspace::kIndexes;
    recount_->from.clear();
  } else {
    recount_.reset();
    counting_ = false;
    return;
  }
  deps_.home.post([this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) recount_step();
  });
}

TablePtr Tables::usable(const Scope& scope, std::string_view name) const {
  auto table = catalog_.load()->find(scope, name);
  if (!table) return nullptr;
  const auto status = table->definition.status;
  if (status != TableStatus::kActive && status != TableStatus::kUpdating) return nullptr;
  return table;
}

Result<TableDescription> Tables::describe(const Scope& scope, std::string_view name) const {
  const auto table = catalog_.load()->find(scope, name);
  if (!table) return table_not_found(name);
  auto description = description_of(*table);
  const auto now = deps_.home.clock().wall();
  const auto counted = [now](auto& of) { of.decreases_today = decreases_on(of.decreases_today, of.decreased, now); };
  counted(description.definition);
  for (auto& index : description.definition.indexes) counted(index);
  const auto& changed = description.definition.ttl_changed;
  description.ttl_changing = changed && now - *changed < options_.transition;
  return description;
}

TablePtr Tables::publish(Definition definition, const TablePtr& before, std::shared_ptr<ChangeStream> stream) {
  auto table = std::make_shared<Table>();
  table->counters = before ? before->counters : std::make_shared<Counters>();
  for (const auto& index : definition.indexes) {
    const bool known = before && before->index_counters.contains(index.id);
    table->index_counters[index.id] = known ? before->index_counters.at(index.id) : std::make_shared<Counters>();
  }
  table->stream = std::move(stream);
  table->meters = meters_of(definition, before);
  table->taps = taps_of(definition);
  table->definition = std::move(definition);
  auto catalog = std::make_shared<Catalog>(*catalog_.load());
  catalog->put(table);
  catalog_.publish(std::move(catalog));
  return table;
}

void Tables::unpublish(const Scope& scope, const std::string& name) {
  auto catalog = std::make_shared<Catalog>(*catalog_.load());
  catalog->erase(scope, name);
  catalog_.publish(std::move(catalog));
}

std::vector<std::shared_ptr<ChangeStream>> Tables::taps_of(const Definition& definition) {
  std::vector<std::shared_ptr<ChangeStream>> taps;
  if (definition.status == TableStatus::kDeleting) return taps;
  if (auto history = recovery_->tap(definition)) taps.push_back(std::move(history));
  destinations_->add_taps(definition, taps);
  return taps;
}

TablePtr Tables::replace(Definition definition, const TablePtr& before, storage::Mutation batch) {
  store_definition(definition, batch);
  deps_.store.write(std::move(batch));
  return publish(std::move(definition), before, before ? before->stream : nullptr);
}

// A key is shown by its ARN, whichever way it was named. None was named: one is made up.
void Tables::name_key(Definition& definition) {
  auto& key = definition.kms_key_arn;
  if (!key || key->starts_with("arn:")) return;
  const auto name = key->empty() ? "key/" + deps_.random.uuid() : key->starts_with("alias/") ? *key : "key/" + *key;
  key = fmt::format("arn:aws:kms:{}:{}:{}", definition.scope.region, definition.scope.account, name);
}

void Tables::identify(Definition& definition, const Scope& scope, storage::Mutation& batch) {
  definition.id = next_table_++;
  definition.scope = scope;
  definition.uuid = deps_.random.uuid();
  definition.created = from_epoch_ms(epoch_ms(deps_.home.clock().wall()));
  if (definition.billing == BillingMode::kPayPerRequest) definition.on_demand_since = definition.created;
  name_key(definition);
  std::string next_id;
  append_be(next_id, next_table_);
  batch.put(Keyspace::kMeta, kNextIdKey, next_id);
}

void Tables::store_definition(const Definition& definition, storage::Mutation& batch) const {
  batch.put(Keyspace::kMeta, definition_key(definition.scope, definition.name), to_stored(definition));
}

Result<TablePtr> Tables::idle_table(const Scope& scope, std::string_view name) const {
  auto table = catalog_.load()->find(scope, name);
  if (!table) return table_not_found(name);
  switch (table->definition.status) {
    case TableStatus::kCreating: return table_in_use("created", name);
    case TableStatus::kDeleting: return table_in_use("deleted", name);
    case TableStatus::kUpdating: return table_in_use("updated", name);
    case TableStatus::kActive: break;
  }
  if (changing_.contains({scope, std::string(name)})) return table_in_use("updated", name);
  return table;
}

std::string Tables::new_stream_label() {
  last_label_ms_ = std::max(epoch_ms(deps_.home.clock().wall()), last_label_ms_ + 1);
  auto label = iso8601_ms(from_epoch_ms(last_label_ms_));
  label.pop_back();  // the Z
  return label;
}

void Tables::create_table(Scope scope, CreateTableInput input, runtime::Executor& loop, Reply<TableDescription> reply) {
  on_home<TableDescription>(
      loop, std::move(reply),
      [this, scope = std::move(scope), input = std::move(input)](Reply<TableDescription> reply) mutable {
        auto defined = define_table(input);
        if (!defined) return std::move(reply)(std::unexpected(std::move(defined).error()));
        if (catalog_.load()->find(scope, input.name)) {
          return std::move(reply)(fail(Errc::kResourceInUse, "Table already exists: " + input.name));
        }
        if (auto admitted = deps_.store.admit(); !admitted) {
          return std::move(reply)(fail(Errc::kUnavailable, admitted.error().message));
        }
        Definition definition = *std::move(defined);
        definition.scope = scope;
        if (auto within = check_account(definition); !within)
          return std::move(reply)(std::unexpected(std::move(within).error()));
        storage::Mutation batch;
        identify(definition, scope, batch);
        if (input.resource_policy) {
          definition.features.policies[""] = {.document = *input.resource_policy,
                                              .revision = std::to_string(epoch_ms(definition.created))};
        }
        definition.features.importing = input.importing;
        const bool later = input.importing || options_.transition.count() > 0;
        definition.status = later ? TableStatus::kCreating : TableStatus::kActive;
        std::shared_ptr<ChangeStream> stream;
        if (definition.stream.enabled) {
          definition.stream.label = new_stream_label();
          stream = deps_.changes.open(definition, batch);
        }
        store_definition(definition, batch);
        const auto ticket = deps_.store.write(std::move(batch));
        const auto table = publish(std::move(definition), nullptr, std::move(stream));
        if (later && !input.importing) {
          after(options_.transition, [this, scope, name = input.name] { finish_creating(scope, name); });
        }
        auto description = description_of(*table);
        description.status = TableStatus::kCreating;
        deps_.log.info("tables.created", {{"table", input.name}, {"id", table->definition.id}});
        reply_durable(ticket, std::move(description), std::move(reply));
      });
}

void Tables::finish_creating(const Scope& scope, const std::string& name) {
  const auto table = catalog_.load()->find(scope, name);
  if (!table || table->definition.status != TableStatus::kCreating) return;
  Definition definition = table->definition;
  definition.status = TableStatus::kActive;
  definition.features.importing = false;
  storage::Mutation batch;
  store_definition(definition, batch);
  deps_.store.write(std::move(batch));
  publish(std::move(definition), table, table->stream);
}

void Tables::end_import(const Scope& scope, const std::string& name) {
  const auto table = catalog_.load()->find(scope, name);
  if (table && table->definition.features.importing) finish_creating(scope, name);
}

void Tables::finish_updating(const Scope& scope, const std::string& name) {
  const auto table = catalog_.load()->find(scope, name);
  if (!table || table->definition.status != TableStatus::kUpdating) return;
  for (const auto& index : table->definition.indexes) {
    if (index.status != IndexStatus::kActive) return;
  }
  Definition definition = table->definition;
  definition.status = TableStatus::kActive;
  storage::Mutation batch;
  store_definition(definition, batch);
  deps_.store.write(std::move(batch));
  publish(std::move(definition), table, table->stream);
}

void Tables::update_table(Scope scope, UpdateTableInput input, runtime::Executor& loop, Reply<TableDescription> reply) {
  on_home<TableDescription>(
      loop, std::move(reply),
      [this, scope = std::move(scope), input = std::move(input)](Reply<TableDescription> reply) mutable {
        const std::string name = input.name;
        auto known = catalog_.load()->find(scope, name);
        if (!known) return std::move(reply)(table_not_found(name));
        // A building index may be deleted; every other change waits for the table to be at rest.
        const bool only_index_changes =
            input.index_updates && !input.billing && !input.throughput && !input.stream &&
            std::ranges::all_of(*input.index_updates, [](const auto& update) {
              return update.kind == IndexUpdateInput::Kind::kDelete || update.kind == IndexUpdateInput::Kind::kCreate;
            });
        TablePtr before = known;
        if (!(only_index_changes && known->definition.status == TableStatus::kUpdating &&
              !changing_.contains({scope, name}))) {
          auto idle = idle_table(scope, name);
          if (!idle) return std::move(reply)(std::unexpected(std::move(idle).error()));
          before = *std::move(idle);
        }
        auto redefined = redefine_table(before->definition, input);
        if (!redefined) return std::move(reply)(std::unexpected(std::move(redefined).error()));
        Definition definition = *std::move(redefined);
        const auto now = from_epoch_ms(epoch_ms(deps_.home.clock().wall()));
        if (auto changes = record_changes(before->definition, definition, now, options_.limited); !changes)
          return std::move(reply)(std::unexpected(std::move(changes).error()));
        if (auto within = check_account(definition); !within)
          return std::move(reply)(std::unexpected(std::move(within).error()));
        name_key(definition);
        const bool opens = definition.stream.enabled && !before->definition.stream.enabled;
        const bool closes = !definition.stream.enabled && before->definition.stream.enabled;
        std::vector<IndexId> to_build, to_delete;
        for (const auto& index : definition.indexes) {
          const auto* old = before->definition.find_index(index.name);
          if (index.status == IndexStatus::kCreating && old == nullptr) to_build.push_back(index.id);
          if (index.status == IndexStatus::kDeleting && old != nullptr && old->status != IndexStatus::kDeleting)
            to_delete.push_back(index.id);
        }
        // Protection, encryption, limits of on-demand tables and warm throughput change without a state of their own.
        const bool at_once =
            !input.billing && !input.throughput && !input.stream && !input.table_class && !input.index_updates;
        const bool lasting = !at_once && (!to_build.empty() || !to_delete.empty() || options_.transition.count() > 0 ||
                                          before->definition.status == TableStatus::kUpdating);
        definition.status = lasting ? TableStatus::kUpdating : TableStatus::kActive;

        storage::Mutation batch;
        std::shared_ptr<ChangeStream> stream = closes ? nullptr : before->stream;
        if (opens) {
          definition.stream.label = new_stream_label();
          stream = deps_.changes.open(definition, batch);
        }
        if (closes) {
          // The stream may be closed only when no writer knows it any more.
          changing_.insert({scope, name});
          const auto table = publish(std::move(definition), before, nullptr);
          return barrier(
              [this, table, before, scope, name, batch = std::move(batch), reply = std::move(reply)]() mutable {
                deps_.changes.close(before->definition, batch);
                // The definition as it is by now: other settings may have been changed meanwhile.
                if (const auto now = catalog_.load()->find(scope, name)) store_definition(now->definition, batch);
                const auto ticket = deps_.store.write(std::move(batch));
                changing_.erase({scope, name});
                auto description = description_of(*table);
                description.status = TableStatus::kUpdating;
                if (table->definition.status == TableStatus::kUpdating) {
                  after(options_.transition, [this, scope, name] { finish_updating(scope, name); });
                }
                reply_durable(ticket, std::move(description), std::move(reply));
              });
        }
        store_definition(definition, batch);
        const auto ticket = deps_.store.write(std::move(batch));
        const auto table = publish(std::move(definition), before, std::move(stream));
        for (const auto index : to_build) {
          // Every writer knows the index before the first old item is looked at.
          if (options_.transition.count() == 0) {
            barrier([this, table, index] { start_backfill(table, index); });
          } else {
            after(options_.transition,
                  [this, table, index] { barrier([this, table, index] { start_backfill(table, index); }); });
          }
        }
        for (const auto index : to_delete) {
          if (options_.transition.count() == 0) {
            delete_index(table, index);
          } else {
            after(options_.transition, [this, table, index] { delete_index(table, index); });
          }
        }
        if (lasting && to_build.empty() && to_delete.empty()) {
          after(options_.transition, [this, scope, name] { finish_updating(scope, name); });
        }
        auto description = description_of(*table);
        if (!at_once) description.status = TableStatus::kUpdating;
        reply_durable(ticket, std::move(description), std::move(reply));
      });
}

void Tables::split_shard(Scope scope, std::string name, std::string shard, runtime::Executor& loop,
                         Reply<TableDescription> reply) {
  on_home<TableDescription>(loop, std::move(reply),
                            [this, scope = std::move(scope), name = std::move(name),
                             shard = std::move(shard)](Reply<TableDescription> reply) mutable {
                              auto idle = idle_table(scope, name);
                              if (!idle) return std::move(reply)(std::unexpected(std::move(idle).error()));
                              const auto before = *std::move(idle);
                              storage::Mutation batch;
                              auto stream = deps_.changes.begin_split(before->definition, shard, batch);
                              if (!stream) return std::move(reply)(std::unexpected(std::move(stream).error()));
                              deps_.store.write(std::move(batch));
                              changing_.insert({scope, name});
                              const auto table = publish(before->definition, before, *std::move(stream));
                              // The old shard ends when no writer knows it as open any more.
                              barrier([this, table, scope, name, reply = std::move(reply)]() mutable {
                                storage::Mutation batch;
                                deps_.changes.end_split(table->definition, batch);
                                const auto ticket = deps_.store.write(std::move(batch));
                                changing_.erase({scope, name});
                                reply_durable(ticket, description_of(*table), std::move(reply));
                              });
                            });
}

void Tables::start_backfill(const TablePtr& table, IndexId index) {
  const std::pair id{table->definition.id, index};
  if (backfills_.contains(id)) return;
  backfills_[id] =
      std::make_unique<Backfill>(*this, table->definition.scope, table->definition.name, table->definition.id, index);
  backfills_[id]->start();
}

void Tables::backfill_done(const Scope& scope, const std::string& name, IndexId index) {
  const auto table = catalog_.load()->find(scope, name);
  if (!table) return;
  Definition definition = table->definition;
  bool found = false;
  for (auto& one : definition.indexes) {
    if (one.id != index || one.status != IndexStatus::kCreating) continue;
    one.status = IndexStatus::kActive;
    one.backfilling = false;
    found = true;
  }
  const std::pair id{definition.id, index};
  storage::Mutation batch;
  batch.erase(Keyspace::kMeta, Backfill::progress_key(definition.id, index));
  if (found) {
    store_definition(definition, batch);
    deps_.log.info("tables.index_active", {{"table", name}, {"index", index}});
  }
  deps_.store.write(std::move(batch));
  if (found) publish(std::move(definition), table, table->stream);
  // The backfill is the caller: it goes when it has returned.
  deps_.home.post([this, id, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) backfills_.erase(id);
  });
  finish_updating(scope, name);
}

void Tables::delete_index(TablePtr table, IndexId index) {
  const Scope scope = table->definition.scope;
  const std::string name = table->definition.name;
  const TableId id = table->definition.id;
  barrier([this, scope, name, id, index] {
    const auto current = catalog_.load()->find(scope, name);
    if (!current || current->definition.id != id) return;
    if (const auto building = backfills_.find({id, index}); building != backfills_.end()) backfills_.erase(building);
    Definition definition = current->definition;
    std::erase_if(definition.indexes, [index](const IndexDefinition& one) { return one.id == index; });
    storage::Mutation batch;
    const auto prefix = index_prefix(id, index);
    batch.erase_range(Keyspace::kIndexes, prefix, prefix_end(prefix));
    batch.erase(Keyspace::kMeta, Backfill::progress_key(id, index));
    store_definition(definition, batch);
    deps_.store.write(std::move(batch));
    give_back(Keyspace::kIndexes, prefix);
    publish(std::move(definition), current, current->stream);
    finish_updating(scope, name);
  });
}

// What keeps a table that is being changed is told in words of its own.
Error Tables::why_not_deleted(const Scope& scope, std::string_view name, Error error) const {
  const auto table = catalog_.load()->find(scope, name);
  if (!table || table->definition.status != TableStatus::kUpdating) return error;
  constexpr std::string_view kInUse = "Attempt to change a resource which is still in use: ";
  const bool indexes = std::ranges::any_of(
      table->definition.indexes, [](const IndexDefinition& index) { return index.status != IndexStatus::kActive; });
  error.message =
      indexes ? fmt::format("{}Cannot delete table while indexes are being created, updated, or deleted.", kInUse)
              : fmt::format("{}Table: {} is in the process of being updated.", kInUse, name);
  return error;
}

void Tables::delete_table(Scope scope, std::string name, runtime::Executor& loop, Reply<TableDescription> reply) {
  on_home<TableDescription>(
      loop, std::move(reply),
      [this, scope = std::move(scope), name = std::move(name)](Reply<TableDescription> reply) mutable {
        auto idle = idle_table(scope, name);
        if (!idle) return std::move(reply)(std::unexpected(why_not_deleted(scope, name, std::move(idle).error())));
        const auto before = *std::move(idle);
        if (before->definition.deletion_protection) {
          return std::move(reply)(
              invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion "
                      "protection first."));
        }
        // A backup that is being taken, or a restore, reads from it.
        if (recovery_->is_held(before->definition.id)) return std::move(reply)(table_in_use("used", name));
        Definition definition = before->definition;
        definition.status = TableStatus::kDeleting;
        auto description = description_of(*before);
        description.status = TableStatus::kDeleting;
        // The intent is durable first: a server that stops in between finishes the deletion when it starts again.
        storage::Mutation batch;
        store_definition(definition, batch);
        const auto intent = deps_.store.write(std::move(batch));
        const auto table = publish(std::move(definition), before, nullptr);
        if (options_.transition.count() > 0) {
          after(options_.transition, [this, table] { erase_table(table, [](storage::Ticket) {}); });
          return reply_durable(intent, std::move(description), std::move(reply));
        }
        erase_table(table, [this, description = std::move(description),
                            reply = std::make_shared<Reply<TableDescription>>(std::move(reply))](
                               storage::Ticket ticket) mutable {
          reply_durable(ticket, std::move(description), std::move(*reply));
        });
      });
}

// Small ranges are left to the store's own compactions.
void Tables::give_back(Keyspace keyspace, const std::string& prefix) {
  constexpr std::uint64_t kWorthIt = 8 << 20;
  const auto range = storage::Range::prefix(prefix);
  if (deps_.reclaim && deps_.store.engine().approximate_bytes(keyspace, range) >= kWorthIt)
    deps_.reclaim(keyspace, range);
}

void Tables::erase_table(TablePtr table, std::function<void(storage::Ticket)> done) {
  barrier([this, table, done = std::move(done)] {
    const auto& definition = table->definition;
    for (const auto& index : definition.indexes) backfills_.erase({definition.id, index.id});
    storage::Mutation batch;
    if (definition.stream.enabled) deps_.changes.close(definition, batch);
    const auto prefix = table_prefix(definition.id);
    const bool kept = backups_->keep_deleted(*table, batch);
    if (!kept) batch.erase_range(Keyspace::kItems, prefix, prefix_end(prefix));
    batch.erase_range(Keyspace::kIndexes, prefix, prefix_end(prefix));
    recovery_->forget(definition, batch);
    destinations_->forget(definition, batch);
    for (const auto& index : definition.indexes)
      batch.erase(Keyspace::kMeta, Backfill::progress_key(definition.id, index.id));
    batch.erase(Keyspace::kMeta, definition_key(definition.scope, definition.name));
    const auto ticket = deps_.store.write(std::move(batch));
    unpublish(definition.scope, definition.name);
    if (!kept) give_back(Keyspace::kItems, prefix);
    give_back(Keyspace::kIndexes, prefix);
    deps_.log.info("tables.deleted", {{"table", definition.name}, {"id", definition.id}});
    done(ticket);
  });
}

void Tables::update_time_to_live(Scope scope, std::string name, TimeToLive setting, runtime::Executor& loop,
                                 Reply<TimeToLive> reply) {
  on_home<TimeToLive>(
      loop, std::move(reply),
      [this, scope = std::move(scope), name = std::move(name),
       setting = std::move(setting)](Reply<TimeToLive> reply) mutable {
        const auto table = catalog_.load()->find(scope, name);
        if (!table) return std::move(reply)(table_not_found(name));
        if (table->definition.status != TableStatus::kActive && table->definition.status != TableStatus::kUpdating) {
          return std::move(reply)(
              table_in_use(table->definition.status == TableStatus::kCreating ? "created" : "deleted", name));
        }
        const auto& current = table->definition.ttl;
        const auto now = from_epoch_ms(epoch_ms(deps_.home.clock().wall()));
        const auto other =
            "TimeToLive is active on a different AttributeName: current AttributeName is " + current.attribute;
        if (setting.enabled && current.enabled) {
          return std::move(reply)(
              invalid(current.attribute == setting.attribute ? "TimeToLive is already enabled" : other));
        }
        if (!setting.enabled && !current.enabled) return std::move(reply)(invalid("TimeToLive is already disabled"));
        if (!setting.enabled && current.attribute != setting.attribute) {
          return std::move(reply)(invalid(other));
        }
        if (options_.limited) {
          if (auto allowed = check_ttl_change(table->definition, now); !allowed)
            return std::move(reply)(std::unexpected(std::move(allowed).error()));
        }
        Definition definition = table->definition;
        definition.ttl = setting.enabled ? setting : TimeToLive{};
        definition.ttl_changed = now;
        storage::Mutation batch;
        store_definition(definition, batch);
        const auto ticket = deps_.store.write(std::move(batch));
        publish(std::move(definition), table, table->stream);
        reply_durable(ticket, std::move(setting), std::move(reply));
      });
}

void Tables::tag(Scope scope, std::string name, std::vector<std::pair<std::string, std::string>> tags,
                 runtime::Executor& loop, Reply<TagList> reply) {
  on_home<TagList>(
      loop, std::move(reply),
      [this, scope = std::move(scope), name = std::move(name), tags = std::move(tags)](Reply<TagList> reply) mutable {
        const auto table = catalog_.load()->find(scope, name);
        if (!table) return std::move(reply)(table_not_found(name));
        if (auto checked = check_tags(tags); !checked)
          return std::move(reply)(std::unexpected(std::move(checked).error()));
        Definition definition = table->definition;
        for (auto& [key, value] : tags) definition.tags[key] = value;
        if (definition.tags.size() > 50)
          return std::move(reply)(invalid("Number of Tags exceed the current limit for the provided ResourceArn"));
        storage::Mutation batch;
        store_definition(definition, batch);
        const auto ticket = deps_.store.write(std::move(batch));
        publish(std::move(definition), table, table->stream);
        reply_durable(ticket, TagList{}, std::move(reply));
      });
}

void Tables::untag(Scope scope, std::string name, std::vector<std::string> keys, runtime::Executor& loop,
                   Reply<TagList> reply) {
  on_home<TagList>(
      loop, std::move(reply),
      [this, scope = std::move(scope), name = std::move(name), keys = std::move(keys)](Reply<TagList> reply) mutable {
        const auto table = catalog_.load()->find(scope, name);
        if (!table) return std::move(reply)(table_not_found(name));
        Definition definition = table->definition;
        for (const auto& key : keys) {
          if (auto checked = check_tag_key(key); !checked)
            return std::move(reply)(std::unexpected(std::move(checked).error()));
          definition.tags.erase(key);
        }
        storage::Mutation batch;
        store_definition(definition, batch);
        const auto ticket = deps_.store.write(std::move(batch));
        publish(std::move(definition), table, table->stream);
        reply_durable(ticket, TagList{}, std::move(reply));
      });
}

}  // namespace tidemill::tables
