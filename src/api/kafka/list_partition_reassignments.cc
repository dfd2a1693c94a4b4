#include "kafka_messages/list_partition_reassignments.h"

#include "api/kafka/call.h"

namespace tidemill::kafka {
namespace {

// One node holds every partition: none is ever on its way to another.
void handle(Call<ListPartitionReassignmentsApi> call) { std::move(call).reply({}); }

}  // namespace

extern const ApiEntry kListPartitionReassignments =
    api<ListPartitionReassignmentsApi, handle>("ListPartitionReassignments", {0, 0});

}  // namespace tidemill::kafka
