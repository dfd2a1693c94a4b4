// The MSK control API on the edge.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/common/edge.h"
#include "api/common/request_id.h"
#include "auth/identity.h"
#include "http/message.h"
#include "topics/named_clusters.h"

namespace tidemill::msk {

// The broker as a cluster. An empty bootstrap string means that there is no such listener.
struct Cluster {
  std::string name = "tidemill";
  bool serverless = false;
  std::string arn;
  Scope scope;
  std::string kafka_version = "4.1.0";
  std::int32_t brokers = 1;
  WallTime created;
  std::string bootstrap;  // plaintext
  std::string bootstrap_sasl_iam, bootstrap_sasl_scram;
};

class MskFront {
 public:
  // `named`: clusters that are other names of the broker; null: there are none.
  MskFront(Cluster cluster, const auth::Identity& identity, api::RequestIds& request_ids,
           const topics::NamedClusters* named = nullptr)
      : cluster_(std::move(cluster)), identity_(identity), request_ids_(request_ids), named_(named) {}
  void mount(api::Edge& edge);
  void handle(const http::Request& request, http::Responder respond);

 private:
  http::Response answer(const http::Request& request) const;
  Cluster as_cluster(const topics::NamedCluster& named) const;
  std::vector<Cluster> list(const Scope& scope, std::string_view name_prefix) const;
  std::optional<Cluster> find(const Scope& scope, const std::string& arn) const;
  const Cluster cluster_;
  const auth::Identity& identity_;
  api::RequestIds& request_ids_;
  const topics::NamedClusters* const named_;
};

}  // namespace tidemill::msk
