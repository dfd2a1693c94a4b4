// REST APIs (v1) as values: a tree of resources, methods with their integrations, deployments (snapshots of the tree),
// stages. Stored form: docs/formats/routes.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/scope.h"
#include "base/time_text.h"

namespace tidemill::routes {

using TextMap = std::map<std::string, std::string>;

enum class IntegrationType : unsigned char { kLambdaProxy, kMock };  // AWS_PROXY, MOCK
std::string_view to_string(IntegrationType type);

struct IntegrationResponse {
  std::string selection_pattern;  // empty: the default response
  TextMap response_parameters;    // "method.response.header.X" -> "'literal'"
  TextMap response_templates;     // content type -> body
  bool operator==(const IntegrationResponse&) const = default;
};

struct Integration {
  IntegrationType type = IntegrationType::kMock;
  std::string http_method;  // of the call behind it: POST for functions
  std::string uri;          // arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations
  std::string credentials;
  std::string passthrough = "WHEN_NO_MATCH";
  std::string content_handling;
  std::int64_t timeout_ms = 29'000;
  TextMap request_parameters, request_templates;
  std::map<std::string, IntegrationResponse> responses;  // by status code
  bool operator==(const Integration&) const = default;
};

struct MethodResponse {
  TextMap response_parameters;  // name -> "true" or "false" (required)
  TextMap response_models;
  bool operator==(const MethodResponse&) const = default;
};

struct Method {
  std::string http_method;                  // or ANY
  std::string authorization_type = "NONE";  // NONE, AWS_IAM
  bool api_key_required = false;
  std::string operation_name;
  TextMap request_parameters, request_models;
  std::optional<Integration> integration;
  std::map<std::string, MethodResponse> responses;  // by status code
  bool operator==(const Method&) const = default;
};

struct Resource {
  std::string id, parent_id;  // the root has no parent
  std::string path_part;      // "users", "{id}", "{proxy+}"; empty for the root
  std::string path;           // "/users/{id}"
  std::map<std::string, Method> methods;
};
using Tree = std::map<std::string, Resource>;  // by id

struct Stage {
  std::string name;
  std::string deployment_id;
  std::string description;
  TextMap variables;
  TextMap tags;
  json::Value method_settings;  // stored and shown: logging and throttling are not applied
  bool tracing = false;
  WallTime created, updated;
};

class Matcher;

struct Deployment {
  std::string id;
  std::string description;
  WallTime created;
  std::shared_ptr<const Tree> tree;
  std::shared_ptr<const Matcher> matcher;  // of the tree; made by the first request that it serves
};

struct RestApi {
  Scope scope;
  std::string id;
  std::string name;
  std::string description;
  std::string root_resource_id;
  std::vector<std::string> binary_media_types;
  std::vector<std::string> endpoint_types = {"EDGE"};
  std::string api_key_source = "HEADER";
  bool disable_execute_api_endpoint = false;
  json::Value policy;  // stored and shown
  TextMap tags;
  WallTime created;
  Tree tree;
  std::map<std::string, Stage> stages;
  std::map<std::string, Deployment> deployments;
};

json::Value encode(const RestApi& api);  // without deployments
json::Value encode(const Deployment& deployment);
tidemill::Result<RestApi> decode_api(const json::Value& from);
tidemill::Result<Deployment> decode_deployment(const json::Value& from);

// The function ARN within an integration URI, or nothing.
std::optional<std::string> function_of(std::string_view uri);

}  // namespace tidemill::routes
