// tidemill_floor: what a server of this kind cannot be cheaper than on the same machine; what we are compared with.
//   tidemill_floor constant [--listen 127.0.0.1:0]           parses a request and answers a constant
//   tidemill_floor items --data-dir D [--listen ...]         the same with simdjson and RocksDB: put, get, ten rows
//   tidemill_floor group-commit --data-dir D [--threads 64] [--seconds 3]
//                                                            RocksDB's group commit with synced writes
//   tidemill_floor runtime-api [--seconds 3] [--payload {}]  hands events to the one environment that asks for them
//   tidemill_floor copy [--listen ...]                       takes Kafka requests into memory and acknowledges them
// Servers print "ready edge=http://HOST:PORT" and have one thread.
#include <cstdio>

#include "common/flags.h"
#include "floor/copy.h"
#include "floor/items.h"
#include "floor/runtime_api.h"
#include "floor/server.h"

int main(int argc, char** argv) {
  using namespace tidemill::bench;
  const std::string kind = argc > 1 ? argv[1] : "";
  const Flags flags(argc, argv, 2);
  const auto listen = flags.text("listen", "127.0.0.1:0");
  if (kind == "constant") serve_http(listen, [](const FloorRequest&, std::string& body) { body = "{}"; });
  if (kind == "items") serve_items(listen, flags.text("data-dir"));
  if (kind == "group-commit") {
    return group_commit(flags.text("data-dir"), static_cast<int>(flags.number("threads", 64)),
                        flags.number("seconds", 3));
  }
  if (kind == "runtime-api") {
    return serve_runtime_api({.listen = listen,
                              .payload = flags.text("payload", "{}"),
                              .warmup_s = flags.number("warmup", 1),
                              .seconds = flags.number("seconds", 3)});
  }
  if (kind == "copy") serve_copy(listen);
  std::fprintf(stderr, "tidemill_floor constant|items|group-commit|runtime-api|copy [--flag value]...\n");
  return 2;
}
