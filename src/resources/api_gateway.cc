// AWS::ApiGateway::RestApi, Resource, Method, Deployment, Stage and Account on routes.
#include <fmt/format.h>

#include "resources/reader.h"
#include "resources/resources.h"
#include "routes/routes.h"

namespace tidemill::resources {
namespace {

using deploy::CreateRequest;
using deploy::RemoveRequest;
using deploy::ResourceSchema;
using deploy::UpdateRequest;
using HandlerReply = Reply<deploy::Outcome, HandlerError>;
using routes::Routes;

HandlerError error_of(const routes::Error& error) {
  switch (error.code) {
    case routes::Errc::kNotFound: return {HandlerErrc::kNotFound, error.message};
    case routes::Errc::kConflict: return {HandlerErrc::kAlreadyExists, error.message};
    case routes::Errc::kBadRequest: return {HandlerErrc::kInvalidRequest, error.message};
    case routes::Errc::kLimitExceeded: return {HandlerErrc::kServiceLimitExceeded, error.message};
    case routes::Errc::kInternal: return {HandlerErrc::kInternalFailure, error.message};
  }
  std::unreachable();
}

routes::TextMap to_map(std::map<std::string, std::string> from) { return from; }

std::optional<json::Value> copy_of(const json::Value* value) {
  return value == nullptr ? std::nullopt : std::optional<json::Value>(*value);
}

// What all types here share: the answer leaves when it is durable.
class RoutesProvider : public deploy::ResourceProvider {
 public:
  RoutesProvider(ResourceSchema schema, Routes& routes) : routes_(routes), schema_(std::move(schema)) {}
  const ResourceSchema& schema() const override { return schema_; }

  void create(CreateRequest request, HandlerReply reply) override { answer(std::move(reply), make(request)); }
  void update(UpdateRequest request, HandlerReply reply) override { answer(std::move(reply), change(request)); }
  void remove(RemoveRequest request, HandlerReply reply) override { answer(std::move(reply), erase(request)); }

 protected:
  virtual Outcome<deploy::Outcome> make(const CreateRequest& request) = 0;
  virtual Outcome<deploy::Outcome> change(const UpdateRequest& request) = 0;
  virtual Outcome<deploy::Outcome> erase(const RemoveRequest& request) = 0;
  static Outcome<deploy::Outcome> erased(const routes::Status& status) {
    if (!status) return std::unexpected(error_of(status.error()));
    return deploy::Outcome();
  }
  Routes& routes_;

 private:
  void answer(HandlerReply reply, Outcome<deploy::Outcome> result) {
    if (!result) return std::move(reply)(std::move(result));
    routes_.flushed(
        [reply = std::move(reply), result = std::move(result)]() mutable { std::move(reply)(std::move(result)); });
  }
  const ResourceSchema schema_;
};

// --- RestApi
// ------------------------------------------------------------------------------------------------------------

Outcome<routes::NewApi> read_api(const json::Value& properties, const std::string& generated_name) {
  Reader reader(properties);
  routes::NewApi api;
  api.name = reader.text_or("Name", generated_name);
  api.description = reader.text_or("Description", "");
  api.binary_media_types = reader.texts("BinaryMediaTypes");
  api.api_key_source = reader.text_or("ApiKeySourceType", "HEADER");
  api.disable_execute_api_endpoint = reader.boolean_or("DisableExecuteApiEndpoint", false);
  if (auto endpoint = reader.object("EndpointConfiguration")) {
    if (auto types = endpoint->texts("Types"); !types.empty()) api.endpoint_types = std::move(types);
    endpoint->accept({"VpcEndpointIds", "IpAddressType"});
  }
  api.policy = copy_of(reader.any("Policy")).value_or(json::Value());
  api.tags = to_map(reader.tags("Tags"));
  // Bodies travel as they are: there is nothing to compress from or to.
  reader.accept({"MinimumCompressionSize", "FailOnWarnings", "Mode"});
  reader.refuse("Body", "APIs made from an OpenAPI body are not supported");
  reader.refuse("BodyS3Location", "APIs made from an OpenAPI body are not supported");
  reader.refuse("CloneFrom", "copies of APIs are not supported");
  reader.refuse("Parameters", "import parameters are not supported");
  if (auto fine = reader.finish(); !fine) return std::unexpected(fine.error());
  return api;
}

class RestApis final : public RoutesProvider {
 public:
  explicit RestApis(Routes& routes)
      : RoutesProvider({.type = "AWS::ApiGateway::RestApi",
                        .attributes = {"RestApiId", "RootResourceId"},
                        .name = {.property = "Name", .max = 255}},
                       routes) {}
  std::expected<void, HandlerError> validate(const json::Value& properties) const override {
    auto api = read_api(properties, "");
    return api ? std::expected<void, HandlerError>() : std::unexpected(api.error());
  }

