#include "api/lambda/operation.h"

namespace tidemill::lambda {
namespace {

using functions::Functions;

void run(Functions& functions, Call call, AnswerReply reply) {
  functions.remove(
      call.scope, call.labels[0], call.query_or("Qualifier"),
      std::move(reply).via<bool>([](bool) -> Result<Answer> { return Answer{.status = 204, .body = {}}; }));
}

}  // namespace

extern const Operation kDeleteFunction{.name = "DeleteFunction",
                                       .method = "DELETE",
                                       .path = "/2015-03-31/functions/{FunctionName}",
                                       .iam_action = "lambda:DeleteFunction",
                                       .run = run};

}  // namespace tidemill::lambda
