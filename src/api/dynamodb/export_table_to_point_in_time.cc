#include "api/dynamodb/backups.h"
#include "api/dynamodb/fingerprint.h"
#include "api/dynamodb/transfers.h"
#include "base/bytes.h"

namespace tidemill::dynamodb {
namespace {

constexpr std::string_view kEncryptions[] = {"AES256", "KMS"};
constexpr Shape kEncryptionName{.type = Type::kString, .values = kEncryptions};
constexpr Shape kExportPrefix{.type = Type::kString, .min = 1, .max = 1024};
constexpr Shape kKeyId{.type = Type::kString, .min = 1, .max = 2048};
constexpr std::string_view kFormats[] = {"DYNAMODB_JSON", "ION"};
constexpr Shape kFormat{.type = Type::kString, .values = kFormats};
constexpr std::string_view kTypes[] = {"FULL_EXPORT", "INCREMENTAL_EXPORT"};
constexpr Shape kExportType{.type = Type::kString, .values = kTypes};
constexpr std::string_view kViews[] = {"NEW_IMAGE", "NEW_AND_OLD_IMAGES"};
constexpr Shape kView{.type = Type::kString, .values = kViews};
constexpr Field kIncrementalFields[] = {
    {"ExportFromTime", &kTimestamp}, {"ExportToTime", &kTimestamp}, {"ExportViewType", &kView}};
constexpr Shape kIncremental{
    .type = Type::kStructure, .name = "IncrementalExportSpecification", .fields = kIncrementalFields};
constexpr Field kFields[] = {{"TableArn", &kTransferTableArn, true},
                             {"ExportTime", &kTimestamp},
                             {"ClientToken", &kTransferToken},
                             {"S3Bucket", &kBucketName, true},
                             {"S3BucketOwner", &kBucketOwner},
                             {"S3Prefix", &kExportPrefix},
                             {"S3SseAlgorithm", &kEncryptionName},
                             {"S3SseKmsKeyId", &kKeyId},
                             {"ExportFormat", &kFormat},
                             {"ExportType", &kExportType},
                             {"IncrementalExportSpecification", &kIncremental}};
constexpr Shape kInput{.type = Type::kStructure, .name = "ExportTableToPointInTimeInput", .fields = kFields};

std::vector<awsjson::Need> needs(const json::Node& body, const Scope&) {
  std::string folder(awsjson::read_string(body, "S3Prefix"));
  if (!folder.empty() && !folder.ends_with('/')) folder += '/';
  return {{"dynamodb:ExportTableToPointInTime", std::string(awsjson::read_string(body, "TableArn"))},
          {"s3:PutObject", bucket_resource(awsjson::read_string(body, "S3Bucket"), folder + "AWSDynamoDB/")}};
}

void run(Services& services, awsjson::Call call) {
  const auto& body = call.body();
  if (services.exports == nullptr) return refuse(std::move(call), "Exports are not supported by this server");
  if (awsjson::read_string(body, "ExportFormat", "DYNAMODB_JSON") != "DYNAMODB_JSON")
    return refuse(std::move(call), "ExportFormat ION is not supported by this server: use DYNAMODB_JSON");
  const auto arn = awsjson::read_string(body, "TableArn");
  if (!arn.starts_with("arn:"))
    return refuse(std::move(call), "One or more parameter values were invalid: tableArn is not a valid ARN");
  const auto table = tables::parse_table_arn(arn);
  if (!table)
    return refuse(std::move(call), "Invalid TableArn: Invalid ResourceArn provided as input " + std::string(arn));
  if (!table->rest.empty()) return refuse(std::move(call), "Invalid Request: Table ARN is invalid.");
  if (body.find_present("S3SseKmsKeyId") != nullptr && awsjson::read_string(body, "S3SseAlgorithm") != "KMS")
    return refuse(std::move(call), "Invalid Request: KMS Key Id is not supported for this encryption type");
  transfers::ExportRequest request{.scope = call.scope(),
                                   .table_arn = std::string(arn),
                                   .client_token = std::string(awsjson::read_string(body, "ClientToken")),
                                   .bucket = std::string(awsjson::read_string(body, "S3Bucket")),
                                   .bucket_owner = std::string(awsjson::read_string(body, "S3BucketOwner")),
                                   .prefix = std::string(awsjson::read_string(body, "S3Prefix")),
                                   .encryption = std::string(awsjson::read_string(body, "S3SseAlgorithm")),
                                   .kms_key = std::string(awsjson::read_string(body, "S3SseKmsKeyId")),
                                   .incremental = awsjson::read_string(body, "ExportType") == "INCREMENTAL_EXPORT",
                                   .type_told = body.find_present("ExportType") != nullptr,
                                   .time_ms = read_time_ms(body, "ExportTime"),
                                   .from_ms = 0,
                                   .to_ms = {},
                                   .fingerprint = {}};
  const auto* window = body.find_present("IncrementalExportSpecification");
  if (request.incremental && window == nullptr)
    return refuse(std::move(call),
                  "Invalid Request: Incremental Export Specification expected when export type is set as Incremental "
                  "Export");
  if (!request.incremental && window != nullptr)
    return refuse(std::move(call), request.type_told
                                       ? "Invalid Request: When Export Type is Full Export , Incremental Export "
                                         "Specification should not be provided"
                                       : "Invalid Request: Export Type expected to be Incremental Export when "
                                         "incremental export specification is provided");
  if (window != nullptr) {
    const auto from = read_time_ms(*window, "ExportFromTime");
    if (!from)
      return refuse(std::move(call),
                    "Invalid Request: ExportFromTime must be provided in IncrementalExportSpecification");
    request.from_ms = *from;
    request.to_ms = read_time_ms(*window, "ExportToTime");
    request.new_images_only = awsjson::read_string(*window, "ExportViewType") == "NEW_IMAGE";
  }
  request.fingerprint = to_hex(fingerprint_of(body));
  auto* exports = services.exports;
  on_transfers<transfers::Export>(
      services, std::move(call), export_body,
      [exports, request = std::move(request)](Reply<transfers::Export, transfers::Error> reply) mutable {
        exports->begin(std::move(request), std::move(reply));
      });
}

}  // namespace

extern const Operation kExportTableToPointInTime{.info = {.name = "ExportTableToPointInTime",
                                                          .iam_action = "dynamodb:ExportTableToPointInTime",
                                                          .access = awsjson::Access::kControl,
                                                          .input = &kInput,
                                                          .needs = needs},
                                                 .run = run};

}  // namespace tidemill::dynamodb
