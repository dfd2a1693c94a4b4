#include <algorithm>

#include "api/lambda/operation.h"

namespace tidemill::lambda {
namespace {

using functions::Functions;

// A text as a template's argument: each operation's run is a function of its own that says why.
template <std::size_t kSize>
struct Text {
  consteval Text(const char (&text)[kSize]) { std::copy_n(text, kSize, bytes); }
  char bytes[kSize];
};

template <Text kWhy>
void refuse(Functions&, Call, AnswerReply reply) {
  std::move(reply)(functions::fail(functions::Errc::kInvalidParameter, kWhy.bytes));
}

// What was never made is not there.
void no_alias(Functions&, Call call, AnswerReply reply) {
  const auto reference = functions::parse_function_name(call.scope, call.labels[0]);
  if (!reference) return std::move(reply)(std::unexpected(reference.error()));
  std::move(reply)(functions::fail(
      functions::Errc::kNotFound,
      "Cannot find alias arn: " + functions::function_arn(call.scope, reference->name, call.labels[1])));
}
void no_resource(Functions&, Call, AnswerReply reply) {
  std::move(reply)(functions::fail(functions::Errc::kNotFound, "The resource you requested does not exist."));
}
void no_provisioned(Functions&, Call, AnswerReply reply) {
  std::move(reply)(
      functions::fail(functions::Errc::kNotFound, "No Provisioned Concurrency Config found for this function"));
}

}  // namespace

extern const Operation kPublishVersion{
    .name = "PublishVersion",
    .method = "POST",
    .path = "/2015-03-31/functions/{FunctionName}/versions",
    .iam_action = "lambda:PublishVersion",
    .run = refuse<"PublishVersion: versions are not available on this server: only $LATEST is">};
extern const Operation kCreateAlias{
    .name = "CreateAlias",
    .method = "POST",
    .path = "/2015-03-31/functions/{FunctionName}/aliases",
    .iam_action = "lambda:CreateAlias",
    .run = refuse<"CreateAlias: aliases are not available on this server: only $LATEST is">};
extern const Operation kUpdateAlias{
    .name = "UpdateAlias",
    .method = "PUT",
    .path = "/2015-03-31/functions/{FunctionName}/aliases/{Name}",
    .iam_action = "lambda:UpdateAlias",
    .run = refuse<"UpdateAlias: aliases are not available on this server: only $LATEST is">};
extern const Operation kDeleteAlias{
    .name = "DeleteAlias",
    .method = "DELETE",
    .path = "/2015-03-31/functions/{FunctionName}/aliases/{Name}",
    .iam_action = "lambda:DeleteAlias",
    .run = refuse<"DeleteAlias: aliases are not available on this server: only $LATEST is">};
extern const Operation kInvokeWithResponseStream{
    .name = "InvokeWithResponseStream",
    .method = "POST",
    .path = "/2021-11-15/functions/{FunctionName}/response-streaming-invocations",
    .iam_action = "lambda:InvokeWithResponseStream",
    .run = refuse<"InvokeWithResponseStream: response streams are not available on this server: Invoke returns the "
                  "whole response">};
extern const Operation kCreateFunctionUrlConfig{
    .name = "CreateFunctionUrlConfig",
    .method = "POST",
    .path = "/2021-10-31/functions/{FunctionName}/url",
    .iam_action = "lambda:CreateFunctionUrlConfig",
    .run = refuse<"CreateFunctionUrlConfig: function URLs are not available on this server: a REST API with a proxy "
                  "integration is">};
extern const Operation kUpdateFunctionUrlConfig{
    .name = "UpdateFunctionUrlConfig",
    .method = "PUT",
    .path = "/2021-10-31/functions/{FunctionName}/url",
    .iam_action = "lambda:UpdateFunctionUrlConfig",
    .run = refuse<"UpdateFunctionUrlConfig: function URLs are not available on this server: a REST API with a proxy "
                  "integration is">};
extern const Operation kPublishLayerVersion{
    .name = "PublishLayerVersion",
    .method = "POST",
    .path = "/2018-10-31/layers/{LayerName}/versions",
    .iam_action = "lambda:PublishLayerVersion",
    .run = refuse<
        "PublishLayerVersion: layers are not available on this server: put their files into the function's archive">};
extern const Operation kPutProvisionedConcurrencyConfig{
    .name = "PutProvisionedConcurrencyConfig",
    .method = "PUT",
    .path = "/2019-09-30/functions/{FunctionName}/provisioned-concurrency",
    .iam_action = "lambda:PutProvisionedConcurrencyConfig",
    .run = refuse<"PutProvisionedConcurrencyConfig: provisioned concurrency is not available on this server: "
                  "environments are started when they are needed and kept">};
extern const Operation kPutFunctionCodeSigningConfig{
    .name = "PutFunctionCodeSigningConfig",
    .method = "PUT",
    .path = "/2020-06-30/functions/{FunctionName}/code-signing-config",
    .iam_action = "lambda:PutFunctionCodeSigningConfig",
    .run = refuse<"PutFunctionCodeSigningConfig: code signing is not available on this server">};
extern const Operation kPutRuntimeManagementConfig{
    .name = "PutRuntimeManagementConfig",
    .method = "PUT",
    .path = "/2021-07-20/functions/{FunctionName}/runtime-management-config",
    .iam_action = "lambda:PutRuntimeManagementConfig",
    .run = refuse<"PutRuntimeManagementConfig: runtimes are what is installed on this server: they cannot be pinned">};
extern const Operation kPutFunctionRecursionConfig{
    .name = "PutFunctionRecursionConfig",
    .method = "PUT",
    .path = "/2024-08-31/functions/{FunctionName}/recursion-config",
    .iam_action = "lambda:PutFunctionRecursionConfig",
    .run = refuse<"PutFunctionRecursionConfig: recursive loops are not detected on this server">};
extern const Operation kGetAlias{.name = "GetAlias",
                                 .method = "GET",
                                 .path = "/2015-03-31/functions/{FunctionName}/aliases/{Name}",
                                 .iam_action = "lambda:GetAlias",
                                 .run = no_alias};
extern const Operation kGetFunctionUrlConfig{.name = "GetFunctionUrlConfig",
                                             .method = "GET",
                                             .path = "/2021-10-31/functions/{FunctionName}/url",
                                             .iam_action = "lambda:GetFunctionUrlConfig",
                                             .run = no_resource};
extern const Operation kDeleteFunctionUrlConfig{.name = "DeleteFunctionUrlConfig",
                                                .method = "DELETE",
                                                .path = "/2021-10-31/functions/{FunctionName}/url",
                                                .iam_action = "lambda:DeleteFunctionUrlConfig",
                                                .run = no_resource};
extern const Operation kGetLayerVersion{.name = "GetLayerVersion",
                                        .method = "GET",
                                        .path = "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}",
                                        .iam_action = "lambda:GetLayerVersion",
                                        .run = no_resource};
extern const Operation kGetProvisionedConcurrencyConfig{
    .name = "GetProvisionedConcurrencyConfig",
    .method = "GET",
    .path = "/2019-09-30/functions/{FunctionName}/provisioned-concurrency",
    .iam_action = "lambda:GetProvisionedConcurrencyConfig",
    .run = no_provisioned};
extern const Operation kDeleteProvisionedConcurrencyConfig{
    .name = "DeleteProvisionedConcurrencyConfig",
    .method = "DELETE",
    .path = "/2019-09-30/functions/{FunctionName}/provisioned-concurrency",
    .iam_action = "lambda:DeleteProvisionedConcurrencyConfig",
    .run = no_provisioned};

}  // namespace tidemill::lambda
