#include "topics/producers.h"

#include <chrono>
#include <limits>

#include "topics/rows.h"

namespace tidemill::topics {
namespace {

using storage::Keyspace;

// The last epoch is kept for fencing; a producer that reaches it gets a new id.
constexpr std::int16_t kEpochMax = std::numeric_limits<std::int16_t>::max() - 1;

std::unexpected<Error> wrong_mapping() {
  return fail(Errc::kInvalidProducerIdMapping,
              "The producer attempted to use a producer id which is not currently assigned to its transactional id.");
}
std::unexpected<Error> fenced() {
  return fail(Errc::kProducerFenced,
              "There is a newer producer with the same transactionalId which fences the current one.");
}
std::unexpected<Error> invalid_state() {
  return fail(Errc::kInvalidTxnState, "The producer attempted a transactional operation in an invalid state.");
}

}  // namespace

Producers::Producers(storage::Store& store, runtime::Loop& loop, Catalog& catalog, Offsets& offsets, Groups& groups,
                     Settings settings)
    : store_(store), loop_(loop), catalog_(catalog), offsets_(offsets), groups_(groups), settings_(settings) {}

Producers::~Producers() {
  for (auto& [id, transaction] : transactions_)
    if (transaction.timer != 0) loop_.cancel(transaction.timer);
}

std::int64_t Producers::now_ms() const { return epoch_ms(loop_.clock().wall()); }

Status Producers::load() {
  auto next = store_.get(Keyspace::kTopics, rows::kNextProducerId);
  if (!next) return fail(Errc::kKafkaStorageError, next.error().message);
  if (*next) next_id_ = block_end_ = RowReader(**next).number();
  for (auto at = store_.cursor(Keyspace::kTopics, storage::Range::prefix(rows::kTransactionPrefix)); at->valid();
       at->next()) {
    const std::string id(at->key().substr(rows::kTransactionPrefix.size()));
    RowReader row(at->value());
    auto& transaction = transactions_[id];
    transaction.producer.id = row.number();
    transaction.producer.epoch = static_cast<std::int16_t>(row.number());
    transaction.timeout_ms = static_cast<std::int32_t>(row.number());
    transaction.state = static_cast<State>(row.number());
    transaction.started_ms = row.number();
    transaction.changed_ms = row.number();
    const auto partition = [&row] {
      auto topic = row.text();
      return TopicPartition{std::move(topic), static_cast<std::int32_t>(row.number())};
    };
    for (auto n = row.count(); n > 0 && row.ok(); --n) transaction.partitions.insert(partition());
    for (auto n = row.count(); n > 0 && row.ok(); --n) transaction.groups.insert(row.text());
    for (auto n = row.count(); n > 0 && row.ok(); --n) {
      PendingOffset pending;
      pending.group_id = row.text();
      pending.at = partition();
      pending.offset.offset = row.number();
      pending.offset.leader_epoch = static_cast<std::int32_t>(row.number());
      pending.offset.metadata = row.text();
      offsets_.add_pending(pending.group_id, pending.at);
      transaction.offsets.push_back(std::move(pending));
    }
    if (!row.ok()) return fail(Errc::kKafkaStorageError, "The stored transaction " + id + " cannot be read.");
    if (transaction.state == State::kOngoing) arm(id, transaction);
  }
  return {};
}

void Producers::save(const std::string& id, const Transaction& transaction, storage::Mutation& changes) const {
  RowWriter row;
  row.number(transaction.producer.id).number(transaction.producer.epoch).number(transaction.timeout_ms);
  row.number(static_cast<int>(transaction.state)).number(transaction.started_ms).number(transaction.changed_ms);
  row.number(static_cast<std::int64_t>(transaction.partitions.size()));
  for (const auto& at : transaction.partitions) row.text(at.topic).number(at.partition);
  row.number(static_cast<std::int64_t>(transaction.groups.size()));
  for (const auto& group : transaction.groups) row.text(group);
  row.number(static_cast<std::int64_t>(transaction.offsets.size()));
  for (const auto& pending : transaction.offsets) {
    row.text(pending.group_id).text(pending.at.topic).number(pending.at.partition);
    row.number(pending.offset.offset).number(pending.offset.leader_epoch).text(pending.offset.metadata);
  }
  changes.put(Keyspace::kTopics, rows::transaction(id), row.take());
}

ProducerIdentity Producers::new_identity(storage::Mutation& changes) {
  // Ids are taken from the store in blocks: a restart begins a new block, so no id is given twice.
  if (next_id_ == block_end_) {
    block_end_ = next_id_ + kIdBlock;
    changes.put(Keyspace::kTopics, rows::kNextProducerId, RowWriter().number(block_end_).take());
  }
  return {next_id_++, 0};
}

void Producers::init(InitRequest request, Reply<ProducerIdentity, Error> reply) {
  if (auto space = store_.admit(); !space)
    return std::move(reply)(fail(Errc::kKafkaStorageError, space.error().message));
  storage::Mutation changes;
  const auto answer = [&](ProducerIdentity identity) {
    store_.commit(std::move(changes), loop_,
                  [reply = std::move(reply), identity]() mutable { std::move(reply)(identity); });
  };
  if (!request.transactional_id) {
    // A producer that asks for a new epoch keeps its id while there are epochs left.
    const auto& current = request.current;
    if (current.id != kNoProducerId && current.epoch >= 0 && current.epoch < kEpochMax)
      return answer({current.id, static_cast<std::int16_t>(current.epoch + 1)});
    return answer(new_identity(changes));
  }
  const auto& id = *request.transactional_id;
  if (id.empty()) return std::move(reply)(fail(Errc::kInvalidRequest));
  if (request.transaction_timeout_ms <= 0 || request.transaction_timeout_ms > settings_.transaction_timeout_max_ms)
    return std::move(reply)(fail(Errc::kInvalidTransactionTimeout));
  if (!transactions_.contains(id) && transactions_.size() >= kTransactionalIdsMax)
    return std::move(reply)(fail(Errc::kCoordinatorNotAvailable, "too many transactional ids"));
  const bool is_new = !transactions_.contains(id);
  auto& transaction = transactions_[id];
  if (!is_new && request.current.id != kNoProducerId) {
    if (request.current.id != transaction.producer.id) return std::move(reply)(wrong_mapping());
    if (request.current.epoch != transaction.producer.epoch) return std::move(reply)(fenced());
  }
  const auto advance = [&](storage::Mutation& to) {
    if (is_new || transaction.producer.epoch >= kEpochMax)
      transaction.producer = new_identity(to);
    else
      ++transaction.producer.epoch;
    transaction.timeout_ms = request.transaction_timeout_ms;
    transaction.changed_ms = now_ms();
  };
  if (transaction.state == State::kOngoing) {
    // What its predecessor left open is aborted, under an epoch that fences the predecessor.
    if (transaction.producer.epoch < kEpochMax) ++transaction.producer.epoch;
    finish(id, transaction, Marker::kAbort, [] {});
    transaction.timeout_ms = request.transaction_timeout_ms;
    if (transaction.producer.epoch >= kEpochMax) transaction.producer = new_identity(changes);
  } else {
    advance(changes);
  }
  transaction.state = State::kEmpty;
  save(id, transaction, changes);
  answer(transaction.producer);
}

Result<Producers::Transaction*> Producers::find(const std::string& id, ProducerIdentity producer) {
  if (id.empty()) return fail(Errc::kInvalidRequest);
  const auto found = transactions_.find(id);
  if (found == transactions_.end() || found->second.producer.id != producer.id) return wrong_mapping();
  if (found->second.producer.epoch != producer.epoch) return fenced();
  return &found->second;
}

void Producers::begin(const std::string& id, Transaction& transaction) {
  if (transaction.state == State::kOngoing) return;
  transaction.state = State::kOngoing;
  transaction.started_ms = now_ms();
  arm(id, transaction);
}

void Producers::arm(const std::string& id, Transaction& transaction) {
  const auto left = std::max<std::int64_t>(0, transaction.started_ms + transaction.timeout_ms - now_ms());
  transaction.timer =
      loop_.at(loop_.clock().now() + std::chrono::milliseconds(left), [this, id] { on_timeout(std::string(id)); });
}

void Producers::on_timeout(const std::string& id) {
  const auto found = transactions_.find(id);
  if (found == transactions_.end() || found->second.state != State::kOngoing) return;
  found->second.timer = 0;
  if (found->second.producer.epoch < kEpochMax) ++found->second.producer.epoch;
  finish(id, found->second, Marker::kAbort, [] {});
}

void Producers::add_partitions(const std::string& id, ProducerIdentity producer, std::vector<TopicPartition> partitions,
                               Reply<std::vector<Status>, Error> reply) {
  auto found = find(id, producer);
  if (!found) return std::move(reply)(std::unexpected(found.error()));
  std::vector<Status> out;
  bool all = true;
  for (const auto& at : partitions) {
    auto log = catalog_.log(at.topic, at.partition);
    all = all && log.has_value();
    out.push_back(log ? Status() : std::unexpected(log.error()));
  }
  storage::Mutation changes;
  if (all) {
    auto& transaction = **found;
    begin(id, transaction);
    transaction.changed_ms = now_ms();
    transaction.partitions.insert(partitions.begin(), partitions.end());
    save(id, transaction, changes);
  } else {
    for (auto& status : out)
      if (status) status = fail(Errc::kOperationNotAttempted);
  }
  store_.commit(std::move(changes), loop_,
                [reply = std::move(reply), out = std::move(out)]() mutable { std::move(reply)(std::move(out)); });
}

void Producers::add_offsets(const std::string& id, ProducerIdentity producer, const std::string& group_id,
                            Reply<void, Error> reply) {
  auto found = find(id, producer);
  if (!found) return std::move(reply)(std::unexpected(found.error()));
  if (group_id.empty()) return std::move(reply)(fail(Errc::kInvalidGroupId));
  auto& transaction = **found;
  begin(id, transaction);
  transaction.changed_ms = now_ms();
  transaction.groups.insert(group_id);
  storage::Mutation changes;
  save(id, transaction, changes);
  store_.commit(std::move(changes), loop_, [reply = std::move(reply)]() mutable { std::move(reply)({}); });
}

void Producers::commit_offsets(const std::string& id, ProducerIdentity producer, OffsetCommitRequest request,
                               Reply<std::vector<Status>, Error> reply) {
  auto found = find(id, producer);
  if (!found) return std::move(reply)(std::unexpected(found.error()));
  auto& transaction = **found;
  if (transaction.state != State::kOngoing || !transaction.groups.contains(request.group_id))
    return std::move(reply)(invalid_state());
  // Older clients do not say which member they are; then the transaction's own fencing is all there is.
  if (request.who.generation >= 0 || !request.who.member_id.empty() || request.who.instance_id) {
    if (auto may = groups_.check_member(request.group_id, request.who); !may)
      return std::move(reply)(std::unexpected(may.error()));
  }
  std::vector<Status> out;
  for (auto& entry : request.entries) {
    auto valid = groups_.check_entry(entry.at, entry.offset);
    if (valid) {
      offsets_.add_pending(request.group_id, entry.at);
      transaction.offsets.push_back({request.group_id, entry.at, std::move(entry.offset)});
    }
    out.push_back(std::move(valid));
  }
  storage::Mutation changes;
  save(id, transaction, changes);
  store_.commit(std::move(changes), loop_,
                [reply = std::move(reply), out = std::move(out)]() mutable { std::move(reply)(std::move(out)); });
}

void Producers::end(const std::string& id, ProducerIdentity producer, Marker outcome, Reply<void, Error> reply) {
  auto found = find(id, producer);
  if (!found) return std::move(reply)(std::unexpected(found.error()));
  auto& transaction = **found;
  const auto finished = outcome == Marker::kCommit ? State::kCommitted : State::kAborted;
  if (transaction.state == finished)
    // Its answer was lost: it hears it again, when it is durable.
    return store_.when_durable(store_.newest(), loop_, [reply = std::move(reply)]() mutable { std::move(reply)({}); });
  if (transaction.state != State::kOngoing) return std::move(reply)(invalid_state());
  finish(id, transaction, outcome, [reply = std::move(reply)]() mutable { std::move(reply)({}); });
}

void Producers::finish(const std::string& id, Transaction& transaction, Marker outcome, runtime::Task done) {
  if (transaction.timer != 0) loop_.cancel(std::exchange(transaction.timer, 0));
  storage::Mutation changes;
  const auto now = now_ms();
  std::vector<std::pair<std::weak_ptr<Partition>, Partition::Ended>> ended;
  for (const auto& at : transaction.partitions) {
    auto log = catalog_.log(at.topic, at.partition);
    if (!log) continue;  // deleted meanwhile
    ended.emplace_back(
        *log, (*log)->end_transaction(outcome, transaction.producer.id, transaction.producer.epoch, now, changes));
  }
  if (outcome == Marker::kCommit) {
    for (auto& pending : transaction.offsets) {
      pending.offset.committed_ms = now;
      offsets_.commit(pending.group_id, pending.at, pending.offset, changes);
      groups_.note_commit(pending.group_id);
    }
  }
  drop_pending(transaction);
  transaction.partitions.clear();
  transaction.groups.clear();
  transaction.state = outcome == Marker::kCommit ? State::kCommitted : State::kAborted;
  transaction.changed_ms = now;
  save(id, transaction, changes);
  store_.commit(std::move(changes), loop_, [ended = std::move(ended), done = std::move(done)]() mutable {
    for (const auto& [weak, what] : ended)
      if (const auto log = weak.lock()) log->settled(what);
    done();
  });
}

void Producers::drop_pending(Transaction& transaction) {
  for (const auto& pending : transaction.offsets) offsets_.remove_pending(pending.group_id, pending.at);
  transaction.offsets.clear();
}

Status Producers::check_batch(const std::optional<std::string>& id, const BatchHeader& batch,
                              const TopicPartition& at) const {
  if (!id) return invalid_state();
  const auto found = transactions_.find(*id);
  if (found == transactions_.end() || found->second.producer.id != batch.producer_id) return wrong_mapping();
  const auto& transaction = found->second;
  if (transaction.producer.epoch != batch.producer_epoch)
    return fail(Errc::kInvalidProducerEpoch, "The epoch of the producer is not the one of its transactional id.");
  if (transaction.state != State::kOngoing || !transaction.partitions.contains(at)) return invalid_state();
  return {};
}

void Producers::expire_transactional_ids() {
  storage::Mutation changes;
  for (auto at = transactions_.begin(); at != transactions_.end();) {
    if (at->second.state == State::kOngoing ||
        at->second.changed_ms + settings_.transactional_id_expiration_ms > now_ms()) {
      ++at;
      continue;
    }
    changes.erase(Keyspace::kTopics, rows::transaction(at->first));
    at = transactions_.erase(at);
  }
  store_.write(std::move(changes));
}

}  // namespace tidemill::topics
