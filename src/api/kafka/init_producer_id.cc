#include "kafka_messages/init_producer_id.h"

#include "api/kafka/call.h"

namespace tidemill::kafka {
namespace {

constexpr std::int16_t kFirstWithFenced = 4;

void handle(Call<InitProducerIdApi> call) {
  const auto& request = call.request;
  InitProducerIdResponse response;
  if (request.transactional_id &&
      !call.allowed("AlterTransactionalId", "transactional-id", *request.transactional_id)) {
    response.error_code = to_wire(topics::Errc::kTransactionalIdAuthorizationFailed);
    response.producer_epoch = -1;
    return std::move(call).reply(response);
  }
  topics::Producers::InitRequest init{.transactional_id = request.transactional_id,
                                      .transaction_timeout_ms = request.transaction_timeout_ms,
                                      .current = {request.producer_id, request.producer_epoch}};
  auto& producers = call.broker().producers();
  producers.init(std::move(init),
                 Reply<topics::ProducerIdentity, topics::Error>([call = std::move(call)](auto identity) mutable {
                   InitProducerIdResponse response;
                   response.producer_epoch = -1;
                   if (identity) {
                     response.producer_id = identity->id;
                     response.producer_epoch = identity->epoch;
                   } else {
                     auto code = identity.error().code;
                     if (code == topics::Errc::kProducerFenced && call.version() < kFirstWithFenced)
                       code = topics::Errc::kInvalidProducerEpoch;
                     response.error_code = to_wire(code);
                   }
                   std::move(call).reply(response);
                 }));
}

}  // namespace

extern const ApiEntry kInitProducerId = api<InitProducerIdApi, handle>("InitProducerId", {0, 4});

}  // namespace tidemill::kafka
