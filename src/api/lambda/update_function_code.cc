#include "api/lambda/configuration_request.h"
#include "api/lambda/operation.h"
#include "api/lambda/render.h"

namespace tidemill::lambda {
namespace {

using functions::Functions;

Result<functions::UpdateCodeRequest> parse(const Call& call) {
  functions::UpdateCodeRequest request;
  request.scope = call.scope;
  request.name = call.labels[0];
  TM_TRY(request.code, parse_code(call.body));
  TM_TRY(request.architectures, call.body.texts("Architectures"));
  TM_TRY(const auto revision, call.body.text("RevisionId"));
  request.revision_id = revision.value_or("");
  TM_TRY(const auto publish, call.body.boolean("Publish"));
  request.publish = publish.value_or(false);
  TM_TRY(const auto dry_run, call.body.boolean("DryRun"));
  request.dry_run = dry_run.value_or(false);
  return request;
}

void run(Functions& functions, Call call, AnswerReply reply) {
  auto request = parse(call);
  if (!request) return std::move(reply)(std::unexpected(request.error()));
  functions.update_code(*std::move(request), std::move(reply).via<functions::Function>(
                                                 [](const functions::Function& function) -> Result<Answer> {
                                                   return Answer{.body = render_configuration(function)};
                                                 }));
}

}  // namespace

extern const Operation kUpdateFunctionCode{.name = "UpdateFunctionCode",
                                           .method = "PUT",
                                           .path = "/2015-03-31/functions/{FunctionName}/code",
                                           .iam_action = "lambda:UpdateFunctionCode",
                                           .run = run};

}  // namespace tidemill::lambda
