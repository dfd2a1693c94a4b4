#include "topics/catalog.h"

#include <algorithm>

#include "topics/external_log.h"
#include "topics/rows.h"

namespace tidemill::topics {
namespace {

using storage::Keyspace;

std::string metric_name(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '.', '_');
  return out;
}

bool is_legal(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

std::unexpected<Error> unknown_topic() {
  return fail(Errc::kUnknownTopicOrPartition, "This server does not host this topic-partition.");
}

}  // namespace

Catalog::Catalog(storage::Store& store, runtime::Executor& home, runtime::Random& random,
                 std::int32_t default_partitions, std::int32_t node_id)
    : store_(store), home_(home), random_(random), default_partitions_(default_partitions), node_id_(node_id) {}

Status Catalog::load() {
  for (auto at = store_.cursor(Keyspace::kTopics, storage::Range::prefix(rows::kTopicPrefix)); at->valid();
       at->next()) {
    auto topic = std::make_unique<Topic>();
    topic->name = at->key().substr(rows::kTopicPrefix.size());
    RowReader row(at->value());
    const auto id = row.text();
    const auto partitions = row.number();
    std::map<std::string, std::string, std::less<>> overrides;
    for (auto n = row.count(); n > 0 && row.ok(); --n) {
      auto key = row.text();
      overrides[std::move(key)] = row.text();
    }
    auto config = TopicConfig::from(std::move(overrides));
    if (!row.ok() || id.size() != topic->id.size() || partitions < 1 || partitions > kPartitionsPerTopicMax || !config)
      return fail(Errc::kKafkaStorageError, "The stored description of topic " + topic->name + " cannot be read.");
    id.copy(topic->id.data(), topic->id.size());
    topic->config = *std::move(config);
    TM_CHECK(add_logs(*topic, static_cast<std::int32_t>(partitions)));
    by_metric_name_[metric_name(topic->name)] = topic->name;
    by_id_[topic->id] = topic.get();
    topics_[topic->name] = std::move(topic);
  }
  return {};
}

const Topic* Catalog::find(std::string_view name) const {
  const auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : found->second.get();
}

const Topic* Catalog::find(const Uuid& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

Topic* Catalog::find_mutable(std::string_view name) { return const_cast<Topic*>(find(name)); }

Result<ReadablePartition*> Catalog::partition(std::string_view name, std::int32_t partition) const {
  const auto* topic = find(name);
  if (!topic || partition < 0 || partition >= topic->partition_count()) return unknown_topic();
  return topic->partitions[static_cast<std::size_t>(partition)].get();
}

Result<std::shared_ptr<Partition>> Catalog::log(std::string_view name, std::int32_t partition) const {
  const auto* topic = find(name);
  if (!topic || partition < 0 || partition >= topic->partition_count()) return unknown_topic();
  if (topic->is_external()) return fail(Errc::kTopicAuthorizationFailed, "table streams are read-only");
  return topic->logs[static_cast<std::size_t>(partition)];
}

Status Catalog::check_name(std::string_view name) const {
  const auto invalid = [](std::string_view why) {
    return fail(Errc::kInvalidTopic, "Topic name is invalid: " + std::string(why));
  };
  if (name.empty()) return invalid("the empty string is not allowed");
  if (name == "." || name == "..") return invalid("'" + std::string(name) + "' is not allowed");
  if (name.size() > 249)
    return invalid("the length of '" + std::string(name) + "' is longer than the max allowed length 249");
  if (!std::all_of(name.begin(), name.end(), is_legal))
    return invalid("'" + std::string(name) +
                   "' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'");
  return {};
}

Result<std::int32_t> Catalog::check(const TopicSpec& spec) const {
  TM_CHECK(check_name(spec.name));
  if (find(spec.name)) return fail(Errc::kTopicAlreadyExists, "Topic '" + spec.name + "' already exists.");
  if (const auto other = by_metric_name_.find(metric_name(spec.name)); other != by_metric_name_.end())
    return fail(Errc::kInvalidTopic, "Topic '" + spec.name + "' collides with existing topic: " + other->second);
  auto partitions = spec.partitions == -1 ? default_partitions_ : spec.partitions;
  if (!spec.assignments.empty()) {
    if (spec.partitions != -1 || spec.replication_factor != -1)
      return fail(Errc::kInvalidRequest,
                  "Both numPartitions or replicationFactor and replicasAssignments were set. Both cannot be used at "
                  "the same time.");
    for (const auto& replicas : spec.assignments)
      if (replicas != std::vector<std::int32_t>{node_id_})
        return fail(Errc::kInvalidReplicaAssignment,
                    "The manual partition assignment includes a broker that is not the only one, " +
                        std::to_string(node_id_) + ".");
    partitions = static_cast<std::int32_t>(spec.assignments.size());
  }
  if (partitions < 1)
    return fail(Errc::kInvalidPartitions, "Number of partitions was set to an invalid non-positive value.");
  if (partitions > kPartitionsPerTopicMax || partitions_ + static_cast<std::size_t>(partitions) > kPartitionsMax)
    return fail(Errc::kPolicyViolation, "Excessively large number of partitions: " + std::to_string(partitions) + ".");
  if (spec.replication_factor == 0 || spec.replication_factor < -1)
    return fail(Errc::kInvalidReplicationFactor,
                "Replication factor must be larger than 0, or -1 to use the default value.");
  if (spec.replication_factor > 1)
    return fail(Errc::kInvalidReplicationFactor,
                "Unable to replicate the partition " + std::to_string(spec.replication_factor) +
                    " time(s): The target replication factor of " + std::to_string(spec.replication_factor) +
                    " cannot be reached because only 1 broker(s) are registered.");
  TM_CHECK(TopicConfig::from(spec.configs));
  return partitions;
}

Status Catalog::add_logs(Topic& topic, std::int32_t total) {
  while (topic.partition_count() < total) {
    TM_TRY(auto opened, Partition::open(store_, home_, topic.id, topic.partition_count()));
    topic.logs.push_back(std::move(opened));
    topic.partitions.push_back(topic.logs.back());
    ++partitions_;
  }
  return {};
}

std::string Catalog::to_row(const Topic& topic) {
  RowWriter row;
  row.text({topic.id.data(), topic.id.size()}).number(topic.partition_count());
  row.number(static_cast<std::int64_t>(topic.config.overrides.size()));
  for (const auto& [name, value] : topic.config.overrides) row.text(name).text(value);
  return row.take();
}

Result<const Topic*> Catalog::create(const TopicSpec& spec, storage::Mutation& changes) {
  TM_TRY(const auto partitions, check(spec));
  auto topic = std::make_unique<Topic>();
  topic->name = spec.name;
  topic->id = random_uuid(random_);
  TM_TRY(topic->config, TopicConfig::from(spec.configs));
  TM_CHECK(add_logs(*topic, partitions));
  changes.put(Keyspace::kTopics, rows::topic(topic->name), to_row(*topic));
  by_metric_name_[metric_name(topic->name)] = topic->name;
  by_id_[topic->id] = topic.get();
  tell();
  return (topics_[spec.name] = std::move(topic)).get();
}

void Catalog::tell() {
  home_.post([this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) watchers_.notify();
  });
}

Status Catalog::refuse_external(const Topic& topic) const {
  if (topic.is_external()) return fail(Errc::kPolicyViolation, "table streams are read-only");
  return {};
}

Status Catalog::erase(std::string_view name, storage::Mutation& changes) {
  const auto found = topics_.find(name);
  if (found == topics_.end()) return unknown_topic();
  TM_CHECK(refuse_external(*found->second));
  const auto topic = std::move(found->second);
  changes.erase(Keyspace::kTopics, rows::topic(topic->name));
  for (const auto& prefix : rows::all_of(topic->id)) changes.erase_range(Keyspace::kTopics, prefix, prefix_end(prefix));
  by_id_.erase(topic->id);
  by_metric_name_.erase(metric_name(topic->name));
  partitions_ -= topic->partitions.size();
  topics_.erase(found);
  // Who waits for records looks again, and finds the topic gone.
  for (const auto& log : topic->logs) log->notify();
  tell();
  return {};
}

Status Catalog::check_partitions(std::string_view name, std::int32_t total,
                                 const std::vector<std::vector<std::int32_t>>& assignments) const {
  const auto* topic = find(name);
  if (!topic) return unknown_topic();
  TM_CHECK(refuse_external(*topic));
  const auto now = topic->partition_count();
  if (total == now)
    return fail(Errc::kInvalidPartitions, "Topic already has " + std::to_string(now) + " partition(s).");
  if (total < now)
    return fail(Errc::kInvalidPartitions, "The topic " + std::string(name) + " currently has " + std::to_string(now) +
                                              " partition(s); " + std::to_string(total) + " would not be an increase.");
  if (total > kPartitionsPerTopicMax || partitions_ + static_cast<std::size_t>(total - now) > kPartitionsMax)
    return fail(Errc::kPolicyViolation, "Excessively large number of partitions: " + std::to_string(total) + ".");
  if (!assignments.empty()) {
    if (assignments.size() != static_cast<std::size_t>(total - now))
      return fail(Errc::kInvalidReplicaAssignment,
                  "Attempted to add " + std::to_string(total - now) + " additional partition(s), but " +
                      std::to_string(assignments.size()) + " assignment(s) were specified.");
    for (const auto& replicas : assignments)
      if (replicas != std::vector<std::int32_t>{node_id_})
        return fail(Errc::kInvalidReplicaAssignment,
                    "The manual partition assignment includes a broker that is not the only one, " +
                        std::to_string(node_id_) + ".");
  }
  return {};
}

Status Catalog::add_partitions(std::string_view name, std::int32_t total, storage::Mutation& changes) {
  TM_CHECK(check_partitions(name, total, {}));
  auto& topic = *find_mutable(name);
  TM_CHECK(add_logs(topic, total));
  changes.put(Keyspace::kTopics, rows::topic(topic.name), to_row(topic));
  tell();
  return {};
}

Status Catalog::configure(std::string_view name, TopicConfig config, storage::Mutation& changes) {
  auto* topic = find_mutable(name);
  if (!topic) return unknown_topic();
  TM_CHECK(refuse_external(*topic));
  topic->config = std::move(config);
  changes.put(Keyspace::kTopics, rows::topic(topic->name), to_row(*topic));
  return {};
}

Status Catalog::add_external(ExternalTopic source) {
  TM_CHECK(check_name(source.name));
  if (find(source.name)) return fail(Errc::kTopicAlreadyExists, "Topic '" + source.name + "' already exists.");
  if (source.id.size() != sizeof(Uuid) || source.partitions.empty())
    return fail(Errc::kInvalidRequest, "An external topic needs an id of 16 bytes and at least one partition.");
  auto topic = std::make_unique<Topic>();
  topic->name = source.name;
  source.id.copy(topic->id.data(), topic->id.size());
  TM_TRY(topic->config, TopicConfig::from({}));
  for (auto& partition : source.partitions)
    topic->partitions.push_back(std::make_shared<ExternalLog>(std::move(partition)));
  by_id_[topic->id] = topic.get();
  by_metric_name_[metric_name(topic->name)] = topic->name;
  partitions_ += topic->partitions.size();
  topics_[source.name] = std::move(topic);
  return {};
}

void Catalog::remove_external(std::string_view name) {
  const auto found = topics_.find(name);
  if (found == topics_.end() || !found->second->is_external()) return;
  const auto topic = std::move(found->second);
  by_id_.erase(topic->id);
  by_metric_name_.erase(metric_name(topic->name));
  partitions_ -= topic->partitions.size();
  topics_.erase(found);
}

}  // namespace tidemill::topics
