// Producer ids and the transaction coordinator (the protocol's first transaction version: partitions are added before
// they are written). With one node a transaction ends in one step: its markers, its offsets and its new state are one
// atomic batch.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/reply.h"
#include "runtime/executor.h"
#include "topics/catalog.h"
#include "topics/groups.h"
#include "topics/offsets.h"

namespace tidemill::topics {

struct ProducerIdentity {
  std::int64_t id = kNoProducerId;
  std::int16_t epoch = -1;
  bool operator==(const ProducerIdentity&) const = default;
};

class Producers {
 public:
  static constexpr std::int64_t kIdBlock = 1000;
  static constexpr std::size_t kTransactionalIdsMax = 100'000;

  struct Settings {
    std::int32_t transaction_timeout_max_ms = 15 * 60 * 1000;
    std::int64_t transactional_id_expiration_ms = 7LL * 24 * 3600 * 1000;
  };

  Producers(storage::Store& store, runtime::Loop& loop, Catalog& catalog, Offsets& offsets, Groups& groups,
            Settings settings);
  ~Producers();
  Status load();

  struct InitRequest {
    std::optional<std::string> transactional_id;
    std::int32_t transaction_timeout_ms = 60'000;
    ProducerIdentity current;  // what the producer has, when it asks for a new epoch
  };
  void init(InitRequest request, Reply<ProducerIdentity, Error> reply);

  // One status per partition, when durable; or one error for all.
  void add_partitions(const std::string& transactional_id, ProducerIdentity producer,
                      std::vector<TopicPartition> partitions, Reply<std::vector<Status>, Error> reply);
  void add_offsets(const std::string& transactional_id, ProducerIdentity producer, const std::string& group_id,
                   Reply<void, Error> reply);
  void commit_offsets(const std::string& transactional_id, ProducerIdentity producer, OffsetCommitRequest request,
                      Reply<std::vector<Status>, Error> reply);
  void end(const std::string& transactional_id, ProducerIdentity producer, Marker outcome, Reply<void, Error> reply);

  // May this transactional batch be written to that partition?
  Status check_batch(const std::optional<std::string>& transactional_id, const BatchHeader& batch,
                     const TopicPartition& at) const;

  void expire_transactional_ids();

 private:
  enum class State : unsigned char { kEmpty = 0, kOngoing = 1, kCommitted = 2, kAborted = 3 };
  struct PendingOffset {
    std::string group_id;
    TopicPartition at;
    CommittedOffset offset;
  };
  struct Transaction {
    ProducerIdentity producer;
    std::int32_t timeout_ms = 60'000;
    State state = State::kEmpty;
    std::int64_t started_ms = 0;
    std::int64_t changed_ms = 0;
    std::set<TopicPartition> partitions;
    std::set<std::string> groups;
    std::vector<PendingOffset> offsets;
    runtime::TimerId timer = 0;
  };

  Result<Transaction*> find(const std::string& transactional_id, ProducerIdentity producer);
  void begin(const std::string& transactional_id, Transaction& transaction);
  // Markers, offsets and the final state; settled when durable, then `done`.
  void finish(const std::string& transactional_id, Transaction& transaction, Marker outcome, runtime::Task done);
  void arm(const std::string& transactional_id, Transaction& transaction);
  void on_timeout(const std::string& transactional_id);
  ProducerIdentity new_identity(storage::Mutation& changes);
  void save(const std::string& transactional_id, const Transaction& transaction, storage::Mutation& changes) const;
  void drop_pending(Transaction& transaction);
  std::int64_t now_ms() const;

  storage::Store& store_;
  runtime::Loop& loop_;
  Catalog& catalog_;
  Offsets& offsets_;
  Groups& groups_;
  const Settings settings_;
  std::int64_t next_id_ = 0, block_end_ = 0;
  std::map<std::string, Transaction> transactions_;
};

}  // namespace tidemill::topics
