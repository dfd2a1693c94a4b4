#include "api/lambda/operation.h"

namespace tidemill::lambda {
namespace {

using functions::Functions;

// Aliases, URLs, layers and the like cannot be made here, so the lists of them are empty.
void answer_if_function(Functions& functions, const Call& call, AnswerReply reply, std::string_view body) {
  if (const auto function = functions.get(call.scope, call.labels[0]); !function)
    return std::move(reply)(std::unexpected(function.error()));
  std::move(reply)(Answer{.body = std::string(body)});
}

void no_aliases(Functions& functions, Call call, AnswerReply reply) {
  answer_if_function(functions, call, std::move(reply), R"({"Aliases":[]})");
}
void no_urls(Functions& functions, Call call, AnswerReply reply) {
  answer_if_function(functions, call, std::move(reply), R"({"FunctionUrlConfigs":[]})");
}
void no_provisioned(Functions& functions, Call call, AnswerReply reply) {
  answer_if_function(functions, call, std::move(reply), R"({"ProvisionedConcurrencyConfigs":[]})");
}

void no_layers(Functions&, Call, AnswerReply reply) { std::move(reply)(Answer{.body = R"({"Layers":[]})"}); }

void no_layer_versions(Functions&, Call, AnswerReply reply) {
  std::move(reply)(Answer{.body = R"({"LayerVersions":[]})"});
}

void code_signing(Functions& functions, Call call, AnswerReply reply) {
  const auto function = functions.get(call.scope, call.labels[0]);
  if (!function) return std::move(reply)(std::unexpected(function.error()));
  Answer answer;
  json::Writer(answer.body)
      .begin_object()
      .member("CodeSigningConfigArn", "")
      .member("FunctionName", function->name)
      .end_object();
  std::move(reply)(std::move(answer));
}

void runtime_management(Functions& functions, Call call, AnswerReply reply) {
  const auto function = functions.get(call.scope, call.labels[0]);
  if (!function) return std::move(reply)(std::unexpected(function.error()));
  Answer answer;
  json::Writer(answer.body)
      .begin_object()
      .member("UpdateRuntimeOn", "Auto")
      .member("FunctionArn", function->arn())
      .end_object();
  std::move(reply)(std::move(answer));
}

// Loops of functions that call themselves are not broken here.
void recursion(Functions& functions, Call call, AnswerReply reply) {
  answer_if_function(functions, call, std::move(reply), R"({"RecursiveLoop":"Allow"})");
}

}  // namespace

extern const Operation kListAliases{.name = "ListAliases",
                                    .method = "GET",
                                    .path = "/2015-03-31/functions/{FunctionName}/aliases",
                                    .iam_action = "lambda:ListAliases",
                                    .run = no_aliases};
extern const Operation kListFunctionUrlConfigs{.name = "ListFunctionUrlConfigs",
                                               .method = "GET",
                                               .path = "/2021-10-31/functions/{FunctionName}/urls",
                                               .iam_action = "lambda:ListFunctionUrlConfigs",
                                               .run = no_urls};
extern const Operation kListProvisioned{.name = "ListProvisionedConcurrencyConfigs",
                                        .method = "GET",
                                        .path = "/2019-09-30/functions/{FunctionName}/provisioned-concurrency?List=ALL",
                                        .iam_action = "lambda:ListProvisionedConcurrencyConfigs",
                                        .run = no_provisioned};
extern const Operation kListLayers{.name = "ListLayers",
                                   .method = "GET",
                                   .path = "/2018-10-31/layers",
                                   .iam_action = "lambda:ListLayers",
                                   .run = no_layers};
extern const Operation kListLayerVersions{.name = "ListLayerVersions",
                                          .method = "GET",
                                          .path = "/2018-10-31/layers/{LayerName}/versions",
                                          .iam_action = "lambda:ListLayerVersions",
                                          .run = no_layer_versions};
extern const Operation kGetFunctionCodeSigningConfig{.name = "GetFunctionCodeSigningConfig",
                                                     .method = "GET",
                                                     .path = "/2020-06-30/functions/{FunctionName}/code-signing-config",
                                                     .iam_action = "lambda:GetFunctionCodeSigningConfig",
                                                     .run = code_signing};
extern const Operation kGetRuntimeManagementConfig{
    .name = "GetRuntimeManagementConfig",
    .method = "GET",
    .path = "/2021-07-20/functions/{FunctionName}/runtime-management-config",
    .iam_action = "lambda:GetRuntimeManagementConfig",
    .run = runtime_management};
extern const Operation kGetFunctionRecursionConfig{.name = "GetFunctionRecursionConfig",
                                                   .method = "GET",
                                                   .path = "/2024-08-31/functions/{FunctionName}/recursion-config",
                                                   .iam_action = "lambda:GetFunctionRecursionConfig",
                                                   .run = recursion};

}  // namespace tidemill::lambda
