// Tables and streams: the engines and their fronts.
#include "server/parts.h"

namespace tidemill::server {

Status Server::Parts::open_tables() {
  streams.emplace(
      streams::Streams::Dependencies{.store = *store, .home = loop, .random = random, .log = log},
      streams::Streams::Options{.limited = config.limited_throughput, .split_records = config.stream_split_records});
  reclaimer.emplace(*store, offload, loop);
  tables.emplace(tables::Tables::Dependencies{.store = *store,
                                              .home = loop,
                                              .random = random,
                                              .changes = *streams,
                                              .log = log,
                                              .reclaim =
                                                  [this](storage::Keyspace keyspace, storage::Range range) {
                                                    reclaimer->reclaim(keyspace, std::move(range));
                                                  },
                                              .streaming = &kinesis_topics},
                 tables::Tables::Options{.transition = config.control_plane_delay,
                                         .limited = config.limited_throughput,
                                         .collection_bytes_max = config.item_collection_bytes,
                                         .transaction_delay = config.transaction_delay,
                                         .recovery_lag = config.recovery_lag});
  streams->on_hot_shard([this](const streams::StreamInfo& stream, const std::string& shard) {
    // A table that is being changed, or split already, is asked again after the next look.
    tables->split_shard(stream.scope, stream.table, shard, loop,
                        tables::Reply<tables::TableDescription>([this, arn = stream.arn, shard](const auto& result) {
                          if (result) return log.info("streams.hot_shard_split", {{"stream", arn}, {"shard", shard}});
                          log.info("streams.hot_shard_stays",
                                   {{"stream", arn}, {"shard", shard}, {"error", result.error().message}});
                        }));
  });
  streams->start();
  tables->start();

  bucket_transfers.emplace(*objects);
  exports.emplace(transfers::Exports::Services{.tables = *tables,
                                               .buckets = *bucket_transfers,
                                               .loop = loop,
                                               .offload = offload,
                                               .random = random,
                                               .log = log},
                  transfers::Exports::Settings{});
  imports.emplace(transfers::Imports::Services{
      .tables = *tables, .buckets = *bucket_transfers, .loop = loop, .offload = offload, .random = random, .log = log});
  exports->start();
  imports->start();

  dynamodb_api.emplace(*tables, &*exports, &*imports);
  streams_api.emplace(*streams);
  table_policies.emplace(*tables);
  dynamodb_gate.emplace(*identity, "dynamodb",
                        [this](std::string_view resource) { return table_policies->find(resource); });
  tables_front.emplace(awsjson::Front::Dependencies{.gate = *dynamodb_gate,
                                                    .ids = request_ids,
                                                    .clock = loop.clock(),
                                                    .metrics = metrics,
                                                    .region = config.scope.region,
                                                    .home = &loop},
                       std::vector<awsjson::Service*>{&*dynamodb_api, &*streams_api});
  const auto front = [this](const http::Request& request, runtime::Executor& on, http::Responder&& respond) {
    tables_front->handle(request, on, std::move(respond));
  };
  edge.add({.service = "dynamodb", .front = front, .any_loop = true});
  streams_front.emplace(*streams, *tables, *identity, loop);
  streams_front->mount(edge);
  edge.add({.target_prefix = "DynamoDB_", .front = front, .any_loop = true});
  edge.add({.target_prefix = "DynamoDBStreams_", .front = front, .any_loop = true});
  // What no service owns is answered as DynamoDB's endpoint does: the health line, preflights, 404.
  edge.set_default(front);
  return {};
}

}  // namespace tidemill::server
