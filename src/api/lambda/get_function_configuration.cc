#include "api/lambda/operation.h"
#include "api/lambda/render.h"

namespace tidemill::lambda {
namespace {

using functions::Functions;

void run(Functions& functions, Call call, AnswerReply reply) {
  const auto qualifier = call.query_or("Qualifier");
  const auto function = functions.get(call.scope, call.labels[0], qualifier);
  if (!function) return std::move(reply)(std::unexpected(function.error()));
  const auto reference = functions::parse_function_name(call.scope, call.labels[0], qualifier);
  std::move(reply)(Answer{.body = render_configuration(*function, reference->qualifier)});
}

}  // namespace

extern const Operation kGetFunctionConfiguration{.name = "GetFunctionConfiguration",
                                                 .method = "GET",
                                                 .path = "/2015-03-31/functions/{FunctionName}/configuration",
                                                 .iam_action = "lambda:GetFunctionConfiguration",
                                                 .run = run};

}  // namespace tidemill::lambda
