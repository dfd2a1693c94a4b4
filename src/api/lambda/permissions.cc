#include "api/lambda/operation.h"
#include "api/lambda/render.h"

namespace tidemill::lambda {
namespace {

using functions::Functions;

Result<functions::PermissionRequest> parse(const Call& call) {
  functions::PermissionRequest request;
  request.scope = call.scope;
  request.name = call.labels[0];
  request.qualifier = call.query_or("Qualifier");
  const auto read = [&](std::string_view name, std::string& into) -> functions::Status {
    TM_TRY(auto text, call.body.text(name));
    into = text.value_or("");
    return {};
  };
  TM_CHECK(read("StatementId", request.statement_id));
  TM_CHECK(read("Action", request.action));
  TM_CHECK(read("Principal", request.principal));
  TM_CHECK(read("SourceArn", request.source_arn));
  TM_CHECK(read("SourceAccount", request.source_account));
  TM_CHECK(read("PrincipalOrgID", request.principal_org_id));
  TM_CHECK(read("EventSourceToken", request.event_source_token));
  TM_CHECK(read("FunctionUrlAuthType", request.function_url_auth_type));
  TM_CHECK(read("RevisionId", request.revision_id));
  return request;
}

void add(Functions& functions, Call call, AnswerReply reply) {
  auto request = parse(call);
  if (!request) return std::move(reply)(std::unexpected(request.error()));
  functions.add_permission(
      *std::move(request), std::move(reply).via<json::Value>([](const json::Value& statement) -> Result<Answer> {
        Answer answer{.status = 201, .body = {}};
        json::Writer(answer.body).begin_object().member("Statement", statement.text()).end_object();
        return answer;
      }));
}

void get(Functions& functions, Call call, AnswerReply reply) {
  const auto function = functions.get(call.scope, call.labels[0], call.query_or("Qualifier"));
  if (!function) return std::move(reply)(std::unexpected(function.error()));
  if (function->policy.empty())
    return std::move(reply)(functions::fail(functions::Errc::kNotFound, "The resource you requested does not exist."));
  Answer answer;
  json::Writer(answer.body)
      .begin_object()
      .member("Policy", render_policy(*function))
      .member("RevisionId", function->policy_revision_id)
      .end_object();
  std::move(reply)(std::move(answer));
}

void remove(Functions& functions, Call call, AnswerReply reply) {
  functions.remove_permission(
      call.scope, call.labels[0], call.query_or("Qualifier"), call.labels[1], call.query_or("RevisionId"),
      std::move(reply).via<bool>([](bool) -> Result<Answer> { return Answer{.status = 204, .body = {}}; }));
}

}  // namespace

extern const Operation kAddPermission{.name = "AddPermission",
                                      .method = "POST",
                                      .path = "/2015-03-31/functions/{FunctionName}/policy",
                                      .iam_action = "lambda:AddPermission",
                                      .run = add};
extern const Operation kGetPolicy{.name = "GetPolicy",
                                  .method = "GET",
                                  .path = "/2015-03-31/functions/{FunctionName}/policy",
                                  .iam_action = "lambda:GetPolicy",
                                  .run = get};
extern const Operation kRemovePermission{.name = "RemovePermission",
                                         .method = "DELETE",
                                         .path = "/2015-03-31/functions/{FunctionName}/policy/{StatementId}",
                                         .iam_action = "lambda:RemovePermission",
                                         .run = remove};

}  // namespace tidemill::lambda
