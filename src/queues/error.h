// Errors of queues; the texts are those of SQS.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::queues {

enum class Errc : unsigned char {
  kQueueDoesNotExist,
  kQueueNameExists,
  kInvalidAttributeName,
  kInvalidAttributeValue,
  kInvalidParameter,
  kMissingParameter,
  kReceiptHandleIsInvalid,
  kMessageNotInflight,
  kOverLimit,
  kUnsupported,
  kEmptyBatch,
  kTooManyEntries,
  kBatchIdsNotDistinct,
  kInvalidBatchEntryId,
  kBatchTooLong,
  kInternal,
};

struct [[nodiscard]] Error {
  Errc code = Errc::kInternal;
  std::string message;  // shown to the client verbatim

  static Error internal(std::string_view text) { return {Errc::kInternal, std::string(text)}; }
  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(Errc code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

}  // namespace tidemill::queues
