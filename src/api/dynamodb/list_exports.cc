#include "api/dynamodb/transfers.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"TableArn", &kTransferTableArn}, {"MaxResults", &kTransferLimit}, {"NextToken", &kText}};
constexpr Shape kInput{.type = Type::kStructure, .name = "ListExportsInput", .fields = kFields};

struct Page {
  std::vector<transfers::Export> entries;
  bool more = false;
};

std::string render(const Page& page) {
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
  if (page.more) out.member("NextToken", page.entries.back().id);
  out.end_object();
  return text;
}

void run(Services& services, awsjson::Call call) {
  const auto& body = call.body();
  const auto max = static_cast<std::size_t>(awsjson::read_integer(body, "MaxResults").value_or(25));
  std::string table(awsjson::read_string(body, "TableArn")), after(awsjson::read_string(body, "NextToken"));
  const Scope scope = call.scope();
  auto* exports = services.exports;
  on_transfers<Page>(
      services, std::move(call), render,
      [exports, scope, table = std::move(table), after = std::move(after), max](Reply<Page, transfers::Error> reply) {
        Page page;
        if (exports != nullptr) page.entries = exports->list(scope, table, after, max + 1);
        page.more = page.entries.size() > max;
        if (page.more) page.entries.resize(max);
        std::move(reply)(std::move(page));
      });
}

}  // namespace

extern const Operation kListExports{.info = {.name = "ListExports",
                                             .iam_action = "dynamodb:ListExports",
                                             .access = awsjson::Access::kRead,
                                             .input = &kInput,
                                             .resources = any_resource},
                                    .run = run};

}  // namespace tidemill::dynamodb