 protected:
  Outcome<deploy::Outcome> make(const CreateRequest& request) override {
    TM_TRY(auto api, read_api(request.properties, request.generated_name));
    api.scope = request.context.scope;
    api.token = request.context.token;
    const auto made = routes_.create_api(std::move(api));
    if (!made) return std::unexpected(error_of(made.error()));
    return outcome(**made);
  }
  Outcome<deploy::Outcome> change(const UpdateRequest& request) override {
    const auto before = routes_.api(request.context.scope, request.physical_id);
    if (!before) return std::unexpected(error_of(before.error()));
    TM_TRY(auto api, read_api(request.properties, (*before)->name));
    const auto made = routes_.update_api(request.context.scope, request.physical_id,
                                         {.name = api.name,
                                          .description = api.description,
                                          .api_key_source = api.api_key_source,
                                          .binary_media_types = api.binary_media_types,
                                          .endpoint_types = api.endpoint_types,
                                          .disable_execute_api_endpoint = api.disable_execute_api_endpoint,
                                          .policy = api.policy,
                                          .tags = api.tags});
    if (!made) return std::unexpected(error_of(made.error()));
    return outcome(**made);
  }
  Outcome<deploy::Outcome> erase(const RemoveRequest& request) override {
    return erased(routes_.delete_api(request.context.scope, request.physical_id));
  }

 private:
  static deploy::Outcome outcome(const routes::RestApi& api) {
    deploy::Outcome out{.physical_id = api.id};
    out.attributes["RestApiId"] = api.id;
    out.attributes["RootResourceId"] = api.root_resource_id;
    return out;
  }
};

// --- Resource
// -----------------------------------------------------------------------------------------------------------

class Resources final : public RoutesProvider {
 public:
  explicit Resources(Routes& routes)
      : RoutesProvider({.type = "AWS::ApiGateway::Resource",
                        .required = {"ParentId", "PathPart", "RestApiId"},
                        .replacement = {"*"},
                        .attributes = {"ResourceId"}},
                       routes) {}

