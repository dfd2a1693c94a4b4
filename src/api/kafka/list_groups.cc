#include "kafka_messages/list_groups.h"

#include <algorithm>

#include "api/kafka/call.h"

namespace tidemill::kafka {
namespace {

// Filters compare without regard to case; an empty one lets all through.
bool passes(const std::vector<std::string>& filter, std::string_view value) {
  const auto same = [value](const std::string& wanted) {
    return std::equal(wanted.begin(), wanted.end(), value.begin(), value.end(), [](unsigned char a, unsigned char b) {
      const auto lower = [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; };
      return lower(a) == lower(b);
    });
  };
  return filter.empty() || std::any_of(filter.begin(), filter.end(), same);
}

void handle(Call<ListGroupsApi> call) {
  ListGroupsResponse response;
  for (auto& group : call.broker().groups().list()) {
    if (!passes(call.request.states_filter, group.state) || !passes(call.request.types_filter, group.type)) continue;
    if (!call.allowed("DescribeGroup", "group", group.group_id)) continue;
    response.groups.push_back(
        {std::move(group.group_id), std::move(group.protocol_type), std::move(group.state), std::move(group.type)});
  }
  std::move(call).reply(response);
}

}  // namespace

extern const ApiEntry kListGroups = api<ListGroupsApi, handle>("ListGroups", {0, 5});

}  // namespace tidemill::kafka
