// A real Kafka cluster as a Cluster, reached through its bootstrap servers with librdkafka.
//
// Where things run: librdkafka's own threads fetch, deliver and answer; what they tell is posted to the home loop. Its
// calls that block (metadata, offsets, starting and stopping a partition) run on two worker threads of this class.
// Every Reply and every callback comes on the home loop.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "observe/log.h"
#include "runtime/executor.h"
#include "topics/cluster.h"

namespace tidemill::topics {

class RemoteCluster final : public Cluster {
 public:
  // `bootstrap_servers`: host:port, comma-joined, without sign-in or TLS. Does not wait for the cluster: while it
  // cannot be reached, calls answer kCoordinatorNotAvailable after five seconds and what waits for records goes on
  // waiting. kInvalidConfig: librdkafka refuses the servers.
  static Result<std::unique_ptr<RemoteCluster>> open(std::string bootstrap_servers, runtime::Loop& home,
                                                     observe::Log& log);
  // On the home loop. Replies that are under way are dropped; what was handed to produce() and not yet answered may be
  // lost.
  ~RemoteCluster() override;

  std::string bootstrap_servers() const override;
  void create_topic(NewTopic topic, Reply<TopicSummary, Error> reply) override;
  void describe_topic(std::string name, Reply<TopicSummary, Error> reply) override;
  void list_topics(Reply<std::vector<TopicSummary>, Error> reply) override;
  // Several records go to one partition, in order; when the cluster fails in the middle, the first of them may have
  // been written.
  void produce(ProduceRequest request, Reply<Produced, Error> reply) override;
  // The first read at an offset starts fetching there and answers nothing; a watch tells when to read again.
  void read(ReadRequest request, Reply<ReadResult, Error> reply) override;
  // Never refuses: that a partition does not exist is said by read(), within about two seconds.
  Result<std::unique_ptr<Watch>> watch(const std::string& topic, std::int32_t partition,
                                       std::function<void()> advanced) override;
  // The cluster's metadata is compared every two seconds.
  std::unique_ptr<Watch> watch_topics(std::function<void()> changed) override;
  void find_offset(OffsetQuery query, Reply<std::int64_t, Error> reply) override;
  void commit_offsets(std::string group, std::vector<OffsetToCommit> offsets, Reply<void, Error> reply) override;
  void committed_offsets(std::string group, std::string topic,
                         Reply<std::map<std::int32_t, std::int64_t>, Error> reply) override;

 private:
  struct Impl;
  explicit RemoteCluster(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemill::topics
