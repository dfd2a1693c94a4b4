#include "kafka_messages/end_txn.h"

#include "api/kafka/call.h"
#include "api/kafka/transactions.h"

namespace tidemill::kafka {
namespace {

void handle(Call<EndTxnApi> call) {
  const auto& request = call.request;
  if (!call.allowed("AlterTransactionalId", "transactional-id", request.transactional_id)) {
    EndTxnResponse response;
    response.error_code = to_wire(topics::Errc::kTransactionalIdAuthorizationFailed);
    return std::move(call).reply(response);
  }
  auto& producers = call.broker().producers();
  const auto id = request.transactional_id;
  const auto outcome = request.committed ? topics::Marker::kCommit : topics::Marker::kAbort;
  const topics::ProducerIdentity producer{request.producer_id, request.producer_epoch};
  producers.end(id, producer, outcome,
                Reply<void, topics::Error>([call = std::move(call)](const topics::Status& status) mutable {
                  EndTxnResponse response;
                  if (!status) response.error_code = to_transaction_error(status.error().code, call.version());
                  std::move(call).reply(response);
                }));
}

}  // namespace

extern const ApiEntry kEndTxn = api<EndTxnApi, handle>("EndTxn", {0, 3});

}  // namespace tidemill::kafka
