// Everything that a running server is made of, in the order in which it is built; members are destroyed in the reverse
// order.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/admin/clock_front.h"
#include "api/admin/deploy_front.h"
#include "api/admin/streams_front.h"
#include "api/common/edge.h"
#include "api/common/request_id.h"
#include "api/dynamodb/api.h"
#include "api/gateway/front.h"
#include "api/iam/front.h"
#include "api/kafka/server.h"
#include "api/lambda/front.h"
#include "api/lambda_runtime/front.h"
#include "api/logs/front.h"
#include "api/mappings/front.h"
#include "api/msk/front.h"
#include "api/s3/front.h"
#include "api/sqs/front.h"
#include "api/streams/api.h"
#include "api/sts/front.h"
#include "auth/directory.h"
#include "auth/identity.h"
#include "deploy/engine.h"
#include "functions/functions.h"
#include "functions/log_store.h"
#include "http/server_group.h"
#include "objects/objects.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "queues/queues.h"
#include "routes/routes.h"
#include "runtime/system.h"
#include "server/bucket_code.h"
#include "server/bucket_transfers.h"
#include "server/config.h"
#include "server/disk_guard.h"
#include "server/function_credentials.h"
#include "server/gate.h"
#include "server/kafka_authenticator.h"
#include "server/kinesis_topics.h"
#include "server/reclaimer.h"
#include "server/route_invoker.h"
#include "server/server.h"
#include "server/table_policies.h"
#include "server/trigger_seams.h"
#include "storage/store.h"
#include "streams/streams.h"
#include "tables/engine.h"
#include "topics/broker.h"
#include "topics/cluster.h"
#include "topics/named_clusters.h"
#include "transfers/exports.h"
#include "transfers/imports.h"
#include "triggers/mappings.h"

namespace tidemill::server {

struct Server::Parts {
  Parts(Config config, runtime::EpollLoop& loop);

  Status open();
  Status open_store();
  Status open_identity();
  Status open_objects();
  Status open_tables();
  Status open_topics();
  Status listen_kafka();
  Status use_remote_cluster();
  std::string kafka_bootstrap_servers() const;
  std::string kafka_sasl_servers() const;              // empty: nobody signs in
  std::vector<std::string> own_kafka_servers() const;  // what a mapping may call the cluster
  Status open_queues();
  Status open_functions();
  Status open_triggers();
  Status open_routes();
  Status open_deploy();
  Status listen();
  void add_own_fronts();
  void take_checkpoint(http::Request request, http::Responder respond);

  const Config config;
  runtime::EpollLoop& loop;              // home
  std::deque<runtime::EpollLoop> loops;  // the others: the store answers to them, so they go after it
  runtime::SystemRandom random;
  runtime::SystemFiles files;
  observe::Log log;
  observe::Metrics metrics;
  runtime::ThreadPool offload;
  std::unique_ptr<runtime::Network> network;
  std::vector<std::unique_ptr<runtime::Network>> networks;  // of the other loops
  std::unique_ptr<runtime::Processes> processes;
  DiskGuard disk;
  api::RequestIds request_ids;

  std::unique_ptr<storage::Store> store;
  std::optional<auth::Directory> directory;
  std::optional<auth::Identity> identity;
  std::optional<admin::ClockFront> clock_front;

  std::optional<sts::StsFront> sts_front;
  std::optional<iam::IamFront> iam_front;

  std::optional<Reclaimer> reclaimer;
  std::optional<objects::Objects> objects;
  std::optional<s3::S3Front> s3_front;

  std::optional<streams::Streams> streams;
  KinesisTopics kinesis_topics;
  std::optional<tables::Tables> tables;
  std::optional<TablePolicies> table_policies;
  std::optional<BucketTransfers> bucket_transfers;
  std::optional<transfers::Exports> exports;
  std::optional<transfers::Imports> imports;
  std::optional<dynamodb::Api> dynamodb_api;
  std::optional<api_streams::Api> streams_api;
  std::optional<IdentityGate> dynamodb_gate;
  std::optional<awsjson::Front> tables_front;
  std::optional<admin::StreamsFront> streams_front;

  std::unique_ptr<topics::Broker> broker;
  std::string cluster_arn;
  std::optional<topics::NamedClusters> named_clusters;
  std::optional<KafkaAuthenticator> kafka_authenticator;
  std::optional<kafka::KafkaServer> kafka_server;
  std::unique_ptr<topics::Cluster> cluster;  // the broker inside, or a real one (--kafka-bootstrap)
  std::optional<msk::MskFront> msk_front;
  std::string kafka_host;
  runtime::Address kafka_address, kafka_sasl_address;

  std::optional<queues::Queues> queues;
  std::optional<Destinations> destinations;
  std::optional<sqs::SqsFront> sqs_front;

  std::optional<functions::LogStore> function_logs;
  std::optional<lambda_runtime::RuntimeFront> runtime_front;
  std::optional<FunctionCredentials> function_credentials;
  std::optional<BucketCode> bucket_code;
  std::optional<functions::Functions> functions;
  std::optional<lambda::LambdaFront> lambda_front;
  std::optional<logs::LogsFront> logs_front;

  std::optional<TriggerSources> trigger_sources;
  std::optional<TriggerInvoker> trigger_invoker;
  std::optional<triggers::StoredCheckpoints> checkpoints;
  std::optional<triggers::Mappings> mappings;
  std::optional<mappings::MappingsFront> mappings_front;

  std::optional<RouteInvoker> route_invoker;
  std::optional<routes::Routes> routes;
  std::optional<gateway::Front> gateway_front;
  std::optional<deploy::Engine> deploy;
  std::optional<admin::DeployFront> deploy_front;

  api::Edge edge;
  std::optional<http::ServerGroup> http;
  std::deque<runtime::LoopThread> threads;  // of the other loops; they end first
};

}  // namespace tidemill::server
