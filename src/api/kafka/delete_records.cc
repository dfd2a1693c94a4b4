#include "kafka_messages/delete_records.h"

#include "api/kafka/gather.h"

namespace tidemill::kafka {
namespace {

void handle(Call<DeleteRecordsApi> received) {
  auto g = gather(std::move(received));
  const auto& request = g->call.request;
  auto& results = g->response.topics;
  results.resize(request.topics.size());
  for (std::size_t t = 0; t < results.size(); ++t) {
    results[t].name = request.topics[t].name;
    results[t].partitions.resize(request.topics[t].partitions.size());
    const bool allowed = g->call.allowed("DeleteData", "topic", results[t].name);
    for (std::size_t p = 0; p < results[t].partitions.size(); ++p) {
      const auto& in = request.topics[t].partitions[p];
      auto& out = results[t].partitions[p];
      out.partition_index = in.partition_index;
      out.low_watermark = -1;
      if (!allowed) {
        out.error_code = to_wire(topics::Errc::kTopicAuthorizationFailed);
        continue;
      }
      g->call.broker().delete_records({results[t].name, in.partition_index}, in.offset,
                                      Reply<std::int64_t, topics::Error>([g, t, p](auto start) {
                                        auto& out = g->response.topics[t].partitions[p];
                                        if (start)
                                          out.low_watermark = *start;
                                        else
                                          out.error_code = to_wire(start.error().code);
                                      }));
    }
  }
}

}  // namespace

extern const ApiEntry kDeleteRecords = api<DeleteRecordsApi, handle>("DeleteRecords", {0, 2});

}  // namespace tidemill::kafka
