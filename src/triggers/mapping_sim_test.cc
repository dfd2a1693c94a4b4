// Long lives in virtual time: a function that fails in every way it can, records that keep coming, crashes at random
// moments that lose what was not synced. Whatever happens: no record is skipped, order holds within a shard, a
// checkpoint never runs ahead. A failure prints its seed; TIDEMILL_SIM_SEED=<seed> runs that one alone.
#include <random>

#include "runtime/sim/seeds.h"
#include "triggers/sim_kit.h"

namespace tidemill::triggers {
namespace {

using namespace std::chrono_literals;

struct Plan {
  std::uint64_t seed;
  bool bisect, report, lanes, tumbling;
  int batch_size, retries;
};

Plan plan_of(std::uint64_t seed) {
  std::mt19937_64 random(seed * 7919);
  const auto coin = [&] { return random() % 2 == 0; };
  Plan plan{.seed = seed,
            .bisect = coin(),
            .report = coin(),
            .lanes = coin(),
            .tumbling = false,
            .batch_size = static_cast<int>(1 + random() % 20),
            .retries = coin() ? -1 : static_cast<int>(random() % 4)};
  if (!plan.lanes && random() % 3 == 0) plan.tumbling = true;
  return plan;
}

void live(const Plan& plan) {
  SCOPED_TRACE("TIDEMILL_SIM_SEED=" + std::to_string(plan.seed));
  std::mt19937_64 random(plan.seed);
  SimWorld world(plan.seed, Pace{});
  // Some records are bad for ever (only where retries end), most failures pass.
  const auto is_bad = [&](const std::string& part, Position p) {
    return plan.retries != -1 && (p * 2654435761U + part.size() + plan.seed) % 37 == 0;
  };
  std::map<std::string, std::set<Position>> done, given_up;
  std::map<std::string, std::map<std::string, Position>> last_of_key;
  world.function.script = [&](const Call& call) -> InvokeResult {
    const std::string state = plan.tumbling ? R"("state":{})" : "";
    if (call.records.empty()) return SimInvoker::ok("{}");
    switch (random() % 12) {
      case 0: return SimInvoker::error();
      case 1: return SimInvoker::outcome(Outcome::kThrottled);
      case 2: return SimInvoker::outcome(Outcome::kSystemError);
      default: break;
    }
    for (std::size_t i = 0; i < call.records.size(); ++i) {
      const bool bad = is_bad(call.part, call.records[i]) || (plan.report && random() % 40 == 0);
      if (!bad) continue;
      if (!plan.report) return SimInvoker::error();
      for (std::size_t j = 0; j < i; ++j) done[call.part].insert(call.records[j]);
      return SimInvoker::ok("{" + state + (plan.tumbling ? "," : "") + R"("batchItemFailures":[{"itemIdentifier":")" +
                            std::to_string(call.records[i]) + R"("}]})");
    }
    for (const Position p : call.records) done[call.part].insert(p);
    return SimInvoker::ok("{" + state + "}");
  };
  const auto check_order = [&](const Call& call, std::size_t from_call) {
    (void)from_call;
    for (std::size_t i = 1; i < call.records.size(); ++i) EXPECT_LT(call.records[i - 1], call.records[i]);
  };

  const auto mapping = world.create_stream(
      R"("BatchSize":)" + std::to_string(plan.batch_size) + R"(,"MaximumRetryAttempts":)" +
      std::to_string(plan.retries) + (plan.bisect ? R"(,"BisectBatchOnFunctionError":true)" : "") +
      (plan.report ? R"(,"FunctionResponseTypes":["ReportBatchItemFailures"])" : "") +
      (plan.lanes ? R"(,"ParallelizationFactor":3)" : "") + (plan.tumbling ? R"(,"TumblingWindowInSeconds":30)" : "") +
      R"(,"DestinationConfig":{"OnFailure":{"Destination":")" + kQueueArn + R"("}})");
  std::size_t seen_failures = 0;
  const auto collect_failures = [&] {
    for (; seen_failures < world.failures.messages.size(); ++seen_failures) {
      const auto body = *json::Value::parse(world.failures.messages[seen_failures].body);
      const auto* info = body.find("DDBStreamBatchInfo");
      // A failure record names a range; in lanes it may enclose records of others, so only its ends and its size are
      // sure.
      const Position first = std::stoull(info->string_or("startSequenceNumber")),
                     last = std::stoull(info->string_or("endSequenceNumber"));
      for (Position p = first; p <= last; ++p) given_up[info->string_or("shardId")].insert(p);
    }
  };

  std::vector<std::string> open_shards{"shard-0"};
  int shards = 1;
  std::map<std::string, Position> highest_checkpoint;
  std::size_t checked_calls = 0;
  for (int turn = 0; turn < 120; ++turn) {
    for (const auto& shard : open_shards)
      if (random() % 2 == 0)
        world.stream.add(shard, static_cast<int>(random() % 15), "key" + std::to_string(random() % 5));
    if (random() % 25 == 0) {
      // A shard ends; its child goes on.
      const std::string parent = open_shards.back(), child = "shard-" + std::to_string(shards++);
      world.stream.add_part(child, parent);
      world.stream.end(parent);
      open_shards.back() = child;
    }
    world.function.latency = std::chrono::milliseconds(random() % 300);
    world.run_for(std::chrono::milliseconds(random() % 20000), 50ms);
    collect_failures();
    for (; checked_calls < world.function.calls.size(); ++checked_calls)
      check_order(world.function.calls[checked_calls], checked_calls);
    // The stored checkpoint never runs ahead of what was done or given up.
    const auto stored = world.checkpoints->load(mapping.uuid);
    ASSERT_TRUE(stored);
    for (const auto& [part, checkpoint] : *stored)
      for (Position p = highest_checkpoint[part]; p < checkpoint.position; ++p)
        ASSERT_TRUE(done[part].contains(p) || given_up[part].contains(p)) << part << " " << p << " turn " << turn;
    for (const auto& [part, checkpoint] : *stored)
      highest_checkpoint[part] = std::max(highest_checkpoint[part], checkpoint.position);
    if (random() % 8 == 0) {
      // Changed in mid-flight; refused when the change before is still going on.
      const bool enabled = random() % 3 != 0;
      (void)world.update(mapping.uuid, std::string(R"({"Enabled":)") + (enabled ? "true" : "false") + "}");
    }
    if (random() % 6 == 0) world.crash(random() % (world.memory->unsynced() + 1));
  }
  // Good days: everything comes through.
  world.function.latency = 0ms;
  world.run_for(2min, 250ms);
  ASSERT_TRUE(world.update(mapping.uuid, R"({"Enabled":true})"));
  world.run_for(30min, 250ms);
  collect_failures();
  for (const auto& data : world.stream.parts)
    for (Position p = 0; p < data.records.size(); ++p)
      ASSERT_TRUE(done[data.part.id].contains(p) || given_up[data.part.id].contains(p)) << data.part.id << " " << p;
  EXPECT_EQ(world.log.errors(), 0U);
  // And nothing is left to do: one more day brings no further invocation of a record.
  const auto calls = world.function.calls.size();
  world.run_for(1h, 10s);
  std::size_t with_records = 0;
  for (std::size_t i = calls; i < world.function.calls.size(); ++i)
    with_records += world.function.calls[i].records.size();
  EXPECT_EQ(with_records, 0U);
  EXPECT_TRUE(world.mappings->is_idle());
}

