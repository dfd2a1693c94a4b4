#include "api/lambda/operation.h"

namespace tidemill::lambda {
namespace {

using functions::Functions;

void run(Functions& functions, Call call, AnswerReply reply) {
  const auto usage = functions.usage(call.scope);
  Answer answer;
  json::Writer out(answer.body);
  out.begin_object().key("AccountLimit").begin_object();
  out.member("TotalCodeSize", std::int64_t{80'530'636'800}).member("CodeSizeUnzipped", std::int64_t{262'144'000});
  out.member("CodeSizeZipped", std::int64_t{52'428'800}).member("ConcurrentExecutions", usage.concurrency);
  out.member("UnreservedConcurrentExecutions", usage.unreserved).end_object();
  out.key("AccountUsage").begin_object();
  out.member("TotalCodeSize", static_cast<std::int64_t>(usage.code_size))
      .member("FunctionCount", static_cast<std::int64_t>(usage.functions));
  out.end_object().end_object();
  std::move(reply)(std::move(answer));
}

}  // namespace

extern const Operation kGetAccountSettings{.name = "GetAccountSettings",
                                           .method = "GET",
                                           .path = "/2016-08-19/account-settings",
                                           .iam_action = "lambda:GetAccountSettings",
                                           .run = run};

}  // namespace tidemill::lambda
