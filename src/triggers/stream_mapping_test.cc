#include "triggers/sim_kit.h"

namespace tidemill::triggers {
namespace {

using namespace std::chrono_literals;
using Batches = std::vector<std::vector<Position>>;
using Sizes = std::vector<std::size_t>;
using testing::Test;

class StreamMapping : public Test {
 protected:
  SimWorld world;
  // Fails whenever one of these records is in the batch.
  void poison(std::set<Position> bad) {
    world.function.script = [bad](const Call& call) {
      return std::ranges::any_of(call.records, [&](Position p) { return bad.contains(p); }) ? SimInvoker::error()
                                                                                            : SimInvoker::ok();
    };
  }
  std::size_t times_seen(Position record) {
    return static_cast<std::size_t>(std::ranges::count_if(world.function.calls, [&](const Call& call) {
      return std::ranges::find(call.records, record) != call.records.end();
    }));
  }
  json::Value failure(std::size_t i = 0) { return *json::Value::parse(world.failures.messages.at(i).body); }
};

TEST_F(StreamMapping, FD_25_TrimHorizonDeliversWhatWasThereBefore) {
  world.stream.add("shard-0", 3);
  const auto mapping = world.create_stream();
  world.run_for(1s);
  EXPECT_EQ(world.batches(), (Batches{{0, 1, 2}}));
  EXPECT_EQ(world.checkpoint(mapping.uuid), 3U);
  EXPECT_EQ(world.function.calls[0].payload.substr(0, 12), R"({"Records":[)");
}

TEST_F(StreamMapping, FD_26_LatestDeliversNothingOlderAndAllThatFollows) {
  world.stream.add("shard-0", 3);
  const auto mapping =
      world.create(R"({"FunctionName":"fn","EventSourceArn":")" + kStreamArn + R"(","StartingPosition":"LATEST"})");
  ASSERT_TRUE(mapping);
  world.stream.add("shard-0", 2);
  world.crash(0);
  world.run_for(1s);
  EXPECT_EQ(world.batches(), (Batches{{3, 4}}));
}

TEST_F(StreamMapping, FD_30_BatchSizeIsHonoured) {
  world.stream.add("shard-0", 250);
  world.create_stream(R"("BatchSize":100)");
  world.run_for(1s);
  EXPECT_EQ(world.batch_sizes(), (Sizes{100, 100, 50}));
}

TEST_F(StreamMapping, FD_31_WindowCollects) {
  world.create_stream(R"("MaximumBatchingWindowInSeconds":2)");
  for (int i = 0; i < 3; ++i) {
    world.stream.add("shard-0");
    world.run_for(400ms);
  }
  EXPECT_TRUE(world.function.calls.empty());
  world.run_for(2s);
  EXPECT_EQ(world.batches(), (Batches{{0, 1, 2}}));
}

TEST_F(StreamMapping, FD_32_WindowEndsEarlyAtBatchSizeAndAtTheByteLimit) {
  world.create_stream(R"("MaximumBatchingWindowInSeconds":300,"BatchSize":4)");
  world.stream.add("shard-0", 4);
  world.run_for(1s);
  EXPECT_EQ(world.batch_sizes(), (Sizes{4}));
  world.stream.add("shard-0", 3, "", 3 * 1024 * 1024);
  world.run_for(1s);
  ASSERT_GE(world.function.calls.size(), 2U);
  for (const Call& call : world.function.calls) EXPECT_LE(call.payload.size(), 6U * 1024 * 1024);
}

TEST_F(StreamMapping, FD_32_NoWindowSendsAtOnce) {
  world.create_stream();
  world.stream.add("shard-0");
  world.settle();
  EXPECT_EQ(world.batch_sizes(), (Sizes{1}));
}

TEST_F(StreamMapping, FD_33_FunctionErrorRetriesTheSameBytesWithGrowingPauses) {
  world.stream.add("shard-0", 3);
  int left = 3;
  world.function.script = [&](const Call&) { return left-- > 0 ? SimInvoker::error() : SimInvoker::ok(); };
  const auto mapping = world.create_stream();
  world.run_for(1ms);
  EXPECT_EQ(world.result_of(mapping.uuid), "PROBLEM: Function call failed");
  world.stream.add("shard-0", 1);
  world.run_for(20s);
  ASSERT_EQ(world.function.calls.size(), 5U);
  for (int i = 1; i < 4; ++i)
    EXPECT_EQ(world.function.calls[static_cast<std::size_t>(i)].payload, world.function.calls[0].payload);
  const auto gap = [&](std::size_t i) { return world.function.calls[i].at - world.function.calls[i - 1].at; };
  EXPECT_EQ(gap(1), 1s);
  EXPECT_EQ(gap(2), 2s);
  EXPECT_EQ(gap(3), 4s);
  EXPECT_EQ(world.function.calls[4].records, (std::vector<Position>{3}));  // FD-36: later records wait
  EXPECT_EQ(world.result_of(mapping.uuid), "OK");                          // FD-16
}

TEST_F(StreamMapping, FailuresMayGoToATopicUnderTheirShard) {
  world.stream.add("shard-0", 2);
  poison({0});
  world.create_stream(R"("MaximumRetryAttempts":0,"DestinationConfig":{"OnFailure":{"Destination":"kafka://failed"}})");
  world.run_for(5s);
  ASSERT_EQ(world.failures.messages.size(), 1U);
  EXPECT_EQ(world.failures.messages[0].destination, "kafka://failed");
  EXPECT_EQ(world.failures.messages[0].key, "shard-0");
}

TEST_F(StreamMapping, FD_34_35_44_RetryLimitThenTheFailureRecord) {
  world.stream.add("shard-0", 2);
  poison({0});
  world.create_stream(R"("MaximumRetryAttempts":1,"DestinationConfig":{"OnFailure":{"Destination":")" + kQueueArn +
                      R"("}})");
  world.run_for(10s);
  EXPECT_EQ(world.batch_sizes(), (Sizes{2, 2}));
  ASSERT_EQ(world.failures.messages.size(), 1U);
  EXPECT_EQ(world.failures.messages[0].destination, kQueueArn);
  EXPECT_EQ(
      world.failures.messages[0].body,
      R"({"requestContext":{"requestId":"rid","functionArn":"arn:aws:lambda:us-east-1:000000000000:function:fn",)"
      R"("condition":"RetryAttemptsExhausted","approximateInvokeCount":2},)"
      R"("responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},)"
      R"("version":"1.0","timestamp":"2025-11-25T15:47:41.000Z","DDBStreamBatchInfo":{"shardId":"shard-0",)"
      R"("startSequenceNumber":"0","endSequenceNumber":"1","approximateArrivalOfFirstRecord":"2025-11-25T15:47:40Z",)"
      R"("approximateArrivalOfLastRecord":"2025-11-25T15:47:40Z","batchSize":2,"streamArn":")" +
          kStreamArn + R"("}})");
  world.stream.add("shard-0");
  world.run_for(1s);
  EXPECT_EQ(world.batches().back(), (std::vector<Position>{2}));  // FD-49
}

