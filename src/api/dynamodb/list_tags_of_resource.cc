#include "api/dynamodb/shapes.h"
#include "api/dynamodb/tag_arn.h"

namespace tidemill::dynamodb {
namespace {

constexpr std::size_t kPageMax = 10;
constexpr Field kFields[] = {{"ResourceArn", &kArn}, {"NextToken", &kText}};
constexpr Shape kInput{.type = Type::kStructure, .name = "ListTagsOfResourceInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  const std::string arn(awsjson::read_string(call.body(), "ResourceArn"));
  const auto table = tagged_table(services, arn, "Requested resource not found: ResourcArn: " + arn + " not found");
  if (!table) return refuse(std::move(call), table.error());
  const auto& tags = (*table)->definition.tags;
  // The token is the last key of the page before.
  auto at = tags.begin();
  if (const auto token = awsjson::read_optional_string(call.body(), "NextToken"))
    at = tags.upper_bound(std::string(*token));
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("Tags").begin_array();
  std::string_view last;
  for (std::size_t shown = 0; at != tags.end() && shown < kPageMax; ++at, ++shown) {
    writer.begin_object().member("Key", at->first).member("Value", at->second).end_object();
    last = at->first;
  }
  writer.end_array();
  if (at != tags.end()) writer.member("NextToken", last);
  writer.end_object();
  std::move(call).answer(std::move(out));
}

}  // namespace

extern const Operation kListTagsOfResource{.info = {.name = "ListTagsOfResource",
                                                    .iam_action = "dynamodb:ListTagsOfResource",
                                                    .access = awsjson::Access::kRead,
                                                    .input = &kInput,
                                                    .resources = arn_resource},
                                           .run = run};

}  // namespace tidemill::dynamodb
