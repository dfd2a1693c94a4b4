#include "api/dynamodb/api.h"
#include "api/dynamodb/policies.h"
#include "api/dynamodb/shapes.h"
#include "auth/policy_form.h"
#include "tables/settings.h"

namespace tidemill::dynamodb {
namespace {

constexpr Field kFields[] = {{"ResourceArn", &kArn, true}};
constexpr Shape kInput{.type = Type::kStructure, .name = "GetResourcePolicyInput", .fields = kFields};

void run(Services& services, awsjson::Call call) {
  const auto resource = policy_resource(call);
  if (!resource) return refuse(std::move(call), resource.error());
  const auto policy = tables::get_policy(services.tables, *resource);
  if (!policy) return refuse(std::move(call), policy.error());
  std::string out;
  json::Writer writer(out);
  writer.begin_object()
      .member("Policy", auth::policy_as_read(policy->document))
      .member("RevisionId", policy->revision)
      .end_object();
  std::move(call).answer(std::move(out));
}

}  // namespace

extern const Operation kGetResourcePolicy{.info = {.name = "GetResourcePolicy",
                                                   .iam_action = "dynamodb:GetResourcePolicy",
                                                   .access = awsjson::Access::kRead,
                                                   .input = &kInput,
                                                   .resources = arn_resource},
                                          .run = run};

}  // namespace tidemill::dynamodb