TEST_F(StreamMapping, FD_35_ThreeRetriesAreFourInvocations) {
  world.stream.add("shard-0");
  poison({0});
  world.create_stream(R"("MaximumRetryAttempts":3,"DestinationConfig":{"OnFailure":{"Destination":")" + kQueueArn +
                      R"("}})");
  world.run_for(30s);
  EXPECT_EQ(world.function.calls.size(), 4U);
  EXPECT_EQ(failure().find("requestContext")->integer_or("approximateInvokeCount", 0), 4);
}

TEST_F(StreamMapping, FD_37_OtherShardsAreNotBlocked) {
  world.stream.add_part("shard-1");
  world.stream.add("shard-0");
  world.stream.add("shard-1", 2);
  world.function.script = [](const Call& call) {
    return call.part == "shard-0" ? SimInvoker::error() : SimInvoker::ok();
  };
  world.create_stream();
  world.run_for(5s);
  ASSERT_EQ(world.function.succeeded.size(), 1U);
  EXPECT_EQ(world.function.succeeded[0].part, "shard-1");
}

TEST_F(StreamMapping, FD_38_ThrottlesDoNotCount) {
  world.stream.add("shard-0");
  int left = 6;
  world.function.script = [&](const Call&) {
    return left-- > 0 ? SimInvoker::outcome(Outcome::kThrottled) : SimInvoker::ok();
  };
  world.create_stream(R"("MaximumRetryAttempts":0)");
  world.run_for(2min);
  EXPECT_EQ(world.function.calls.size(), 7U);
  EXPECT_EQ(world.function.succeeded.size(), 1U);
}

