#include "kafka_messages/create_topics.h"

#include <map>
#include <set>

#include "api/kafka/gather.h"

namespace tidemill::kafka {
namespace {

using In = CreateTopicsRequest::CreatableTopic;
using Out = CreateTopicsResponse::CreatableTopicResult;
constexpr std::int8_t kSetByTopic = 1, kDefault = 5;

topics::Result<topics::TopicSpec> to_spec(const In& in) {
  topics::TopicSpec spec{.name = in.name, .partitions = in.num_partitions, .replication_factor = in.replication_factor};
  std::map<std::int32_t, std::vector<std::int32_t>> assigned;
  for (const auto& assignment : in.assignments) assigned[assignment.partition_index] = assignment.broker_ids;
  for (auto& [partition, replicas] : assigned) {
    if (partition != static_cast<std::int32_t>(spec.assignments.size()))
      return topics::fail(topics::Errc::kInvalidReplicaAssignment,
                          "partitions should be a consecutive 0-based integer sequence");
    spec.assignments.push_back(std::move(replicas));
  }
  for (const auto& config : in.configs) {
    if (!config.value)
      return topics::fail(topics::Errc::kInvalidConfig, "Null value not supported for topic configs: " + config.name);
    spec.configs[config.name] = *config.value;
  }
  return spec;
}

void fail(Out& out, const topics::Error& error) {
  out.error_code = to_wire(error.code);
  if (!error.message.empty()) out.error_message = error.message;
}

void succeed(Out& out, std::int32_t partitions, const topics::TopicConfig& config) {
  out.num_partitions = partitions;
  out.replication_factor = 1;
  out.configs.emplace();
  for (const auto& spec : topics::topic_config_specs()) {
    const bool overridden = config.overrides.contains(spec.name);
    out.configs->push_back({.name = std::string(spec.name),
                            .value = std::string(config.value(spec.name)),
                            .read_only = false,
                            .config_source = overridden ? kSetByTopic : kDefault});
  }
}

void handle(Call<CreateTopicsApi> received) {
  auto g = gather(std::move(received));
  auto& call = g->call;
  const auto& request = call.request;
  std::map<std::string_view, int> times;
  for (const auto& topic : request.topics) ++times[topic.name];
  g->response.topics.resize(request.topics.size());
  for (std::size_t i = 0; i < request.topics.size(); ++i) {
    auto& out = g->response.topics[i];
    out.name = request.topics[i].name;
    if (times[request.topics[i].name] > 1) {
      fail(out, {topics::Errc::kInvalidRequest, "Duplicate topic name."});
      continue;
    }
    if (!call.allowed("CreateTopic", "topic", out.name)) {
      fail(out, {topics::Errc::kTopicAuthorizationFailed, "Authorization failed."});
      continue;
    }
    auto spec = to_spec(request.topics[i]);
    if (!spec) {
      fail(out, spec.error());
      continue;
    }
    if (request.validate_only) {
      auto partitions = call.broker().catalog().check(*spec);
      if (!partitions)
        fail(out, partitions.error());
      else
        succeed(out, *partitions, *topics::TopicConfig::from(spec->configs));
      continue;
    }
    call.broker().create_topic(*spec, Reply<const topics::Topic*, topics::Error>([g, i](auto created) {
      auto& out = g->response.topics[i];
      if (!created) return fail(out, created.error());
      out.topic_id = (*created)->id;
      succeed(out, (*created)->partition_count(), (*created)->config);
    }));
  }
}

}  // namespace

extern const ApiEntry kCreateTopics = api<CreateTopicsApi, handle>("CreateTopics", {2, 7});

}  // namespace tidemill::kafka
