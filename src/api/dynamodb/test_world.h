// A whole DynamoDB in a test: front, engine, streams and a store in memory, in virtual time.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "api/awsjson/open_gate.h"
#include "api/dynamodb/api.h"
#include "api/streams/api.h"
#include "base/digest.h"
#include "observe/log.h"
#include "runtime/sim/sim_loop.h"
#include "storage/sim/memory_store.h"
#include "storage/store.h"
#include "streams/streams.h"
#include "tables/destinations.h"
#include "tables/engine.h"

namespace tidemill::dynamodb {

// A stream that destinations deliver to: keeps what it gets, refuses while it is told to.
class RecordingSink final : public tables::StreamingSink {
 public:
  void prepare(const std::string& stream, Reply<bool> reply) override {
    if (!error.empty()) return std::move(reply)(fail(Errc::kUnavailable, error));
    prepared.push_back(stream);
    std::move(reply)(true);
  }
  void append(const std::string& stream, std::vector<tables::StreamingRecord> records, Reply<bool> reply) override {
    if (!error.empty()) return std::move(reply)(fail(Errc::kUnavailable, error));
    for (auto& record : records) got[stream].push_back(std::move(record));
    std::move(reply)(true);
  }
  std::string error;
  std::vector<std::string> prepared;
  std::map<std::string, std::vector<tables::StreamingRecord>> got;
};

struct Answered {
  int status = 0;
  std::string body;
  http::Headers headers;
};

class World {
 public:
  explicit World(tables::Tables::Options options = {},
                 std::unique_ptr<storage::Engine> engine = std::make_unique<storage::MemoryEngine>())
      : log(loop.clock(), observe::Level::kError, observe::Log::Format::kText,
            [](observe::Level, std::string_view line) { ADD_FAILURE() << line; }),
        options_(options) {
    build(std::move(engine));
  }
  ~World() { tear_down(); }

  // One HTTP request through the front.
  Answered http(http::Request request) {
    struct Target final : http::Responder::Target {
      explicit Target(std::shared_ptr<std::optional<http::Response>> to) : to(std::move(to)) {}
      void respond(http::Response&& response) override { *to = std::move(response); }
      std::unique_ptr<http::Responder::Stream> stream(http::Response) override { return nullptr; }
      void on_disconnect(std::move_only_function<void()>) override {}
      std::shared_ptr<std::optional<http::Response>> to;
    };
    auto response = std::make_shared<std::optional<http::Response>>();
    front->handle(std::move(request), loop, http::Responder(std::make_unique<Target>(response)));
    settle();
    if (!*response) {
      ADD_FAILURE() << "no answer";
      return {};
    }
    return {(*response)->status, (*response)->body, (*response)->headers};
  }
  Answered send(std::string_view target, std::string_view body) {
    http::Request request{.method = "POST", .target = "/"};
    request.headers.add("Content-Type", "application/x-amz-json-1.0");
    request.headers.add("X-Amz-Target", target);
    request.headers.add("Host", "localhost:4566");
    request.body = body;
    return http(std::move(request));
  }
  Answered call(std::string_view operation, std::string_view body) {
    return send("DynamoDB_20120810." + std::string(operation), body);
  }
  Answered stream_call(std::string_view operation, std::string_view body) {
    return send("DynamoDBStreams_20120810." + std::string(operation), body);
  }
  // The body, which must be a success.
  std::string ok(std::string_view operation, std::string_view body) {
    auto answer = call(operation, body);
    EXPECT_EQ(answer.status, 200) << operation << " " << body << " -> " << answer.body;
    return answer.body;
  }
  json::Value ok_json(std::string_view operation, std::string_view body) {
    return *json::Value::parse(ok(operation, body));
  }
  json::Value stream_ok(std::string_view operation, std::string_view body) {
    auto answer = stream_call(operation, body);
    EXPECT_EQ(answer.status, 200) << operation << " " << body << " -> " << answer.body;
    return *json::Value::parse(answer.body);
  }
  // "Code: message" of an error.
  std::string error(std::string_view operation, std::string_view body) { return error_of(call(operation, body)); }
  static std::string error_of(const Answered& answer) {
    if (answer.status == 200) return "OK " + answer.body;
    const auto value = json::Value::parse(answer.body);
    if (!value) return answer.body;
    const std::string type = value->string_or("__type");
    return type.substr(type.find('#') + 1) + ": " + value->string_or("message", value->string_or("Message"));
  }

  // Syncs and runs what is ready until nothing moves.
  void settle() {
    for (;;) {
      const bool synced = store->sync_once();
      const bool ran = loop.run_ready();
      if (!synced && !ran) return;
    }
  }
  void run_for(runtime::Duration duration) {
    const auto end = loop.clock().now() + duration;
    while (loop.clock().now() < end) {
      loop.run_for(std::min<runtime::Duration>(std::chrono::seconds(1), end - loop.clock().now()));
      settle();
    }
  }
  // A power loss that keeps `keep` of the unsynced batches, and a new start.
  void crash(std::size_t keep = 0) {
    auto survivor = engine->crash(keep);
    tear_down();
    build(std::move(survivor));
  }
  void restart() {
    settle();
    crash(engine->unsynced());
  }

  runtime::SimLoop loop;
  runtime::SimRandom random;
  observe::Log log;
  observe::Metrics metrics;
  api::RequestIds ids{random};
  awsjson::OpenGate gate;
  RecordingSink sink;
  storage::MemoryEngine* engine = nullptr;
  std::unique_ptr<storage::Store> store;
  std::unique_ptr<streams::Streams> streams;
  std::unique_ptr<tables::Tables> tables;
  std::unique_ptr<Api> api;
  std::unique_ptr<api_streams::Api> streams_api;
  std::unique_ptr<awsjson::Front> front;

 private:
  void build(std::unique_ptr<storage::Engine> with) {
    engine = dynamic_cast<storage::MemoryEngine*>(with.get());
    store = std::make_unique<storage::Store>(std::move(with), storage::Store::Options{.sync_thread = false});
    streams = std::make_unique<streams::Streams>(streams::Streams::Dependencies{*store, loop, random, log},
                                                 streams::Streams::Options{});
    tables = std::make_unique<tables::Tables>(
        tables::Tables::Dependencies{*store, loop, random, *streams, log, nullptr, &sink}, options_);
    api = std::make_unique<Api>(*tables);
    streams_api = std::make_unique<api_streams::Api>(*streams);
    front =
        std::make_unique<awsjson::Front>(awsjson::Front::Dependencies{gate, ids, loop.clock(), metrics, "us-east-1"},
                                         std::vector<awsjson::Service*>{api.get(), streams_api.get()});
    tables->start();
    tables->destinations().start();
    streams->start();
    settle();
  }
  void tear_down() {
    front.reset();
    streams_api.reset();
    api.reset();
    tables.reset();
    streams.reset();
    store.reset();
    loop.run_ready();
  }
  tables::Tables::Options options_;
};

}  // namespace tidemill::dynamodb