TEST_F(StreamMapping, FD_40_41_BisectIsolatesTheBadRecordWithoutUsingRetries) {
  world.stream.add("shard-0", 8);
  poison({5});
  const auto mapping = world.create_stream(
      R"("MaximumRetryAttempts":2,"BisectBatchOnFunctionError":true,"DestinationConfig":{"OnFailure":{"Destination":")" +
      kQueueArn + R"("}})");
  world.run_for(30s);
  ASSERT_EQ(world.failures.messages.size(), 1U);
  EXPECT_EQ(failure().find("DDBStreamBatchInfo")->string_or("startSequenceNumber"), "5");
  EXPECT_EQ(failure().find("DDBStreamBatchInfo")->integer_or("batchSize", 0), 1);
  EXPECT_EQ(failure().find("requestContext")->integer_or("approximateInvokeCount", 0), 3);
  EXPECT_EQ(world.batches(),
            (Batches{{0, 1, 2, 3, 4, 5, 6, 7}, {0, 1, 2, 3}, {4, 5, 6, 7}, {4, 5}, {4}, {5}, {5}, {5}, {6, 7}}));
  EXPECT_EQ(world.checkpoint(mapping.uuid), 8U);
}

TEST_F(StreamMapping, FD_42_43_OldRecordsAreGivenUpAndNewerOnesGoOn) {
  world.stream.add("shard-0", 2);
  world.function.script = [](const Call&) { return SimInvoker::error(); };
  world.run_for(30s);
  world.stream.add("shard-0", 1);
  world.create_stream(R"("MaximumRecordAgeInSeconds":60,"DestinationConfig":{"OnFailure":{"Destination":")" +
                      kQueueArn + R"("}})");
  world.run_for(40s);
  ASSERT_EQ(world.failures.messages.size(), 1U);
  EXPECT_EQ(failure().find("requestContext")->string_or("condition"), "RecordAgeExceeded");
  EXPECT_EQ(failure().find("responseContext"), nullptr);
  EXPECT_EQ(failure().find("DDBStreamBatchInfo")->integer_or("batchSize", 0), 2);
  world.function.script = nullptr;
  world.run_for(70s);
  EXPECT_EQ(world.failures.messages.size() + world.function.succeeded.size(), 2U);
  EXPECT_TRUE(times_seen(2) > 0);
}

TEST_F(StreamMapping, FD_48_AMissingDestinationDoesNotBlockTheShard) {
  world.stream.add("shard-0", 1);
  poison({0});
  world.failures.away = true;
  world.create_stream(R"("MaximumRetryAttempts":0,"DestinationConfig":{"OnFailure":{"Destination":")" + kQueueArn +
                      R"("}})");
  world.run_for(5s);
  world.stream.add("shard-0", 1);
  world.run_for(5s);
  EXPECT_EQ(world.batches(), (Batches{{0}, {1}}));
}

constexpr std::string_view kSuccessForms[] = {
    "null", "{}", "[]", "\"\"", R"({"batchItemFailures":null})", R"({"batchItemFailures":[]})"};
