// The world of a mapping in a test: a source in memory, a scripted function, destinations, a store that can crash.
// Virtual time.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "runtime/sim/sim_loop.h"
#include "storage/sim/memory_store.h"
#include "storage/store.h"
#include "triggers/mappings.h"

namespace tidemill::triggers {

inline const std::string kStreamArn =
    "arn:aws:dynamodb:us-east-1:000000000000:table/notes/stream/2026-11-21T00:00:00.000";
inline const std::string kClusterArn =
    "arn:aws:kafka:us-east-1:000000000000:cluster/tidemill/5e1f6d0e-0000-0000-0000-000000000000-1";
inline const std::string kQueueArn = "arn:aws:sqs:us-east-1:000000000000:failures";
inline const std::string kFunctionArn = "arn:aws:lambda:us-east-1:000000000000:function:fn";
inline const std::string kServers = "localhost:9092";

// What survives every restart: the records of the source, what the group committed.
struct SimParts {
  struct Data {
    Part part;
    std::vector<SourceRecord> records;  // position i is at index i
    bool ended = false;
    Position oldest = 0;
  };
  std::vector<Data> parts;
  bool exists = true;
  bool kafka = false;
  std::map<std::string, Position> committed;
  std::vector<std::weak_ptr<std::function<void()>>> watchers;
  runtime::SimLoop* loop = nullptr;
  int reads_failing = 0;

  Data& at(const std::string& id) {
    return *std::ranges::find(parts, id, [](const Data& d) { return d.part.id; });
  }
  void add_part(std::string id, std::string parent = "") {
    parts.push_back({.part = {.id = std::move(id), .parent = std::move(parent)}});
  }
  void add(const std::string& id, int count = 1, std::string key = "", std::size_t padding = 0) {
    Data& data = at(id);
    for (int i = 0; i < count; ++i) {
      SourceRecord record;
      record.position = data.records.size();
      record.id = std::to_string(record.position);
      record.arrival_ms = epoch_ms(loop->clock().wall());
      record.lane_key = key;
      record.key = key;
      record.json = R"({"part":")" + id + R"(","n":)" + record.id + R"(,"key":")" + key + R"(","pad":")" +
                    std::string(padding, 'x') + "\"}";
      data.records.push_back(std::move(record));
    }
    notify();
  }
  void end(const std::string& id) {
    at(id).ended = true;
    notify();
  }
  void notify() {
    for (auto& weak : watchers)
      if (auto watcher = weak.lock())
        loop->post([weak = std::weak_ptr(watcher)] {
          if (auto told = weak.lock()) (*told)();
        });
  }
  struct SimWatch final : Watch {
    std::shared_ptr<std::function<void()>> told;
  };
  std::unique_ptr<Watch> watch(std::function<void()> f) {
    auto out = std::make_unique<SimWatch>();
    out->told = std::make_shared<std::function<void()>>(std::move(f));
    std::erase_if(watchers, [](const auto& weak) { return weak.expired(); });
    watchers.push_back(out->told);
    return out;
  }
};

class SimRecordSource final : public RecordSource {
 public:
  SimRecordSource(SimParts& parts, std::string id) : parts_(parts), id_(std::move(id)) {}
  void read(Position from, ReadLimits limits, Reply<ReadBatch, SourceError> reply) override {
    if (parts_.reads_failing > 0) {
      --parts_.reads_failing;
      return std::move(reply)(std::unexpected(SourceError{SourceErrc::kUnavailable, "away"}));
    }
    if (!parts_.exists) return std::move(reply)(std::unexpected(SourceError{SourceErrc::kNotFound, "gone"}));
    const auto& data = parts_.at(id_);
    if (from < data.oldest) return std::move(reply)(std::unexpected(SourceError{SourceErrc::kTrimmed, "trimmed"}));
    ReadBatch batch{.records = {}, .next = from};
    std::size_t bytes = 0;
    while (batch.next < data.records.size() && batch.records.size() < limits.records_max && bytes < limits.bytes_max) {
      batch.records.push_back(data.records[batch.next]);
      bytes += batch.records.back().json.size();
      ++batch.next;
    }
    batch.ended = data.ended && batch.next == data.records.size();
    std::move(reply)(std::move(batch));
  }
  std::unique_ptr<Watch> watch(std::function<void()> advanced) override { return parts_.watch(std::move(advanced)); }
  Position oldest() const override { return parts_.at(id_).oldest; }

 private:
  SimParts& parts_;
  const std::string id_;
};

