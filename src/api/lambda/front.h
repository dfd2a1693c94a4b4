// The Lambda API on the edge.
#pragma once

#include "api/common/edge.h"
#include "api/common/request_id.h"
#include "auth/identity.h"
#include "functions/functions.h"
#include "http/message.h"

namespace tidemill::lambda {

class LambdaFront {
 public:
  LambdaFront(functions::Functions& functions, const auth::Identity& identity, api::RequestIds& request_ids)
      : functions_(functions), identity_(identity), request_ids_(request_ids) {}

  // Every path that the service signs for as "lambda", and the download of archives.
  void mount(api::Edge& edge);
  void handle(http::Request request, http::Responder respond);

 private:
  void download(http::Request request, http::Responder respond);
  functions::Functions& functions_;
  const auth::Identity& identity_;
  api::RequestIds& request_ids_;
};

}  // namespace tidemill::lambda