TEST_F(StreamMapping, FD_50_AnswersThatNameNoRecordAreSuccess) {
  world.create_stream(R"("FunctionResponseTypes":["ReportBatchItemFailures"],"MaximumRetryAttempts":0)");
  for (const auto form : kSuccessForms) {
    world.function.calls.clear();
    world.function.script = [form](const Call&) { return SimInvoker::ok(std::string(form)); };
    world.stream.add("shard-0", 3);
    world.run_for(5s);
    EXPECT_EQ(world.batch_sizes(), (Sizes{3})) << form;
  }
}

constexpr std::string_view kFailureForms[] = {R"({"batchItemFailures":[{"foo":"0"}]})",
                                              R"({"batchItemFailures":[{"itemIdentifier":""}]})",
                                              R"({"batchItemFailures":[{"itemIdentifier":null}]})",
                                              R"({"batchItemFailures":[{"itemIdentifier":123}]})",
                                              R"({"batchItemFailures":[{"foo":null}]})",
                                              R"({"batchItemFailures":[{"itemIdentifier":"999999"}]})"};
TEST_F(StreamMapping, FD_51_47_AnswersThatNameOtherThingsFailTheWholeBatch) {
  world.create_stream(
      R"("FunctionResponseTypes":["ReportBatchItemFailures"],"MaximumRetryAttempts":1,"DestinationConfig":{"OnFailure":{"Destination":")" +
      kQueueArn + R"("}})");
  for (const auto form : kFailureForms) {
    world.function.calls.clear();
    world.failures.messages.clear();
    world.function.script = [form](const Call&) { return SimInvoker::ok(std::string(form)); };
    world.stream.add("shard-0", 3);
    world.run_for(5s);
    EXPECT_EQ(world.batch_sizes(), (Sizes{3, 3})) << form;
    ASSERT_EQ(world.failures.messages.size(), 1U) << form;
    EXPECT_TRUE(failure().find("responseContext")->find("functionError")->is_null());
  }
}

TEST_F(StreamMapping, FD_52_TheLowestNamedRecordIsWhereItGoesOn) {
  world.stream.add("shard-0", 5);
  bool first = true;
  world.function.script = [&](const Call&) {
    return std::exchange(first, false)
               ? SimInvoker::ok(R"({"batchItemFailures":[{"itemIdentifier":"4"},{"itemIdentifier":"2"}]})")
               : SimInvoker::ok();
  };
  world.create_stream(R"("FunctionResponseTypes":["ReportBatchItemFailures"])");
  world.run_for(5s);
  EXPECT_EQ(world.batches(), (Batches{{0, 1, 2, 3, 4}, {2, 3, 4}}));
}

TEST_F(StreamMapping, FD_53_TheRetryCounterStartsAnewAfterProgress) {
  world.stream.add("shard-0", 3);
  world.function.script = [](const Call&) {
    return SimInvoker::ok(R"({"batchItemFailures":[{"itemIdentifier":"2"}]})");
  };
  world.create_stream(
      R"("BatchSize":3,"MaximumRetryAttempts":3,"FunctionResponseTypes":["ReportBatchItemFailures"],"DestinationConfig":{"OnFailure":{"Destination":")" +
      kQueueArn + R"("}})");
  world.run_for(60s);
  EXPECT_EQ(times_seen(2), 5U);
  EXPECT_EQ(failure().find("requestContext")->integer_or("approximateInvokeCount", 0), 4);
}

TEST_F(StreamMapping, FD_54_PartialAnswerWithBisectRetriesOnlyTheRemainder) {
  world.stream.add("shard-0", 6);
  bool first = true;
  world.function.script = [&](const Call&) {
    return std::exchange(first, false) ? SimInvoker::ok(R"({"batchItemFailures":[{"itemIdentifier":"3"}]})")
                                       : SimInvoker::ok();
  };
  world.create_stream(R"("FunctionResponseTypes":["ReportBatchItemFailures"],"BisectBatchOnFunctionError":true)");
  world.run_for(5s);
  EXPECT_EQ(world.batches(), (Batches{{0, 1, 2, 3, 4, 5}, {3, 4, 5}}));
}

