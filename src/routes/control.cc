#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "routes/mock.h"
#include "routes/routes.h"

namespace tidemill::routes {
namespace {

using storage::Keyspace;

constexpr std::size_t kApisMax = 600, kResourcesMax = 300, kStagesMax = 10, kDeploymentsMax = 500;
constexpr std::string_view kVerbs[] = {"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"};
constexpr std::string_view kIdSigns = "abcdefghijklmnopqrstuvwxyz0123456789";

std::string api_key(std::string_view id) { return fmt::format("A{}", id); }
std::string deployment_key(std::string_view api, std::string_view id) { return fmt::format("D{}/{}", api, id); }

bool is_variable(std::string_view part) { return part.starts_with('{'); }

bool is_path_part(std::string_view part) {
  if (part.empty()) return false;
  std::string_view inner = part;
  if (part.starts_with('{')) {
    if (!part.ends_with('}')) return false;
    inner = part.substr(1, part.size() - 2);
    if (inner.ends_with('+')) inner.remove_suffix(1);
    if (inner.empty()) return false;
  }
  return std::all_of(inner.begin(), inner.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-:").find(c) != std::string_view::npos;
  });
}

bool is_stage_name(std::string_view name) {
  if (name.empty() || name.size() > 128) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_status_code(std::string_view code) {
  return code.size() == 3 && code[0] >= '1' && code[0] <= '5' && code[1] >= '0' && code[1] <= '9' && code[2] >= '0' &&
         code[2] <= '9';
}

}  // namespace

tidemill::Status Routes::load() {
  auto at = services_.store.cursor(Keyspace::kRoutes, storage::Range::prefix("A"));
  for (; at->valid(); at->next()) {
    TM_TRY(const auto value, json::Value::parse(at->value()));
    TM_TRY(auto api, decode_api(value));
    const auto id = api.id;
    apis_[id] = std::make_unique<RestApi>(std::move(api));
  }
  TM_CHECK(at->status());
  auto deployments = services_.store.cursor(Keyspace::kRoutes, storage::Range::prefix("D"));
  for (; deployments->valid(); deployments->next()) {
    const auto key = deployments->key();
    const auto api = apis_.find(std::string(key.substr(1, key.find('/') - 1)));
    if (api == apis_.end()) continue;
    TM_TRY(const auto value, json::Value::parse(deployments->value()));
    TM_TRY(auto deployment, decode_deployment(value));
    const auto id = deployment.id;
    api->second->deployments[id] = std::move(deployment);
  }
  return deployments->status();
}

void Routes::save(const RestApi& api) {
  storage::Mutation batch;
  batch.put(Keyspace::kRoutes, api_key(api.id), encode(api).text());
  services_.store.write(std::move(batch));
}

std::string Routes::make_id(std::size_t size, const std::string& token, std::string_view salt) {
  if (token.empty()) return services_.random.text(size, kIdSigns);
  const auto digest = sha256(fmt::format("{}/{}", salt, token));
  std::string id;
  for (std::size_t i = 0; i < size; ++i) id += kIdSigns[static_cast<unsigned char>(digest[i]) % kIdSigns.size()];
  return id;
}

Result<RestApi*> Routes::find(const Scope& scope, const std::string& id) {
  const auto found = apis_.find(id);
  if (found == apis_.end() || found->second->scope != scope) {
    return fail(Errc::kNotFound, fmt::format("Invalid API identifier specified {}:{}", scope.account, id));
  }
  return found->second.get();
}

Result<Resource*> Routes::find_resource(RestApi& api, const std::string& id) {
  const auto found = api.tree.find(id);
  if (found == api.tree.end()) return fail(Errc::kNotFound, "Invalid Resource identifier specified");
  return &found->second;
}

Result<Method*> Routes::find_method(const Scope& scope, const std::string& api_id, const std::string& resource_id,
                                    const std::string& verb) {
  TM_TRY(auto* api, find(scope, api_id));
  TM_TRY(auto* resource, find_resource(*api, resource_id));
  const auto found = resource->methods.find(verb);
  if (found == resource->methods.end()) return fail(Errc::kNotFound, "Invalid Method identifier specified");
  return &found->second;
}

Result<const RestApi*> Routes::api(const Scope& scope, const std::string& id) const {
  return const_cast<Routes*>(this)->find(scope, id);
}

std::vector<const RestApi*> Routes::apis(const Scope& scope) const {
  std::vector<const RestApi*> out;
  for (const auto& [id, api] : apis_) {
    if (api->scope == scope) out.push_back(api.get());
  }
  std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) {
    return a->created != b->created ? a->created < b->created : a->id < b->id;
  });
  return out;
}

