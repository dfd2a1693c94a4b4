#include "api/dynamodb/description.h"
#include "api/dynamodb/transfers.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"TableArn", &kTransferTableArn}, {"PageSize", &kTransferLimit}, {"NextToken", &kText}};
constexpr Shape kInput{.type = Type::kStructure, .name = "ListImportsInput", .fields = kFields};

std::string render(const TransferPage<transfers::Import>& page) {
  std::string text;
  json::Writer out(text);
  out.begin_object().key("ImportSummaryList").begin_array();
  for (const auto& entry : page.entries) {
    out.begin_object()
        .member("ImportArn", entry.arn)
        .member("ImportStatus", to_string(entry.state))
        .member("TableArn", entry.table_arn)
        .member("InputFormat", entry.format.format == transfers::InputFormat::kCsv ? "CSV" : "DYNAMODB_JSON");
    append_time(out, "StartTime", from_epoch_ms(entry.started_ms));
    if (entry.ended_ms != 0) append_time(out, "EndTime", from_epoch_ms(entry.ended_ms));
    out.key("S3BucketSource").begin_object().member("S3Bucket", entry.bucket);
    if (!entry.bucket_owner.empty()) out.member("S3BucketOwner", entry.bucket_owner);
    if (!entry.prefix.empty()) out.member("S3KeyPrefix", entry.prefix);
    out.end_object().end_object();
  }
  out.end_array();
  if (page.more) out.member("NextToken", page_token(page.entries.back().id));
  out.end_object();
  return text;
}

void run(Services& services, awsjson::Call call) {
  list_transfers<transfers::Import>(services, std::move(call), "PageSize", services.imports, render);
}

}  // namespace

extern const Operation kListImports{.info = {.name = "ListImports",
                                             .iam_action = "dynamodb:ListImports",
                                             .access = awsjson::Access::kRead,
                                             .input = &kInput,
                                             .resources = any_resource},
                                    .run = run};

}  // namespace tidemill::dynamodb
