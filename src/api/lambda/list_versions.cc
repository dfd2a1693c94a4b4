#include "api/lambda/operation.h"
#include "api/lambda/render.h"

namespace tidemill::lambda {
namespace {

using functions::Functions;

// Only $LATEST exists here, and the lists say so.
void run(Functions& functions, Call call, AnswerReply reply) {
  const auto function = functions.get(call.scope, call.labels[0]);
  if (!function) return std::move(reply)(std::unexpected(function.error()));
  Answer answer;
  json::Writer out(answer.body);
  out.begin_object().key("Versions").begin_array();
  write_configuration(out, *function, "$LATEST", false);
  out.end_array().end_object();
  std::move(reply)(std::move(answer));
}

}  // namespace

extern const Operation kListVersionsByFunction{.name = "ListVersionsByFunction",
                                               .method = "GET",
                                               .path = "/2015-03-31/functions/{FunctionName}/versions",
                                               .iam_action = "lambda:ListVersionsByFunction",
                                               .run = run};

}  // namespace tidemill::lambda
