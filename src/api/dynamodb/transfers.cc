#include "api/dynamodb/transfers.h"

#include <algorithm>

#include "api/dynamodb/description.h"
#include "base/bytes.h"
#include "tables/schema.h"

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

namespace {

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr std::size_t kTokenDigits = 112;

}  // namespace

bool is_transfer_token(std::string_view text) { return !text.empty() && text.find('$') == text.npos; }
bool is_account(std::string_view text) { return text.size() == 12 && std::ranges::all_of(text, is_digit); }
bool is_bucket_name(std::string_view text) {
  return text.size() >= 2 && is_letter_or_digit(text.front()) && is_letter_or_digit(text.back()) &&
         awsjson::is_resource_name(text);
}

std::string page_token(const std::string& id) {
  auto token = to_hex(id);
  token.resize(std::max(token.size(), kTokenDigits), '0');
  return token;
}

std::optional<std::string> id_of_page_token(std::string_view token) {
  auto id = from_hex(token);
  if (!id) return std::nullopt;
  id->resize(std::min(id->find('\0'), id->size()));
  const auto dash = id->find('-');
  if (dash == id->npos || !std::ranges::all_of(id->substr(0, dash), is_digit)) return std::nullopt;
  return id;
}

std::optional<awsjson::WireError> check_transfer_arn(const awsjson::Call& call, std::string_view arn,
                                                     std::string_view folder, std::string_view what) {
  if (!arn.starts_with("arn:")) return awsjson::validation_error("Invalid " + std::string(what) + " ARN");
  const auto& scope = call.scope();
  const auto parsed = tables::parse_table_arn(arn);
  const bool own = arn.starts_with(tables::table_arn(scope, ""));
  if (own && (!parsed || !parsed->rest.starts_with(folder)))
    return awsjson::validation_error("Invalid " + std::string(what) + " ARN");
  if (own) return std::nullopt;
  return awsjson::WireError{.type = "com.amazon.coral.service#AccessDeniedException",
                            .message = "User: " + call.caller().principal.arn + " is not authorized to perform: " +
                                       std::string(call.operation().iam_action) + " on resource: " + std::string(arn),
                            .capital = true};
}

std::string bucket_resource(std::string_view bucket, std::optional<std::string_view> key) {
  std::string out = "arn:aws:s3:::" + std::string(bucket);
  if (key) out.append("/").append(*key);
  return out;
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
  if (request.type_told) out.member("ExportType", request.incremental ? "INCREMENTAL_EXPORT" : "FULL_EXPORT");
  if (request.incremental) {
    out.key("IncrementalExportSpecification").begin_object();
    append_time(out, "ExportFromTime", from_epoch_ms(request.from_ms));
    append_time(out, "ExportToTime", from_epoch_ms(request.to_ms.value_or(0)));
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
  // Nothing is counted before the end.
  const bool ended = entry.state != transfers::Import::State::kInProgress;
  out.member("ErrorCount", ended ? entry.errors : 0);
  append_time(out, "StartTime", from_epoch_ms(entry.started_ms));
  if (entry.ended_ms != 0) append_time(out, "EndTime", from_epoch_ms(entry.ended_ms));
  if (ended) out.member("ProcessedSizeBytes", entry.bytes);
  out.member("ProcessedItemCount", ended ? entry.processed : 0).member("ImportedItemCount", ended ? entry.imported : 0);
  if (!entry.failure_code.empty())
    out.member("FailureCode", entry.failure_code).member("FailureMessage", entry.failure_message);
  // What the client asked for, as it asked for it.
  if (const auto shown = json::Value::parse(entry.shown); shown && shown->is_object())
    for (const auto& [name, value] : shown->as_object()) out.key(name).value(value);
  out.end_object().end_object();
  return text;
}

}  // namespace tidemill::dynamodb