 protected:
  Outcome<deploy::Outcome> make(const CreateRequest& request) override {
    Reader reader(request.properties);
    const auto api = reader.text_or("RestApiId", ""), parent = reader.text_or("ParentId", ""),
               part = reader.text_or("PathPart", "");
    TM_CHECK(reader.finish());
    const auto made = routes_.create_resource(request.context.scope, api, parent, part, request.context.token);
    if (!made) return std::unexpected(error_of(made.error()));
    deploy::Outcome out{.physical_id = (*made)->id};
    out.attributes["ResourceId"] = (*made)->id;
    return out;
  }
  Outcome<deploy::Outcome> change(const UpdateRequest& request) override {
    return deploy::Outcome{request.physical_id, request.old_attributes};
  }
  Outcome<deploy::Outcome> erase(const RemoveRequest& request) override {
    return erased(
        routes_.delete_resource(request.context.scope, request.properties.string_or("RestApiId"), request.physical_id));
  }
};

// --- Method
// -------------------------------------------------------------------------------------------------------------

Outcome<routes::Integration> read_integration(Reader& reader) {
  routes::Integration integration;
  const auto type = reader.text_or("Type", "");
  if (type == "AWS_PROXY")
    integration.type = routes::IntegrationType::kLambdaProxy;
  else if (type == "MOCK")
    integration.type = routes::IntegrationType::kMock;
  else
    return deploy::refuse(
        HandlerErrc::kInvalidRequest,
        fmt::format("#/Integration/Type: integrations of type {} are not supported; known: AWS_PROXY, MOCK", type));
  integration.http_method = reader.text_or("IntegrationHttpMethod", "");
  integration.uri = reader.text_or("Uri", "");
  integration.credentials = reader.text_or("Credentials", "");
  integration.passthrough = reader.text_or("PassthroughBehavior", "WHEN_NO_MATCH");
  integration.content_handling = reader.text_or("ContentHandling", "");
  integration.timeout_ms = reader.integer("TimeoutInMillis").value_or(29'000);
  integration.request_parameters = to_map(reader.text_map("RequestParameters"));
  integration.request_templates = to_map(reader.text_map("RequestTemplates"));
  reader.accept({"CacheKeyParameters", "CacheNamespace"});
  reader.refuse("ConnectionId", "connections are not supported");
  reader.refuse("ConnectionType", "connections are not supported");
  for (auto& response : reader.objects("IntegrationResponses")) {
    routes::IntegrationResponse one{.selection_pattern = response.text_or("SelectionPattern", ""),
                                    .response_parameters = to_map(response.text_map("ResponseParameters")),
                                    .response_templates = to_map(response.text_map("ResponseTemplates"))};
    response.accept({"ContentHandling"});
    integration.responses[response.text_or("StatusCode", "")] = std::move(one);
  }
  return integration;
}

Outcome<routes::Method> read_method(const json::Value& properties) {
  Reader reader(properties);
  routes::Method method;
  reader.accept({"RestApiId", "ResourceId"});
  method.http_method = reader.text_or("HttpMethod", "");
  method.authorization_type = reader.text_or("AuthorizationType", "NONE");
  method.api_key_required = reader.boolean_or("ApiKeyRequired", false);
  method.operation_name = reader.text_or("OperationName", "");
  method.request_parameters = to_map(reader.text_map("RequestParameters"));
  method.request_models = to_map(reader.text_map("RequestModels"));
  for (auto& response : reader.objects("MethodResponses")) {
    routes::MethodResponse one{.response_parameters = to_map(response.text_map("ResponseParameters")),
                               .response_models = to_map(response.text_map("ResponseModels"))};
    method.responses[response.text_or("StatusCode", "")] = std::move(one);
  }
  if (auto integration = reader.object("Integration")) {
    TM_TRY(method.integration, read_integration(*integration));
  }
  reader.refuse("AuthorizerId", "authorizers are not supported");
  reader.refuse("AuthorizationScopes", "authorizers are not supported");
  reader.refuse("RequestValidatorId", "request validators are not supported");
  if (auto fine = reader.finish(); !fine) return std::unexpected(fine.error());
  return method;
}

class Methods final : public RoutesProvider {
 public:
  explicit Methods(Routes& routes)
      : RoutesProvider({.type = "AWS::ApiGateway::Method",
                        .required = {"RestApiId", "ResourceId", "HttpMethod"},
                        .replacement = {"RestApiId", "ResourceId", "HttpMethod"}},
                       routes) {}
  std::expected<void, HandlerError> validate(const json::Value& properties) const override {
    auto method = read_method(properties);
    return method ? std::expected<void, HandlerError>() : std::unexpected(method.error());
  }

 protected:
  Outcome<deploy::Outcome> make(const CreateRequest& request) override {
    return put(request.context, request.generated_name, request.properties, request.resumed);
  }
  Outcome<deploy::Outcome> change(const UpdateRequest& request) override {
    return put(request.context, request.physical_id, request.properties, true);
  }
  Outcome<deploy::Outcome> erase(const RemoveRequest& request) override {
    return erased(routes_.delete_method(request.context.scope, request.properties.string_or("RestApiId"),
                                        request.properties.string_or("ResourceId"),
                                        request.properties.string_or("HttpMethod")));
  }

 private:
  Outcome<deploy::Outcome> put(const deploy::ResourceContext& context, const std::string& id,
                               const json::Value& properties, bool replace) {
    TM_TRY(auto method, read_method(properties));
    const auto made = routes_.put_method(context.scope, properties.string_or("RestApiId"),
                                         properties.string_or("ResourceId"), std::move(method), replace);
    if (!made) return std::unexpected(error_of(made.error()));
    return deploy::Outcome{.physical_id = id};
  }
};

// --- Deployment and Stage
// -----------------------------------------------------------------------------------------------

Outcome<void> read_stage_settings(Reader& reader, routes::NewStage& stage) {
  stage.description = reader.text_or("Description", stage.description);
  stage.variables = to_map(reader.text_map("Variables"));
  stage.tracing = reader.boolean_or("TracingEnabled", false);
  if (const auto* settings = reader.any("MethodSettings")) stage.method_settings = *settings;
  stage.tags = to_map(reader.tags("Tags"));
  // Logs, caches and throttling of stages are not applied; see docs/compatibility.md.
  reader.accept({"AccessLogSetting", "CacheClusterEnabled", "CacheClusterSize", "CacheDataEncrypted",
                 "CacheTtlInSeconds", "CachingEnabled", "DataTraceEnabled", "DocumentationVersion", "LoggingLevel",
                 "MetricsEnabled", "ThrottlingBurstLimit", "ThrottlingRateLimit"});
  reader.refuse("CanarySetting", "canary releases are not supported");
  reader.refuse("ClientCertificateId", "client certificates are not supported");
  return reader.finish();
}

struct DeploymentInput {
  std::string api, description;
  std::optional<routes::NewStage> stage;  // made along with the deployment
};

Outcome<DeploymentInput> read_deployment(const json::Value& properties) {
  Reader reader(properties);
  DeploymentInput input{.api = reader.text_or("RestApiId", ""), .description = reader.text_or("Description", "")};
  const auto stage_name = reader.text("StageName");
  auto description = reader.object("StageDescription");
  reader.refuse("DeploymentCanarySettings", "canary releases are not supported");
  if (stage_name) {
    input.stage = routes::NewStage{.name = *stage_name};
    if (description) TM_CHECK(read_stage_settings(*description, *input.stage));
  } else if (description) {
    return deploy::refuse(HandlerErrc::kInvalidRequest,
                          "StageDescription cannot be specified when stage name is not specified");
  }
  if (auto fine = reader.finish(); !fine) return std::unexpected(fine.error());
  return input;
}

class Deployments final : public RoutesProvider {
 public:
  explicit Deployments(Routes& routes)
      : RoutesProvider({.type = "AWS::ApiGateway::Deployment",
                        .required = {"RestApiId"},
                        .replacement = {"RestApiId", "DeploymentCanarySettings"},
                        .attributes = {"DeploymentId"}},
                       routes) {}
  std::expected<void, HandlerError> validate(const json::Value& properties) const override {
    auto input = read_deployment(properties);
    return input ? std::expected<void, HandlerError>() : std::unexpected(input.error());
  }

 protected:
  Outcome<deploy::Outcome> make(const CreateRequest& request) override {
    TM_TRY(auto input, read_deployment(request.properties));
    const auto& scope = request.context.scope;
    const auto made = routes_.create_deployment(scope, input.api, input.description, request.context.token);
    if (!made) return std::unexpected(error_of(made.error()));
    const auto id = (*made)->id;
    if (input.stage) {
      input.stage->deployment_id = id;
      const auto name = input.stage->name;
      const auto stage = routes_.stage(scope, input.api, name) ? routes_.update_stage(scope, input.api, *input.stage)
                                                               : routes_.create_stage(scope, input.api, *input.stage);
      if (!stage) {
        static_cast<void>(routes_.delete_deployment(scope, input.api, id));
        return std::unexpected(error_of(stage.error()));
      }
    }
    deploy::Outcome out{.physical_id = id};
    out.attributes["DeploymentId"] = id;
    return out;
  }
  Outcome<deploy::Outcome> change(const UpdateRequest& request) override {
    return deploy::Outcome{request.physical_id, request.old_attributes};
  }
  Outcome<deploy::Outcome> erase(const RemoveRequest& request) override {
    const auto& scope = request.context.scope;
    const auto api = request.properties.string_or("RestApiId"), stage_name = request.properties.string_or("StageName");
    if (!stage_name.empty()) {  // the stage that was made along with it, when it still shows this deployment
      const auto stage = routes_.stage(scope, api, stage_name);
      if (stage && (*stage)->deployment_id == request.physical_id)
        static_cast<void>(routes_.delete_stage(scope, api, stage_name));
    }
    return erased(routes_.delete_deployment(scope, api, request.physical_id));
  }
};

Outcome<std::pair<std::string, routes::NewStage>> read_stage(const json::Value& properties) {
  Reader reader(properties);
  const auto api = reader.text_or("RestApiId", "");
  routes::NewStage stage{.name = reader.text_or("StageName", ""), .deployment_id = reader.text_or("DeploymentId", "")};
  TM_CHECK(read_stage_settings(reader, stage));
  return std::pair(api, std::move(stage));
}

class Stages final : public RoutesProvider {
 public:
  explicit Stages(Routes& routes)
      : RoutesProvider({.type = "AWS::ApiGateway::Stage",
                        .required = {"RestApiId", "StageName", "DeploymentId"},
                        .replacement = {"RestApiId", "StageName"}},
                       routes) {}
  std::expected<void, HandlerError> validate(const json::Value& properties) const override {
    auto stage = read_stage(properties);
    return stage ? std::expected<void, HandlerError>() : std::unexpected(stage.error());
  }

 protected:
  Outcome<deploy::Outcome> make(const CreateRequest& request) override {
    TM_TRY(auto input, read_stage(request.properties));
    const auto name = input.second.name;
    const auto there = routes_.stage(request.context.scope, input.first, name);
    const bool ours = request.resumed && there && (*there)->deployment_id == input.second.deployment_id;
    const auto made = ours ? routes_.update_stage(request.context.scope, input.first, input.second)
                           : routes_.create_stage(request.context.scope, input.first, input.second);
    if (!made) return std::unexpected(error_of(made.error()));
    return deploy::Outcome{.physical_id = name};
  }
  Outcome<deploy::Outcome> change(const UpdateRequest& request) override {
    TM_TRY(auto input, read_stage(request.properties));
    const auto made = routes_.update_stage(request.context.scope, input.first, std::move(input.second));
    if (!made) return std::unexpected(error_of(made.error()));
    return deploy::Outcome{.physical_id = request.physical_id};
  }
  Outcome<deploy::Outcome> erase(const RemoveRequest& request) override {
    return erased(
        routes_.delete_stage(request.context.scope, request.properties.string_or("RestApiId"), request.physical_id));
  }
};

// The account's role for access logs: kept with the stack, of no effect here.
class Accounts final : public deploy::ResourceProvider {
 public:
  const ResourceSchema& schema() const override {
    static const ResourceSchema kSchema{.type = "AWS::ApiGateway::Account", .attributes = {"Id"}};
    return kSchema;
  }
  void create(CreateRequest request, HandlerReply reply) override { std::move(reply)(outcome(request.generated_name)); }
  void update(UpdateRequest request, HandlerReply reply) override { std::move(reply)(outcome(request.physical_id)); }
  void remove(RemoveRequest, HandlerReply reply) override { std::move(reply)(deploy::Outcome()); }

 private:
  static deploy::Outcome outcome(const std::string& id) {
    deploy::Outcome out{.physical_id = id};
    out.attributes["Id"] = id;
    return out;
  }
};

}  // namespace

Family make_api_gateway(Routes& routes) {
  Family family;
  family.push_back(std::make_unique<RestApis>(routes));
  family.push_back(std::make_unique<Resources>(routes));
  family.push_back(std::make_unique<Methods>(routes));
  family.push_back(std::make_unique<Deployments>(routes));
  family.push_back(std::make_unique<Stages>(routes));
  family.push_back(std::make_unique<Accounts>());
  return family;
}

}  // namespace tidemill::resources
