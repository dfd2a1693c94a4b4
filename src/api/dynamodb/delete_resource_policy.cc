#include "api/dynamodb/api.h"
#include "api/dynamodb/policies.h"
#include "tables/settings.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"ResourceArn", &kArn, true}, {"ExpectedRevisionId", &kRevision}};
constexpr Shape kInput{.type = Type::kStructure, .name = "DeleteResourcePolicyInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  const auto& body = call.body();
  auto resource = policy_resource(call);
  if (!resource) return refuse(std::move(call), resource.error());
  std::optional<std::string> expected;
  if (const auto id = awsjson::read_optional_string(body, "ExpectedRevisionId")) expected = *id;
  auto& loop = call.loop();
  auto& tables = services.tables;
  tables.on_home<tables::ResourcePolicy>(
      loop,
      replying<tables::ResourcePolicy>(
          std::move(call), [](const tables::ResourcePolicy& policy) { return revision_body(policy.revision); }),
      [&tables, resource = *std::move(resource),
       expected = std::move(expected)](tables::Reply<tables::ResourcePolicy> reply) {
        tables::delete_policy(tables, resource, expected, std::move(reply));
      });
}

}  // namespace

extern const Operation kDeleteResourcePolicy{.info = {.name = "DeleteResourcePolicy",
                                                      .iam_action = "dynamodb:DeleteResourcePolicy",
                                                      .access = awsjson::Access::kControl,
                                                      .input = &kInput,
                                                      .resources = arn_resource},
                                             .run = run};

}  // namespace tidemill::dynamodb
