// Topics: the broker, its listeners, the cluster that the rest of the server sees, and the control API that says where
// it is.
#include <algorithm>

#include "base/digest.h"
#include "server/parts.h"
#include "tables/destinations.h"
#include "topics/embedded_cluster.h"
#include "topics/remote_cluster.h"

namespace tidemill::server {
namespace {

// A cluster's ARN ends in a UUID and a number; ours is made of the broker's own cluster id, so that it survives
// restarts.
std::string cluster_arn_of(const Scope& scope, std::string_view cluster_id) {
  const auto hex = sha256_hex(cluster_id);
  return "arn:aws:kafka:" + scope.region + ":" + scope.account + ":cluster/tidemill/" + hex.substr(0, 8) + "-" +
         hex.substr(8, 4) + "-4" + hex.substr(13, 3) + "-8" + hex.substr(17, 3) + "-" + hex.substr(20, 12) + "-1";
}

std::vector<std::string> split_servers(const std::string& servers) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= servers.size();) {
    const auto comma = std::min(servers.find(',', at), servers.size());
    out.push_back(servers.substr(at, comma - at));
    at = comma + 1;
  }
  return out;
}

}  // namespace

Status Server::Parts::open_topics() {
  // The broker inside is opened in any case: its id names the cluster, so that mappings stay what they are when a real
  // one takes its place; only then nothing listens for it.
  topics::BrokerSettings settings;
  settings.reclaim = [this] { reclaimer->reclaim(storage::Keyspace::kTopics, {}); };
  auto opened = topics::Broker::open(*store, loop, random, log, std::move(settings));
  if (!opened) return fail(Errc::kCorruption, "cannot read the topics: " + opened.error().message);
  broker = *std::move(opened);
  cluster_arn = cluster_arn_of(config.scope, broker->cluster_id());
  named_clusters.emplace(*store, loop);
  if (auto loaded = named_clusters->load(); !loaded)
    return fail(Errc::kCorruption, "cannot read the names of clusters: " + loaded.error().message);

  const bool remote = !config.kafka_bootstrap.empty();
  TM_CHECK(remote ? use_remote_cluster() : listen_kafka());
  kinesis_topics.connect(*cluster);
  tables->destinations().start();
  msk::Cluster told{.arn = cluster_arn, .scope = config.scope, .created = broker->created()};
  if (remote || !config.iam) told.bootstrap = kafka_bootstrap_servers();
  told.bootstrap_sasl_iam = told.bootstrap_sasl_scram = kafka_sasl_servers();
  msk_front.emplace(std::move(told), *identity, request_ids, &*named_clusters);
  msk_front->mount(edge);
  return {};
}

Status Server::Parts::use_remote_cluster() {
  auto opened = topics::RemoteCluster::open(config.kafka_bootstrap, loop, log);
  if (!opened)
    return fail(Errc::kInvalidArgument,
                "cannot use the Kafka cluster " + config.kafka_bootstrap + ": " + opened.error().message);
  cluster = *std::move(opened);
  return {};
}

Status Server::Parts::listen_kafka() {
  kafka_authenticator.emplace(*identity, *directory, log, cluster_arn, *named_clusters);

  kafka::KafkaSettings settings;
  settings.advertised_host = config.kafka_listen.host == "0.0.0.0" ? "127.0.0.1" : config.kafka_listen.host;
  std::uint16_t advertised_port = 0;
  if (!config.kafka_advertised.empty()) {
    const auto colon = config.kafka_advertised.rfind(':');
    settings.advertised_host = config.kafka_advertised.substr(0, colon);
    if (colon != config.kafka_advertised.npos) {
      TM_TRY(const auto parsed, runtime::parse_address("127.0.0.1" + config.kafka_advertised.substr(colon)));
      advertised_port = parsed.port;
    }
  }
  kafka_host = settings.advertised_host;
  kafka_server.emplace(*broker, settings, *network, random, log, &*kafka_authenticator);

  // With identity on nobody comes in without a name, whatever the port.
  const auto first = config.iam ? kafka::Security::kSasl : kafka::Security::kPlaintext;
  TM_TRY(kafka_address,
         kafka_server->listen(config.kafka_listen, {.security = first, .advertised_port = advertised_port}));
  // Clients that sign in have a port of their own, as on MSK: the plain one and six (9092 and 9098).
  auto sasl = config.kafka_listen;
  sasl.port = sasl.port == 0 ? 0 : static_cast<std::uint16_t>(kafka_address.port + 6);
  auto bound = kafka_server->listen(sasl, {.security = kafka::Security::kSasl});
  if (!bound) {
    sasl.port = 0;
    bound = kafka_server->listen(sasl, {.security = kafka::Security::kSasl});
  }
  if (!bound) return std::unexpected(bound.error());
  kafka_sasl_address = *bound;

  cluster = std::make_unique<topics::EmbeddedCluster>(*broker, kafka_bootstrap_servers());
  return {};
}

std::string Server::Parts::kafka_bootstrap_servers() const {
  if (!config.kafka_bootstrap.empty()) return config.kafka_bootstrap;
  return kafka_host + ":" + std::to_string(kafka_address.port);
}

std::string Server::Parts::kafka_sasl_servers() const {
  return kafka_server ? kafka_host + ":" + std::to_string(kafka_sasl_address.port) : "";
}

std::vector<std::string> Server::Parts::own_kafka_servers() const {
  if (!kafka_server) return split_servers(config.kafka_bootstrap);
  const auto port = std::to_string(kafka_address.port);
  return {kafka_bootstrap_servers(), kafka_sasl_servers(), "localhost:" + port, "127.0.0.1:" + port};
}

}  // namespace tidemill::server
