// The embedded broker: topics, groups, producers on one store. api/kafka and api/msk front it; embedded_cluster.h shows
// it to the rest of the program. All calls and callbacks happen on the home loop.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reply.h"
#include "observe/log.h"
#include "runtime/executor.h"
#include "runtime/random.h"
#include "storage/store.h"
#include "topics/catalog.h"
#include "topics/groups.h"
#include "topics/offsets.h"
#include "topics/producers.h"

namespace tidemill::topics {

struct BrokerSettings {
  std::int32_t node_id = 1;
  std::int32_t default_partitions = 1;
  bool auto_create_topics = true;
  runtime::Duration retention_check_interval = std::chrono::seconds(5);
  std::int64_t producer_expiration_ms = 24LL * 3600 * 1000;
  Groups::Settings groups = {};
  Producers::Settings producers = {};
  // Gives the space of what was erased from the store's keyspace of topics back to the disk. Null: that is left to the
  // store.
  std::function<void()> reclaim = nullptr;
  std::int64_t reclaim_bytes_min = 256LL << 20;  // less is not worth the work
};

struct AppendRequest {
  TopicPartition at;
  std::string_view batch;  // as the producer sent it; copied
};

struct AppendResult {
  std::int64_t base_offset = -1;
  std::int64_t append_time_ms = -1;  // -1 unless the topic stamps its records
  std::int64_t log_start = -1;
};

class Broker {
 public:
  // Reads everything that the store knows; fails when it cannot be read. `log` may outlive no event of the broker.
  static Result<std::unique_ptr<Broker>> open(storage::Store& store, runtime::Loop& loop, runtime::Random& random,
                                              observe::Log& log, BrokerSettings settings);
  ~Broker();
  Broker(const Broker&) = delete;

  const BrokerSettings& settings() const { return settings_; }
  const std::string& cluster_id() const { return cluster_id_; }
  WallTime created() const { return created_; }
  Catalog& catalog() { return catalog_; }
  const Catalog& catalog() const { return catalog_; }
  Groups& groups() { return groups_; }
  Producers& producers() { return producers_; }
  runtime::Loop& loop() { return loop_; }

  // Topics. Each answers when durable.
  void create_topic(const TopicSpec& spec, Reply<const Topic*, Error> reply);
  void delete_topic(std::string_view name, Reply<void, Error> reply);
  void add_partitions(std::string_view name, std::int32_t total, Reply<void, Error> reply);
  void configure_topic(std::string_view name, TopicConfig config, Reply<void, Error> reply);
  // Moves the log start; -1 is the high watermark. Answers the new log start.
  void delete_records(const TopicPartition& at, std::int64_t before, Reply<std::int64_t, Error> reply);

  // Appends one batch to each partition, in order; one result for each, in order, when all are durable.
  void append(std::vector<AppendRequest> requests, std::optional<std::string> transactional_id,
              Reply<std::vector<Result<AppendResult>>, Error> reply);

  // Read-only topics of others.
  Status add_external_topic(ExternalTopic topic) { return catalog_.add_external(std::move(topic)); }
  void remove_external_topic(std::string_view name) { catalog_.remove_external(name); }

  // Once: what the timers do (retention, expiry of producers, offsets and transactional ids).
  void housekeep();

 private:
  Broker(storage::Store& store, runtime::Loop& loop, runtime::Random& random, observe::Log& log,
         BrokerSettings settings);
  Status load();
  void arm();
  // Counts what was trimmed or deleted; when that is half of what is kept, it is time to give the space back.
  void erased(std::int64_t bytes);
  Result<AppendResult> append_one(const AppendRequest& request, const std::optional<std::string>& transactional_id,
                                  storage::Mutation& changes);

  storage::Store& store_;
  runtime::Loop& loop_;
  runtime::Random& random_;
  observe::Log& log_;
  const BrokerSettings settings_;
  std::string cluster_id_;
  WallTime created_;
  Catalog catalog_;
  Offsets offsets_;
  Groups groups_;
  Producers producers_;
  std::int64_t erased_bytes_ = 0;  // since the last time that space was given back
  runtime::TimerId timer_ = 0;
};

}  // namespace tidemill::topics
