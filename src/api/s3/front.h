// Amazon S3 (REST, XML): buckets and objects, in the path or by virtual host.
#pragma once

#include <memory>

#include "api/common/edge.h"
#include "api/common/request_id.h"
#include "api/s3/operation.h"
#include "auth/identity.h"
#include "http/message.h"
#include "objects/objects.h"

namespace tidemill::s3 {

class S3Front {
 public:
  S3Front(objects::Objects& objects, const auth::Identity& identity, api::RequestIds& ids)
      : services_{.objects = objects, .identity = identity}, ids_(ids) {}

  void mount(api::Edge& edge);
  void handle(http::Request request, http::Responder respond);

 private:
  // What is known of a request when its head is.
  struct Prepared {
    Address address;
    std::vector<http::Parameter> query;
    auth::Identity::HeadLogin login;
    const Operation* operation = nullptr;
  };
  class Sink;

  Result<Prepared> prepare(const http::Request& head) const;
  Result<std::shared_ptr<Incoming>> open_incoming(const http::Request& head, const Prepared& prepared) const;
  std::shared_ptr<http::BodySink> open_body(const http::Request& head) const;

  const Services services_;
  api::RequestIds& ids_;
};

}  // namespace tidemill::s3
