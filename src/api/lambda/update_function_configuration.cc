#include "api/lambda/configuration_request.h"
#include "api/lambda/operation.h"
#include "api/lambda/render.h"

namespace tidemill::lambda {
namespace {

using functions::Functions;

Result<functions::UpdateConfigurationRequest> parse(const Call& call) {
  functions::UpdateConfigurationRequest request;
  request.scope = call.scope;
  request.name = call.labels[0];
  TM_TRY(request.change, parse_configuration(call.body));
  TM_TRY(const auto revision, call.body.text("RevisionId"));
  request.revision_id = revision.value_or("");
  return request;
}

void run(Functions& functions, Call call, AnswerReply reply) {
  auto request = parse(call);
  if (!request) return std::move(reply)(std::unexpected(request.error()));
  functions.update_configuration(*std::move(request), std::move(reply).via<functions::Function>(
                                                          [](const functions::Function& function) -> Result<Answer> {
                                                            return Answer{.body = render_configuration(function)};
                                                          }));
}

}  // namespace

extern const Operation kUpdateFunctionConfiguration{.name = "UpdateFunctionConfiguration",
                                                    .method = "PUT",
                                                    .path = "/2015-03-31/functions/{FunctionName}/configuration",
                                                    .iam_action = "lambda:UpdateFunctionConfiguration",
                                                    .run = run};

}  // namespace tidemill::lambda
