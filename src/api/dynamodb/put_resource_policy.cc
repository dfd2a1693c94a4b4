#include "api/dynamodb/api.h"
#include "api/dynamodb/policies.h"
#include "auth/policy_form.h"
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
  auto document = auth::policy_form(awsjson::read_string(body, "Policy"));
  if (!document) return refuse(std::move(call), std::move(document).error());
  if (!awsjson::read_bool(body, "ConfirmRemoveSelfResourceAccess", false) &&
      locks_out(*document, resource->arn, call.caller().principal)) {
    return std::move(call).answer(std::unexpected(awsjson::WireError{
        .type = "com.amazon.coral.service#AccessDeniedException",
        .message = "The new resource policy will not allow you to update the resource policy in the future.",
        .capital = true}));
  }
  std::optional<std::string> expected;
  if (const auto id = awsjson::read_optional_string(body, "ExpectedRevisionId")) expected = *id;
  auto& loop = call.loop();
  auto& tables = services.tables;
  tables.on_home<tables::ResourcePolicy>(
      loop,
      replying<tables::ResourcePolicy>(
          std::move(call), [](const tables::ResourcePolicy& policy) { return revision_body(policy.revision); }),
      [&tables, resource = *std::move(resource), document = *std::move(document),
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
