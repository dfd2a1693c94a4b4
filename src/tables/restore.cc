// Restoring: a new table, filled from a backup or from the past of another.
#include <fmt/format.h>

#include <algorithm>

#include "item/encoding.h"
#include "tables/backups.h"
#include "tables/change.h"
#include "tables/collections.h"
#include "tables/engine.h"
#include "tables/recovery.h"

namespace tidemill::tables {

using storage::Keyspace;

namespace {

IndexInput to_input(const IndexDefinition& index) {
  IndexInput out{.name = index.name};
  for (const auto& key : index.keys.hash) out.keys.push_back({key.name, "HASH"});
  for (const auto& key : index.keys.range) out.keys.push_back({key.name, "RANGE"});
  out.projection.type = std::string(to_string(index.projection.type));
  if (index.projection.type == ProjectionType::kInclude) out.projection.non_key = index.projection.include;
  out.on_demand = index.on_demand;
  return out;
}

// An index that was being built or deleted at that time is not part of the table.
bool is_there(const IndexDefinition& index) {
  return index.status != IndexStatus::kCreating && index.status != IndexStatus::kDeleting;
}

std::unexpected<Error> invalid_request(std::string_view message) {
  return invalid("Invalid Request: " + std::string(message));
}

// What is asked for with a restore must fit the billing mode that the table will have.
Status check_throughput(const TableDefinition& source, const RestoreOverrides& overrides, bool provisioned) {
  if (overrides.billing == "PROVISIONED" && !overrides.throughput && source.billing != BillingMode::kProvisioned)
    return invalid_request("Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED");
  if (overrides.throughput && !provisioned) {
    return invalid_request(overrides.billing
                               ? "Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST"
                               : "Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED");
  }
  if (!overrides.on_demand || overrides.on_demand->empty()) return {};
  if (provisioned) {
    return invalid_request(
        fmt::format("Cannot override Max{}RequestUnits for OnDemandThroughput unless BillingModeOverride is "
                    "PAY_PER_REQUEST",
                    overrides.on_demand->read ? "Read" : "Write"));
  }
  if (const auto wrong = limit_out_of_range(*overrides.on_demand); !wrong.empty()) {
    return invalid_request(
        fmt::format("Requested Max{}RequestUnits for OnDemandThroughput is outside of valid range", wrong));
  }
  return {};
}

bool same_index(const IndexInput& asked, const IndexDefinition& index) {
  const auto known = to_input(index);
  if (asked.keys.size() != known.keys.size() || asked.projection.type != known.projection.type) return false;
  for (std::size_t i = 0; i < known.keys.size(); ++i) {
    if (asked.keys[i].name != known.keys[i].name || asked.keys[i].kind != known.keys[i].kind) return false;
  }
  auto a = asked.projection.non_key.value_or(std::vector<std::string>());
  auto b = known.projection.non_key.value_or(std::vector<std::string>());
  std::ranges::sort(a);
  std::ranges::sort(b);
  return a == b;
}

// The indexes of one kind: all that the source had, or those of them that were asked for.
Result<std::optional<std::vector<IndexInput>>> chosen_indexes(const TableDefinition& source, IndexKind kind,
                                                              const std::optional<std::vector<IndexInput>>& asked,
                                                              bool provisioned) {
  std::vector<IndexInput> out;
  if (asked) {
    for (const auto& one : *asked) {
      // It may have another name, but must be one of those that were there.
      const bool known = std::ranges::any_of(source.indexes, [&](const IndexDefinition& index) {
        return index.kind == kind && is_there(index) && same_index(one, index);
      });
      if (!known) {
        return invalid_request(fmt::format(
            "Index {} does not match a secondary index that existed in the source table and cannot be created during "
            "the restore operation",
            one.name));
      }
      if (kind == IndexKind::kGlobal) {
        if (provisioned && !one.throughput)
          return invalid_request("Must specify provisioned throughput for index " + one.name);
        if (!provisioned && one.throughput) {
          return invalid_request(
              "Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST for index " +
              one.name);
        }
      }
      out.push_back(one);
    }
  } else {
    for (const auto& index : source.indexes) {
      if (index.kind != kind || !is_there(index)) continue;
      auto one = to_input(index);
      if (provisioned) {
        one.on_demand = {};
        if (index.throughput != Throughput{}) one.throughput = index.throughput;
      }
      out.push_back(std::move(one));
    }
  }
  if (out.empty()) return std::nullopt;
  return out;
}

}  // namespace

std::string restore_progress_key(TableId table) { return "tables/restore-at/" + table_prefix(table); }

Result<TableDefinition> restored_definition(const TableDefinition& source, const std::string& target,
                                            const RestoreOverrides& overrides) {
  bool provisioned = source.billing == BillingMode::kProvisioned;
  if (overrides.billing) provisioned = *overrides.billing == "PROVISIONED";
  TM_CHECK(check_throughput(source, overrides, provisioned));
  CreateTableInput input{.name = target, .billing = provisioned ? "PROVISIONED" : "PAY_PER_REQUEST"};
  if (!provisioned) input.on_demand = overrides.on_demand.value_or(source.on_demand);
  if (provisioned) input.throughput = overrides.throughput.value_or(source.throughput);
  for (const auto& key : source.keys.hash) input.keys.push_back({key.name, "HASH"});
  for (const auto& key : source.keys.range) input.keys.push_back({key.name, "RANGE"});
  TM_TRY(input.local_indexes, chosen_indexes(source, IndexKind::kLocal, overrides.local_indexes, provisioned));
  TM_TRY(input.global_indexes, chosen_indexes(source, IndexKind::kGlobal, overrides.global_indexes, provisioned));
  for (const auto& attribute : source.attribute_definitions()) {
    const auto used = [&](const std::vector<KeyElementInput>& keys) {
      return std::ranges::any_of(keys, [&](const KeyElementInput& key) { return key.name == attribute.name; });
    };
    bool needed = used(input.keys);
    for (const auto* list : {&input.local_indexes, &input.global_indexes}) {
      if (!*list) continue;
      for (const auto& index : **list) needed = needed || used(index.keys);
    }
    if (needed) input.attributes.push_back({attribute.name, attribute.type});
  }
  TM_TRY(auto definition, define_table(input));
  definition.kms_key_arn = source.kms_key_arn;
  if (overrides.encryption) {
    TM_CHECK(check_encryption(*overrides.encryption));
    definition.kms_key_arn.reset();
    if (overrides.encryption->enabled) definition.kms_key_arn = overrides.encryption->key.value_or("");
  }
  return definition;
}

Status Backups::check_target(const Scope& scope, const std::string& target, std::string_view from) const {
  if (const auto there = tables_.catalog()->find(scope, target)) {
    if (there->definition.status == TableStatus::kCreating && there->definition.features.restoring) {
      return fail(Errc::kTableInUse, fmt::format("Table: {} is already being restored from {}", target, from));
    }
    return fail(Errc::kTableAlreadyExists, "Table already exists: " + target);
  }
  if (auto admitted = tables_.store().admit(); !admitted) return fail(Errc::kUnavailable, admitted.error().message);
  if (busy()) {
    return fail(Errc::kLimitExceeded, fmt::format("Subscriber limit exceeded: Only {} backups and restores can be in "
                                                  "progress simultaneously",
                                                  kJobsMax));
  }
  return {};
}

void Backups::restore(const Scope& scope, const RestoreBackupInput& input, Reply<TableDescription> reply) {
  auto found = find(input.backup_arn);
  if (!found) return std::move(reply)(std::unexpected(std::move(found).error()));
  const Backup& backup = **found;
  if (auto checked = check_target(scope, input.target, "backup: " + input.backup_arn); !checked)
    return std::move(reply)(std::unexpected(std::move(checked).error()));
  if (backup.status != BackupStatus::kAvailable || read_from_.contains(backup.id)) {
    return std::move(reply)(
        fail(Errc::kBackupInUse,
             fmt::format("Backup is being {}: {}",
                         backup.status == BackupStatus::kCreating ? "created" : "used to restore another table",
                         backup.arn)));
  }
  auto definition = restored_definition(backup.table, input.target, input.overrides);
  if (!definition) return std::move(reply)(std::unexpected(std::move(definition).error()));
  ++read_from_[backup.id];
  begin_restore(scope, input.target, *std::move(definition),
                {.backup_arn = backup.arn,
                 .table_arn = table_arn(backup.table.scope, backup.table.name),
                 .time_ms = backup.created_ms,
                 .backup = backup.id},
                std::move(reply));
}

void Backups::restore_past(const Scope& scope, const RestorePastInput& input, Reply<TableDescription> reply) {
  const auto source = tables_.usable(input.source_scope, input.source);
  if (!source) return std::move(reply)(fail(Errc::kTableNotFound, "Table not found: " + input.source));
  auto point = tables_.recovery().point(source->definition, input.time_ms);
  if (!point) return std::move(reply)(std::unexpected(std::move(point).error()));
  if (auto checked = check_target(scope, input.target, "table: " + table_arn(source->scope(), source->definition.name));
      !checked) {
    return std::move(reply)(std::unexpected(std::move(checked).error()));
  }
  auto definition = restored_definition(source->definition, input.target, input.overrides);
  if (!definition) return std::move(reply)(std::unexpected(std::move(definition).error()));
  // The history is open, so this takes effect at once.
  tables_.recovery().hold(source, [](const std::shared_ptr<History>&) {});
  begin_restore(scope, input.target, *std::move(definition),
                {.table_arn = table_arn(source->scope(), source->definition.name),
                 .time_ms = point->time_ms,
                 .source = point->table,
                 .generation = point->generation,
                 .number = point->number},
                std::move(reply));
}

void Backups::begin_restore(const Scope& scope, const std::string& target, TableDefinition definition,
                            Restoring restoring, Reply<TableDescription> reply) {
  definition.features.restoring = std::move(restoring);
  definition.status = TableStatus::kCreating;
  storage::Mutation batch;
  tables_.identify(definition, scope, batch);
  const auto id = definition.id;
  const auto table = tables_.replace(std::move(definition), nullptr, std::move(batch));
  restoring_[id] = {};
  tables_.log().info("tables.restore_begun", {{"table", target}, {"id", id}});
  tables_.after(tables_.options().transition, [this, scope, target, id] { restore_step(scope, target, id); });
  tables_.store().when_durable(tables_.store().newest(), tables_.home(),
                               [description = description_of(*table), reply = std::move(reply)]() mutable {
                                 std::move(reply)(std::move(description));
                               });
}

void Backups::restore_step(const Scope& scope, const std::string& name, TableId id) {
  const auto table = tables_.catalog()->find(scope, name);
  const auto job = restoring_.find(id);
  if (!table || table->definition.id != id || job == restoring_.end() || !table->definition.features.restoring) return;
  if (!tables_.store().admit()) {
    return tables_.after(std::chrono::seconds(1), [this, scope, name, id] { restore_step(scope, name, id); });
  }
  const auto& restoring = *table->definition.features.restoring;
  Result<PastPage> page = fail(Errc::kBackupNotFound, "the backup is gone");
  if (restoring.backup == 0) {
    page = read_past(tables_.store(),
                     {.table = restoring.source,
                      .generation = restoring.generation,
                      .number = restoring.number,
                      .time_ms = restoring.time_ms},
                     job->second.from, {.rows = tables_.options().copy_step, .bytes = 1 << 20});
  } else if (const auto backup = backups_.find(restoring.backup); backup != backups_.end()) {
    page = read_rows(backup->second, job->second.from);
  }
  if (!page) {
    tables_.log().error("tables.restore_failed", {{"table", name}, {"error", page.error().message}});
    return end_restore(table, false);
  }
  storage::Mutation batch;
  const auto& definition = table->definition;
  const bool local = has_local_index(*table);
  auto collections = Collections::filling(tables_.store());
  for (const auto& one : page->items) {
    auto item = item::decode(one.encoded);
    auto counted = item && local ? collections.add(*table, *item, std::nullopt, *item) : Status();
    if (!item || !counted) {
      tables_.log().error("tables.restore_failed",
                          {{"table", name}, {"error", item ? counted.error().message : item.error().message}});
      return end_restore(table, false);
    }
    const auto row = item_row(definition.id, definition.keys, *item);
    (void)add_change(tables_.store(), *table, row, std::nullopt, *std::move(item), false, batch);
  }
  collections.write(batch);
  const bool last = page->next.empty();
  job->second.from = std::move(page->next);
  if (!last) batch.put(Keyspace::kMeta, restore_progress_key(id), job->second.from);
  tables_.store().write(std::move(batch));
  if (last) return end_restore(table, true);
  again([this, scope, name, id] { restore_step(scope, name, id); });
}

void Backups::end_restore(const TablePtr& table, bool whole) {
  const auto id = table->definition.id;
  const auto restoring = *table->definition.features.restoring;
  storage::Mutation batch;
  batch.erase(Keyspace::kMeta, restore_progress_key(id));
  auto definition = table->definition;
  if (whole) {
    // As on the service, nothing tells a restored table from another one once it is there.
    definition.features.restoring.reset();
    definition.status = TableStatus::kActive;
    tables_.replace(std::move(definition), table, std::move(batch));
    tables_.log().info("tables.restored", {{"table", table->definition.name}, {"id", id}});
  } else {
    definition.status = TableStatus::kDeleting;
    tables_.erase_table(tables_.replace(std::move(definition), table, std::move(batch)), [](storage::Ticket) {});
  }
  restoring_.erase(id);
  if (restoring.backup == 0) return tables_.recovery().release(restoring.source);
  if (const auto used = read_from_.find(restoring.backup); used != read_from_.end() && --used->second == 0)
    read_from_.erase(used);
}

}  // namespace tidemill::tables
