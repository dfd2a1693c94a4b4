#include "api/lambda/operation.h"
#include "api/lambda/render.h"

namespace tidemill::lambda {
namespace {

using functions::Functions;

Result<functions::EventInvokeRequest> parse(const Call& call, bool merge) {
  functions::EventInvokeRequest request;
  request.scope = call.scope;
  request.name = call.labels[0];
  request.qualifier = call.query_or("Qualifier");
  request.merge = merge;
  TM_TRY(request.retries_max, call.body.integer("MaximumRetryAttempts"));
  TM_TRY(request.event_age_s, call.body.integer("MaximumEventAgeInSeconds"));
  TM_TRY(const auto destinations, call.body.object("DestinationConfig"));
  if (destinations) {
    TM_TRY(const auto success, destinations->object("OnSuccess"));
    if (success) {
      TM_TRY(request.on_success, success->text("Destination"));
    }
    TM_TRY(const auto failure, destinations->object("OnFailure"));
    if (failure) {
      TM_TRY(request.on_failure, failure->text("Destination"));
    }
  }
  return request;
}

void change(Functions& functions, const Call& call, AnswerReply reply, bool merge) {
  auto request = parse(call, merge);
  if (!request) return std::move(reply)(std::unexpected(request.error()));
  functions.put_event_invoke(*std::move(request), std::move(reply).via<functions::Function>(
                                                      [](const functions::Function& function) -> Result<Answer> {
                                                        return Answer{.body = render_event_invoke(function)};
                                                      }));
}

void put(Functions& functions, Call call, AnswerReply reply) { change(functions, call, std::move(reply), false); }
void update(Functions& functions, Call call, AnswerReply reply) { change(functions, call, std::move(reply), true); }

void get(Functions& functions, Call call, AnswerReply reply) {
  const auto function = functions.get(call.scope, call.labels[0], call.query_or("Qualifier"));
  if (!function && function.error().code != functions::Errc::kNotFound)
    return std::move(reply)(std::unexpected(function.error()));
  if (!function || !function->event_invoke) {
    const auto reference = functions::parse_function_name(call.scope, call.labels[0]);
    return std::move(reply)(functions::fail(
        functions::Errc::kNotFound,
        "The function " + functions::function_arn(call.scope, reference ? reference->name : "", "$LATEST") +
            " doesn't have an EventInvokeConfig"));
  }
  std::move(reply)(Answer{.body = render_event_invoke(*function)});
}

void list(Functions& functions, Call call, AnswerReply reply) {
  const auto function = functions.get(call.scope, call.labels[0]);
  if (!function) return std::move(reply)(std::unexpected(function.error()));
  const auto config = function->event_invoke ? render_event_invoke(*function) : "";
  std::move(reply)(Answer{.body = R"({"FunctionEventInvokeConfigs":[)" + config + "]}"});
}

void remove(Functions& functions, Call call, AnswerReply reply) {
  functions.remove_event_invoke(
      call.scope, call.labels[0], call.query_or("Qualifier"),
      std::move(reply).via<bool>([](bool) -> Result<Answer> { return Answer{.status = 204, .body = {}}; }));
}

}  // namespace

extern const Operation kPutFunctionEventInvokeConfig{.name = "PutFunctionEventInvokeConfig",
                                                     .method = "PUT",
                                                     .path = "/2019-09-25/functions/{FunctionName}/event-invoke-config",
                                                     .iam_action = "lambda:PutFunctionEventInvokeConfig",
                                                     .run = put};
extern const Operation kUpdateFunctionEventInvokeConfig{
    .name = "UpdateFunctionEventInvokeConfig",
    .method = "POST",
    .path = "/2019-09-25/functions/{FunctionName}/event-invoke-config",
    .iam_action = "lambda:UpdateFunctionEventInvokeConfig",
    .run = update};
extern const Operation kGetFunctionEventInvokeConfig{.name = "GetFunctionEventInvokeConfig",
                                                     .method = "GET",
                                                     .path = "/2019-09-25/functions/{FunctionName}/event-invoke-config",
                                                     .iam_action = "lambda:GetFunctionEventInvokeConfig",
                                                     .run = get};
extern const Operation kListFunctionEventInvokeConfigs{
    .name = "ListFunctionEventInvokeConfigs",
    .method = "GET",
    .path = "/2019-09-25/functions/{FunctionName}/event-invoke-config/list",
    .iam_action = "lambda:ListFunctionEventInvokeConfigs",
    .run = list};
extern const Operation kDeleteFunctionEventInvokeConfig{
    .name = "DeleteFunctionEventInvokeConfig",
    .method = "DELETE",
    .path = "/2019-09-25/functions/{FunctionName}/event-invoke-config",
    .iam_action = "lambda:DeleteFunctionEventInvokeConfig",
    .run = remove};

}  // namespace tidemill::lambda
