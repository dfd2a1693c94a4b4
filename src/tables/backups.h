// Copies of tables that outlive them, and tables made from copies or from the past of a table. Both are filled in small
// steps while writes go on; the place reached is stored with each step, so a restart goes on from there. Home loop.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/executor.h"
#include "tables/catalog.h"
#include "tables/define_table.h"
#include "tables/past.h"
#include "tables/reply.h"

namespace tidemill::tables {

class Tables;
struct TableDescription;

enum class BackupType : unsigned char { kUser, kSystem };
enum class BackupStatus : unsigned char { kCreating, kAvailable, kDeleted };
std::string_view to_string(BackupType type);
std::string_view to_string(BackupStatus status);

struct Backup {
  std::uint64_t id = 0;
  std::string arn;
  std::string name;
  BackupType type = BackupType::kUser;
  BackupStatus status = BackupStatus::kCreating;
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> expires_ms;
  std::int64_t items = 0, bytes = 0;
  TableDefinition table;  // as it was
  PastPoint point;        // what is being copied
  bool in_place = false;  // the rows are those of a deleted table, where they always were
  // Before its point is fixed it is not there for anyone.
  bool begun() const { return in_place || point.generation != 0; }
};

struct ListBackupsInput {
  std::optional<std::string> table;
  std::optional<BackupType> type;  // nothing: all
  std::optional<std::int64_t> from_ms, to_ms;
  std::string after;  // an ARN
  std::size_t limit = 100;
};
struct BackupList {
  std::vector<Backup> backups;
  bool more = false;
};

// What a restored table has otherwise than its source.
struct RestoreOverrides {
  std::optional<std::string> billing;
  std::optional<Throughput> throughput;
  std::optional<OptionalThroughput> on_demand;
  std::optional<std::vector<IndexInput>> local_indexes, global_indexes;
  std::optional<EncryptionInput> encryption;
};
struct RestoreBackupInput {
  std::string backup_arn;
  std::string target;
  RestoreOverrides overrides;
};
struct RestorePastInput {
  Scope source_scope;
  std::string source;
  std::optional<std::int64_t> time_ms;  // nothing: the newest
  std::string target;
  RestoreOverrides overrides;
};

// The definition of a table restored from `source`: pure, without id, uuid and times.
Result<TableDefinition> restored_definition(const TableDefinition& source, const std::string& target,
                                            const RestoreOverrides& overrides);

class Backups {
 public:
  explicit Backups(Tables& tables);
  ~Backups();
  Backups(const Backups&) = delete;
  // Loads what is stored; before recovery starts, so that histories in use are known.
  void load();
  // Goes on with what was under way.
  void start();

  void create(const Scope& scope, const std::string& table, std::string name, Reply<Backup> reply);
  void describe(const std::string& arn, Reply<Backup> reply) const;
  void list(const Scope& scope, const ListBackupsInput& input, Reply<BackupList> reply) const;
  void remove(const std::string& arn, Reply<Backup> reply);
  void restore(const Scope& scope, const RestoreBackupInput& input, Reply<TableDescription> reply);
  void restore_past(const Scope& scope, const RestorePastInput& input, Reply<TableDescription> reply);

  // A table with recovery goes: its rows stay as a system backup. True when they do; else the caller erases them.
  bool keep_deleted(const Table& table, storage::Mutation& batch);

 private:
  struct Job {
    std::string from;  // the next row
    std::int64_t items = 0, bytes = 0;
  };
  void store(const Backup& backup, storage::Mutation& batch) const;
  Result<Backup*> find(const std::string& arn);
  void copy_step(std::uint64_t id);
  void end_copy(std::uint64_t id, bool whole);
  void begin_restore(const Scope& scope, const std::string& target, TableDefinition definition, Restoring restoring,
                     Reply<TableDescription> reply);
  Status check_target(const Scope& scope, const std::string& target, std::string_view from) const;
  void restore_step(const Scope& scope, const std::string& name, TableId id);
  void end_restore(const TablePtr& table, bool whole);
  Result<PastPage> read_rows(const Backup& backup, const std::string& from) const;
  bool busy() const { return copying_.size() + restoring_.size() >= kJobsMax; }
  void again(std::function<void()> step);
  void expire();
  void schedule();
  void erase(const Backup& backup, storage::Mutation& batch) const;

  static constexpr std::size_t kJobsMax = 50;

  Tables& tables_;
  std::map<std::uint64_t, Backup> backups_;
  std::map<std::uint64_t, Job> copying_;    // by backup
  std::map<TableId, Job> restoring_;        // by the table that is filled
  std::map<std::uint64_t, int> read_from_;  // backups that are being restored
  std::uint64_t next_id_ = 1;
  runtime::TimerId timer_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tidemill::tables
