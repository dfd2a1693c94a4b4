#include "api/dynamodb/api.h"
#include "api/dynamodb/policies.h"
#include "tables/settings.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"ResourceArn", &kArn, true},
                             {"Policy", &kText, true},
                             {"ExpectedRevisionId", &kRevision},
                             {"ConfirmRemoveSelfResourceAccess", &kBoolean}};
constexpr Shape kInput{.type = Type::kStructure, .name = "PutResourcePolicyInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  const auto& body = call.body();
  auto resource = policy_resource(call);
  if (!resource) return refuse(std::move(call), resource.error());
  std::string document(awsjson::read_string(body, "Policy"));
  if (auto text = check_policy(document)) return refuse(std::move(call), *std::move(text));
  if (!awsjson::read_bool(body, "ConfirmRemoveSelfResourceAccess", false) &&
      locks_out(document, resource->arn, call.caller->principal)) {
    return refuse(std::move(call),
                  "The policy would not allow you to change the policy of this resource in the future. Set "
                  "ConfirmRemoveSelfResourceAccess to confirm it");
  }
  std::optional<std::string> expected;
  if (const auto id = awsjson::read_optional_string(body, "ExpectedRevisionId")) expected = *id;
  auto& loop = *call.loop;
  auto& tables = services.tables;
  tables.on_home<tables::ResourcePolicy>(
      loop,
      replying<tables::ResourcePolicy>(
          std::move(call), [](const tables::ResourcePolicy& policy) { return revision_body(policy.revision); }),
      [&tables, resource = *std::move(resource), document = std::move(document),
       expected = std::move(expected)](tables::Reply<tables::ResourcePolicy> reply) mutable {
        tables::put_policy(tables, resource, std::move(document), expected, std::move(reply));
      });
}

}  // namespace

extern const Operation kPutResourcePolicy{.info = {.name = "PutResourcePolicy",
                                                   .iam_action = "dynamodb:PutResourcePolicy",
                                                   .access = awsjson::Access::kControl,
                                                   .input = &kInput,
                                                   .resources = arn_resource},
                                          .run = run};

}  // namespace tidemill::dynamodb
