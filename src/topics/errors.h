// What can go wrong in the broker. The names are the protocol's own; api/kafka maps them to its numbers, other fronts
// to theirs.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::topics {

enum class Errc : unsigned char {
  kUnknownServerError,  // a bug
  kOffsetOutOfRange,
  kCorruptMessage,
  kUnknownTopicOrPartition,
  kMessageTooLarge,
  kOffsetMetadataTooLarge,
  kNotCoordinator,
  kCoordinatorNotAvailable,
  kInvalidTopic,
  kInvalidRequiredAcks,
  kIllegalGeneration,
  kInconsistentGroupProtocol,
  kInvalidGroupId,
  kUnknownMemberId,
  kInvalidSessionTimeout,
  kRebalanceInProgress,
  kTopicAuthorizationFailed,
  kGroupAuthorizationFailed,
  kClusterAuthorizationFailed,
  kTransactionalIdAuthorizationFailed,
  kInvalidTimestamp,
  kUnsupportedSaslMechanism,
  kIllegalSaslState,
  kUnsupportedVersion,
  kTopicAlreadyExists,
  kInvalidPartitions,
  kInvalidReplicationFactor,
  kInvalidReplicaAssignment,
  kInvalidConfig,
  kInvalidRequest,
  kPolicyViolation,
  kOutOfOrderSequence,
  kInvalidProducerEpoch,
  kInvalidTxnState,
  kInvalidProducerIdMapping,
  kInvalidTransactionTimeout,
  kConcurrentTransactions,
  kOperationNotAttempted,
  kKafkaStorageError,
  kSaslAuthenticationFailed,
  kNonEmptyGroup,
  kGroupIdNotFound,
  kFetchSessionIdNotFound,
  kInvalidFetchSessionEpoch,
  kFencedLeaderEpoch,
  kUnknownLeaderEpoch,
  kUnsupportedCompressionType,
  kMemberIdRequired,
  kGroupMaxSizeReached,
  kFencedInstanceId,
  kInvalidRecord,
  kUnstableOffsetCommit,
  kThrottlingQuotaExceeded,
  kProducerFenced,
  kUnknownTopicId,
  kFencedMemberEpoch,
  kUnreleasedInstanceId,
  kUnsupportedAssignor,
  kStaleMemberEpoch,
  kInvalidRegularExpression,
};

struct [[nodiscard]] Error {
  Errc code = Errc::kUnknownServerError;
  std::string message;  // worded as Kafka words it, where a client shows it

  static Error internal(std::string_view text) { return {Errc::kUnknownServerError, std::string(text)}; }
  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(Errc code, std::string message = {}) {
  return std::unexpected(Error{code, std::move(message)});
}

}  // namespace tidemill::topics
