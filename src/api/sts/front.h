// AWS Security Token Service, Query protocol 2011-06-15.
#pragma once

#include "api/common/edge.h"
#include "api/common/query.h"
#include "auth/identity.h"

namespace tidemill::sts {

class StsFront {
 public:
  StsFront(auth::Identity& identity, api::RequestIds& ids);
  void mount(api::Edge& edge);

 private:
  api::QueryFront front_;
};

}  // namespace tidemill::sts
