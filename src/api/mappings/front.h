// The event source mapping operations of the Lambda API (2015-03-31), and the tags of mappings.
#pragma once

#include <string>
#include <string_view>

#include "api/common/edge.h"
#include "api/common/request_id.h"
#include "auth/identity.h"
#include "http/message.h"
#include "triggers/mappings.h"

namespace tidemill::mappings {

class MappingsFront {
 public:
  MappingsFront(triggers::Mappings& mappings, const auth::Identity& identity, api::RequestIds& ids)
      : mappings_(mappings), identity_(identity), ids_(ids) {}

  void mount(api::Edge& edge);
  void handle(const http::Request& request, http::Responder respond);

 private:
  struct Call;
  void run(Call call);
  triggers::Mappings& mappings_;
  const auth::Identity& identity_;
  api::RequestIds& ids_;
};

}  // namespace tidemill::mappings
