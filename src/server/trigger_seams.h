// What event source mappings need from the other engines: sources, functions, destinations.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "functions/functions.h"
#include "functions/seams.h"
#include "queues/queues.h"
#include "runtime/executor.h"
#include "streams/streams.h"
#include "topics/cluster.h"
#include "topics/named_clusters.h"
#include "triggers/failure_sink.h"
#include "triggers/invoker.h"
#include "triggers/record_source.h"

namespace tidemill::server {

class TriggerSources final : public triggers::Sources {
 public:
  TriggerSources(streams::Streams& streams, topics::Cluster& cluster, runtime::Executor& home, std::string cluster_arn,
                 const topics::NamedClusters& named, std::vector<std::string> own_servers)
      : streams_(streams),
        cluster_(cluster),
        home_(home),
        cluster_arn_(std::move(cluster_arn)),
        named_(named),
        own_servers_(std::move(own_servers)) {}
  std::expected<std::unique_ptr<triggers::EventSource>, triggers::SourceError> open_stream(
      const triggers::StreamSpec& spec) override;
  std::expected<std::unique_ptr<triggers::EventSource>, triggers::SourceError> open_topic(
      const triggers::TopicSpec& spec) override;
  bool is_embedded(const std::vector<std::string>& bootstrap_servers) const override;
  bool is_embedded_cluster(std::string_view arn) const override;

 private:
  streams::Streams& streams_;
  topics::Cluster& cluster_;
  runtime::Executor& home_;
  const std::string cluster_arn_;
  const topics::NamedClusters& named_;  // other names of the same broker
  const std::vector<std::string> own_servers_;
};

class TriggerInvoker final : public triggers::Invoker {
 public:
  explicit TriggerInvoker(functions::Functions& functions) : functions_(functions) {}
  void invoke(triggers::Invocation invocation, std::move_only_function<void(triggers::InvokeResult)> done) override;
  std::optional<std::string> function_arn(const Scope& scope, std::string_view name) const override;

 private:
  functions::Functions& functions_;
};

// Failure records of mappings and of asynchronous invocations: to a queue by its ARN, to a topic as kafka://NAME.
class Destinations final : public triggers::FailureSink, public functions::InvocationSink {
 public:
  Destinations(queues::Queues& queues, topics::Cluster& cluster) : queues_(queues), cluster_(cluster) {}
  bool supports(std::string_view destination) const override;
  void send(triggers::FailureMessage message, Reply<void> reply) override;
  void send(const Scope& scope, const std::string& target_arn, std::string record, bool dead_letter,
            Reply<bool> reply) override;

 private:
  queues::Queues& queues_;
  topics::Cluster& cluster_;
};

}  // namespace tidemill::server
