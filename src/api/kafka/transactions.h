// What the transaction APIs have in common.
#pragma once

#include "api/kafka/errors.h"

namespace tidemill::kafka {

// PRODUCER_FENCED came with version 2 of the transaction APIs; before it, the same is said as INVALID_PRODUCER_EPOCH.
inline std::int16_t to_transaction_error(topics::Errc code, int version) {
  constexpr int kFirstWithFenced = 2;
  if (code == topics::Errc::kProducerFenced && version < kFirstWithFenced) code = topics::Errc::kInvalidProducerEpoch;
  return to_wire(code);
}

}  // namespace tidemill::kafka
