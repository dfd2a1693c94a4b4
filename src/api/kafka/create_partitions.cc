#include "kafka_messages/create_partitions.h"

#include "api/kafka/gather.h"

namespace tidemill::kafka {
namespace {

void handle(Call<CreatePartitionsApi> received) {
  auto g = gather(std::move(received));
  auto& call = g->call;
  const auto& request = call.request;
  g->response.results.resize(request.topics.size());
  for (std::size_t i = 0; i < request.topics.size(); ++i) {
    const auto& topic = request.topics[i];
    auto& out = g->response.results[i];
    out.name = topic.name;
    const auto finish = [g, i](const topics::Status& status) {
      auto& out = g->response.results[i];
      out.error_code = to_wire(status);
      if (!status && !status.error().message.empty()) out.error_message = status.error().message;
    };
    if (!call.allowed("AlterTopic", "topic", topic.name)) {
      finish(topics::fail(topics::Errc::kTopicAuthorizationFailed));
      continue;
    }
    std::vector<std::vector<std::int32_t>> assignments;
    if (topic.assignments)
      for (const auto& assignment : *topic.assignments) assignments.push_back(assignment.broker_ids);
    auto valid = call.broker().catalog().check_partitions(topic.name, topic.count, assignments);
    if (!valid || request.validate_only) {
      finish(valid);
      continue;
    }
    call.broker().add_partitions(topic.name, topic.count, Reply<void, topics::Error>(finish));
  }
}

}  // namespace

extern const ApiEntry kCreatePartitions = api<CreatePartitionsApi, handle>("CreatePartitions", {0, 3});

}  // namespace tidemill::kafka