class SimEventSource final : public EventSource {
 public:
  explicit SimEventSource(SimParts& parts) : parts_(parts) {}
  void parts(Reply<std::vector<Part>, SourceError> reply) override {
    if (!parts_.exists) return std::move(reply)(std::unexpected(SourceError{SourceErrc::kNotFound, "gone"}));
    std::vector<Part> out;
    for (const auto& data : parts_.parts) out.push_back(data.part);
    std::move(reply)(std::move(out));
  }
  std::unique_ptr<Watch> watch(std::function<void()> changed) override { return parts_.watch(std::move(changed)); }
  std::unique_ptr<RecordSource> open(const Part& part) override {
    return std::make_unique<SimRecordSource>(parts_, part.id);
  }
  void position(const Part& part, const Start& start, Reply<Position, SourceError> reply) override {
    const auto& data = parts_.at(part.id);
    std::move(reply)(start.at == Start::At::kTrimHorizon ? data.oldest : data.records.size());
  }
  void committed(Reply<std::map<std::string, Position>, SourceError> reply) override {
    std::move(reply)(parts_.committed);
  }
  void commit(const std::string& part, Position position, Reply<void, SourceError> reply) override {
    parts_.committed[part] = position;
    std::move(reply)({});
  }
  std::string bootstrap_servers() const override { return kServers; }
  std::optional<std::int64_t> retention_ms() const override {
    return parts_.kafka ? std::nullopt : std::optional<std::int64_t>(24 * 3600 * 1000);
  }

 private:
  SimParts& parts_;
};

struct Call {
  runtime::Instant at;
  std::string function_arn, payload, part;
  std::vector<Position> records;
  json::Value event;
};

// Answers after `latency`; what, the script says.
class SimInvoker final : public Invoker {
 public:
  explicit SimInvoker(runtime::SimLoop& loop) : loop_(loop) {}
  void invoke(Invocation in, std::move_only_function<void(InvokeResult)> done) override {
    Call call{.at = loop_.clock().now(),
              .function_arn = in.function_arn,
              .payload = in.payload,
              .part = {},
              .records = {},
              .event = *json::Value::parse(in.payload)};
    const auto take = [&call](const json::Value& list) {
      for (const auto& record : list.as_array()) {
        call.part = record.string_or("part");
        call.records.push_back(static_cast<Position>(record.integer_or("n", 0)));
      }
    };
    if (const auto* list = call.event.find("Records")) take(*list);
    if (const auto* map = call.event.find("records"))
      for (const auto& [place, list] : map->as_object()) take(list);
    calls.push_back(call);
    most_running = std::max(most_running, ++running);
    auto answer = [this, result = script ? script(calls.back()) : ok(), done = std::move(done), call]() mutable {
      --running;
      if (result.outcome == Outcome::kOk) succeeded.push_back(call);
      done(std::move(result));
    };
    if (latency == runtime::Duration(0))
      loop_.post(std::move(answer));
    else
      loop_.at(loop_.clock().now() + latency, std::move(answer));
  }
  std::optional<std::string> function_arn(const Scope&, std::string_view name) const override {
    if (name == "fn" || name == kFunctionArn) return kFunctionArn;
    if (name == "other") return "arn:aws:lambda:us-east-1:000000000000:function:other";
    if (name == "fn:live") return kFunctionArn + ":live";
    return std::nullopt;
  }
  static InvokeResult ok(std::string payload = "null") {
    return {.outcome = Outcome::kOk, .payload = std::move(payload), .executed_version = "$LATEST", .request_id = "rid"};
  }
  static InvokeResult error() {
    return {.outcome = Outcome::kFunctionError,
            .payload = "{}",
            .function_error = "Unhandled",
            .executed_version = "$LATEST",
            .request_id = "rid"};
  }
  static InvokeResult outcome(Outcome o) { return {.outcome = o}; }

  std::function<InvokeResult(const Call&)> script;
  runtime::Duration latency{0};
  std::vector<Call> calls, succeeded;
  int running = 0, most_running = 0;

 private:
  runtime::SimLoop& loop_;
};

class SimFailureSink final : public FailureSink {
 public:
  bool supports(std::string_view destination) const override {
    return destination.starts_with("arn:aws:sqs:") || destination.starts_with("kafka://");
  }
  void send(FailureMessage message, Reply<void> reply) override {
    if (away) return std::move(reply)(tidemill::fail(tidemill::Errc::kNotFound, "no such queue"));
    messages.push_back(std::move(message));
    std::move(reply)({});
  }
  bool away = false;
  std::vector<FailureMessage> messages;
};

class SimWorld : public Sources {
 public:
  explicit SimWorld(std::uint64_t seed = 1, Pace pace = {.jitter = false})
      : log(loop.clock(), observe::Level::kError, observe::Log::Format::kText, [](observe::Level, std::string_view) {}),
        random(seed),
        pace_(pace) {
    stream.loop = topic.loop = &loop;
    topic.kafka = true;
    stream.add_part("shard-0");
    open(std::make_unique<storage::MemoryEngine>());
  }
  ~SimWorld() override { mappings.reset(); }

  std::expected<std::unique_ptr<EventSource>, SourceError> open_stream(const StreamSpec& spec) override {
    if (spec.arn != kStreamArn || !stream.exists)
      return std::unexpected(SourceError{SourceErrc::kNotFound, "Stream not found"});
    return std::make_unique<SimEventSource>(stream);
  }
  std::expected<std::unique_ptr<EventSource>, SourceError> open_topic(const TopicSpec&) override {
    return std::make_unique<SimEventSource>(topic);
  }
  bool is_embedded(const std::vector<std::string>& servers) const override {
    return std::ranges::find(servers, kServers) != servers.end();
  }
  bool is_embedded_cluster(std::string_view arn) const override { return arn == kClusterArn; }

