#include "kafka_messages/consumer_group_describe.h"

#include "api/kafka/call.h"
#include "api/kafka/operations.h"

namespace tidemill::kafka {
namespace {

constexpr std::int8_t kConsumerMember = 1;
using Assignment = ConsumerGroupDescribeResponse::Assignment;

Assignment to_assignment(const topics::Catalog& catalog, const std::vector<topics::TopicPartitionId>& partitions) {
  Assignment out;
  for (const auto& [id, partition] : partitions) {
    if (out.topic_partitions.empty() || out.topic_partitions.back().topic_id != id) {
      const auto* topic = catalog.find(id);
      auto& added = out.topic_partitions.emplace_back();
      added.topic_id = id;
      added.topic_name = topic ? topic->name : "";
    }
    out.topic_partitions.back().partitions.push_back(partition);
  }
  return out;
}

void handle(Call<ConsumerGroupDescribeApi> call) {
  ConsumerGroupDescribeResponse response;
  for (const auto& id : call.request.group_ids) {
    auto& out = response.groups.emplace_back();
    out.group_id = id;
    if (!call.allowed("DescribeGroup", "group", id)) {
      out.error_code = to_wire(topics::Errc::kGroupAuthorizationFailed);
      continue;
    }
    auto group = call.broker().groups().describe_consumer(id);
    if (!group) {
      out.error_code = to_wire(group.error().code);
      out.error_message = group.error().message;
      continue;
    }
    out.group_state = group->state;
    out.group_epoch = group->epoch;
    out.assignment_epoch = group->assignment_epoch;
    out.assignor_name = group->assignor;
    for (const auto& member : group->members) {
      auto& to = out.members.emplace_back();
      to.member_id = member.member_id;
      to.instance_id = member.instance_id;
      to.member_epoch = member.epoch;
      to.client_id = member.client_id;
      to.client_host = member.client_host;
      to.subscribed_topic_names = member.topics;
      to.subscribed_topic_regex = member.regex;
      to.assignment = to_assignment(call.broker().catalog(), member.assigned);
      to.target_assignment = to_assignment(call.broker().catalog(), member.target);
      to.member_type = kConsumerMember;
    }
    if (call.request.include_authorized_operations) out.authorized_operations = kGroupOperations;
  }
  std::move(call).reply(response);
}

}  // namespace

extern const ApiEntry kConsumerGroupDescribe = api<ConsumerGroupDescribeApi, handle>("ConsumerGroupDescribe", {0, 1});

}  // namespace tidemill::kafka
