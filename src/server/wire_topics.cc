// Topics: the broker, its listeners, the cluster that the rest of the server sees, and the control API that says where it is.
#include "base/digest.h"
#include "server/parts.h"

namespace tidemill::server {
namespace {

// A cluster's ARN ends in a UUID and a number; ours is made of the broker's own cluster id, so that it survives restarts.
std::string cluster_arn_of(const Scope& scope, std::string_view cluster_id) {
  const auto hex = sha256_hex(cluster_id);
  return "arn:aws:kafka:" + scope.region + ":" + scope.account + ":cluster/tidemill/" + hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-4" +
         hex.substr(13, 3) + "-8" + hex.substr(17, 3) + "-" + hex.substr(20, 12) + "-1";
}

}  // namespace

Status Server::Parts::open_topics() {
  if (!config.kafka_bootstrap.empty()) {
    return fail(Errc::kUnsupported, "a Kafka cluster of your own (--kafka-bootstrap " + config.kafka_bootstrap +
                                        ") cannot take the place of the broker inside in this version: leave the option out");
  }
  auto opened = topics::Broker::open(*store, loop, random, log, topics::BrokerSettings{});
  if (!opened) return fail(Errc::kCorruption, "cannot read the topics: " + opened.error().message);
  broker = *std::move(opened);
  cluster_arn = cluster_arn_of(config.scope, broker->cluster_id());
  named_clusters.emplace(*store, loop);
  if (auto loaded = named_clusters->load(); !loaded) return fail(Errc::kCorruption, "cannot read the names of clusters: " + loaded.error().message);
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
  TM_TRY(kafka_address, kafka_server->listen(config.kafka_listen, {.security = first, .advertised_port = advertised_port}));
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

  embedded_cluster.emplace(*broker, kafka_bootstrap_servers());
  msk::Cluster cluster{.arn = cluster_arn, .scope = config.scope, .created = broker->created()};
  if (!config.iam) cluster.bootstrap = kafka_bootstrap_servers();
  cluster.bootstrap_sasl_iam = cluster.bootstrap_sasl_scram = kafka_sasl_servers();
  msk_front.emplace(std::move(cluster), *identity, request_ids, &*named_clusters);
  msk_front->mount(edge);
  return {};
}

std::string Server::Parts::kafka_bootstrap_servers() const {
  return kafka_host + ":" + std::to_string(kafka_address.port);
}

std::string Server::Parts::kafka_sasl_servers() const { return kafka_host + ":" + std::to_string(kafka_sasl_address.port); }

}  // namespace tidemill::server
