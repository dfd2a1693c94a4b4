#include "api/dynamodb/description.h"
#include "api/dynamodb/transfers.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"TableArn", &kTransferTableArn}, {"PageSize", &kTransferLimit}, {"NextToken", &kText}};
constexpr Shape kInput{.type = Type::kStructure, .name = "ListImportsInput", .fields = kFields};

struct Page {
  std::vector<transfers::Import> entries;
  bool more = false;
};

std::string render(const Page& page) {
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
  if (page.more) out.member("NextToken", page.entries.back().id);
  out.end_object();
  return text;
}

void run(Services& services, awsjson::Call call) {
  const auto& body = call.body();
  const auto max = static_cast<std::size_t>(awsjson::read_integer(body, "PageSize").value_or(25));
  std::string table(awsjson::read_string(body, "TableArn")), after(awsjson::read_string(body, "NextToken"));
  const Scope scope = call.scope();
  auto* imports = services.imports;
  on_transfers<Page>(
      services, std::move(call), render,
      [imports, scope, table = std::move(table), after = std::move(after), max](Reply<Page, transfers::Error> reply) {
        Page page;
        if (imports != nullptr) page.entries = imports->list(scope, table, after, max + 1);
        page.more = page.entries.size() > max;
        if (page.more) page.entries.resize(max);
        std::move(reply)(std::move(page));
      });
}

}  // namespace

extern const Operation kListImports{.info = {.name = "ListImports",
                                             .iam_action = "dynamodb:ListImports",
                                             .access = awsjson::Access::kRead,
                                             .input = &kInput,
                                             .resources = any_resource},
                                    .run = run};

}  // namespace tidemill::dynamodb
