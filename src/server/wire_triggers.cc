// Queues and event source mappings.
#include "server/parts.h"

namespace tidemill::server {

Status Server::Parts::open_queues() {
  queues.emplace(queues::Queues::Services{.store = *store, .home = loop, .random = random, .log = log});
  if (auto opened = queues->open(); !opened)
    return fail(Errc::kCorruption, "cannot read the queues: " + opened.error().message);
  destinations.emplace(*queues, *cluster);
  sqs_front.emplace(*queues, *identity, request_ids);
  sqs_front->mount(edge);
  return {};
}

Status Server::Parts::open_triggers() {
  trigger_sources.emplace(*streams, *cluster, loop, cluster_arn, *named_clusters, own_kafka_servers());
  trigger_invoker.emplace(*functions);
  checkpoints.emplace(*store, loop);
  triggers::Pace pace;
  pace.retry_first = config.mapping_retry_delay;
  mappings.emplace(triggers::Mappings::Services{.store = *store,
                                                .home = loop,
                                                .random = random,
                                                .log = log,
                                                .metrics = metrics,
                                                .checkpoints = *checkpoints,
                                                .sources = *trigger_sources,
                                                .invoker = *trigger_invoker,
                                                .failures = *destinations},
                   pace);
  if (auto opened = mappings->open(); !opened)
    return fail(Errc::kCorruption, "cannot read the mappings: " + opened.error().message);
  mappings_front.emplace(*mappings, *identity, request_ids);
  mappings_front->mount(edge);
  return {};
}

}  // namespace tidemill::server
