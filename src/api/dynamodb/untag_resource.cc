#include "api/dynamodb/shapes.h"
#include "api/dynamodb/tag_arn.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"ResourceArn", &kArn}, {"TagKeys", &kTextList, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "UntagResourceInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  const std::string arn(awsjson::read_string(call.body(), "ResourceArn"));
  std::vector<std::string> keys;
  for (const auto& key : call.body().find_present("TagKeys")->elements()) {
    if (key.is_string()) keys.emplace_back(key.as_string());
  }
  if (keys.empty()) return refuse(std::move(call), "Atleast one Tag Key needs to be provided as Input.");
  const auto table = tagged_table(services, arn, "Requested resource not found");
  if (!table) return refuse(std::move(call), table.error());
  auto& loop = call.loop();
  services.tables.untag(
      (*table)->scope(), (*table)->definition.name, std::move(keys), loop,
      replying<tables::TagList>(std::move(call), [](const tables::TagList&) { return std::string(); }));
}

}  // namespace

extern const Operation kUntagResource{.info = {.name = "UntagResource",
                                               .iam_action = "dynamodb:UntagResource",
                                               .access = awsjson::Access::kControl,
                                               .input = &kInput,
                                               .resources = arn_resource},
                                      .run = run};

}  // namespace tidemill::dynamodb
