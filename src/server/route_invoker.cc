#include "server/route_invoker.h"

#include "auth/policy.h"

namespace tidemill::server {
namespace {

constexpr std::string_view kGateway = "apigateway.amazonaws.com";

routes::InvokeErrc code_of(functions::Errc code) {
  switch (code) {
    case functions::Errc::kNotFound: return routes::InvokeErrc::kNotFound;
    case functions::Errc::kAccessDenied: return routes::InvokeErrc::kForbidden;
    case functions::Errc::kThrottled: return routes::InvokeErrc::kThrottled;
    case functions::Errc::kRequestTooLarge: return routes::InvokeErrc::kTooLarge;
    case functions::Errc::kInvalidParameter:
    case functions::Errc::kInvalidRequestContent:
    case functions::Errc::kValidation:
    case functions::Errc::kConflict:
    case functions::Errc::kPreconditionFailed:
    case functions::Errc::kPolicyTooLong:
    case functions::Errc::kCodeStorageExceeded:
    case functions::Errc::kInternal: return routes::InvokeErrc::kInternal;
  }
  std::unreachable();
}

}  // namespace

bool RouteInvoker::allowed(const functions::Function& function, const routes::InvokeRequest& request) const {
  if (!identity_.enforced()) return true;
  json::Array statements;
  for (const auto& statement : function.policy) statements.push_back(statement.document);
  json::Object document;
  document["Version"] = "2012-10-17";
  document["Statement"] = std::move(statements);
  const auto policy = auth::Policy::parse_resource(json::Value(std::move(document)).text());
  if (!policy) return false;
  auth::RequestContext context;
  context.add("aws:SourceArn", request.source_arn).add("aws:SourceAccount", request.scope.account);
  const auto effect =
      policy->evaluate({.action = "lambda:InvokeFunction", .resource = request.function_arn, .context = &context},
                       auth::PolicyPrincipal{.service = kGateway});
  return effect == auth::ResourceEffect::kAllow;
}

void RouteInvoker::invoke(routes::InvokeRequest request, Reply<routes::InvokeResult, routes::InvokeError> reply) {
  const auto function = functions_.get(request.scope, request.function_arn);
  if (!function) {
    return std::move(reply)(
        std::unexpected(routes::InvokeError{code_of(function.error().code), function.error().message}));
  }
  if (!allowed(*function, request)) {
    return std::move(reply)(std::unexpected(routes::InvokeError{
        routes::InvokeErrc::kForbidden,
        "the policy of " + request.function_arn + " does not let " + std::string(kGateway) + " invoke it"}));
  }
  functions_.invoke({.scope = request.scope,
                     .function = request.function_arn,
                     .payload = std::move(request.payload),
                     .trace_id = request.trace_id},
                    Reply<functions::InvokeResult, functions::Error>(
                        [reply = std::move(reply)](functions::Result<functions::InvokeResult> result) mutable {
                          if (!result) {
                            return std::move(reply)(std::unexpected(
                                routes::InvokeError{code_of(result.error().code), std::move(result).error().message}));
                          }
                          std::move(reply)(routes::InvokeResult{.payload = std::move(result->payload),
                                                                .function_error = result->function_error.has_value()});
                        }));
}

}  // namespace tidemill::server
