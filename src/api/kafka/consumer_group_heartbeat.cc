#include "kafka_messages/consumer_group_heartbeat.h"

#include "api/kafka/call.h"

namespace tidemill::kafka {
namespace {

void handle(Call<ConsumerGroupHeartbeatApi> call) {
  auto& request = call.request;
  ConsumerGroupHeartbeatResponse response;
  if (!call.allowed("AlterGroup", "group", request.group_id)) {
    response.error_code = to_wire(topics::Errc::kGroupAuthorizationFailed);
    return std::move(call).reply(response);
  }
  topics::ConsumerHeartbeat heartbeat{.group_id = request.group_id,
                                      .member_id = request.member_id,
                                      .member_epoch = request.member_epoch,
                                      .instance_id = request.instance_id,
                                      .client_id = call.client_id(),
                                      .client_host = "/" + call.session().client_host,
                                      .rebalance_timeout_ms = request.rebalance_timeout_ms,
                                      .topics = std::move(request.subscribed_topic_names),
                                      .regex = std::move(request.subscribed_topic_regex),
                                      .assignor = std::move(request.server_assignor),
                                      .owned = {}};
  // In the first version a member that joins may leave the choice of its id to the coordinator.
  if (heartbeat.member_id.empty() && heartbeat.member_epoch == 0 && call.version() == 0)
    heartbeat.member_id = to_base64_url(call.services().random.bytes(16));
  if (request.topic_partitions) {
    heartbeat.owned.emplace();
    for (const auto& topic : *request.topic_partitions)
      for (const auto partition : topic.partitions) heartbeat.owned->emplace_back(topic.topic_id, partition);
  }
  auto& groups = call.broker().groups();
  groups.consumer_heartbeat(std::move(heartbeat), Reply<topics::ConsumerHeartbeatResult, topics::Error>(
                                                      [call = std::move(call)](auto result) mutable {
                                                        ConsumerGroupHeartbeatResponse response;
                                                        if (!result) {
                                                          response.error_code = to_wire(result.error().code);
                                                          if (!result.error().message.empty())
                                                            response.error_message = result.error().message;
                                                          return std::move(call).reply(response);
                                                        }
                                                        response.member_id = result->member_id;
                                                        response.member_epoch = result->member_epoch;
                                                        response.heartbeat_interval_ms = result->interval_ms;
                                                        if (result->assignment) {
                                                          auto& topics = response.assignment.emplace().topic_partitions;
                                                          for (const auto& [topic, partition] : *result->assignment) {
                                                            if (topics.empty() || topics.back().topic_id != topic)
                                                              topics.emplace_back().topic_id = topic;
                                                            topics.back().partitions.push_back(partition);
                                                          }
                                                        }
                                                        std::move(call).reply(response);
                                                      }));
}

}  // namespace

extern const ApiEntry kConsumerGroupHeartbeat =
    api<ConsumerGroupHeartbeatApi, handle>("ConsumerGroupHeartbeat", {0, 1});

}  // namespace tidemill::kafka
