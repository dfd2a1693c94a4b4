// tidemill_floor: the floors that the server is compared with.
//   tidemill_floor constant                 parses a request and answers a constant
//   tidemill_floor raw --data-dir D [--durable 1]
//                                           the same with the JSON parsed and the raw item put into or got from the
//                                           store
// Both listen on --listen (127.0.0.1:0) and print "ready edge=http://HOST:PORT". One thread; no checks of any kind.
#include <cstdio>
#include <map>
#include <string>

#include "base/json.h"
#include "http/server.h"
#include "runtime/system.h"
#include "storage/rocks_engine.h"
#include "storage/store.h"

namespace {

using namespace tidemill;

http::Response answer(std::string body) {
  http::Response response{.body = std::move(body)};
  response.headers.add("Content-Type", "application/x-amz-json-1.0");
  return response;
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> flags;
  const std::string kind = argc > 1 ? argv[1] : "";
  for (int i = 2; i + 1 < argc; i += 2) flags[std::string(argv[i]).substr(2)] = argv[i + 1];
  if (kind != "constant" && kind != "raw") {
    std::fprintf(stderr, "tidemill_floor constant|raw [--listen HOST:PORT] [--data-dir D] [--durable 1]\n");
    return 2;
  }
  runtime::EpollLoop loop;
  const auto network = runtime::make_network(loop);
  std::unique_ptr<storage::Store> store;
  if (kind == "raw") {
    auto engine = storage::open_rocks({.folder = flags["data-dir"]});
    if (!engine) {
      std::fprintf(stderr, "%s\n", engine.error().message.c_str());
      return 1;
    }
    const auto durability = flags.contains("durable") ? storage::Durability::kDurable : storage::Durability::kRelaxed;
    store = std::make_unique<storage::Store>(std::move(*engine), storage::Store::Options{.durability = durability});
  }
  http::Server server(loop, *network, [&](http::Request request, http::Responder respond) {
    if (!store) return std::move(respond)(answer("{}"));
    const auto document = json::Document::parse(request.body);
    const auto target = request.headers.get("x-amz-target");
    if (!document || target.empty()) return std::move(respond)({.status = 400});
    if (target.ends_with("GetItem")) {
      const auto key = document->root().find("Key")->find("pk")->find("S")->as_string();
      auto item = store->get(storage::Keyspace::kItems, key);
      std::string body = R"({"Item":)";
      body += item && *item ? **item : "{}";
      body += '}';
      return std::move(respond)(answer(std::move(body)));
    }
    const auto& item = *document->root().find("Item");
    storage::Mutation mutation;
    std::string text;
    json::Writer(text).value(item);
    mutation.put(storage::Keyspace::kItems, std::string(item.find("pk")->find("S")->as_string()), std::move(text));
    store->commit(std::move(mutation), loop,
                  [respond = std::move(respond)]() mutable { std::move(respond)(answer("{}")); });
  });
  const auto address = runtime::parse_address(flags.contains("listen") ? flags["listen"] : "127.0.0.1:0");
  if (auto listening = server.listen(*address); !listening) {
    std::fprintf(stderr, "%s\n", listening.error().message.c_str());
    return 1;
  }
  std::printf("ready edge=http://%s\n", server.address().text().c_str());
  std::fflush(stdout);
  loop.run();
  return 0;
}
