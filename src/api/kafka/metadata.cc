#include "kafka_messages/metadata.h"

#include "api/kafka/gather.h"
#include "api/kafka/operations.h"

namespace tidemill::kafka {
namespace {

using Out = MetadataResponse::MetadataResponseTopic;
constexpr std::int16_t kFirstWithNull = 1, kFirstWithTopicIds = 10;

void describe(Out& out, const topics::Topic& topic, std::int32_t node, bool with_operations) {
  out.error_code = kNoError;
  out.name = topic.name;
  out.topic_id = topic.id;
  if (with_operations) out.topic_authorized_operations = kTopicOperations;
  out.partitions.reserve(topic.partitions.size());
  for (std::int32_t i = 0; i < topic.partition_count(); ++i) {
    out.partitions.push_back({.partition_index = i,
                              .leader_id = node,
                              .leader_epoch = topic.partitions[static_cast<std::size_t>(i)]->leader_epoch(),
                              .replica_nodes = {node},
                              .isr_nodes = {node},
                              .offline_replicas = {}});
  }
}

void handle(Call<MetadataApi> received) {
  auto g = gather(std::move(received));
  auto& call = g->call;
  auto& response = g->response;
  auto& broker = call.broker();
  const auto& request = call.request;
  const auto node = broker.settings().node_id;
  response.brokers.push_back({.node_id = node,
                              .host = call.services().settings.advertised_host,
                              .port = call.session().advertised_port,
                              .rack = std::nullopt});
  response.cluster_id = broker.cluster_id();
  response.controller_id = node;
  if (request.include_cluster_authorized_operations) response.cluster_authorized_operations = kClusterOperations;

  const bool with_operations = request.include_topic_authorized_operations;
  const bool all = !request.topics || (call.version() < kFirstWithNull && request.topics->empty());
  if (all) {
    for (const auto& [name, topic] : broker.catalog().all())
      if (call.allowed("DescribeTopic", "topic", name))
        describe(response.topics.emplace_back(), *topic, node, with_operations);
    return;
  }
  response.topics.resize(request.topics->size());
  for (std::size_t i = 0; i < request.topics->size(); ++i) {
    const auto& wanted = (*request.topics)[i];
    auto& out = response.topics[i];
    const topics::Topic* topic = nullptr;
    if (wanted.name) {
      out.name = wanted.name;
      topic = broker.catalog().find(*wanted.name);
    } else if (call.version() >= kFirstWithTopicIds) {
      out.topic_id = wanted.topic_id;
      topic = broker.catalog().find(wanted.topic_id);
      if (!topic) {
        out.error_code = to_wire(topics::Errc::kUnknownTopicId);
        continue;
      }
    }
    const auto& name = topic ? topic->name : out.name.value_or("");
    if (!call.allowed("DescribeTopic", "topic", name)) {
      out.error_code = to_wire(topics::Errc::kTopicAuthorizationFailed);
      continue;
    }
    if (topic) {
      describe(out, *topic, node, with_operations);
      continue;
    }
    if (!request.allow_auto_topic_creation || !broker.settings().auto_create_topics ||
        !call.allowed("CreateTopic", "topic", name)) {
      out.error_code = to_wire(topics::Errc::kUnknownTopicOrPartition);
      // A name that could not exist is told as such.
      if (auto valid = broker.catalog().check({.name = name});
          !valid && valid.error().code == topics::Errc::kInvalidTopic)
        out.error_code = to_wire(valid.error().code);
      continue;
    }
    broker.create_topic({.name = name},
                        Reply<const topics::Topic*, topics::Error>([g, i, node, with_operations](auto created) {
                          auto& out = g->response.topics[i];
                          if (created)
                            describe(out, **created, node, with_operations);
                          else
                            out.error_code = to_wire(created.error().code);
                        }));
  }
}

}  // namespace

extern const ApiEntry kMetadata = api<MetadataApi, handle>("Metadata", {0, 12});

}  // namespace tidemill::kafka
