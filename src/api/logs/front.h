// CloudWatch Logs on the edge.
#pragma once

#include "api/common/edge.h"
#include "api/common/request_id.h"
#include "auth/identity.h"
#include "functions/log_store.h"
#include "http/message.h"

namespace tidemill::logs {

class LogsFront {
 public:
  LogsFront(functions::LogStore& logs, const auth::Identity& identity, api::RequestIds& request_ids)
      : logs_(logs), identity_(identity), request_ids_(request_ids) {}
  void mount(api::Edge& edge);
  void handle(const http::Request& request, http::Responder respond);

 private:
  functions::LogStore& logs_;
  const auth::Identity& identity_;
  api::RequestIds& request_ids_;
};

}  // namespace tidemill::logs