TEST_F(StreamMapping, FD_55_WithoutTheSettingTheAnswerIsIgnored) {
  world.stream.add("shard-0", 2);
  world.function.script = [](const Call&) {
    return SimInvoker::ok(R"({"batchItemFailures":[{"itemIdentifier":"0"}]})");
  };
  world.create_stream();
  world.run_for(5s);
  EXPECT_EQ(world.batch_sizes(), (Sizes{2}));
}

TEST_F(StreamMapping, FD_67_FilteredRecordsMoveTheCheckpointWithoutAnInvocation) {
  world.stream.add("shard-0", 5, "skip");
  const auto mapping = world.create_stream(R"("FilterCriteria":{"Filters":[{"Pattern":"{\"key\":[\"keep\"]}"}]})");
  world.run_for(1s);
  EXPECT_TRUE(world.function.calls.empty());
  EXPECT_EQ(world.checkpoint(mapping.uuid), 5U);
  world.stream.add("shard-0", 1, "keep");
  world.stream.add("shard-0", 1, "skip");
  world.run_for(1s);
  EXPECT_EQ(world.batches(), (Batches{{5}}));
  EXPECT_EQ(world.checkpoint(mapping.uuid), 7U);
}

TEST_F(StreamMapping, FiltersAreAppliedBeforeCounting) {
  for (int i = 0; i < 30; ++i) world.stream.add("shard-0", 1, i % 3 == 0 ? "keep" : "skip");
  world.create_stream(R"("BatchSize":10,"FilterCriteria":{"Filters":[{"Pattern":"{\"key\":[\"keep\"]}"}]})");
  world.run_for(1s);
  EXPECT_EQ(world.batch_sizes(), (Sizes{10}));
}

TEST_F(StreamMapping, FD_28_OneInvocationAtATimePerShard) {
  world.function.latency = 50ms;
  world.create_stream(R"("BatchSize":1)");
  for (int i = 0; i < 20; ++i) {
    world.stream.add("shard-0");
    world.run_for(10ms, 5ms);
  }
  world.run_for(5s);
  EXPECT_EQ(world.function.succeeded.size(), 20U);
  EXPECT_EQ(world.function.most_running, 1);
}

TEST_F(StreamMapping, FD_29_LanesRunInParallelAndKeepTheOrderOfEachKey) {
  for (int i = 0; i < 200; ++i) world.stream.add("shard-0", 1, "key" + std::to_string(i % 20));
  world.function.latency = 100ms;
  const auto mapping = world.create_stream(R"("ParallelizationFactor":10,"BatchSize":5)");
  world.run_for(30s);
  EXPECT_GT(world.function.most_running, 3);
  std::map<Position, Position> last;  // key -> newest position
  std::size_t count = 0;
  for (const Call& call : world.function.calls)
    for (const Position p : call.records) {
      const auto [at, fresh] = last.try_emplace(p % 20, p);
      EXPECT_TRUE(fresh || at->second < p);
      at->second = p;
      ++count;
    }
  EXPECT_EQ(count, 200U);
  EXPECT_EQ(world.checkpoint(mapping.uuid), 200U);
}

TEST_F(StreamMapping, LanesCheckpointOnlyTheCompletedPrefix) {
  for (int i = 0; i < 40; ++i) world.stream.add("shard-0", 1, i == 3 ? "bad" : "key" + std::to_string(i));
  poison({3});
  const auto mapping = world.create_stream(R"("ParallelizationFactor":4,"BatchSize":1)");
  world.run_for(10s);
  EXPECT_LE(world.checkpoint(mapping.uuid), 3U);
  EXPECT_GE(world.function.succeeded.size(), 20U);
  world.function.script = nullptr;
  world.run_for(2min);
  EXPECT_EQ(world.checkpoint(mapping.uuid), 40U);
}

