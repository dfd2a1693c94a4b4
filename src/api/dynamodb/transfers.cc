#include "api/dynamodb/transfers.h"

#include "api/dynamodb/description.h"

namespace tidemill::dynamodb {

awsjson::WireError to_wire(const transfers::Error& error) {
  using transfers::Errc;
  const auto named = [&](std::string_view name) {
    return awsjson::WireError{.type = "com.amazonaws.dynamodb.v20120810#" + std::string(name),
                              .message = error.message};
  };
  switch (error.code) {
    case Errc::kValidation: return awsjson::validation_error(error.message);
    case Errc::kTableNotFound: return named("TableNotFoundException");
    case Errc::kPointInTimeUnavailable: return named("PointInTimeRecoveryUnavailableException");
    case Errc::kInvalidExportTime: return named("InvalidExportTimeException");
    case Errc::kExportNotFound: return named("ExportNotFoundException");
    case Errc::kExportConflict: return named("ExportConflictException");
    case Errc::kImportNotFound: return named("ImportNotFoundException");
    case Errc::kImportConflict: return named("ImportConflictException");
    case Errc::kResourceInUse: return named("ResourceInUseException");
    case Errc::kLimitExceeded: return named("LimitExceededException");
    case Errc::kUnavailable: {
      auto wire = named("ServiceUnavailableException");
      wire.status = 503;
      return wire;
    }
    case Errc::kInternal: return awsjson::internal_error(error.message);
  }
  std::unreachable();
}

std::vector<std::string> table_arn_resource(const json::Node& body, const Scope&) {
  return {std::string(awsjson::read_string(body, "TableArn", "*"))};
}
std::vector<std::string> export_arn_resource(const json::Node& body, const Scope&) {
  return {std::string(awsjson::read_string(body, "ExportArn", "*"))};
}
std::vector<std::string> import_arn_resource(const json::Node& body, const Scope&) {
  return {std::string(awsjson::read_string(body, "ImportArn", "*"))};
}

std::string export_body(const transfers::Export& entry) {
  const auto& request = entry.request;
  std::string text;
  json::Writer out(text);
  const auto optional = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out.member(name, value);
  };
  out.begin_object().key("ExportDescription").begin_object();
  out.member("ExportArn", entry.arn).member("ExportStatus", to_string(entry.state));
  append_time(out, "StartTime", from_epoch_ms(entry.started_ms));
  if (entry.ended_ms != 0) append_time(out, "EndTime", from_epoch_ms(entry.ended_ms));
  if (entry.state == transfers::Export::State::kCompleted) out.member("ExportManifest", entry.manifest());
  out.member("TableArn", request.table_arn).member("TableId", entry.table_id);
  if (!request.incremental) append_time(out, "ExportTime", from_epoch_ms(entry.time_ms));
  out.member("ClientToken", request.client_token).member("S3Bucket", request.bucket);
  optional("S3BucketOwner", request.bucket_owner);
  optional("S3Prefix", request.prefix);
  out.member("S3SseAlgorithm", request.encryption.empty() ? "AES256" : request.encryption);
  optional("S3SseKmsKeyId", request.kms_key);
  optional("FailureCode", entry.failure_code);
  optional("FailureMessage", entry.failure_message);
  out.member("ExportFormat", "DYNAMODB_JSON");
  if (entry.state == transfers::Export::State::kCompleted)
    out.member("BilledSizeBytes", entry.bytes).member("ItemCount", entry.items);
  out.member("ExportType", request.incremental ? "INCREMENTAL_EXPORT" : "FULL_EXPORT");
  if (request.incremental) {
    out.key("IncrementalExportSpecification").begin_object();
    append_time(out, "ExportFromTime", from_epoch_ms(request.from_ms));
    append_time(out, "ExportToTime", from_epoch_ms(request.to_ms));
    out.member("ExportViewType", request.new_images_only ? "NEW_IMAGE" : "NEW_AND_OLD_IMAGES").end_object();
  }
  out.end_object().end_object();
  return text;
}

std::string import_body(const transfers::Import& entry) {
  std::string text;
  json::Writer out(text);
  out.begin_object().key("ImportTableDescription").begin_object();
  out.member("ImportArn", entry.arn).member("ImportStatus", to_string(entry.state));
  out.member("TableArn", entry.table_arn).member("TableId", entry.table_id).member("ClientToken", entry.client_token);
  out.member("ErrorCount", entry.errors);
  append_time(out, "StartTime", from_epoch_ms(entry.started_ms));
  if (entry.ended_ms != 0) append_time(out, "EndTime", from_epoch_ms(entry.ended_ms));
  out.member("ProcessedSizeBytes", entry.bytes)
      .member("ProcessedItemCount", entry.processed)
      .member("ImportedItemCount", entry.imported);
  if (!entry.failure_code.empty())
    out.member("FailureCode", entry.failure_code).member("FailureMessage", entry.failure_message);
  // What the client asked for, as it asked for it.
  if (const auto shown = json::Value::parse(entry.shown); shown && shown->is_object())
    for (const auto& [name, value] : shown->as_object()) out.key(name).value(value);
  out.end_object().end_object();
  return text;
}

}  // namespace tidemill::dynamodb