  void open(std::unique_ptr<storage::MemoryEngine> engine) {
    mappings.reset();
    checkpoints.reset();
    store.reset();
    memory = engine.get();
    store = std::make_unique<storage::Store>(std::move(engine), storage::Store::Options{.sync_thread = false});
    checkpoints = std::make_unique<StoredCheckpoints>(*store, loop);
    mappings = std::make_unique<Mappings>(Mappings::Services{.store = *store,
                                                             .home = loop,
                                                             .random = random,
                                                             .log = log,
                                                             .metrics = metrics,
                                                             .checkpoints = *checkpoints,
                                                             .sources = *this,
                                                             .invoker = function,
                                                             .failures = failures},
                                          pace_);
    EXPECT_TRUE(mappings->open());
  }
  // kill -9 and a power loss: of what was not synced, the first `keep` writes survive.
  void crash(std::size_t keep) {
    auto survivor = memory->crash(keep);
    // What the dead process had begun comes to nothing.
    function.running = 0;
    open(std::move(survivor));
  }
  void settle() {
    for (bool again = true; again;) {
      again = store->sync_once();
      again = loop.run_ready() || again;
    }
  }
  void run_for(runtime::Duration duration, runtime::Duration step = std::chrono::milliseconds(20)) {
    settle();
    for (runtime::Duration passed{0}; passed < duration; passed += step) {
      loop.run_for(step);
      settle();
    }
  }
  template <class T, class F>
  Result<T> wait(F f) {
    std::optional<Result<T>> out;
    f(Reply<T, Error>([&out](Result<T> value) { out = std::move(value); }));
    for (int i = 0; !out && i < 1000; ++i) settle();
    if (!out) return fail(Errc::kInternal, "no answer");
    return std::move(*out);
  }
  Result<Mapping> create(std::string_view body) {
    auto request = parse_create(Scope{}, *json::Value::parse(body));
    if (!request) return std::unexpected(request.error());
    std::optional<Result<Mapping>> out;
    mappings->create(*std::move(request),
                     Reply<Mapping, Error>([&out](Result<Mapping> value) { out = std::move(value); }));
    // Only as far as the answer: its state is the one at that moment.
    while (!out && store->sync_once()) loop.run_ready();
    settle();
    return out ? std::move(*out) : fail(Errc::kInternal, "no answer");
  }
  // With `members` added to a plain stream mapping.
  Mapping create_stream(std::string members = "") {
    auto mapping = create(R"({"FunctionName":"fn","EventSourceArn":")" + kStreamArn +
                          R"(","StartingPosition":"TRIM_HORIZON")" + (members.empty() ? "" : "," + members) + "}");
    EXPECT_TRUE(mapping) << (mapping ? "" : mapping.error().message);
    return mapping ? *mapping : Mapping{};
  }
  Mapping create_topic(std::string members = "") {
    if (topic.parts.empty()) topic.add_part("0");
    auto mapping = create(
        R"({"FunctionName":"fn","SelfManagedEventSource":{"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":["localhost:9092"]}},"Topics":["t"])" +
        std::string(",\"StartingPosition\":\"TRIM_HORIZON\"") + (members.empty() ? "" : "," + members) + "}");
    EXPECT_TRUE(mapping) << (mapping ? "" : mapping.error().message);
    return mapping ? *mapping : Mapping{};
  }
  Result<Mapping> update(const std::string& uuid, std::string_view body) {
    auto request = parse_update(uuid, *json::Value::parse(body));
    if (!request) return std::unexpected(request.error());
    return wait<Mapping>([&](auto reply) { mappings->update(*std::move(request), std::move(reply)); });
  }
  Result<Mapping> remove(const std::string& uuid) {
    return wait<Mapping>([&](auto reply) { mappings->remove(uuid, std::move(reply)); });
  }
  std::vector<std::vector<Position>> batches() const {
    std::vector<std::vector<Position>> out;
    for (const Call& call : function.calls) out.push_back(call.records);
    return out;
  }
  std::vector<std::size_t> batch_sizes() const {
    std::vector<std::size_t> out;
    for (const Call& call : function.calls) out.push_back(call.records.size());
    return out;
  }
  Position checkpoint(const std::string& uuid, const std::string& part = "shard-0") {
    auto all = checkpoints->load(uuid);
    return all && all->contains(part) ? all->at(part).position : 0;
  }
  std::string result_of(const std::string& uuid) { return mappings->get(uuid)->last_result; }

  runtime::SimLoop loop;
  observe::Log log;
  observe::Metrics metrics;
  runtime::SimRandom random;
  SimParts stream, topic;
  SimInvoker function{loop};
  SimFailureSink failures;
  storage::MemoryEngine* memory = nullptr;
  std::unique_ptr<storage::Store> store;
  std::unique_ptr<StoredCheckpoints> checkpoints;
  std::unique_ptr<Mappings> mappings;

 private:
  const Pace pace_;
};

}  // namespace tidemill::triggers