TEST_F(StreamMapping, FD_69_ChildrenWaitForTheirParent) {
  world.stream.add("shard-0", 3);
  world.stream.add_part("shard-1", "shard-0");
  world.stream.add("shard-1", 2);
  world.stream.end("shard-0");
  bool blocked = true;
  world.function.script = [&](const Call&) { return blocked ? SimInvoker::error() : SimInvoker::ok(); };
  const auto mapping = world.create_stream();
  world.run_for(5s);
  for (const Call& call : world.function.calls) EXPECT_EQ(call.part, "shard-0");
  blocked = false;
  world.run_for(1min);
  ASSERT_EQ(world.function.succeeded.size(), 2U);
  EXPECT_EQ(world.function.succeeded[1].part, "shard-1");
  world.crash(0);
  world.run_for(1s);
  EXPECT_EQ(world.function.succeeded.size(), 2U);  // neither is read again
}

TEST_F(StreamMapping, FD_70_TrimmedRecordsAreSkippedToTheOldest) {
  world.stream.add("shard-0", 10);
  const auto mapping = world.create_stream(R"("Enabled":false)");
  world.stream.at("shard-0").oldest = 6;
  ASSERT_TRUE(world.update(mapping.uuid, R"({"Enabled":true})"));
  world.run_for(1s);
  EXPECT_EQ(world.batches(), (Batches{{6, 7, 8, 9}}));
}

TEST_F(StreamMapping, ReadFailuresAreTriedAgain) {
  world.stream.add("shard-0", 2);
  world.stream.reads_failing = 3;
  world.create_stream();
  world.run_for(20s);
  EXPECT_EQ(world.batches(), (Batches{{0, 1}}));
}

TEST_F(StreamMapping, FD_72_TwoMappingsAreIndependentAndALostStreamIsShown) {
  world.stream.add("shard-0", 2);
  const auto mapping = world.create_stream();
  ASSERT_TRUE(world.create(R"({"FunctionName":"other","EventSourceArn":")" + kStreamArn +
                           R"(","StartingPosition":"TRIM_HORIZON"})"));
  world.run_for(1s);
  EXPECT_EQ(world.function.calls.size(), 2U);
  world.stream.exists = false;
  world.stream.notify();
  world.run_for(5s);
  EXPECT_TRUE(world.result_of(mapping.uuid).starts_with("PROBLEM: ")) << world.result_of(mapping.uuid);
}

TEST_F(StreamMapping, AMissingFunctionIsShownAndTriedAgain) {
  world.stream.add("shard-0");
  world.function.script = [](const Call&) { return SimInvoker::outcome(Outcome::kNotFound); };
  const auto mapping = world.create_stream(R"("MaximumRetryAttempts":0)");
  world.run_for(3s);
  EXPECT_EQ(world.result_of(mapping.uuid), "PROBLEM: Function not found");
  world.function.script = nullptr;
  world.run_for(1min);
  EXPECT_EQ(world.function.succeeded.size(), 1U);
}

TEST_F(StreamMapping, FD_75_TenThousandRecordsInOneInvocation) {
  world.stream.add("shard-0", 10000);
  world.create_stream(R"("BatchSize":10000)");
  world.run_for(1s);
  EXPECT_EQ(world.batch_sizes(), (Sizes{10000}));
}

// --- tumbling windows

class TumblingWindow : public StreamMapping {
 protected:
  // Counts records in its state.
  void count() {
    world.function.script = [](const Call& call) {
      const auto seen = call.event.find("state")->integer_or("n", 0) + static_cast<std::int64_t>(call.records.size());
      return SimInvoker::ok(R"({"state":{"n":)" + std::to_string(seen) + "}}");
    };
  }
};

