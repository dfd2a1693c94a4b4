// The topics: names, ids, configurations, partitions.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/random.h"
#include "topics/external_partition.h"
#include "topics/partition.h"
#include "topics/topic_config.h"
#include "topics/watchers.h"

namespace tidemill::topics {

struct Topic {
  std::string name;
  Uuid id{};
  TopicConfig config;
  std::vector<std::shared_ptr<Partition>> logs;                // empty for an external topic
  std::vector<std::shared_ptr<ReadablePartition>> partitions;  // the same ones, or the external ones

  bool is_external() const { return logs.empty(); }
  std::int32_t partition_count() const { return static_cast<std::int32_t>(partitions.size()); }
};

struct TopicSpec {
  std::string name;
  std::int32_t partitions = -1;                             // -1: the default
  std::int16_t replication_factor = -1;                     // -1: the default
  std::vector<std::vector<std::int32_t>> assignments = {};  // broker ids by partition; empty: the broker decides
  std::map<std::string, std::string, std::less<>> configs = {};
};

class Catalog {
 public:
  static constexpr std::int32_t kPartitionsPerTopicMax = 10'000;
  static constexpr std::size_t kPartitionsMax = 200'000;

  Catalog(storage::Store& store, runtime::Executor& home, runtime::Random& random, std::int32_t default_partitions,
          std::int32_t node_id);
  Status load();

  const Topic* find(std::string_view name) const;
  const Topic* find(const Uuid& id) const;
  const std::map<std::string, std::unique_ptr<Topic>, std::less<>>& all() const { return topics_; }
  // kUnknownTopicOrPartition when there is no such partition.
  Result<ReadablePartition*> partition(std::string_view topic, std::int32_t partition) const;
  Result<std::shared_ptr<Partition>> log(std::string_view topic, std::int32_t partition) const;

  // What CreateTopics would answer, without creating: the number of partitions.
  Result<std::int32_t> check(const TopicSpec& spec) const;
  Result<const Topic*> create(const TopicSpec& spec, storage::Mutation& changes);
  Status erase(std::string_view name, storage::Mutation& changes);
  // Grows to `total` partitions.
  Status check_partitions(std::string_view name, std::int32_t total,
                          const std::vector<std::vector<std::int32_t>>& assignments) const;
  Status add_partitions(std::string_view name, std::int32_t total, storage::Mutation& changes);
  Status configure(std::string_view name, TopicConfig config, storage::Mutation& changes);

  Status add_external(ExternalTopic topic);
  void remove_external(std::string_view name);

  // `changed` is called, from the loop, after topics or partitions have come or gone.
  std::unique_ptr<Watch> watch(std::function<void()> changed) { return watchers_.add(std::move(changed)); }

 private:
  void tell();
  Status check_name(std::string_view name) const;
  Status add_logs(Topic& topic, std::int32_t total);
  static std::string to_row(const Topic& topic);
  Topic* find_mutable(std::string_view name);
  Status refuse_external(const Topic& topic) const;

  storage::Store& store_;
  runtime::Executor& home_;
  runtime::Random& random_;
  const std::int32_t default_partitions_;
  const std::int32_t node_id_;
  std::map<std::string, std::unique_ptr<Topic>, std::less<>> topics_;
  std::map<Uuid, Topic*> by_id_;
  std::map<std::string, std::string, std::less<>> by_metric_name_;  // '.' and '_' made equal -> name
  std::size_t partitions_ = 0;
  Watchers watchers_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace tidemill::topics
