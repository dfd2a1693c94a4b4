#include "api/lambda/configuration_request.h"
#include "api/lambda/operation.h"
#include "api/lambda/render.h"

namespace tidemill::lambda {
namespace {

using functions::Functions;

Result<functions::CreateRequest> parse(const Call& call) {
  functions::CreateRequest request;
  request.scope = call.scope;
  TM_TRY(const auto name, call.body.text("FunctionName"));
  if (!name)
    return functions::fail(functions::Errc::kValidation,
                           "1 validation error detected: Value null at 'functionName' failed to satisfy constraint: "
                           "Member must not be null");
  request.name = *name;
  TM_TRY(request.configuration, parse_configuration(call.body));
  TM_TRY(const auto package, call.body.text("PackageType"));
  request.package_type = package.value_or("Zip");
  TM_TRY(const auto code, call.body.object("Code"));
  if (!code)
    return functions::fail(
        functions::Errc::kValidation,
        "1 validation error detected: Value null at 'code' failed to satisfy constraint: Member must not be null");
  TM_TRY(request.code, parse_code(*code));
  TM_TRY(auto tags, call.body.text_map("Tags"));
  if (tags) request.tags = *std::move(tags);
  TM_TRY(const auto publish, call.body.boolean("Publish"));
  request.publish = publish.value_or(false);
  return request;
}

void run(Functions& functions, Call call, AnswerReply reply) {
  auto request = parse(call);
  if (!request) return std::move(reply)(std::unexpected(request.error()));
  functions.create(*std::move(request),
                   std::move(reply).via<functions::Function>([](const functions::Function& function) -> Result<Answer> {
                     return Answer{.status = 201, .body = render_configuration(function)};
                   }));
}

}  // namespace

extern const Operation kCreateFunction{.name = "CreateFunction",
                                       .method = "POST",
                                       .path = "/2015-03-31/functions",
                                       .iam_action = "lambda:CreateFunction",
                                       .run = run};

}  // namespace tidemill::lambda
