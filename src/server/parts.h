// Everything that a running server is made of, in the order in which it is built; members are destroyed in the reverse order.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/common/edge.h"
#include "api/common/request_id.h"
#include "auth/directory.h"
#include "auth/identity.h"
#include "http/server.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "runtime/system.h"
#include "server/config.h"
#include "server/disk_guard.h"
#include "server/server.h"
#include "storage/store.h"

namespace tidemill::server {

struct Server::Parts {
  Parts(Config config, runtime::EpollLoop& loop);

  Status open();
  Status open_store();
  Status open_identity();
  Status listen();
  void add_own_fronts();
  void take_checkpoint(http::Request request, http::Responder respond);
  void answer_unknown(http::Request request, http::Responder respond);

  const Config config;
  runtime::EpollLoop& loop;
  runtime::SystemRandom random;
  runtime::SystemFiles files;
  observe::Log log;
  observe::Metrics metrics;
  runtime::ThreadPool offload;
  std::unique_ptr<runtime::Network> network;
  std::unique_ptr<runtime::Processes> processes;
  DiskGuard disk;
  api::RequestIds request_ids;

  std::unique_ptr<storage::Store> store;
  std::optional<auth::Directory> directory;
  std::optional<auth::Identity> identity;

  api::Edge edge;
  std::optional<http::Server> http;
};

}  // namespace tidemill::server