TEST_F(TumblingWindow, FD_56_57_58_StateIsPassedOnAndTheWindowIsClosed) {
  count();
  world.create_stream(R"("TumblingWindowInSeconds":10)");
  world.stream.add("shard-0", 2);
  world.run_for(2s);
  world.stream.add("shard-0", 1);
  world.run_for(20s);
  ASSERT_EQ(world.function.calls.size(), 3U);
  const auto& first = world.function.calls[0].event;
  EXPECT_EQ(first.find("state")->text(), "{}");
  EXPECT_EQ(first.find("window")->text(), R"({"start":"2025-11-25T15:47:40Z","end":"2025-11-25T15:47:50Z"})");
  EXPECT_FALSE(first.bool_or("isFinalInvokeForWindow", true));
  EXPECT_EQ(first.string_or("shardId"), "shard-0");
  EXPECT_EQ(first.string_or("eventSourceARN"), kStreamArn);
  EXPECT_EQ(world.function.calls[1].event.find("state")->text(), R"({"n":2})");
  const auto& last = world.function.calls[2].event;
  EXPECT_TRUE(last.bool_or("isFinalInvokeForWindow", false));
  EXPECT_TRUE(last.find("Records")->as_array().empty());
  EXPECT_EQ(last.find("state")->text(), R"({"n":3})");
}

TEST_F(TumblingWindow, RecordsOfTheNextWindowStartANewState) {
  count();
  world.stream.add("shard-0", 2);
  world.run_for(12s);
  world.stream.add("shard-0", 3);
  world.create_stream(R"("TumblingWindowInSeconds":10)");
  world.run_for(15s);
  ASSERT_EQ(world.function.calls.size(), 4U);
  EXPECT_EQ(world.batches(), (Batches{{0, 1}, {}, {2, 3, 4}, {}}));
  EXPECT_EQ(world.function.calls[2].event.find("state")->text(), "{}");
}

TEST_F(TumblingWindow, FD_59_AMissingStateIsAFailure) {
  world.function.script = [](const Call&) { return SimInvoker::ok("{}"); };
  world.stream.add("shard-0", 1);
  const auto mapping = world.create_stream(R"("TumblingWindowInSeconds":10,"MaximumRetryAttempts":2)");
  world.run_for(9s);
  EXPECT_EQ(world.batches(), (Batches{{0}, {0}, {0}}));
}

TEST_F(TumblingWindow, FD_60_TooMuchStateEndsTheWindowEarly) {
  world.function.script = [](const Call& call) {
    if (call.records.empty()) return SimInvoker::ok("{}");
    return SimInvoker::ok(R"({"state":{"big":")" + std::string(1100 * 1024, 'x') + "\"}}");
  };
  world.stream.add("shard-0", 1);
  world.create_stream(R"("TumblingWindowInSeconds":10)");
  world.run_for(1s);
  ASSERT_EQ(world.function.calls.size(), 2U);
  EXPECT_TRUE(world.function.calls[1].event.bool_or("isWindowTerminatedEarly", false));
}

TEST_F(TumblingWindow, FD_61_PartialFailureKeepsTheState) {
  bool first = true;
  world.function.script = [&](const Call& call) {
    if (call.records.empty()) return SimInvoker::ok("{}");
    return std::exchange(first, false)
               ? SimInvoker::ok(R"({"state":{"n":1},"batchItemFailures":[{"itemIdentifier":"1"}]})")
               : SimInvoker::ok(R"({"state":{"n":2}})");
  };
  world.stream.add("shard-0", 2);
  world.create_stream(R"("TumblingWindowInSeconds":20,"FunctionResponseTypes":["ReportBatchItemFailures"])");
  world.run_for(5s);
  ASSERT_EQ(world.function.calls.size(), 2U);
  EXPECT_EQ(world.function.calls[1].event.find("state")->text(), R"({"n":1})");
  EXPECT_EQ(world.function.calls[1].records, (std::vector<Position>{1}));
}

TEST_F(TumblingWindow, TheStateSurvivesARestart) {
  count();
  world.create_stream(R"("TumblingWindowInSeconds":10)");
  world.stream.add("shard-0", 2);
  world.run_for(1s);
  world.crash(0);
  world.run_for(15s);
  ASSERT_EQ(world.function.calls.size(), 2U);
  EXPECT_EQ(world.function.calls[1].event.find("state")->text(), R"({"n":2})");
  EXPECT_TRUE(world.function.calls[1].event.bool_or("isFinalInvokeForWindow", false));
}

}  // namespace
}  // namespace tidemill::triggers
