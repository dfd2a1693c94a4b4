#include "api/kafka/errors.h"

#include <utility>

namespace tidemill::kafka {

std::int16_t to_wire(topics::Errc code) {
  using enum topics::Errc;
  switch (code) {
    case kUnknownServerError: return -1;
    case kOffsetOutOfRange: return 1;
    case kCorruptMessage: return 2;
    case kUnknownTopicOrPartition: return 3;
    case kMessageTooLarge: return 10;
    case kOffsetMetadataTooLarge: return 12;
    case kCoordinatorNotAvailable: return 15;
    case kNotCoordinator: return 16;
    case kInvalidTopic: return 17;
    case kInvalidRequiredAcks: return 21;
    case kIllegalGeneration: return 22;
    case kInconsistentGroupProtocol: return 23;
    case kInvalidGroupId: return 24;
    case kUnknownMemberId: return 25;
    case kInvalidSessionTimeout: return 26;
    case kRebalanceInProgress: return 27;
    case kTopicAuthorizationFailed: return 29;
    case kGroupAuthorizationFailed: return 30;
    case kClusterAuthorizationFailed: return 31;
    case kInvalidTimestamp: return 32;
    case kUnsupportedSaslMechanism: return 33;
    case kIllegalSaslState: return 34;
    case kUnsupportedVersion: return 35;
    case kTopicAlreadyExists: return 36;
    case kInvalidPartitions: return 37;
    case kInvalidReplicationFactor: return 38;
    case kInvalidReplicaAssignment: return 39;
    case kInvalidConfig: return 40;
    case kInvalidRequest: return 42;
    case kPolicyViolation: return 44;
    case kOutOfOrderSequence: return 45;
    case kInvalidProducerEpoch: return 47;
    case kInvalidTxnState: return 48;
    case kInvalidProducerIdMapping: return 49;
    case kInvalidTransactionTimeout: return 50;
    case kConcurrentTransactions: return 51;
    case kTransactionalIdAuthorizationFailed: return 53;
    case kOperationNotAttempted: return 55;
    case kKafkaStorageError: return 56;
    case kSaslAuthenticationFailed: return 58;
    case kNonEmptyGroup: return 68;
    case kGroupIdNotFound: return 69;
    case kFetchSessionIdNotFound: return 70;
    case kInvalidFetchSessionEpoch: return 71;
    case kFencedLeaderEpoch: return 74;
    case kUnknownLeaderEpoch: return 75;
    case kUnsupportedCompressionType: return 76;
    case kMemberIdRequired: return 79;
    case kGroupMaxSizeReached: return 81;
    case kFencedInstanceId: return 82;
    case kInvalidRecord: return 87;
    case kUnstableOffsetCommit: return 88;
    case kThrottlingQuotaExceeded: return 89;
    case kProducerFenced: return 90;
    case kUnknownTopicId: return 100;
    case kFencedMemberEpoch: return 110;
    case kUnreleasedInstanceId: return 111;
    case kUnsupportedAssignor: return 112;
    case kStaleMemberEpoch: return 113;
    case kInvalidRegularExpression: return 128;
  }
  std::unreachable();
}

}  // namespace tidemill::kafka
