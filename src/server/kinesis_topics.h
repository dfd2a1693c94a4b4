// Kinesis destinations of tables deliver into topics: the stream's name is the topic's. A record's key decides its
// partition, as Kafka's own clients would place it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tables/streaming_sink.h"
#include "topics/cluster.h"

namespace tidemill::server {

class KinesisTopics final : public tables::StreamingSink {
 public:
  // Until a cluster is connected everything is answered as unavailable.
  void connect(topics::Cluster& cluster) { cluster_ = &cluster; }
  // Creates the topic when it is missing, as the cluster creates topics.
  void prepare(const std::string& stream, Reply<bool> reply) override;
  void append(const std::string& stream, std::vector<tables::StreamingRecord> records, Reply<bool> reply) override;

 private:
  struct Appending;
  void produce_next(std::shared_ptr<Appending> appending);
  topics::Cluster* cluster_ = nullptr;
};

}  // namespace tidemill::server
