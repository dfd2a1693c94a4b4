#include "topics/broker.h"

#include <set>

#include "base/bytes.h"
#include "topics/rows.h"

namespace tidemill::topics {
namespace {

using storage::Keyspace;

constexpr std::string_view kClusterKey = "kafka.cluster";

Status admit(const storage::Store& store) {
  auto space = store.admit();
  if (!space) return fail(Errc::kKafkaStorageError, space.error().message);
  return {};
}

std::int64_t bytes_of(const Topic* topic) {
  std::int64_t bytes = 0;
  if (topic != nullptr)
    for (const auto& log : topic->logs) bytes += log->bytes();
  return bytes;
}

// On a compacted topic every record needs a key.
Status check_keys(std::string_view batch) {
  bool all = true;
  TM_CHECK(for_each_record(batch, [&all](const RecordView& record) { return all = record.key.has_value(); }));
  if (!all) return fail(Errc::kInvalidRecord, "Compacted topic cannot accept message without key");
  return {};
}

}  // namespace

Broker::Broker(storage::Store& store, runtime::Loop& loop, runtime::Random& random, observe::Log& log,
               BrokerSettings settings)
    : store_(store),
      loop_(loop),
      random_(random),
      log_(log),
      settings_(std::move(settings)),
      catalog_(store, loop, random, settings_.default_partitions, settings_.node_id),
      offsets_(store),
      groups_(store, loop, random, catalog_, offsets_, settings_.groups),
      producers_(store, loop, catalog_, offsets_, groups_, settings_.producers) {}

Broker::~Broker() {
  if (timer_ != 0) loop_.cancel(timer_);
}

Result<std::unique_ptr<Broker>> Broker::open(storage::Store& store, runtime::Loop& loop, runtime::Random& random,
                                             observe::Log& log, BrokerSettings settings) {
  std::unique_ptr<Broker> out(new Broker(store, loop, random, log, std::move(settings)));
  TM_CHECK(out->load());
  out->arm();
  return out;
}

Status Broker::load() {
  auto cluster = store_.get(Keyspace::kMeta, kClusterKey);
  if (!cluster) return fail(Errc::kKafkaStorageError, cluster.error().message);
  if (*cluster) {
    RowReader row(**cluster);
    cluster_id_ = row.text();
    created_ = from_epoch_ms(row.number());
    if (!row.ok()) return fail(Errc::kKafkaStorageError, "The stored identity of the cluster cannot be read.");
  } else {
    const Uuid id = random_uuid(random_);
    cluster_id_ = to_base64_url({id.data(), id.size()});
    created_ = loop_.clock().wall();
    storage::Mutation changes;
    changes.put(Keyspace::kMeta, kClusterKey, RowWriter().text(cluster_id_).number(epoch_ms(created_)).take());
    store_.write(std::move(changes));
  }
  TM_CHECK(catalog_.load());
  TM_CHECK(offsets_.load());
  TM_CHECK(groups_.load());
  return producers_.load();
}

void Broker::create_topic(const TopicSpec& spec, Reply<const Topic*, Error> reply) {
  if (auto space = admit(store_); !space) return std::move(reply)(std::unexpected(space.error()));
  storage::Mutation changes;
  auto created = catalog_.create(spec, changes);
  if (!created) return std::move(reply)(std::unexpected(std::move(created).error()));
  log_.info("topic.created", {{"topic", spec.name}, {"partitions", (*created)->partition_count()}});
  store_.commit(std::move(changes), loop_, [this, name = spec.name, reply = std::move(reply)]() mutable {
    // It may have been deleted while the disk was at work.
    const auto* topic = catalog_.find(name);
    if (!topic)
      return std::move(reply)(fail(Errc::kUnknownTopicOrPartition, "This server does not host this topic-partition."));
    std::move(reply)(topic);
  });
}

void Broker::delete_topic(std::string_view name, Reply<void, Error> reply) {
  storage::Mutation changes;
  const std::string topic(name);
  const auto bytes = bytes_of(catalog_.find(topic));
  if (auto gone = catalog_.erase(topic, changes); !gone) return std::move(reply)(std::move(gone));
  groups_.on_topic_erased(topic, changes);
  log_.info("topic.deleted", {{"topic", topic}});
  store_.commit(std::move(changes), loop_, [reply = std::move(reply)]() mutable { std::move(reply)({}); });
  erased(bytes);
}

void Broker::add_partitions(std::string_view name, std::int32_t total, Reply<void, Error> reply) {
  storage::Mutation changes;
  if (auto added = catalog_.add_partitions(name, total, changes); !added) return std::move(reply)(std::move(added));
  store_.commit(std::move(changes), loop_, [reply = std::move(reply)]() mutable { std::move(reply)({}); });
}

void Broker::configure_topic(std::string_view name, TopicConfig config, Reply<void, Error> reply) {
  storage::Mutation changes;
  if (auto done = catalog_.configure(name, std::move(config), changes); !done) return std::move(reply)(std::move(done));
  store_.commit(std::move(changes), loop_, [reply = std::move(reply)]() mutable { std::move(reply)({}); });
}

void Broker::delete_records(const TopicPartition& at, std::int64_t before, Reply<std::int64_t, Error> reply) {
  auto log = catalog_.log(at.topic, at.partition);
  if (!log) {
    auto error = log.error();
    if (error.code == Errc::kTopicAuthorizationFailed) error.code = Errc::kPolicyViolation;
    return std::move(reply)(std::unexpected(std::move(error)));
  }
  auto& partition = **log;
  const auto end = partition.high_watermark();
  if (before == -1) before = end;
  if (before < 0 || before > end)
    return std::move(reply)(fail(Errc::kOffsetOutOfRange,
                                 "The requested offset is not within the range of offsets maintained by the server."));
  if (!catalog_.find(at.topic)->config.deletes)
    return std::move(reply)(fail(Errc::kPolicyViolation, "Records of a topic that only compacts cannot be deleted."));
  storage::Mutation changes;
  const auto bytes = partition.bytes();
  partition.trim(before, changes);
  store_.commit(std::move(changes), loop_,
                [reply = std::move(reply), start = partition.log_start()]() mutable { std::move(reply)(start); });
  erased(bytes - partition.bytes());
}

void Broker::erased(std::int64_t bytes) {
  erased_bytes_ += bytes;
  if (!settings_.reclaim || erased_bytes_ < settings_.reclaim_bytes_min) return;
  std::int64_t kept = 0;
  for (const auto& [name, topic] : catalog_.all()) kept += bytes_of(topic.get());
  if (erased_bytes_ < kept / 2) return;
  erased_bytes_ = 0;
  settings_.reclaim();
}

Result<AppendResult> Broker::append_one(const AppendRequest& request,
                                        const std::optional<std::string>& transactional_id,
                                        storage::Mutation& changes) {
  TM_TRY(const auto log, catalog_.log(request.at.topic, request.at.partition));
  const auto& config = catalog_.find(request.at.topic)->config;
  if (request.batch.size() > static_cast<std::size_t>(config.max_message_bytes))
    return fail(Errc::kMessageTooLarge, "The record batch size in the append to " + request.at.topic + "-" +
                                            std::to_string(request.at.partition) + " is " +
                                            std::to_string(request.batch.size()) +
                                            " bytes which exceeds the maximum configured value of " +
                                            std::to_string(config.max_message_bytes) + ".");
  TM_TRY(const auto header, check_produced(request.batch));
  if (header.is_transactional()) TM_CHECK(producers_.check_batch(transactional_id, header, request.at));
  if (config.compacts) TM_CHECK(check_keys(request.batch));
  TM_TRY(const auto known, log->check(header));
  if (const auto* duplicate = std::get_if<Duplicate>(&known)) {
    return AppendResult{
        .base_offset = duplicate->first.base_offset,
        .append_time_ms = config.timestamp_type == TimestampType::kLogAppendTime ? duplicate->first.timestamp_ms : -1,
        .log_start = log->log_start()};
  }
  const auto appended =
      log->append(std::string(request.batch), header, config.timestamp_type, epoch_ms(loop_.clock().wall()), changes);
  return AppendResult{
      .base_offset = appended.base_offset, .append_time_ms = appended.append_time_ms, .log_start = log->log_start()};
}

void Broker::append(std::vector<AppendRequest> requests, std::optional<std::string> transactional_id,
                    Reply<std::vector<Result<AppendResult>>, Error> reply) {
  std::vector<Result<AppendResult>> results;
  results.reserve(requests.size());
  const auto space = admit(store_);
  storage::Mutation changes;
  std::set<TopicPartition> touched;
  for (const auto& request : requests) {
    if (!space) {
      results.emplace_back(std::unexpected(space.error()));
      continue;
    }
    // A partition knows its next offset only when what went before is written.
    if (!touched.insert(request.at).second) {
      store_.write(std::exchange(changes, {}));
      touched = {request.at};
    }
    results.push_back(append_one(request, transactional_id, changes));
  }
  // A duplicate is answered when the first copy is durable: it may still be on its way to the disk.
  store_.when_durable(
      changes.empty() ? store_.newest() : store_.write(std::move(changes)), loop_,
      [reply = std::move(reply), results = std::move(results)]() mutable { std::move(reply)(std::move(results)); });
}

void Broker::arm() {
  timer_ = loop_.at(loop_.clock().now() + settings_.retention_check_interval, [this] {
    timer_ = 0;
    housekeep();
    arm();
  });
}

void Broker::housekeep() {
  const auto now_ms = epoch_ms(loop_.clock().wall());
  storage::Mutation changes;
  std::int64_t bytes = 0;
  for (const auto& [name, topic] : catalog_.all()) {
    for (std::size_t i = 0; i < topic->logs.size(); ++i) {
      auto& log = *topic->logs[i];
      if (log.producers() > 0) log.expire_producers(now_ms, settings_.producer_expiration_ms, changes);
      const auto start = log.retained_from(topic->config, now_ms);
      if (start <= log.log_start()) continue;
      log_.info("topic.trimmed", {{"topic", name}, {"partition", i}, {"log_start", start}});
      const auto before = log.bytes();
      log.trim(start, changes);
      bytes += before - log.bytes();
    }
  }
  // Nobody waits for it: what a crash undoes is done again.
  store_.write(std::move(changes));
  if (bytes > 0) erased(bytes);
  groups_.expire_offsets();
  producers_.expire_transactional_ids();
}

}  // namespace tidemill::topics
