#include "api/dynamodb/table_input.h"
#include "api/dynamodb/transfers.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kSourceFields[] = {
    {"S3BucketOwner", &kBucketOwner}, {"S3Bucket", &kBucketName, true}, {"S3KeyPrefix", &kBucketPrefix}};
constexpr Shape kSource{.type = Type::kStructure, .name = "S3BucketSource", .fields = kSourceFields};
constexpr std::string_view kFormats[] = {"DYNAMODB_JSON", "ION", "CSV"};
constexpr Shape kFormat{.type = Type::kString, .values = kFormats};
constexpr std::string_view kCompressions[] = {"GZIP", "ZSTD", "NONE"};
constexpr Shape kCompression{.type = Type::kString, .values = kCompressions};
constexpr Shape kDelimiter{.type = Type::kString, .min = 1, .max = 1};
constexpr Shape kHeader{.type = Type::kString, .min = 1, .max = 65536};
constexpr Shape kHeaders{.type = Type::kList, .element = &kHeader, .min = 1, .max = 255};
constexpr Field kCsvFields[] = {{"Delimiter", &kDelimiter}, {"HeaderList", &kHeaders}};
constexpr Shape kCsv{.type = Type::kStructure, .name = "CsvOptions", .fields = kCsvFields};
constexpr Field kOptionFields[] = {{"Csv", &kCsv}};
constexpr Shape kOptions{.type = Type::kStructure, .name = "InputFormatOptions", .fields = kOptionFields};
constexpr Field kTableFields[] = {{"TableName", &kNewTableName, true},
                                  {"AttributeDefinitions", &kAttributeDefinitions, true},
                                  {"KeySchema", &kTableKeySchema, true},
                                  {"BillingMode", &kBillingMode},
                                  {"ProvisionedThroughput", &kProvisionedThroughput},
                                  {"OnDemandThroughput", &kOnDemandThroughput},
                                  {"SSESpecification", &kEncryption},
                                  {"GlobalSecondaryIndexes", &kGlobalIndexes}};
constexpr Shape kTable{.type = Type::kStructure, .name = "TableCreationParameters", .fields = kTableFields};
constexpr Field kFields[] = {{"ClientToken", &kTransferToken, true},  {"S3BucketSource", &kSource, true},
                             {"InputFormat", &kFormat, true},         {"InputFormatOptions", &kOptions},
                             {"InputCompressionType", &kCompression}, {"TableCreationParameters", &kTable, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "ImportTableInput", .fields = kFields};
constexpr std::string_view kDelimiters = ",\t:;| ";

std::vector<awsjson::Need> needs(const json::Node& body, const Scope& scope) {
  const auto& source = *body.find_present("S3BucketSource");
  const auto bucket = awsjson::read_string(source, "S3Bucket");
  const auto name = awsjson::read_string(*body.find_present("TableCreationParameters"), "TableName");
  return {{"dynamodb:ImportTable", tables::table_arn(scope, name)},
          {"s3:ListBucket", bucket_resource(bucket)},
          {"s3:GetObject", bucket_resource(bucket, awsjson::read_string(source, "S3KeyPrefix"))}};
}

void run(Services& services, awsjson::Call call) {
  const auto& body = call.body();
  if (services.imports == nullptr) return refuse(std::move(call), "Imports are not supported by this server");
  const auto& source = *body.find_present("S3BucketSource");
  const auto& table = *body.find_present("TableCreationParameters");
  transfers::ImportRequest request{.scope = call.scope(),
                                   .client_token = std::string(awsjson::read_string(body, "ClientToken")),
                                   .bucket = std::string(awsjson::read_string(source, "S3Bucket")),
                                   .bucket_owner = std::string(awsjson::read_string(source, "S3BucketOwner")),
                                   .prefix = std::string(awsjson::read_string(source, "S3KeyPrefix")),
                                   .format = {},
                                   .table = {.name = std::string(awsjson::read_string(table, "TableName")),
                                             .attributes = read_attributes(table),
                                             .keys = read_keys(table),
                                             .global_indexes = read_indexes(table, "GlobalSecondaryIndexes"),
                                             .throughput = read_throughput(table),
                                             .on_demand = read_on_demand(table),
                                             .encryption = read_encryption(table)},
                                   .shown = {}};
  if (const auto billing = awsjson::read_optional_string(table, "BillingMode")) request.table.billing = *billing;
  const auto format = awsjson::read_string(body, "InputFormat");
  if (format == "ION")
    return refuse(std::move(call), "InputFormat ION is not supported by this server: use DYNAMODB_JSON or CSV");
  if (format == "CSV") request.format.format = transfers::InputFormat::kCsv;
  const auto compression = awsjson::read_string(body, "InputCompressionType", "NONE");
  if (compression == "GZIP") request.format.compression = transfers::Compression::kGzip;
  if (compression == "ZSTD") request.format.compression = transfers::Compression::kZstd;
  const auto* options = body.find_present("InputFormatOptions");
  if (const auto* csv = options == nullptr ? nullptr : options->find_present("Csv"); csv != nullptr) {
    if (format != "CSV") {
      return refuse(std::move(call), "Invalid Request: Unsupported InputFormatOptions for the given input format: " +
                                         std::string(format) + ".");
    }
    const auto delimiter = awsjson::read_string(*csv, "Delimiter", ",");
    if (kDelimiters.find(delimiter) == kDelimiters.npos)
      return refuse(std::move(call),
                    awsjson::one_constraint_error(delimiter, "inputFormatOptions.csv.delimiter",
                                                  "Member must satisfy regular expression pattern: [,;:|\\t ]"));
    request.format.delimiter = delimiter.front();
    if (const auto* header = csv->find_present("HeaderList")) {
      request.format.header.emplace();
      for (const auto& name : header->elements()) request.format.header->emplace_back(name.as_string());
    }
  }
  json::Object shown;
  for (const auto* member :
       {"S3BucketSource", "InputFormat", "InputFormatOptions", "InputCompressionType", "TableCreationParameters"})
    if (const auto* node = body.find_present(member)) shown[member] = json::Value(*node);
  if (!shown.find("InputCompressionType")) shown["InputCompressionType"] = "NONE";
  request.shown = json::Value(std::move(shown)).text();
  auto* imports = services.imports;
  on_transfers<transfers::Import>(
      services, std::move(call), import_body,
      [imports, request = std::move(request)](Reply<transfers::Import, transfers::Error> reply) mutable {
        imports->begin(std::move(request), std::move(reply));
      });
}

}  // namespace

extern const Operation kImportTable{.info = {.name = "ImportTable",
                                             .iam_action = "dynamodb:ImportTable",
                                             .access = awsjson::Access::kControl,
                                             .input = &kInput,
                                             .needs = needs},
                                    .run = run};

}  // namespace tidemill::dynamodb
