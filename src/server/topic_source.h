// A topic as event source mappings read it; its positions are the commits of a consumer group, where every Kafka tool
// sees them.
#pragma once

#include <memory>
#include <string>

#include "topics/cluster.h"
#include "triggers/record_source.h"

namespace tidemill::server {

class TopicSource final : public triggers::EventSource {
 public:
  TopicSource(topics::Cluster& cluster, triggers::TopicSpec spec) : cluster_(cluster), spec_(std::move(spec)) {}
  void parts(Reply<std::vector<triggers::Part>, triggers::SourceError> reply) override;
  std::unique_ptr<triggers::Watch> watch(std::function<void()> changed) override;
  std::unique_ptr<triggers::RecordSource> open(const triggers::Part& part) override;
  void position(const triggers::Part& part, const triggers::Start& start,
                Reply<triggers::Position, triggers::SourceError> reply) override;
  void committed(Reply<std::map<std::string, triggers::Position>, triggers::SourceError> reply) override;
  void commit(const std::string& part, triggers::Position position, Reply<void, triggers::SourceError> reply) override;
  std::string bootstrap_servers() const override;

 private:
  topics::Cluster& cluster_;
  const triggers::TopicSpec spec_;
};

}  // namespace tidemill::server
