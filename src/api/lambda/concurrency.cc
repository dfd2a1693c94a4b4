#include "api/lambda/operation.h"

namespace tidemill::lambda {
namespace {

using functions::Functions;

Answer render(const functions::Function& function) {
  Answer answer;
  json::Writer out(answer.body);
  out.begin_object();
  if (function.reserved_concurrency) out.member("ReservedConcurrentExecutions", *function.reserved_concurrency);
  out.end_object();
  return answer;
}

void put(Functions& functions, Call call, AnswerReply reply) {
  const auto reserved = call.body.integer("ReservedConcurrentExecutions");
  if (!reserved) return std::move(reply)(std::unexpected(reserved.error()));
  if (!*reserved)
    return std::move(reply)(functions::fail(
        functions::Errc::kValidation,
        "1 validation error detected: Value null at 'reservedConcurrentExecutions' failed to satisfy constraint: "
        "Member must not be null"));
  functions.put_concurrency(
      call.scope, call.labels[0], **reserved,
      std::move(reply).via<functions::Function>(
          [](const functions::Function& function) -> Result<Answer> { return render(function); }));
}

void get(Functions& functions, Call call, AnswerReply reply) {
  const auto function = functions.get(call.scope, call.labels[0]);
  if (!function) return std::move(reply)(std::unexpected(function.error()));
  std::move(reply)(render(*function));
}

void remove(Functions& functions, Call call, AnswerReply reply) {
  functions.remove_concurrency(call.scope, call.labels[0], std::move(reply).via<bool>([](bool) -> Result<Answer> {
    return Answer{.status = 204, .body = {}};
  }));
}

}  // namespace

extern const Operation kPutFunctionConcurrency{.name = "PutFunctionConcurrency",
                                               .method = "PUT",
                                               .path = "/2017-10-31/functions/{FunctionName}/concurrency",
                                               .iam_action = "lambda:PutFunctionConcurrency",
                                               .run = put};
extern const Operation kGetFunctionConcurrency{.name = "GetFunctionConcurrency",
                                               .method = "GET",
                                               .path = "/2019-09-30/functions/{FunctionName}/concurrency",
                                               .iam_action = "lambda:GetFunctionConcurrency",
                                               .run = get};
extern const Operation kDeleteFunctionConcurrency{.name = "DeleteFunctionConcurrency",
                                                  .method = "DELETE",
                                                  .path = "/2017-10-31/functions/{FunctionName}/concurrency",
                                                  .iam_action = "lambda:DeleteFunctionConcurrency",
                                                  .run = remove};

}  // namespace tidemill::lambda
