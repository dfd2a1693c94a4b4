// AWS Identity and Access Management, Query protocol 2010-05-08: the slice that deploys and tutorials call.
#pragma once

#include <vector>

#include "api/common/edge.h"
#include "api/common/query.h"
#include "auth/directory.h"
#include "auth/identity.h"

namespace tidemill::iam {

class IamFront {
 public:
  IamFront(auth::Directory& directory, const auth::Identity& identity, api::RequestIds& ids);
  void mount(api::Edge& edge);

 private:
  api::QueryFront front_;
};

// By entity; each appends its operations.
void add_role_operations(auth::Directory& directory, std::vector<api::QueryOperation>& out);
void add_user_operations(auth::Directory& directory, std::vector<api::QueryOperation>& out);
void add_policy_operations(auth::Directory& directory, std::vector<api::QueryOperation>& out);

}  // namespace tidemill::iam
