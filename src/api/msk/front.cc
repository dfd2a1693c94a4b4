#include "api/msk/front.h"

#include <array>
#include <optional>

#include "base/bytes.h"
#include "base/json.h"

namespace tidemill::msk {
namespace {

constexpr std::string_view kV1 = "/v1/clusters", kV2 = "/api/v2/clusters";

enum class Operation : unsigned char {
  kListClusters,
  kListClustersV2,
  kDescribeCluster,
  kDescribeClusterV2,
  kGetBootstrapBrokers,
  kListNodes
};

struct Attributes {
  std::string_view iam_action;
};
constexpr Attributes attributes_of(Operation operation) {
  switch (operation) {
    case Operation::kListClusters: return {"kafka:ListClusters"};
    case Operation::kListClustersV2: return {"kafka:ListClustersV2"};
    case Operation::kDescribeCluster: return {"kafka:DescribeCluster"};
    case Operation::kDescribeClusterV2: return {"kafka:DescribeClusterV2"};
    case Operation::kGetBootstrapBrokers: return {"kafka:GetBootstrapBrokers"};
    case Operation::kListNodes: return {"kafka:ListNodes"};
  }
  std::unreachable();
}

struct Route {
  Operation operation;
  std::string arn;  // decoded; empty for the lists
};

// The ARN is one path segment, percent-encoded with its slashes; clients that leave the slashes as they are work too.
std::optional<Route> find_route(const http::Request& request) {
  if (request.method != "GET") return std::nullopt;
  auto path = request.path();
  const bool v2 = path.starts_with(kV2);
  if (!v2 && !path.starts_with(kV1)) return std::nullopt;
  path.remove_prefix(v2 ? kV2.size() : kV1.size());
  if (path.empty() || path == "/") return Route{v2 ? Operation::kListClustersV2 : Operation::kListClusters, ""};
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(1);
  auto operation = v2 ? Operation::kDescribeClusterV2 : Operation::kDescribeCluster;
  constexpr std::array<std::pair<std::string_view, Operation>, 2> kParts{
      {{"/bootstrap-brokers", Operation::kGetBootstrapBrokers}, {"/nodes", Operation::kListNodes}}};
  for (const auto& [suffix, named] : kParts) {
    if (v2 || !path.ends_with(suffix)) continue;
    path.remove_suffix(suffix.size());
    operation = named;
    break;
  }
  auto arn = percent_decode(path);
  if (!arn.starts_with("arn:")) return std::nullopt;
  return Route{operation, std::move(arn)};
}

http::Response json_response(int status, std::string body) {
  http::Response response{.status = status, .body = std::move(body)};
  response.headers.add("Content-Type", "application/json");
  return response;
}

http::Response refuse(int status, std::string_view code, std::string_view message, std::string_view parameter = "") {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  if (!parameter.empty()) writer.member("invalidParameter", parameter);
  writer.member("message", message).end_object();
  auto response = json_response(status, std::move(body));
  response.headers.add("x-amzn-ErrorType", code);
  return response;
}

void write_node_group(json::Writer& out) {
  out.key("brokerNodeGroupInfo").begin_object();
  out.member("brokerAZDistribution", "DEFAULT").member("instanceType", "kafka.m5.large");
  out.key("clientSubnets").begin_array().end_array();
  out.end_object();
}

void write_authentication(json::Writer& out, const Cluster& cluster) {
  out.key("clientAuthentication").begin_object();
  out.key("sasl").begin_object();
  out.key("scram").begin_object().member("enabled", !cluster.bootstrap_sasl_scram.empty()).end_object();
  out.key("iam").begin_object().member("enabled", !cluster.bootstrap_sasl_iam.empty()).end_object();
  out.end_object();
  out.key("unauthenticated").begin_object().member("enabled", !cluster.bootstrap.empty()).end_object();
  out.end_object();
}

void write_cluster(json::Writer& out, const Cluster& cluster) {
  out.begin_object();
  out.member("clusterArn", cluster.arn).member("clusterName", cluster.name).member("state", "ACTIVE");
  out.member("creationTime", iso8601_ms(cluster.created))
      .member("currentVersion", "K1")
      .member("numberOfBrokerNodes", cluster.brokers);
  write_node_group(out);
  out.key("currentBrokerSoftwareInfo").begin_object().member("kafkaVersion", cluster.kafka_version).end_object();
  write_authentication(out, cluster);
  out.member("enhancedMonitoring", "DEFAULT");
  out.key("tags").begin_object().end_object();
  out.end_object();
}

void write_cluster_v2(json::Writer& out, const Cluster& cluster) {
  out.begin_object();
  out.member("clusterArn", cluster.arn).member("clusterName", cluster.name);
  out.member("clusterType", cluster.serverless ? "SERVERLESS" : "PROVISIONED").member("state", "ACTIVE");
  out.member("creationTime", iso8601_ms(cluster.created)).member("currentVersion", "K1");
  if (cluster.serverless) {
    out.key("serverless").begin_object();
    out.key("vpcConfigs").begin_array().end_array();
    out.key("clientAuthentication")
        .begin_object()
        .key("sasl")
        .begin_object()
        .key("iam")
        .begin_object()
        .member("enabled", true);
    out.end_object().end_object().end_object().end_object();
    out.key("tags").begin_object().end_object();
    out.end_object();
    return;
  }
  out.key("provisioned").begin_object();
  out.member("numberOfBrokerNodes", cluster.brokers).member("enhancedMonitoring", "DEFAULT");
  write_node_group(out);
  out.key("currentBrokerSoftwareInfo").begin_object().member("kafkaVersion", cluster.kafka_version).end_object();
  write_authentication(out, cluster);
  out.end_object();
  out.key("tags").begin_object().end_object();
  out.end_object();
}

void write_nodes(json::Writer& out, const Cluster& cluster) {
  out.key("nodeInfoList").begin_array();
  for (std::int32_t i = 1; i <= cluster.brokers; ++i) {
    out.begin_object();
    out.member("nodeARN", cluster.arn + "/" + std::to_string(i)).member("nodeType", "BROKER");
    out.key("brokerNodeInfo").begin_object().member("brokerId", i);
    out.key("currentBrokerSoftwareInfo").begin_object().member("kafkaVersion", cluster.kafka_version).end_object();
    out.end_object().end_object();
  }
  out.end_array();
}

void write_bootstrap(json::Writer& out, const Cluster& cluster) {
  if (!cluster.bootstrap.empty()) out.member("bootstrapBrokerString", cluster.bootstrap);
  if (!cluster.bootstrap_sasl_scram.empty()) out.member("bootstrapBrokerStringSaslScram", cluster.bootstrap_sasl_scram);
  if (!cluster.bootstrap_sasl_iam.empty()) out.member("bootstrapBrokerStringSaslIam", cluster.bootstrap_sasl_iam);
}

std::string parameter(const http::Request& request, std::string_view name) {
  for (auto& [key, value] : http::parse_query(request.query()))
    if (key == name) return value;
  return "";
}

}  // namespace

void MskFront::mount(api::Edge& edge) {
  edge.add(
      {.service = "kafka", .front = [this](const http::Request& request, runtime::Executor&, http::Responder respond) {
         handle(request, std::move(respond));
       }});
}

void MskFront::handle(const http::Request& request, http::Responder respond) {
  auto response = answer(request);
  response.headers.add("x-amzn-RequestId", request_ids_.uuid());
  std::move(respond)(std::move(response));
}

Cluster MskFront::as_cluster(const topics::NamedCluster& named) const {
  Cluster cluster = cluster_;
  cluster.name = named.name;
  cluster.arn = named.arn;
  cluster.scope = named.scope;
  cluster.created = named.created;
  cluster.serverless = named.serverless;
  return cluster;
}

std::vector<Cluster> MskFront::list(const Scope& scope, std::string_view name_prefix) const {
  std::vector<Cluster> out;
  if (scope == cluster_.scope && cluster_.name.starts_with(name_prefix)) out.push_back(cluster_);
  if (named_ == nullptr) return out;
  for (const auto& named : named_->list(scope, name_prefix)) out.push_back(as_cluster(named));
  return out;
}

std::optional<Cluster> MskFront::find(const Scope& scope, const std::string& arn) const {
  if (arn == cluster_.arn) return cluster_;
  const auto named = named_ == nullptr ? std::nullopt : named_->find(arn);
  if (!named || named->scope != scope) return std::nullopt;
  return as_cluster(*named);
}

http::Response MskFront::answer(const http::Request& request) const {
  const auto caller = identity_.authenticate(request, "kafka");
  if (!caller) return refuse(403, auth::json_code(caller.error().code), caller.error().message);
  const auto route = find_route(request);
  if (!route)
    return refuse(
        400, "BadRequestException",
        "The clusters of this server are names of its one broker; they come from templates, not from this API: " +
            request.method + " " + std::string(request.path()) + " is not available");
  const auto cluster = find(caller->scope, route->arn);
  const auto decision = identity_.authorize(caller->principal, attributes_of(route->operation).iam_action,
                                            route->arn.empty() ? "*" : route->arn);
  if (!decision) return refuse(403, "ForbiddenException", decision.reason);
  if (!route->arn.empty() && !cluster)
    return refuse(404, "NotFoundException", "The requested resource doesn't exist.", "clusterArn");

  const auto filter = parameter(request, "clusterNameFilter");
  std::string body;
  json::Writer out(body);
  out.begin_object();
  switch (route->operation) {
    case Operation::kListClusters:
    case Operation::kListClustersV2:
      out.key("clusterInfoList").begin_array();
      for (const auto& one : list(caller->scope, filter)) {
        if (route->operation == Operation::kListClustersV2)
          write_cluster_v2(out, one);
        else if (!one.serverless)
          write_cluster(out, one);  // the first version knows provisioned clusters only
      }
      out.end_array();
      break;
    case Operation::kDescribeCluster: write_cluster(out.key("clusterInfo"), *cluster); break;
    case Operation::kDescribeClusterV2: write_cluster_v2(out.key("clusterInfo"), *cluster); break;
    case Operation::kGetBootstrapBrokers: write_bootstrap(out, *cluster); break;
    case Operation::kListNodes: write_nodes(out, *cluster); break;
  }
  out.end_object();
  return json_response(200, std::move(body));
}

}  // namespace tidemill::msk
