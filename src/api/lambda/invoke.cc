#include "api/lambda/operation.h"
#include "base/bytes.h"

namespace tidemill::lambda {
namespace {

using functions::Functions;

constexpr std::size_t kClientContextMax = 3583;

std::unexpected<functions::Error> not_in(std::string_view value, std::string_view member, std::string_view set) {
  return functions::fail(functions::Errc::kValidation,
                         "1 validation error detected: Value '" + std::string(value) + "' at '" + std::string(member) +
                             "' failed to satisfy constraint: Member must satisfy enum value set: " + std::string(set));
}

Result<functions::InvokeRequest> parse(Call& call) {
  functions::InvokeRequest request;
  request.scope = call.scope;
  request.function = call.labels[0];
  request.qualifier = call.query_or("Qualifier");
  const auto& headers = call.request.headers;
  const auto type = headers.get("X-Amz-Invocation-Type");
  if (type == "Event")
    request.type = functions::InvocationType::kEvent;
  else if (type == "DryRun")
    request.type = functions::InvocationType::kDryRun;
  else if (!type.empty() && type != "RequestResponse")
    return not_in(type, "invocationType", "[Event, RequestResponse, DryRun]");
  const auto log_type = headers.get("X-Amz-Log-Type");
  if (!log_type.empty() && log_type != "None" && log_type != "Tail") return not_in(log_type, "logType", "[None, Tail]");
  request.tail_log = log_type == "Tail";
  if (const auto context = headers.get("X-Amz-Client-Context"); !context.empty()) {
    auto text = from_base64(context);
    if (!text || context.size() > kClientContextMax || !json::validate(*text))
      return functions::fail(functions::Errc::kInvalidRequestContent,
                             "Client context must be a valid Base64-encoded JSON object.");
    request.client_context = *std::move(text);
  }
  request.trace_id = headers.get("X-Amzn-Trace-Id");
  request.payload = std::move(call.request.body);
  return request;
}

void run(Functions& functions, Call call, AnswerReply reply) {
  auto request = parse(call);
  if (!request) return std::move(reply)(std::unexpected(request.error()));
  functions.invoke(*std::move(request),
                   std::move(reply).via<functions::InvokeResult>([](functions::InvokeResult result) -> Result<Answer> {
                     Answer answer{.status = result.status,
                                   .body = std::move(result.payload),
                                   .request_id = std::move(result.request_id)};
                     if (!result.executed_version.empty())
                       answer.headers.add("X-Amz-Executed-Version", result.executed_version);
                     if (result.function_error) answer.headers.add("X-Amz-Function-Error", *result.function_error);
                     if (!result.log_tail.empty()) answer.headers.add("X-Amz-Log-Result", to_base64(result.log_tail));
                     return answer;
                   }));
}

// Deprecated: always asynchronous.
void run_async(Functions& functions, Call call, AnswerReply reply) {
  functions::InvokeRequest request{.scope = call.scope,
                                   .function = call.labels[0],
                                   .payload = std::move(call.request.body),
                                   .type = functions::InvocationType::kEvent};
  functions.invoke(std::move(request),
                   std::move(reply).via<functions::InvokeResult>([](functions::InvokeResult result) -> Result<Answer> {
                     return Answer{
                         .status = 202, .body = R"({"Status":202})", .request_id = std::move(result.request_id)};
                   }));
}

}  // namespace

extern const Operation kInvoke{.name = "Invoke",
                               .method = "POST",
                               .path = "/2015-03-31/functions/{FunctionName}/invocations",
                               .iam_action = "lambda:InvokeFunction",
                               .run = run,
                               .raw_body = true};
extern const Operation kInvokeAsync{.name = "InvokeAsync",
                                    .method = "POST",
                                    .path = "/2014-11-13/functions/{FunctionName}/invoke-async",
                                    .iam_action = "lambda:InvokeFunction",
                                    .run = run_async,
                                    .raw_body = true};

}  // namespace tidemill::lambda
