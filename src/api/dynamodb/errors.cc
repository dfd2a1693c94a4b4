#include "api/dynamodb/api.h"

namespace tidemill::dynamodb {
namespace {

awsjson::WireError named(std::string_view name, const tables::Error& error, bool capital = false) {
  return {
      .type = "com.amazonaws.dynamodb.v20120810#" + std::string(name), .message = error.message, .capital = capital};
}

std::string reasons_json(const std::vector<tables::CancellationReason>& reasons) {
  std::string out = ",\"CancellationReasons\":[";
  bool first = true;
  for (const auto& reason : reasons) {
    if (!std::exchange(first, false)) out += ',';
    out += "{\"Code\":\"" + reason.code + "\"";
    if (!reason.item_json.empty()) out += ",\"Item\":" + reason.item_json;
    if (!reason.message.empty()) {
      out += ",\"Message\":\"";
      json::append_escaped(out, reason.message);
      out += '"';
    }
    out += '}';
  }
  out += ']';
  return out;
}

// The two errors spell the member differently.
std::string throttling_json(std::string_view member, const std::vector<tables::ThrottlingReason>& reasons) {
  if (reasons.empty()) return {};
  std::string out = ",\"" + std::string(member) + "\":";
  json::Writer writer(out);
  writer.begin_array();
  for (const auto& one : reasons)
    writer.begin_object().member("reason", one.reason).member("resource", one.resource).end_object();
  writer.end_array();
  return out;
}

}  // namespace

awsjson::WireError to_wire(const tables::Error& error) {
  using tables::Errc;
  switch (error.code) {
    case Errc::kValidation: return awsjson::validation_error(error.message);
    case Errc::kConditionFailed: {
      auto wire = named("ConditionalCheckFailedException", error);
      if (!error.item_json.empty()) wire.members = ",\"Item\":" + error.item_json;
      return wire;
    }
    case Errc::kResourceNotFound: return named("ResourceNotFoundException", error);
    case Errc::kTableNotFound: return named("TableNotFoundException", error);
    case Errc::kResourceInUse: return named("ResourceInUseException", error);
    case Errc::kLimitExceeded: return named("LimitExceededException", error);
    case Errc::kTransactionCanceled: {
      auto wire = named("TransactionCanceledException", error, /*capital=*/true);
      wire.members = reasons_json(error.reasons);
      return wire;
    }
    case Errc::kTransactionInProgress: return named("TransactionInProgressException", error);
    case Errc::kIdempotentParameterMismatch: return named("IdempotentParameterMismatchException", error);
    case Errc::kDuplicateItem: return named("DuplicateItemException", error);
    case Errc::kThroughputExceeded: {
      auto wire = named("ProvisionedThroughputExceededException", error);
      wire.members = throttling_json("ThrottlingReasons", error.throttling);
      return wire;
    }
    case Errc::kThrottling: {
      awsjson::WireError wire{.type = "com.amazon.coral.availability#ThrottlingException", .message = error.message};
      wire.members = throttling_json("throttlingReasons", error.throttling);
      return wire;
    }
    case Errc::kTransactionConflict: return named("TransactionConflictException", error);
    case Errc::kCollectionSize: return named("ItemCollectionSizeLimitExceededException", error);
    case Errc::kBackupNotFound: return named("BackupNotFoundException", error);
    case Errc::kBackupInUse: return named("BackupInUseException", error);
    case Errc::kTableAlreadyExists: return named("TableAlreadyExistsException", error);
    case Errc::kTableInUse: return named("TableInUseException", error);
    case Errc::kInvalidRestoreTime: return named("InvalidRestoreTimeException", error);
    case Errc::kPointInTimeUnavailable: return named("PointInTimeRecoveryUnavailableException", error);
    case Errc::kPolicyNotFound: return named("PolicyNotFoundException", error);
    case Errc::kUnavailable: {
      auto wire = named("ServiceUnavailableException", error);
      wire.status = 503;
      return wire;
    }
    case Errc::kInternal: return awsjson::internal_error(error.message);
  }
  std::unreachable();
}

}  // namespace tidemill::dynamodb
