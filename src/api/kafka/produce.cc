#include "kafka_messages/produce.h"

#include "api/kafka/call.h"

namespace tidemill::kafka {
namespace {

struct Place {
  std::size_t topic, partition;  // in the response
};

void answer(Call<ProduceApi> call, ProduceResponse response) {
  if (call.request.acks != 0) return std::move(call).reply(response);
  // Nobody waits for an answer; a closed connection is the only way to say that something went wrong.
  for (const auto& topic : response.responses)
    for (const auto& partition : topic.partition_responses)
      if (partition.error_code != kNoError) return;
  std::move(call).reply_nothing();
}

void handle(Call<ProduceApi> call) {
  const auto& request = call.request;
  ProduceResponse response;
  std::vector<topics::AppendRequest> appends;
  std::vector<Place> places;
  const bool valid_acks = request.acks >= -1 && request.acks <= 1;
  for (const auto& topic : request.topic_data) {
    auto& out = response.responses.emplace_back();
    out.name = topic.name;
    const bool allowed = call.allowed("WriteData", "topic", topic.name);
    for (const auto& partition : topic.partition_data) {
      auto& result = out.partition_responses.emplace_back();
      result.index = partition.index;
      result.base_offset = -1;
      if (!valid_acks) {
        result.error_code = to_wire(topics::Errc::kInvalidRequiredAcks);
      } else if (!allowed) {
        result.error_code = to_wire(topics::Errc::kTopicAuthorizationFailed);
      } else {
        places.push_back({response.responses.size() - 1, out.partition_responses.size() - 1});
        appends.push_back({.at = {topic.name, partition.index}, .batch = partition.records.value_or("")});
      }
    }
  }
  auto& broker = call.broker();
  auto transactional_id = request.transactional_id;
  broker.append(
      std::move(appends), std::move(transactional_id),
      Reply<std::vector<topics::Result<topics::AppendResult>>, topics::Error>(
          [call = std::move(call), response = std::move(response), places = std::move(places)](auto results) mutable {
            if (!results) return;  // closes: the broker is stopping
            for (std::size_t i = 0; i < places.size(); ++i) {
              auto& out = response.responses[places[i].topic].partition_responses[places[i].partition];
              const auto& result = (*results)[i];
              if (result) {
                out.base_offset = result->base_offset;
                out.log_append_time_ms = result->append_time_ms;
                out.log_start_offset = result->log_start;
              } else {
                out.error_code = to_wire(result.error().code);
                if (!result.error().message.empty()) out.error_message = result.error().message;
              }
            }
            answer(std::move(call), std::move(response));
          }));
}

}  // namespace

// Versions 0 to 2 are claimed, because older librdkafka looks for them, and not served.
extern const ApiEntry kProduce = api<ProduceApi, handle>("Produce", {0, 9, 3});

}  // namespace tidemill::kafka
