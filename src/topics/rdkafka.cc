#include "topics/rdkafka.h"

namespace tidemill::topics::rd {
namespace {

Errc to_errc(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET: return Errc::kOffsetOutOfRange;
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR__BAD_MSG: return Errc::kCorruptMessage;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION: return Errc::kUnknownTopicOrPartition;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE: return Errc::kMessageTooLarge;
    case RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE: return Errc::kOffsetMetadataTooLarge;
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR: return Errc::kNotCoordinator;
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD: return Errc::kCoordinatorNotAvailable;
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION: return Errc::kInvalidTopic;
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS: return Errc::kTopicAlreadyExists;
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS: return Errc::kInvalidPartitions;
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR: return Errc::kInvalidReplicationFactor;
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR__INVALID_ARG: return Errc::kInvalidConfig;
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION: return Errc::kPolicyViolation;
    case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID: return Errc::kInvalidGroupId;
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID: return Errc::kUnknownMemberId;
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION: return Errc::kIllegalGeneration;
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS: return Errc::kRebalanceInProgress;
    case RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND: return Errc::kGroupIdNotFound;
    case RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP: return Errc::kNonEmptyGroup;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED: return Errc::kTopicAuthorizationFailed;
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED: return Errc::kGroupAuthorizationFailed;
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED: return Errc::kClusterAuthorizationFailed;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED: return Errc::kSaslAuthenticationFailed;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL: return Errc::kThrottlingQuotaExceeded;
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE: return Errc::kUnsupportedVersion;
    default: return Errc::kUnknownServerError;
  }
}

}  // namespace

Result<Handle> open_handle(rd_kafka_type_t type, std::initializer_list<std::pair<const char*, std::string>> settings,
                           const Callbacks& callbacks) {
  char problem[512];
  using Conf = std::unique_ptr<rd_kafka_conf_t, Destroy<rd_kafka_conf_destroy>>;
  Conf conf(rd_kafka_conf_new());
  for (const auto& [name, value] : settings)
    if (rd_kafka_conf_set(conf.get(), name, value.c_str(), problem, sizeof problem) != RD_KAFKA_CONF_OK)
      return fail(Errc::kInvalidConfig, problem);
  rd_kafka_conf_set_opaque(conf.get(), callbacks.self);
  rd_kafka_conf_set_log_cb(conf.get(), callbacks.log);
  if (callbacks.event != nullptr) {
    rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR);
    rd_kafka_conf_set_background_event_cb(conf.get(), callbacks.event);
  }
  Handle handle(rd_kafka_new(type, conf.get(), problem, sizeof problem));
  if (!handle) return fail(Errc::kInvalidConfig, problem);
  (void)conf.release();  // the handle's now
  return handle;
}

Error to_error(rd_kafka_resp_err_t code, const char* message) {
  return {to_errc(code), message != nullptr && *message != '\0' ? message : rd_kafka_err2str(code)};
}

}  // namespace tidemill::topics::rd
