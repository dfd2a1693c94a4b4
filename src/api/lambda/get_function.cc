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
  Answer answer;
  json::Writer out(answer.body);
  out.begin_object().key("Configuration");
  write_configuration(out, *function, reference->qualifier);
  out.key("Code")
      .begin_object()
      .member("RepositoryType", "S3")
      .member("Location", functions.code_location(*function))
      .end_object();
  if (!function->tags.empty()) {
    out.key("Tags").begin_object();
    for (const auto& [key, value] : function->tags) out.member(key, value);
    out.end_object();
  }
  if (function->reserved_concurrency)
    out.key("Concurrency")
        .begin_object()
        .member("ReservedConcurrentExecutions", *function->reserved_concurrency)
        .end_object();
  out.end_object();
  std::move(reply)(std::move(answer));
}

}  // namespace

extern const Operation kGetFunction{.name = "GetFunction",
                                    .method = "GET",
                                    .path = "/2015-03-31/functions/{FunctionName}",
                                    .iam_action = "lambda:GetFunction",
                                    .run = run};

}  // namespace tidemill::lambda
