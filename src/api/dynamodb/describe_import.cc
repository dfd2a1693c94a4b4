#include "api/dynamodb/transfers.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"ImportArn", &kTransferArn, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "DescribeImportInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  std::string arn(awsjson::read_string(call.body(), "ImportArn"));
  if (auto wrong = check_transfer_arn(call, arn, "/import/", "Import"))
    return std::move(call).answer(std::unexpected(*std::move(wrong)));
  auto* imports = services.imports;
  on_transfers<transfers::Import>(
      services, std::move(call), import_body,
      [imports, arn = std::move(arn)](Reply<transfers::Import, transfers::Error> reply) {
        if (imports != nullptr) return std::move(reply)(imports->describe(arn));
        std::move(reply)(transfers::fail(transfers::Errc::kImportNotFound, "Import not found: " + arn));
      });
}

}  // namespace

extern const Operation kDescribeImport{.info = {.name = "DescribeImport",
                                                .iam_action = "dynamodb:DescribeImport",
                                                .access = awsjson::Access::kRead,
                                                .input = &kInput,
                                                .resources = import_arn_resource},
                                       .run = run};

}  // namespace tidemill::dynamodb
