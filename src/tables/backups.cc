// Backups: what there is, and the copying.
#include "tables/backups.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "item/encoding.h"
#include "tables/engine.h"
#include "tables/recovery.h"
#include "tables/rows.h"

namespace tidemill::tables {

using storage::Keyspace;

namespace {

constexpr std::string_view kBackupPrefix = "tables/backup/";
constexpr std::string_view kProgressPrefix = "tables/backup-at/";
constexpr std::string_view kNextIdKey = "tables/next-backup";
constexpr std::int64_t kSystemLifeMs = 35LL * 24 * 3600 * 1000;

std::string numbered(std::string_view prefix, std::uint64_t id) {
  std::string key(prefix);
  append_be(key, id);
  return key;
}

std::string rows_of(std::uint64_t backup) {
  std::string prefix;
  append_be(prefix, backup);
  return prefix;
}

// Those of the service itself end in zeros.
std::string backup_arn(const TableDefinition& table, std::int64_t now_ms, std::uint32_t suffix) {
  return fmt::format("{}/backup/{:014}-{:08x}", table_arn(table.scope, table.name), now_ms, suffix);
}

std::unexpected<Error> not_found(const std::string& arn) {
  return fail(Errc::kBackupNotFound, "Backup not found: " + arn);
}

json::Value backup_value(const Backup& backup) {
  json::Object out;
  out["v"] = 1;
  out["id"] = static_cast<std::int64_t>(backup.id);
  out["arn"] = backup.arn;
  out["name"] = backup.name;
  out["system"] = backup.type == BackupType::kSystem;
  out["available"] = backup.status == BackupStatus::kAvailable;
  out["created"] = backup.created_ms;
  if (backup.expires_ms) out["expires"] = *backup.expires_ms;
  out["items"] = backup.items;
  out["bytes"] = backup.bytes;
  out["table"] = to_stored(backup.table);
  out["generation"] = backup.point.generation;
  out["number"] = static_cast<std::int64_t>(backup.point.number);
  out["in_place"] = backup.in_place;
  return out;
}

std::optional<Backup> backup_from(std::string_view text) {
  const auto value = json::Value::parse(text);
  if (!value || value->integer_or("v", 0) != 1) return std::nullopt;
  auto table = table_from_stored(value->string_or("table"));
  if (!table) return std::nullopt;
  Backup out{.id = static_cast<std::uint64_t>(value->integer_or("id", 0)),
             .arn = value->string_or("arn"),
             .name = value->string_or("name"),
             .type = value->bool_or("system", false) ? BackupType::kSystem : BackupType::kUser,
             .status = value->bool_or("available", false) ? BackupStatus::kAvailable : BackupStatus::kCreating,
             .created_ms = value->integer_or("created", 0),
             .items = value->integer_or("items", 0),
             .bytes = value->integer_or("bytes", 0),
             .table = *std::move(table),
             .in_place = value->bool_or("in_place", false)};
  if (const auto* expires = value->find("expires")) out.expires_ms = expires->as_integer();
  out.point = {.table = out.table.id,
               .generation = static_cast<std::uint32_t>(value->integer_or("generation", 0)),
               .number = static_cast<std::uint64_t>(value->integer_or("number", 0)),
               .time_ms = out.created_ms};
  return out;
}

std::string with_counts(std::int64_t items, std::int64_t bytes, std::string_view from) {
  std::string out;
  append_be(out, items);
  append_be(out, bytes);
  out += from;
  return out;
}

}  // namespace

std::string_view to_string(BackupType type) { return type == BackupType::kUser ? "USER" : "SYSTEM"; }

std::string_view to_string(BackupStatus status) {
  switch (status) {
    case BackupStatus::kCreating: return "CREATING";
    case BackupStatus::kAvailable: return "AVAILABLE";
    case BackupStatus::kDeleted: return "DELETED";
  }
  std::unreachable();
}

Backups::Backups(Tables& tables) : tables_(tables) {}

Backups::~Backups() {
  *alive_ = false;
  if (timer_ != 0) tables_.home().cancel(timer_);
}

void Backups::load() {
  auto& store = tables_.store();
  if (const auto stored = store.get(Keyspace::kMeta, kNextIdKey); stored && *stored && (*stored)->size() == 8) {
    next_id_ = load_be<std::uint64_t>((*stored)->data());
  }
  const auto cursor = store.cursor(Keyspace::kMeta, storage::Range::prefix(kBackupPrefix));
  for (; cursor->valid(); cursor->next()) {
    auto backup = backup_from(cursor->value());
    if (!backup) {
      tables_.log().error("tables.stored_backup_unreadable", {{"key", to_hex(cursor->key())}});
      continue;
    }
    const auto id = backup->id;
    next_id_ = std::max(next_id_, id + 1);
    backups_[id] = *std::move(backup);
  }
  const auto catalog = tables_.catalog();
  for (const auto& [id, backup] : backups_) {
    if (backup.status != BackupStatus::kCreating) continue;
    auto& job = copying_[id];
    if (const auto stored = store.get(Keyspace::kMeta, numbered(kProgressPrefix, id));
        stored && *stored && (*stored)->size() >= 16) {
      job = {.from = (*stored)->substr(16),
             .items = load_be<std::int64_t>((*stored)->data()),
             .bytes = load_be<std::int64_t>((*stored)->data() + 8)};
    }
    const auto table = catalog->find(backup.table.scope, backup.table.name);
    if (table && table->definition.id == backup.table.id) tables_.recovery().hold_again(table);
  }
  catalog->for_each([&](const TablePtr& table) {
    const auto& restoring = table->definition.features.restoring;
    if (!restoring || table->definition.status != TableStatus::kCreating) return;
    restoring_[table->definition.id] = {};
    if (restoring->backup != 0) ++read_from_[restoring->backup];
    catalog->for_each([&](const TablePtr& source) {
      if (restoring->backup == 0 && source->definition.id == restoring->source) tables_.recovery().hold_again(source);
    });
  });
}

void Backups::start() {
  for (const auto& [id, job] : copying_) {
    again([this, id] { copy_step(id); });
  }
  tables_.catalog()->for_each([&](const TablePtr& table) {
    const auto id = table->definition.id;
    if (!restoring_.contains(id)) return;
    if (const auto stored = tables_.store().get(Keyspace::kMeta, restore_progress_key(id)); stored && *stored) {
      restoring_[id].from = **stored;
    }
    again(
        [this, scope = table->definition.scope, name = table->definition.name, id] { restore_step(scope, name, id); });
  });
  schedule();
}

void Backups::again(std::function<void()> step) {
  tables_.home().post([alive = std::weak_ptr<bool>(alive_), step = std::move(step)] {
    if (!alive.expired()) step();
  });
}

void Backups::store(const Backup& backup, storage::Mutation& batch) const {
  batch.put(Keyspace::kMeta, numbered(kBackupPrefix, backup.id), backup_value(backup).text());
  std::string next;
  append_be(next, next_id_);
  batch.put(Keyspace::kMeta, kNextIdKey, next);
}

Result<Backup*> Backups::find(const std::string& arn) {
  const auto at = std::ranges::find_if(
      backups_, [&](const auto& entry) { return entry.second.arn == arn && entry.second.begun(); });
  if (at == backups_.end()) return not_found(arn);
  return &at->second;
}

void Backups::create(const Scope& scope, const std::string& name, std::string backup_name, Reply<Backup> reply) {
  const auto table = tables_.usable(scope, name);
  if (!table) return std::move(reply)(fail(Errc::kTableNotFound, "Table not found: " + name));
  if (auto admitted = tables_.store().admit(); !admitted)
    return std::move(reply)(fail(Errc::kUnavailable, admitted.error().message));
  if (busy()) {
    return std::move(reply)(
        fail(Errc::kLimitExceeded, fmt::format("Subscriber limit exceeded: Only {} backups and restores can be in "
                                               "progress simultaneously",
                                               kJobsMax)));
  }
  const bool conflicting = std::ranges::any_of(
      copying_, [&](const auto& job) { return backups_.at(job.first).table.id == table->definition.id; });
  if (conflicting) {
    return std::move(reply)(
        fail(Errc::kBackupInUse, "Attempt to create a backup of a table of which a backup is being created: " + name));
  }
  const auto now = epoch_ms(tables_.clock().wall());
  const auto size = description_of(*table).size;
  const auto id = next_id_++;
  copying_[id];  // its place among the jobs
  backups_[id] = {.id = id,
                  .arn = backup_arn(table->definition, now, static_cast<std::uint32_t>(tables_.random().u64())),
                  .name = std::move(backup_name),
                  .created_ms = now,
                  .items = size.items,
                  .bytes = size.bytes,
                  .table = table->definition};
  auto answer = std::make_shared<Reply<Backup>>(std::move(reply));
  tables_.recovery().hold(table, [this, id, answer, name](std::shared_ptr<History> history) {
    if (!history) {
      copying_.erase(id);
      backups_.erase(id);
      return std::move(*answer)(fail(Errc::kTableNotFound, "Table not found: " + name));
    }
    auto& backup = backups_.at(id);
    backup.point = {.table = backup.table.id,
                    .generation = history->generation(),
                    .number = history->cut(),
                    .time_ms = backup.created_ms};
    storage::Mutation batch;
    store(backup, batch);
    const auto ticket = tables_.store().write(std::move(batch));
    tables_.log().info("tables.backup_begun", {{"table", name}, {"backup", backup.arn}});
    // The copying begins when the answer has left: CREATING can be seen.
    tables_.after(tables_.options().transition, [this, id] { copy_step(id); });
    tables_.store().when_durable(ticket, tables_.home(),
                                 [answer, told = backup]() mutable { std::move (*answer)(std::move(told)); });
  });
}

void Backups::copy_step(std::uint64_t id) {
  const auto job = copying_.find(id);
  if (job == copying_.end()) return;
  if (!tables_.store().admit()) {
    return tables_.after(std::chrono::seconds(1), [this, id] { copy_step(id); });
  }
  const auto& backup = backups_.at(id);
  auto page = read_past(tables_.store(), backup.point, job->second.from,
                        {.rows = tables_.options().copy_step, .bytes = 1 << 20});
  if (!page) {
    tables_.log().error("tables.backup_failed", {{"backup", backup.arn}, {"error", page.error().message}});
    return end_copy(id, false);
  }
  storage::Mutation batch;
  const auto prefix = rows_of(id);
  for (const auto& item : page->items) {
    batch.put(Keyspace::kBackups, prefix + item.row, seal(item.encoded));
    ++job->second.items;
    job->second.bytes += static_cast<std::int64_t>(item::size_of_encoded(item.encoded).value_or(0));
  }
  const bool last = page->next.empty();
  job->second.from = std::move(page->next);
  if (!last) {
    batch.put(Keyspace::kMeta, numbered(kProgressPrefix, id),
              with_counts(job->second.items, job->second.bytes, job->second.from));
  }
  tables_.store().write(std::move(batch));
  if (last) return end_copy(id, true);
  again([this, id] { copy_step(id); });
}

void Backups::end_copy(std::uint64_t id, bool whole) {
  auto& backup = backups_.at(id);
  const auto table = backup.table.id;
  storage::Mutation batch;
  batch.erase(Keyspace::kMeta, numbered(kProgressPrefix, id));
  if (whole) {
    backup.status = BackupStatus::kAvailable;
    backup.items = copying_.at(id).items;
    backup.bytes = copying_.at(id).bytes;
    store(backup, batch);
    tables_.log().info("tables.backup_available", {{"backup", backup.arn}, {"items", backup.items}});
  } else {
    // A copy that cannot be finished is none.
    erase(backup, batch);
    backups_.erase(id);
  }
  tables_.store().write(std::move(batch));
  copying_.erase(id);
  tables_.recovery().release(table);
}

void Backups::erase(const Backup& backup, storage::Mutation& batch) const {
  if (backup.in_place) {
    const auto prefix = table_prefix(backup.table.id);
    batch.erase_range(Keyspace::kItems, prefix, prefix_end(prefix));
  }
  const auto prefix = rows_of(backup.id);
  batch.erase_range(Keyspace::kBackups, prefix, prefix_end(prefix));
  batch.erase(Keyspace::kMeta, numbered(kBackupPrefix, backup.id));
}

Result<PastPage> Backups::read_rows(const Backup& backup, const std::string& from) const {
  const auto keyspace = backup.in_place ? Keyspace::kItems : Keyspace::kBackups;
  const auto prefix = backup.in_place ? table_prefix(backup.table.id) : rows_of(backup.id);
  const auto cursor = tables_.store().cursor(keyspace, {prefix + from, prefix_end(prefix)});
  PastPage page;
  std::size_t bytes = 0;
  for (; cursor->valid(); cursor->next()) {
    std::string row(cursor->key().substr(prefix.size()));
    if (page.items.size() >= tables_.options().copy_step || bytes >= 1 << 20) {
      page.next = std::move(row);
      return page;
    }
    const auto encoded = unseal(cursor->value());
    if (!encoded) return fail(Errc::kInternal, "an item of the backup is damaged");
    bytes += encoded->size();
    page.items.push_back({std::move(row), std::string(*encoded)});
  }
  if (const auto status = cursor->status(); !status) return fail(Errc::kInternal, status.error().message);
  return page;
}

void Backups::describe(const std::string& arn, Reply<Backup> reply) const {
  for (const auto& [id, backup] : backups_) {
    if (backup.arn == arn && backup.begun()) return std::move(reply)(Backup(backup));
  }
  std::move(reply)(not_found(arn));
}

void Backups::list(const Scope& scope, const ListBackupsInput& input, Reply<BackupList> reply) const {
  std::vector<const Backup*> all;
  for (const auto& [id, backup] : backups_) {
    if (!backup.begun() || backup.table.scope != scope || (input.table && backup.table.name != *input.table)) continue;
    if (input.type && backup.type != *input.type) continue;
    if (input.from_ms && backup.created_ms < *input.from_ms) continue;
    if (input.to_ms && backup.created_ms >= *input.to_ms) continue;
    if (backup.arn > input.after) all.push_back(&backup);
  }
  std::ranges::sort(all, {}, [](const Backup* backup) { return std::string_view(backup->arn); });
  BackupList out;
  for (const auto* backup : all) {
    if (out.backups.size() == input.limit) {
      out.more = true;
      break;
    }
    out.backups.push_back(*backup);
  }
  std::move(reply)(std::move(out));
}

void Backups::remove(const std::string& arn, Reply<Backup> reply) {
  auto found = find(arn);
  if (!found) return std::move(reply)(std::unexpected(std::move(found).error()));
  Backup backup = **found;
  if (backup.type == BackupType::kSystem) {
    return std::move(reply)(
        invalid(fmt::format("Invalid Request: User is not allowed to delete the system backup with arn {}. It will "
                            "automatically expire on {}",
                            arn, iso8601_ms(from_epoch_ms(backup.expires_ms.value_or(0))))));
  }
  if (backup.status == BackupStatus::kCreating || read_from_.contains(backup.id)) {
    return std::move(reply)(
        fail(Errc::kBackupInUse,
             fmt::format("Backup is being {}: {}",
                         backup.status == BackupStatus::kCreating ? "created" : "used to restore table", arn)));
  }
  storage::Mutation batch;
  erase(backup, batch);
  backups_.erase(backup.id);
  backup.status = BackupStatus::kDeleted;
  const auto ticket = tables_.store().write(std::move(batch));
  tables_.store().when_durable(
      ticket, tables_.home(),
      [backup = std::move(backup), reply = std::move(reply)]() mutable { std::move(reply)(std::move(backup)); });
}

bool Backups::keep_deleted(const Table& table, storage::Mutation& batch) {
  if (!table.definition.features.recovery.enabled) return false;
  const auto now = epoch_ms(tables_.clock().wall());
  const auto size = description_of(table).size;
  Backup backup{.id = next_id_++,
                .arn = backup_arn(table.definition, now, 0),
                .name = table.definition.name + "$DeletedTableBackup",
                .type = BackupType::kSystem,
                .status = BackupStatus::kAvailable,
                .created_ms = now,
                .expires_ms = now + kSystemLifeMs,
                .items = size.items,
                .bytes = size.bytes,
                .table = table.definition,
                .in_place = true};
  backup.table.status = TableStatus::kActive;
  store(backup, batch);
  backups_[backup.id] = std::move(backup);
  return true;
}

void Backups::schedule() {
  if (!tables_.options().start_background) return;
  timer_ = tables_.home().at(tables_.clock().now() + std::chrono::minutes(1), [this] {
    expire();
    schedule();
  });
}

void Backups::expire() {
  const auto now = epoch_ms(tables_.clock().wall());
  storage::Mutation batch;
  std::erase_if(backups_, [&](const auto& entry) {
    const Backup& backup = entry.second;
    if (!backup.expires_ms || *backup.expires_ms > now || read_from_.contains(backup.id)) return false;
    erase(backup, batch);
    tables_.log().info("tables.backup_expired", {{"backup", backup.arn}});
    return true;
  });
  tables_.store().write(std::move(batch));
}

}  // namespace tidemill::tables
