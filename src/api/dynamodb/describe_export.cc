#include "api/dynamodb/transfers.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"ExportArn", &kTransferArn, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "DescribeExportInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  std::string arn(awsjson::read_string(call.body(), "ExportArn"));
  if (auto wrong = check_transfer_arn(call, arn, "/export/", "Export"))
    return std::move(call).answer(std::unexpected(*std::move(wrong)));
  auto* exports = services.exports;
  on_transfers<transfers::Export>(
      services, std::move(call), export_body,
      [exports, arn = std::move(arn)](Reply<transfers::Export, transfers::Error> reply) {
        if (exports != nullptr) return std::move(reply)(exports->describe(arn));
        std::move(reply)(transfers::fail(transfers::Errc::kExportNotFound, "Export not found: " + arn));
      });
}

}  // namespace

extern const Operation kDescribeExport{.info = {.name = "DescribeExport",
                                                .iam_action = "dynamodb:DescribeExport",
                                                .access = awsjson::Access::kRead,
                                                .input = &kInput,
                                                .resources = export_arn_resource},
                                       .run = run};

}  // namespace tidemill::dynamodb
