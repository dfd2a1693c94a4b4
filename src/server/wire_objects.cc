// Buckets and objects, and their front.
#include "server/parts.h"

namespace tidemill::server {

Status Server::Parts::open_objects() {
  objects.emplace(
      objects::Objects::Services{
          .store = *store, .loop = loop, .offload = offload, .files = files, .random = random, .log = log},
      objects::Objects::Settings{.directory = config.data_dir + "/objects"});
  if (auto opened = objects->open(); !opened)
    return fail(Errc::kCorruption, "cannot read the buckets: " + opened.error().message);
  s3_front.emplace(*objects, *identity, request_ids);
  s3_front->mount(edge);
  return {};
}

}  // namespace tidemill::server
