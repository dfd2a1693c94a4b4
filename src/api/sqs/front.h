// Amazon SQS: JSON 1.0 (X-Amz-Target: AmazonSQS.*) and the Query protocol 2012-11-05, also on queue URLs.
#pragma once

#include "api/common/edge.h"
#include "api/common/request_id.h"
#include "auth/identity.h"
#include "http/message.h"
#include "queues/queues.h"

namespace tidemill::sqs {

class SqsFront {
 public:
  SqsFront(queues::Queues& queues, const auth::Identity& identity, api::RequestIds& ids)
      : queues_(queues), identity_(identity), ids_(ids) {}

  void mount(api::Edge& edge);
  void handle(const http::Request& request, http::Responder respond);

 private:
  queues::Queues& queues_;
  const auth::Identity& identity_;
  api::RequestIds& ids_;
};

}  // namespace tidemill::sqs
