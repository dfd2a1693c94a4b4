#include "api/iam/front.h"

namespace tidemill::iam {
namespace {

std::vector<api::QueryOperation> operations(auth::Directory& directory) {
  std::vector<api::QueryOperation> out;
  add_role_operations(directory, out);
  add_user_operations(directory, out);
  add_policy_operations(directory, out);
  return out;
}

}  // namespace

IamFront::IamFront(auth::Directory& directory, const auth::Identity& identity, api::RequestIds& ids)
    : front_({.service = "iam", .xml_namespace = "https://iam.amazonaws.com/doc/2010-05-08/"}, identity, ids,
             operations(directory)) {}

void IamFront::mount(api::Edge& edge) {
  edge.add({.service = "iam",
            .target_prefix = "",
            .path_prefix = "",
            .form_version = "2010-05-08",
            .front = [this](const http::Request& request, runtime::Executor&,
                            http::Responder respond) { front_.handle(request, std::move(respond)); },
            .body_bytes_max = 1 << 20});
}

}  // namespace tidemill::iam
