// The MSK control API on the edge.
#pragma once

#include <cstdint>
#include <string>

#include "api/common/edge.h"
#include "api/common/request_id.h"
#include "auth/identity.h"
#include "http/message.h"

namespace tidemill::msk {

// The one cluster. An empty bootstrap string means that there is no such listener.
struct Cluster {
  std::string name = "tidemill";
  std::string arn;
  Scope scope;
  std::string kafka_version = "4.1.0";
  std::int32_t brokers = 1;
  WallTime created;
  std::string bootstrap;                  // plaintext
  std::string bootstrap_sasl_iam, bootstrap_sasl_scram;
};

class MskFront {
 public:
  MskFront(Cluster cluster, const auth::Identity& identity, api::RequestIds& request_ids)
      : cluster_(std::move(cluster)), identity_(identity), request_ids_(request_ids) {}
  void mount(api::Edge& edge);
  void handle(http::Request request, http::Responder respond);

 private:
  http::Response answer(const http::Request& request) const;
  const Cluster cluster_;
  const auth::Identity& identity_;
  api::RequestIds& request_ids_;
};

}  // namespace tidemill::msk
