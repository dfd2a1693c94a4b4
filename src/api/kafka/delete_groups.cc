#include "kafka_messages/delete_groups.h"

#include "api/kafka/gather.h"

namespace tidemill::kafka {
namespace {

void handle(Call<DeleteGroupsApi> received) {
  auto g = gather(std::move(received));
  const auto& names = g->call.request.groups_names;
  g->response.results.resize(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    g->response.results[i].group_id = names[i];
    if (!g->call.allowed("DeleteGroup", "group", names[i])) {
      g->response.results[i].error_code = to_wire(topics::Errc::kGroupAuthorizationFailed);
      continue;
    }
    g->call.broker().groups().erase(names[i], Reply<void, topics::Error>([g, i](const topics::Status& status) {
                                      g->response.results[i].error_code = to_wire(status);
                                    }));
  }
}

}  // namespace

extern const ApiEntry kDeleteGroups = api<DeleteGroupsApi, handle>("DeleteGroups", {0, 2});

}  // namespace tidemill::kafka
