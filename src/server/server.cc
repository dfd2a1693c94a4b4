#include "server/server.h"

#include <cstdio>
#include <cstdlib>

#include "server/parts.h"
#include "storage/rocks_engine.h"

namespace tidemill::server {

Server::Parts::Parts(Config given, runtime::EpollLoop& home)
    : config(std::move(given)),
      loop(home),
      log(home.clock(), config.log_level, config.log_format, observe::Log::standard_error()),
      offload({.threads = 2, .queue_max = 4096}),
      network(runtime::make_network(home)),
      processes(runtime::make_processes(home)),
      disk(home, files, offload, log, {.folder = config.data_dir, .reserve_bytes = config.disk_reserve_bytes}),
      request_ids(random) {
  while (loops.size() + 1 < config.loops) {
    loops.emplace_back(runtime::EpollLoop::Options{.clock_of = &loop});
    networks.push_back(runtime::make_network(loops.back()));
  }
}

Status Server::Parts::open_store() {
  if (auto made = files.make_directories(config.data_dir); !made) {
    return fail(Errc::kIo, "cannot make the data directory: " + made.error().message);
  }
  if (auto probe = files.write(config.data_dir + "/.probe", "x", {});
      !probe && probe.error().code != Errc::kResourceExhausted) {
    return fail(Errc::kPermissionDenied, "cannot write in the data directory: " + probe.error().message);
  }
  (void)files.remove_all(config.data_dir + "/.probe");
  disk.make_room();
  const bool relaxed = config.durability == storage::Durability::kRelaxed;
  TM_TRY(auto engine, storage::open_rocks({.folder = config.data_dir + "/store",
                                           .relaxed = relaxed,
                                           .block_cache_bytes = config.block_cache_bytes}));
  store = std::make_unique<storage::Store>(
      std::move(engine), storage::Store::Options{.durability = config.durability,
                                                 .on_failure =
                                                     [this](const Error& error) {
                                                       // What is on disk is unknown now; answering would lie. A restart
                                                       // recovers.
                                                       log.error("store.failed", {{"error", error.message}});
                                                       std::_Exit(70);
                                                     },
                                                 .item_cache_bytes = config.item_cache_bytes,
                                                 .admit = [this] { return disk.admit(); }});
  disk.watch();
  return {};
}

Status Server::Parts::open_identity() {
  directory.emplace(*store, loop, loop.clock(), random);
  if (auto loaded = directory->load(); !loaded)
    return fail(Errc::kCorruption, "cannot read the identities: " + loaded.error().message);
  identity.emplace(auth::Identity::Options{.enforced = config.iam,
                                           .home = config.scope,
                                           .admin_access_key = config.access_key_id,
                                           .admin_secret_key = config.secret_access_key},
                   *directory, loop.clock(), random);
  sts_front.emplace(*identity, request_ids);
  sts_front->mount(edge);
  iam_front.emplace(*directory, *identity, request_ids);
  iam_front->mount(edge);
  if (config.virtual_clock) {
    clock_front.emplace(loop, loop, *identity);
    clock_front->mount(edge);
  }
  return {};
}

Status Server::Parts::listen() {
  std::vector<http::ServerGroup::Member> members{{loop, *network}};
  for (std::size_t i = 0; i < loops.size(); ++i) members.push_back({loops[i], *networks[i]});
  http.emplace(
      std::move(members),
      [this](runtime::Loop& on, http::Request&& request, http::Responder&& respond) {
        edge.handle(std::move(request), on, std::move(respond));
      },
      http::ServerGroup::Options{
          .server = {.body_limit = [this](const http::Request& head) { return edge.body_limit(head); },
                     .open_body = [this](const http::Request& head) { return edge.open_body(head); }},
          .home_only = [this](const http::Request& head) { return edge.home_only(head); }});
  for (const auto& address : config.listen) TM_CHECK(http->listen(address));
  return {};
}

Status Server::Parts::open() {
  TM_CHECK(open_store());
  TM_CHECK(open_identity());
  add_own_fronts();
  // Connections wait in the kernel until the loop runs; functions need to know the port.
  TM_CHECK(listen());
  TM_CHECK(open_objects());
  TM_CHECK(open_tables());
  TM_CHECK(open_topics());
  TM_CHECK(open_queues());
  TM_CHECK(open_functions());
  TM_CHECK(open_triggers());
  TM_CHECK(open_routes());
  TM_CHECK(open_deploy());
  for (auto& other : loops) threads.emplace_back(other);
  return {};
}

Server::Server(Config config, runtime::EpollLoop& loop) : parts_(std::make_unique<Parts>(std::move(config), loop)) {}
Server::~Server() = default;

Status Server::open() { return parts_->open(); }

std::string Server::ready_line() const {
  return "ready edge=http://" + parts_->http->address().text() + " kafka=" + parts_->kafka_bootstrap_servers() +
         (parts_->kafka_server ? " kafka-sasl=" + parts_->kafka_sasl_servers() : "") +
         " durability=" + (parts_->config.durability == storage::Durability::kDurable ? "durable" : "relaxed") +
         " identity=" + (parts_->config.iam ? "on" : "off") + " data=" + parts_->config.data_dir;
}

void Server::drain(runtime::Task done) {
  parts_->log.info("server.draining");
  // Mappings first, so that nothing new is invoked; functions last, since running ones may still call the edge.
  parts_->mappings->stop([this, done = std::move(done)]() mutable {
    parts_->functions->stop(std::chrono::seconds(5),
                            [this, done = std::move(done)]() mutable { parts_->http->drain(std::move(done)); });
  });
  // Whoever holds a connection open does not hold the server up for ever.
  parts_->loop.at(parts_->loop.clock().now() + std::chrono::seconds(15), [this] { parts_->loop.stop(); });
}

}  // namespace tidemill::server
