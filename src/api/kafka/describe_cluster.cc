#include "kafka_messages/describe_cluster.h"

#include "api/kafka/call.h"
#include "api/kafka/operations.h"

namespace tidemill::kafka {
namespace {

constexpr std::int8_t kBrokers = 1;
constexpr std::int16_t kMismatchedEndpointType = 114;

void handle(Call<DescribeClusterApi> call) {
  DescribeClusterResponse response;
  const auto node = call.broker().settings().node_id;
  response.cluster_id = call.broker().cluster_id();
  if (call.request.endpoint_type != kBrokers) {
    response.error_code = kMismatchedEndpointType;
    response.error_message = "The request was sent to an endpoint of the wrong type.";
    return std::move(call).reply(response);
  }
  response.controller_id = node;
  response.brokers.push_back({.broker_id = node,
                              .host = call.services().settings.advertised_host,
                              .port = call.session().advertised_port,
                              .rack = std::nullopt});
  if (call.request.include_cluster_authorized_operations) response.cluster_authorized_operations = kClusterOperations;
  std::move(call).reply(response);
}

}  // namespace

extern const ApiEntry kDescribeCluster = api<DescribeClusterApi, handle>("DescribeCluster", {0, 2});

}  // namespace tidemill::kafka
