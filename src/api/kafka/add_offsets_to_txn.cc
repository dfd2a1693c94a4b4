#include "kafka_messages/add_offsets_to_txn.h"

#include "api/kafka/call.h"
#include "api/kafka/transactions.h"

namespace tidemill::kafka {
namespace {

void handle(Call<AddOffsetsToTxnApi> call) {
  const auto& request = call.request;
  AddOffsetsToTxnResponse response;
  if (!call.allowed("AlterTransactionalId", "transactional-id", request.transactional_id)) {
    response.error_code = to_wire(topics::Errc::kTransactionalIdAuthorizationFailed);
    return std::move(call).reply(response);
  }
  if (!call.allowed("AlterGroup", "group", request.group_id)) {
    response.error_code = to_wire(topics::Errc::kGroupAuthorizationFailed);
    return std::move(call).reply(response);
  }
  auto& producers = call.broker().producers();
  const auto id = request.transactional_id, group = request.group_id;
  const topics::ProducerIdentity producer{request.producer_id, request.producer_epoch};
  producers.add_offsets(id, producer, group,
                        Reply<void, topics::Error>([call = std::move(call)](const topics::Status& status) mutable {
                          AddOffsetsToTxnResponse response;
                          if (!status) response.error_code = to_transaction_error(status.error().code, call.version());
                          std::move(call).reply(response);
                        }));
}

}  // namespace

extern const ApiEntry kAddOffsetsToTxn = api<AddOffsetsToTxnApi, handle>("AddOffsetsToTxn", {0, 3});

}  // namespace tidemill::kafka
