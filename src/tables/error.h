// Errors of the tables engine. The message is what the client reads; the front adds the wire name of the code.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::tables {

enum class Errc : unsigned char {
  kValidation,
  kConditionFailed,   // `item_json` holds the stored item when the request asked for it
  kResourceNotFound,  // table or index
  kTableNotFound,     // the same, for the operations that call it TableNotFoundException
  kResourceInUse,
  kLimitExceeded,
  kTransactionCanceled,    // `reasons` holds one entry for each action
  kTransactionInProgress,  // the same client token is being worked on
  kIdempotentParameterMismatch,
  kDuplicateItem,
  kThroughputExceeded,   // provisioned throughput; `throttling` says which
  kThrottling,           // the same on demand
  kTransactionConflict,  // a single write met a transaction on its way
  kCollectionSize,       // the items of one partition key are too large together
  kBackupNotFound,
  kBackupInUse,
  kTableAlreadyExists,  // the target of a restore
  kTableInUse,          // the target is being restored already
  kInvalidRestoreTime,
  kPointInTimeUnavailable,
  kPolicyNotFound,
  kUnavailable,  // the disk is full, or the server is stopping
  kInternal,
};

struct CancellationReason {
  std::string code = "None";
  std::string message;
  std::string item_json;  // with ReturnValuesOnConditionCheckFailure ALL_OLD
};

struct ThrottlingReason {
  std::string reason;    // "TableWriteProvisionedThroughputExceeded"
  std::string resource;  // an ARN
};

struct [[nodiscard]] Error {
  Errc code = Errc::kInternal;
  std::string message;
  std::string item_json;
  std::vector<CancellationReason> reasons;
  std::vector<ThrottlingReason> throttling;

  static Error internal(std::string_view text) { return {Errc::kInternal, std::string(text), {}, {}, {}}; }
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(Errc code, std::string message) {
  return std::unexpected(Error{code, std::move(message), {}, {}, {}});
}
inline std::unexpected<Error> invalid(std::string message) { return fail(Errc::kValidation, std::move(message)); }
// With the words that most of the service's validation texts begin with.
inline std::unexpected<Error> invalid_values(std::string_view message) {
  return fail(Errc::kValidation, "One or more parameter values were invalid: " + std::string(message));
}
inline std::unexpected<Error> table_missing() { return fail(Errc::kResourceNotFound, "Requested resource not found"); }

}  // namespace tidemill::tables
