#include "api/dynamodb/table_input.h"
#include "api/dynamodb/tag_arn.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"ResourceArn", &kArn}, {"Tags", &kTags, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "TagResourceInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  const std::string arn(awsjson::read_string(call.body(), "ResourceArn"));
  if (auto text = check_tags_whole(call.body())) return refuse(std::move(call), *std::move(text));
  auto tags = read_tags(call.body());
  if (tags.empty()) return refuse(std::move(call), "Atleast one Tag needs to be provided as Input.");
  const auto table = tagged_table(services, arn, "Requested resource not found: ResourcArn: " + arn + " not found");
  if (!table) return refuse(std::move(call), table.error());
  auto& loop = call.loop();
  services.tables.tag((*table)->scope(), (*table)->definition.name, std::move(tags), loop,
                      replying<tables::TagList>(std::move(call), [](const tables::TagList&) { return std::string(); }));
}

}  // namespace

extern const Operation kTagResource{.info = {.name = "TagResource",
                                             .iam_action = "dynamodb:TagResource",
                                             .access = awsjson::Access::kControl,
                                             .input = &kInput,
                                             .resources = arn_resource},
                                    .run = run};

}  // namespace tidemill::dynamodb
