#include "kafka_messages/delete_topics.h"

#include "api/kafka/gather.h"

namespace tidemill::kafka {
namespace {

constexpr std::int16_t kFirstWithTopicIds = 6;

void erase(const std::shared_ptr<Gather<DeleteTopicsApi>>& g, std::size_t i) {
  auto& out = g->response.responses[i];
  const std::string name = *out.name;
  const auto finish = [g, i](const topics::Status& status) {
    auto& out = g->response.responses[i];
    out.error_code = to_wire(status);
    if (!status && !status.error().message.empty()) out.error_message = status.error().message;
  };
  if (!g->call.allowed("DeleteTopic", "topic", name))
    return finish(topics::fail(topics::Errc::kTopicAuthorizationFailed, "Topic authorization failed."));
  if (const auto* topic = g->call.broker().catalog().find(name)) out.topic_id = topic->id;
  g->call.broker().delete_topic(name, Reply<void, topics::Error>(finish));
}

void handle(Call<DeleteTopicsApi> received) {
  auto g = gather(std::move(received));
  const auto& request = g->call.request;
  auto& responses = g->response.responses;
  if (g->call.version() < kFirstWithTopicIds) {
    responses.resize(request.topic_names.size());
    for (std::size_t i = 0; i < responses.size(); ++i) {
      responses[i].name = request.topic_names[i];
      erase(g, i);
    }
    return;
  }
  responses.resize(request.topics.size());
  for (std::size_t i = 0; i < responses.size(); ++i) {
    const auto& wanted = request.topics[i];
    responses[i].name = wanted.name;
    responses[i].topic_id = wanted.topic_id;
    if (!wanted.name) {
      const auto* topic = g->call.broker().catalog().find(wanted.topic_id);
      if (!topic) {
        responses[i].error_code = to_wire(topics::Errc::kUnknownTopicId);
        responses[i].error_message = "This server does not host this topic ID.";
        continue;
      }
      responses[i].name = topic->name;
    }
    erase(g, i);
  }
}

}  // namespace

extern const ApiEntry kDeleteTopics = api<DeleteTopicsApi, handle>("DeleteTopics", {1, 6});

}  // namespace tidemill::kafka
