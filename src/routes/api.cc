#include "routes/api.h"

#include <utility>

#include "base/json_texts.h"

namespace tidemill::routes {
namespace {

using json::text_list;
using json::text_map;
using json::texts;

template <class F>
void each_member(const json::Value& from, std::string_view name, F take) {
  const auto* found = from.find(name);
  if (found == nullptr || !found->is_object()) return;
  for (const auto& [key, value] : found->as_object()) take(key, value);
}

json::Value encode(const Integration& integration) {
  json::Object out;
  out["type"] = to_string(integration.type);
  out["http_method"] = integration.http_method;
  out["uri"] = integration.uri;
  out["credentials"] = integration.credentials;
  out["passthrough"] = integration.passthrough;
  out["content_handling"] = integration.content_handling;
  out["timeout_ms"] = integration.timeout_ms;
  out["request_parameters"] = texts(integration.request_parameters);
  out["request_templates"] = texts(integration.request_templates);
  json::Object responses;
  for (const auto& [code, response] : integration.responses) {
    json::Object one;
    one["pattern"] = response.selection_pattern;
    one["parameters"] = texts(response.response_parameters);
    one["templates"] = texts(response.response_templates);
    responses[code] = std::move(one);
  }
  out["responses"] = std::move(responses);
  return out;
}

Integration decode_integration(const json::Value& from) {
  Integration integration;
  integration.type = from.string_or("type") == "AWS_PROXY" ? IntegrationType::kLambdaProxy : IntegrationType::kMock;
  integration.http_method = from.string_or("http_method");
  integration.uri = from.string_or("uri");
  integration.credentials = from.string_or("credentials");
  integration.passthrough = from.string_or("passthrough");
  integration.content_handling = from.string_or("content_handling");
  integration.timeout_ms = from.integer_or("timeout_ms", 29'000);
  integration.request_parameters = text_map(from, "request_parameters");
  integration.request_templates = text_map(from, "request_templates");
  each_member(from, "responses", [&](const std::string& code, const json::Value& one) {
    integration.responses[code] = {one.string_or("pattern"), text_map(one, "parameters"), text_map(one, "templates")};
  });
  return integration;
}

json::Value encode(const Method& method) {
  json::Object out;
  out["authorization"] = method.authorization_type;
  out["key_required"] = method.api_key_required;
  out["operation"] = method.operation_name;
  out["request_parameters"] = texts(method.request_parameters);
  out["request_models"] = texts(method.request_models);
  if (method.integration) out["integration"] = encode(*method.integration);
  json::Object responses;
  for (const auto& [code, response] : method.responses) {
    json::Object one;
    one["parameters"] = texts(response.response_parameters);
    one["models"] = texts(response.response_models);
    responses[code] = std::move(one);
  }
  out["responses"] = std::move(responses);
  return out;
}

json::Value encode(const Tree& tree) {
  json::Object out;
  for (const auto& [id, resource] : tree) {
    json::Object one, methods;
    one["parent"] = resource.parent_id;
    one["part"] = resource.path_part;
    one["path"] = resource.path;
    for (const auto& [verb, method] : resource.methods) methods[verb] = encode(method);
    one["methods"] = std::move(methods);
    out[id] = std::move(one);
  }
  return out;
}

Tree decode_tree(const json::Value& from, std::string_view name) {
  Tree tree;
  each_member(from, name, [&](const std::string& id, const json::Value& one) {
    Resource resource{.id = id,
                      .parent_id = one.string_or("parent"),
                      .path_part = one.string_or("part"),
                      .path = one.string_or("path")};
    each_member(one, "methods", [&](const std::string& verb, const json::Value& stored) {
      Method method{.http_method = verb};
      method.authorization_type = stored.string_or("authorization", "NONE");
      method.api_key_required = stored.bool_or("key_required", false);
      method.operation_name = stored.string_or("operation");
      method.request_parameters = text_map(stored, "request_parameters");
      method.request_models = text_map(stored, "request_models");
      if (const auto* integration = stored.find("integration")) method.integration = decode_integration(*integration);
      each_member(stored, "responses", [&](const std::string& code, const json::Value& response) {
        method.responses[code] = {text_map(response, "parameters"), text_map(response, "models")};
      });
      resource.methods.emplace(verb, std::move(method));
    });
    tree.emplace(id, std::move(resource));
  });
  return tree;
}

}  // namespace

std::string_view to_string(IntegrationType type) {
  switch (type) {
    case IntegrationType::kLambdaProxy: return "AWS_PROXY";
    case IntegrationType::kMock: return "MOCK";
  }
  std::unreachable();
}

json::Value encode(const RestApi& api) {
  json::Object out;
  out["account"] = api.scope.account;
  out["region"] = api.scope.region;
  out["id"] = api.id;
  out["name"] = api.name;
  out["description"] = api.description;
  out["root"] = api.root_resource_id;
  out["binary"] = texts(api.binary_media_types);
  out["endpoints"] = texts(api.endpoint_types);
  out["key_source"] = api.api_key_source;
  out["disabled"] = api.disable_execute_api_endpoint;
  out["policy"] = api.policy;
  out["tags"] = texts(api.tags);
  out["created"] = epoch_ms(api.created);
  out["tree"] = encode(api.tree);
  json::Object stages;
  for (const auto& [name, stage] : api.stages) {
    json::Object one;
    one["deployment"] = stage.deployment_id;
    one["description"] = stage.description;
    one["variables"] = texts(stage.variables);
    one["tags"] = texts(stage.tags);
    one["settings"] = stage.method_settings;
    one["tracing"] = stage.tracing;
    one["created"] = epoch_ms(stage.created);
    one["updated"] = epoch_ms(stage.updated);
    stages[name] = std::move(one);
  }
  out["stages"] = std::move(stages);
  return out;
}

json::Value encode(const Deployment& deployment) {
  json::Object out;
  out["id"] = deployment.id;
  out["description"] = deployment.description;
  out["created"] = epoch_ms(deployment.created);
  out["tree"] = encode(*deployment.tree);
  return out;
}

tidemill::Result<RestApi> decode_api(const json::Value& from) {
  RestApi api;
  api.scope = {from.string_or("account"), from.string_or("region")};
  api.id = from.string_or("id");
  if (api.id.empty()) return tidemill::fail(tidemill::Errc::kCorruption, "a stored API has no id");
  api.name = from.string_or("name");
  api.description = from.string_or("description");
  api.root_resource_id = from.string_or("root");
  api.binary_media_types = text_list(from, "binary");
  api.endpoint_types = text_list(from, "endpoints");
  api.api_key_source = from.string_or("key_source", "HEADER");
  api.disable_execute_api_endpoint = from.bool_or("disabled", false);
  if (const auto* policy = from.find("policy")) api.policy = *policy;
  api.tags = text_map(from, "tags");
  api.created = from_epoch_ms(from.integer_or("created", 0));
  api.tree = decode_tree(from, "tree");
  each_member(from, "stages", [&](const std::string& name, const json::Value& one) {
    Stage stage{
        .name = name, .deployment_id = one.string_or("deployment"), .description = one.string_or("description")};
    stage.variables = text_map(one, "variables");
    stage.tags = text_map(one, "tags");
    if (const auto* settings = one.find("settings")) stage.method_settings = *settings;
    stage.tracing = one.bool_or("tracing", false);
    stage.created = from_epoch_ms(one.integer_or("created", 0));
    stage.updated = from_epoch_ms(one.integer_or("updated", 0));
    api.stages.emplace(name, std::move(stage));
  });
  return api;
}

tidemill::Result<Deployment> decode_deployment(const json::Value& from) {
  Deployment deployment{.id = from.string_or("id"), .description = from.string_or("description")};
  if (deployment.id.empty()) return tidemill::fail(tidemill::Errc::kCorruption, "a stored API deployment has no id");
  deployment.created = from_epoch_ms(from.integer_or("created", 0));
  deployment.tree = std::make_shared<const Tree>(decode_tree(from, "tree"));
  return deployment;
}

std::optional<std::string> function_of(std::string_view uri) {
  constexpr std::string_view kBegin = ":lambda:path/2015-03-31/functions/", kEnd = "/invocations";
  const auto begin = uri.find(kBegin);
  if (!uri.starts_with("arn:aws:apigateway:") || begin == uri.npos || !uri.ends_with(kEnd)) return std::nullopt;
  const auto from = begin + kBegin.size();
  if (from + kEnd.size() >= uri.size()) return std::nullopt;
  return std::string(uri.substr(from, uri.size() - kEnd.size() - from));
}

}  // namespace tidemill::routes
