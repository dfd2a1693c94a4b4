// The embedded broker as a Cluster.
#pragma once

#include <map>
#include <string>

#include "topics/broker.h"
#include "topics/cluster.h"

namespace tidemill::topics {

class EmbeddedCluster final : public Cluster {
 public:
  // `bootstrap_servers` is what clients are told. The broker must outlive the cluster.
  EmbeddedCluster(Broker& broker, std::string bootstrap_servers)
      : broker_(broker), bootstrap_servers_(std::move(bootstrap_servers)) {}

  std::string bootstrap_servers() const override { return bootstrap_servers_; }
  void create_topic(NewTopic topic, Reply<TopicSummary, Error> reply) override;
  void describe_topic(std::string name, Reply<TopicSummary, Error> reply) override;
  void list_topics(Reply<std::vector<TopicSummary>, Error> reply) override;
  void produce(ProduceRequest request, Reply<Produced, Error> reply) override;
  void read(ReadRequest request, Reply<ReadResult, Error> reply) override;
  Result<std::unique_ptr<Watch>> watch(const std::string& topic, std::int32_t partition,
                                       std::function<void()> advanced) override;
  std::unique_ptr<Watch> watch_topics(std::function<void()> changed) override {
    return broker_.catalog().watch(std::move(changed));
  }
  void find_offset(OffsetQuery query, Reply<std::int64_t, Error> reply) override;
  void commit_offsets(std::string group, std::vector<OffsetToCommit> offsets, Reply<void, Error> reply) override;
  void committed_offsets(std::string group, std::string topic,
                         Reply<std::map<std::int32_t, std::int64_t>, Error> reply) override;

 private:
  void append(ProduceRequest request, Reply<Produced, Error> reply);
  Result<ReadResult> read_now(const ReadRequest& request);

  Broker& broker_;
  const std::string bootstrap_servers_;
  std::map<std::string, std::int32_t> next_partition_;  // round robin, by topic
};

}  // namespace tidemill::topics
