#include "kafka_messages/offset_delete.h"

#include "api/kafka/call.h"

namespace tidemill::kafka {
namespace {

void handle(Call<OffsetDeleteApi> call) {
  OffsetDeleteResponse response;
  if (!call.allowed("DeleteGroup", "group", call.request.group_id)) {
    response.error_code = to_wire(topics::Errc::kGroupAuthorizationFailed);
    return std::move(call).reply(response);
  }
  std::vector<topics::TopicPartition> partitions;
  for (const auto& topic : call.request.topics)
    for (const auto& partition : topic.partitions) partitions.push_back({topic.name, partition.partition_index});
  auto& groups = call.broker().groups();
  const auto group_id = call.request.group_id;
  groups.erase_offsets(group_id, std::move(partitions),
                       Reply<std::vector<topics::Status>, topics::Error>([call = std::move(call)](auto result) mutable {
                         OffsetDeleteResponse response;
                         if (!result) {
                           response.error_code = to_wire(result.error().code);
                           return std::move(call).reply(response);
                         }
                         std::size_t next = 0;
                         for (const auto& topic : call.request.topics) {
                           auto& out = response.topics.emplace_back();
                           out.name = topic.name;
                           for (const auto& partition : topic.partitions)
                             out.partitions.push_back({partition.partition_index, to_wire((*result)[next++])});
                         }
                         std::move(call).reply(response);
                       }));
}

}  // namespace

extern const ApiEntry kOffsetDelete = api<OffsetDeleteApi, handle>("OffsetDelete", {0, 0});

}  // namespace tidemill::kafka