TEST(MappingSim, NeverSkipsARecordWhateverHappens) {
  for (const auto seed : runtime::simulation_seeds(40)) {
    if (HasFailure()) break;
    live(plan_of(seed));
  }
}

// Without crashes, each record that succeeds is seen in the order of its shard, and what is given up is given up in
// order, too.
TEST(MappingSim, OrderHoldsThroughRetriesAndSplits) {
  for (const auto seed : runtime::simulation_seeds(20)) {
    if (HasFailure()) break;
    SCOPED_TRACE("TIDEMILL_SIM_SEED=" + std::to_string(seed));
    std::mt19937_64 random(seed);
    SimWorld world(seed, Pace{});
    std::vector<Position> done;
    world.function.script = [&](const Call& call) {
      if (random() % 4 == 0) return SimInvoker::error();
      done.insert(done.end(), call.records.begin(), call.records.end());
      return SimInvoker::ok();
    };
    world.create_stream(std::string(R"("BatchSize":8)") +
                        (seed % 2 == 0 ? R"(,"BisectBatchOnFunctionError":true)" : ""));
    for (int i = 0; i < 50; ++i) {
      world.stream.add("shard-0", static_cast<int>(random() % 10));
      world.run_for(std::chrono::milliseconds(random() % 5000), 50ms);
    }
    world.run_for(20min, 250ms);
    std::vector<Position> want(world.stream.at("shard-0").records.size());
    for (std::size_t i = 0; i < want.size(); ++i) want[i] = i;
    EXPECT_EQ(done, want);
  }
}

TEST(MappingSim, ADayOfRetriesEndsWithTheRecordsAge) {
  SimWorld world(1, Pace{});
  world.stream.add("shard-0", 1);
  world.function.script = [](const Call&) { return SimInvoker::error(); };
  const auto mapping =
      world.create_stream(R"("DestinationConfig":{"OnFailure":{"Destination":")" + kQueueArn + R"("}})");
  world.run_for(25h, 1s);
  ASSERT_EQ(world.failures.messages.size(), 1U);
  EXPECT_NE(world.failures.messages[0].body.find("RecordAgeExceeded"), std::string::npos);
  // Pauses between 30 and 60 seconds for most of a day.
  EXPECT_GT(world.function.calls.size(), 1400U);
  EXPECT_LT(world.function.calls.size(), 3000U);
  EXPECT_EQ(world.checkpoint(mapping.uuid), 1U);
}

}  // namespace
}  // namespace tidemill::triggers
