#include "api/dynamodb/transfers.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"TableArn", &kTransferTableArn}, {"MaxResults", &kTransferLimit}, {"NextToken", &kText}};
constexpr Shape kInput{.type = Type::kStructure, .name = "ListExportsInput", .fields = kFields};

std::string render(const TransferPage<transfers::Export>& page) {
  std::string text;
  json::Writer out(text);
  out.begin_object().key("ExportSummaries").begin_array();
  for (const auto& entry : page.entries)
    out.begin_object()
        .member("ExportArn", entry.arn)
        .member("ExportStatus", to_string(entry.state))
        .member("ExportType", entry.request.incremental ? "INCREMENTAL_EXPORT" : "FULL_EXPORT")
        .end_object();
  out.end_array();
  if (page.more) out.member("NextToken", page_token(page.entries.back().id));
  out.end_object();
  return text;
}

void run(Services& services, awsjson::Call call) {
  list_transfers<transfers::Export>(services, std::move(call), "MaxResults", services.exports, render);
}

}  // namespace

extern const Operation kListExports{.info = {.name = "ListExports",
                                             .iam_action = "dynamodb:ListExports",
                                             .access = awsjson::Access::kRead,
                                             .input = &kInput,
                                             .resources = any_resource},
                                    .run = run};

}  // namespace tidemill::dynamodb