Result<const RestApi*> Routes::create_api(NewApi request) {
  if (request.name.empty()) return fail(Errc::kBadRequest, "API Name cannot be blank");
  const auto id = make_id(10, request.token, "api");
  if (const auto found = apis_.find(id); found != apis_.end() && !request.token.empty()) return found->second.get();
  if (apis_.size() >= kApisMax)
    return fail(Errc::kLimitExceeded,
                "Maximum number of Regional APIs per account has been reached. Please contact AWS if you need "
                "additional APIs.");
  auto api = std::make_unique<RestApi>();
  api->scope = request.scope;
  api->id = id;
  api->name = std::move(request.name);
  api->description = std::move(request.description);
  api->binary_media_types = std::move(request.binary_media_types);
  api->endpoint_types = std::move(request.endpoint_types);
  api->api_key_source = std::move(request.api_key_source);
  api->disable_execute_api_endpoint = request.disable_execute_api_endpoint;
  api->policy = std::move(request.policy);
  api->tags = std::move(request.tags);
  api->created = services_.loop.clock().wall();
  api->root_resource_id = make_id(10, request.token, "root");
  api->tree[api->root_resource_id] = {.id = api->root_resource_id, .path = "/"};
  save(*api);
  return (apis_[id] = std::move(api)).get();
}

Result<const RestApi*> Routes::update_api(const Scope& scope, const std::string& id, ApiChange change) {
  TM_TRY(auto* api, find(scope, id));
  if (change.name && change.name->empty()) return fail(Errc::kBadRequest, "API Name cannot be blank");
  if (change.name) api->name = *std::move(change.name);
  if (change.description) api->description = *std::move(change.description);
  if (change.api_key_source) api->api_key_source = *std::move(change.api_key_source);
  if (change.binary_media_types) api->binary_media_types = *std::move(change.binary_media_types);
  if (change.endpoint_types) api->endpoint_types = *std::move(change.endpoint_types);
  if (change.disable_execute_api_endpoint) api->disable_execute_api_endpoint = *change.disable_execute_api_endpoint;
  if (change.policy) api->policy = *std::move(change.policy);
  if (change.tags) api->tags = *std::move(change.tags);
  save(*api);
  return api;
}

Status Routes::delete_api(const Scope& scope, const std::string& id) {
  TM_TRY(auto* api, find(scope, id));
  storage::Mutation batch;
  batch.erase(Keyspace::kRoutes, api_key(id));
  const auto prefix = deployment_key(id, "");
  batch.erase_range(Keyspace::kRoutes, prefix, prefix_end(prefix));
  services_.store.write(std::move(batch));
  apis_.erase(std::string(api->id));
  return {};
}

Result<const Resource*> Routes::create_resource(const Scope& scope, const std::string& api_id,
                                                const std::string& parent_id, const std::string& path_part,
                                                const std::string& token) {
  TM_TRY(auto* api, find(scope, api_id));
  TM_TRY(auto* parent, find_resource(*api, parent_id));
  if (!is_path_part(path_part)) {
    return fail(Errc::kBadRequest,
                "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the "
                "beginning and the end.");
  }
  const auto id = make_id(6, token, "resource");
  if (const auto found = api->tree.find(id); found != api->tree.end() && !token.empty()) return &found->second;
  if (parent->path_part.ends_with("+}")) {
    return fail(Errc::kBadRequest,
                fmt::format("Cannot create a child of a resource with a greedy path variable: {}", parent->path_part));
  }
  for (const auto& [other_id, other] : api->tree) {
    if (other.parent_id != parent_id) continue;
    if (other.path_part == path_part)
      return fail(Errc::kConflict,
                  fmt::format("Another resource with the same parent already has this name: {}", path_part));
    if (is_variable(other.path_part) && is_variable(path_part)) {
      return fail(Errc::kBadRequest,
                  fmt::format("A sibling ({}) of this resource already has a variable path part -- only one is allowed",
                              other.path_part));
    }
  }
  if (api->tree.size() >= kResourcesMax)
    return fail(Errc::kLimitExceeded,
                fmt::format("Maximum number of resources for this API has been reached: {}", kResourcesMax));
  auto& resource = api->tree[id];
  resource = {.id = id,
              .parent_id = parent_id,
              .path_part = path_part,
              .path = (parent->path == "/" ? "" : parent->path) + "/" + path_part};
  save(*api);
  return &resource;
}

Status Routes::delete_resource(const Scope& scope, const std::string& api_id, const std::string& id) {
  TM_TRY(auto* api, find(scope, api_id));
  TM_TRY(const auto* resource, find_resource(*api, id));
  if (resource->parent_id.empty()) return fail(Errc::kBadRequest, "Root resource cannot be deleted");
  std::vector<std::string> gone = {id};
  for (std::size_t i = 0; i < gone.size(); ++i) {
    for (const auto& [other_id, other] : api->tree) {
      if (other.parent_id == gone[i]) gone.push_back(other_id);
    }
  }
  for (const auto& one : gone) api->tree.erase(one);
  save(*api);
  return {};
}

Result<const Resource*> Routes::resource(const Scope& scope, const std::string& api_id, const std::string& id) const {
  auto& self = const_cast<Routes&>(*this);
  TM_TRY(auto* api, self.find(scope, api_id));
  return self.find_resource(*api, id);
}

Status Routes::check(const Integration& integration) const {
  if (integration.timeout_ms < 50 || integration.timeout_ms > 29'000)
    return fail(Errc::kBadRequest, "Timeout should be between 50 ms and 29000 ms");
  if (integration.type == IntegrationType::kLambdaProxy && !function_of(integration.uri)) {
    return fail(
        Errc::kBadRequest,
        fmt::format("Invalid ARN specified in the request: AWS_PROXY integrations call functions only, found {}",
                    integration.uri));
  }
  return check_mapping(integration);
}

Status Routes::check(const Method& method) const {
  if (std::find(std::begin(kVerbs), std::end(kVerbs), method.http_method) == std::end(kVerbs)) {
    return fail(Errc::kBadRequest,
                "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY");
  }
  if (method.authorization_type != "NONE" && method.authorization_type != "AWS_IAM") {
    return fail(Errc::kBadRequest,
                fmt::format("Authorization type {} is not supported; known: NONE, AWS_IAM", method.authorization_type));
  }
  if (method.api_key_required) return fail(Errc::kBadRequest, "API keys are not supported");
  if (method.integration) return check(*method.integration);
  return {};
}

Result<const Method*> Routes::put_method(const Scope& scope, const std::string& api_id, const std::string& resource_id,
                                         Method method, bool replace) {
  TM_TRY(auto* api, find(scope, api_id));
  TM_TRY(auto* resource, find_resource(*api, resource_id));
  if (auto fine = check(method); !fine) return std::unexpected(fine.error());
  const auto verb = method.http_method;
  if (!replace && resource->methods.contains(verb))
    return fail(Errc::kConflict, "Method already exists for this resource");
  auto& stored = resource->methods[verb];
  stored = std::move(method);
  save(*api);
  return &stored;
}

Result<const Method*> Routes::put_integration(const Scope& scope, const std::string& api_id,
                                              const std::string& resource_id, const std::string& verb,
                                              Integration integration) {
  TM_TRY(auto* method, find_method(scope, api_id, resource_id, verb));
  if (auto fine = check(integration); !fine) return std::unexpected(fine.error());
  method->integration = std::move(integration);
  save(*apis_.find(api_id)->second);
  return method;
}

Result<const Method*> Routes::put_method_response(const Scope& scope, const std::string& api_id,
                                                  const std::string& resource_id, const std::string& verb,
                                                  const std::string& code, MethodResponse response) {
  TM_TRY(auto* method, find_method(scope, api_id, resource_id, verb));
  if (!is_status_code(code)) return fail(Errc::kBadRequest, "Invalid status code specified");
  if (method->responses.contains(code)) return fail(Errc::kConflict, "Response already exists for this resource");
  method->responses[code] = std::move(response);
  save(*apis_.find(api_id)->second);
  return method;
}

Result<const Method*> Routes::put_integration_response(const Scope& scope, const std::string& api_id,
                                                       const std::string& resource_id, const std::string& verb,
                                                       const std::string& code, IntegrationResponse response) {
  TM_TRY(auto* method, find_method(scope, api_id, resource_id, verb));
  if (!method->integration) return fail(Errc::kNotFound, "Invalid Integration identifier specified");
  if (!is_status_code(code)) return fail(Errc::kBadRequest, "Invalid status code specified");
  if (auto fine = check_mapping(response); !fine) return std::unexpected(fine.error());
  if (!method->responses.contains(code)) return fail(Errc::kNotFound, "Invalid Response status code specified");
  method->integration->responses[code] = std::move(response);
  save(*apis_.find(api_id)->second);
  return method;
}

Status Routes::delete_method(const Scope& scope, const std::string& api_id, const std::string& resource_id,
                             const std::string& verb) {
  TM_TRY(auto* api, find(scope, api_id));
  TM_TRY(auto* resource, find_resource(*api, resource_id));
  if (resource->methods.erase(verb) == 0) return fail(Errc::kNotFound, "Invalid Method identifier specified");
  save(*api);
  return {};
}

Result<const Method*> Routes::method(const Scope& scope, const std::string& api, const std::string& resource,
                                     const std::string& verb) const {
  return const_cast<Routes&>(*this).find_method(scope, api, resource, verb);
}

Result<const Deployment*> Routes::create_deployment(const Scope& scope, const std::string& api_id,
                                                    const std::string& description, const std::string& token) {
  TM_TRY(auto* api, find(scope, api_id));
  const auto id = make_id(6, token, "deployment");
  if (const auto found = api->deployments.find(id); found != api->deployments.end() && !token.empty())
    return &found->second;
  if (api->deployments.size() >= kDeploymentsMax)
    return fail(Errc::kLimitExceeded,
                fmt::format("Maximum number of deployments for this API has been reached: {}", kDeploymentsMax));
  bool any = false;
  for (const auto& [resource_id, resource] : api->tree) {
    for (const auto& [verb, method] : resource.methods) {
      any = true;
      if (!method.integration) return fail(Errc::kBadRequest, "No integration defined for method");
    }
  }
  if (!any) return fail(Errc::kBadRequest, "The REST API doesn't contain any methods");
  auto& deployment = api->deployments[id];
  deployment = {.id = id,
                .description = description,
                .created = services_.loop.clock().wall(),
                .tree = std::make_shared<const Tree>(api->tree)};
  storage::Mutation batch;
  batch.put(Keyspace::kRoutes, deployment_key(api->id, id), encode(deployment).text());
  services_.store.write(std::move(batch));
  return &deployment;
}

Status Routes::delete_deployment(const Scope& scope, const std::string& api_id, const std::string& id) {
  TM_TRY(auto* api, find(scope, api_id));
  if (!api->deployments.contains(id)) return fail(Errc::kNotFound, "Invalid Deployment identifier specified");
  for (const auto& [name, stage] : api->stages) {
    if (stage.deployment_id == id)
      return fail(Errc::kBadRequest, "Active stages pointing to this deployment must be moved or deleted");
  }
  storage::Mutation batch;
  batch.erase(Keyspace::kRoutes, deployment_key(api->id, id));
  services_.store.write(std::move(batch));
  api->deployments.erase(id);
  return {};
}

Result<const Stage*> Routes::create_stage(const Scope& scope, const std::string& api_id, NewStage request) {
  TM_TRY(auto* api, find(scope, api_id));
  if (!is_stage_name(request.name)) return fail(Errc::kBadRequest, "Stage name only allows a-zA-Z0-9_-");
  if (!api->deployments.contains(request.deployment_id)) return fail(Errc::kBadRequest, "Deployment id does not exist");
  if (api->stages.contains(request.name)) return fail(Errc::kConflict, "Stage already exists");
  if (api->stages.size() >= kStagesMax)
    return fail(Errc::kLimitExceeded,
                fmt::format("Maximum number of stages for this API has been reached: {}", kStagesMax));
  const auto now = services_.loop.clock().wall();
  auto& stage = api->stages[request.name];
  stage = {.name = request.name,
           .deployment_id = std::move(request.deployment_id),
           .description = std::move(request.description),
           .variables = std::move(request.variables),
           .tags = std::move(request.tags),
           .method_settings = std::move(request.method_settings),
           .tracing = request.tracing,
           .created = now,
           .updated = now};
  save(*api);
  return &stage;
}

Result<const Stage*> Routes::update_stage(const Scope& scope, const std::string& api_id, NewStage request) {
  TM_TRY(auto* api, find(scope, api_id));
  const auto found = api->stages.find(request.name);
  if (found == api->stages.end()) return fail(Errc::kNotFound, "Invalid stage identifier specified");
  if (!api->deployments.contains(request.deployment_id)) return fail(Errc::kBadRequest, "Deployment id does not exist");
  auto& stage = found->second;
  stage.deployment_id = std::move(request.deployment_id);
  stage.description = std::move(request.description);
  stage.variables = std::move(request.variables);
  stage.tags = std::move(request.tags);
  stage.method_settings = std::move(request.method_settings);
  stage.tracing = request.tracing;
  stage.updated = services_.loop.clock().wall();
  save(*api);
  return &stage;
}

Status Routes::delete_stage(const Scope& scope, const std::string& api_id, const std::string& name) {
  TM_TRY(auto* api, find(scope, api_id));
  if (api->stages.erase(name) == 0) return fail(Errc::kNotFound, "Invalid stage identifier specified");
  save(*api);
  return {};
}

Result<const Stage*> Routes::stage(const Scope& scope, const std::string& api_id, const std::string& name) const {
  TM_TRY(const auto* api, this->api(scope, api_id));
  const auto found = api->stages.find(name);
  if (found == api->stages.end()) return fail(Errc::kNotFound, "Invalid stage identifier specified");
  return &found->second;
}

}  // namespace tidemill::routes
