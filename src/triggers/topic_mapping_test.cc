#include "triggers/sim_kit.h"

namespace tidemill::triggers {
namespace {

using namespace std::chrono_literals;
using Batches = std::vector<std::vector<Position>>;

class TopicMapping : public testing::Test {
 protected:
  SimWorld world;
  TopicMapping() { world.topic.add_part("0"); }
  static std::string to(std::string_view destination) {
    return R"("DestinationConfig":{"OnFailure":{"Destination":")" + std::string(destination) + R"("}})";
  }
};

TEST_F(TopicMapping, FK_06_EventOfASelfManagedCluster) {
  world.topic.add("0", 1);
  world.create_topic();
  world.run_for(1s);
  ASSERT_EQ(world.function.calls.size(), 1U);
  EXPECT_EQ(
      world.function.calls[0].payload,
      R"({"eventSource":"SelfManagedKafka","bootstrapServers":"localhost:9092","records":{"t-0":[{"part":"0","n":0,"key":"","pad":""}]}})");
}

TEST_F(TopicMapping, FK_07_EventOfAClusterByArn) {
  world.topic.add("0", 1);
  ASSERT_TRUE(world.create(R"({"FunctionName":"fn","EventSourceArn":")" + kClusterArn +
                           R"(","Topics":["t"],"StartingPosition":"TRIM_HORIZON"})"));
  world.run_for(1s);
  ASSERT_EQ(world.function.calls.size(), 1U);
  EXPECT_TRUE(world.function.calls[0].payload.starts_with(R"({"eventSource":"aws:kafka","eventSourceArn":")" +
                                                          kClusterArn +
                                                          R"(","bootstrapServers":"localhost:9092","records":{)"));
}

TEST_F(TopicMapping, FK_17_DefaultWindowIsHalfASecondFromTheFirstRecord) {
  world.create_topic();
  world.run_for(1s);
  const auto began = world.loop.clock().now();
  world.topic.add("0", 1);
  world.run_for(300ms);
  world.topic.add("0", 1);
  world.run_for(1s);
  ASSERT_EQ(world.batches(), (Batches{{0, 1}}));
  EXPECT_EQ(world.function.calls[0].at - began, 500ms);
}

TEST_F(TopicMapping, FK_17_ExplicitZeroSendsAtOnce) {
  world.create_topic(R"("MaximumBatchingWindowInSeconds":0)");
  world.topic.add("0", 1);
  world.settle();
  EXPECT_EQ(world.batches(), (Batches{{0}}));
}

TEST_F(TopicMapping, FK_15_OffsetsAreCommittedAfterSuccessOnly) {
  world.topic.add("0", 3);
  bool failing = true;
  world.function.script = [&](const Call&) { return failing ? SimInvoker::error() : SimInvoker::ok(); };
  world.create_topic();
  world.run_for(3s);
  EXPECT_FALSE(world.topic.committed.contains("0"));
  failing = false;
  world.run_for(10s);
  EXPECT_EQ(world.topic.committed["0"], 3U);
}

TEST_F(TopicMapping, FK_13_CommitsOfTheGroupOverrideTheStartingPosition) {
  world.topic.add("0", 5);
  world.topic.committed["0"] = 3;
  world.create_topic();
  world.run_for(1s);
  EXPECT_EQ(world.batches(), (Batches{{3, 4}}));
}

TEST_F(TopicMapping, FK_12_LatestStartsAtTheCreateCall) {
  world.topic.add("0", 2);
  ASSERT_TRUE(world.create(
      R"({"FunctionName":"fn","SelfManagedEventSource":{"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":["localhost:9092"]}},"Topics":["t"],"StartingPosition":"LATEST"})"));
  world.topic.add("0", 1);
  world.run_for(2s);
  EXPECT_EQ(world.batches(), (Batches{{2}}));
}

TEST_F(TopicMapping, FK_21_WithADestinationTenRetriesAreTheLimit) {
  world.topic.add("0", 1);
  world.function.script = [](const Call&) { return SimInvoker::error(); };
  world.create_topic(to(kQueueArn));
  world.run_for(10min);
  EXPECT_EQ(world.function.calls.size(), 11U);
  EXPECT_EQ(world.failures.messages.size(), 1U);
}

TEST_F(TopicMapping, FK_20_26_FailureRecord) {
  world.topic.add("0", 2);
  world.function.script = [](const Call&) { return SimInvoker::error(); };
  world.create_topic(R"("MaximumRetryAttempts":3,)" + to(kQueueArn));
  world.run_for(1min);
  EXPECT_EQ(world.function.calls.size(), 4U);
  ASSERT_EQ(world.failures.messages.size(), 1U);
  const auto body = *json::Value::parse(world.failures.messages[0].body);
  EXPECT_EQ(body.find("requestContext")->string_or("condition"), "RetryAttemptsExhausted");
  EXPECT_EQ(body.find("requestContext")->integer_or("approximateInvokeCount", 0), 4);
  const auto* info = body.find("KafkaBatchInfo");
  ASSERT_NE(info, nullptr);
  EXPECT_EQ(info->integer_or("batchSize", 0), 2);
  EXPECT_EQ(info->string_or("bootstrapServers"), "localhost:9092");
  EXPECT_EQ(
      info->find("recordsInfo")->find("t-0")->text(),
      R"({"firstRecordOffset":"0","lastRecordOffset":"1","firstRecordTimestamp":"2025-11-25T15:47:40.000Z","lastRecordTimestamp":"2025-11-25T15:47:40.000Z"})");
}

TEST_F(TopicMapping, FK_28_FailureTopicGetsEachRecordUnderItsKey) {
  world.topic.add("0", 1, "a");
  world.topic.add("0", 1, "b");
  world.function.script = [](const Call&) { return SimInvoker::error(); };
  world.create_topic(R"("MaximumRetryAttempts":0,)" + to("kafka://failed"));
  world.run_for(5s);
  ASSERT_EQ(world.failures.messages.size(), 2U);
  EXPECT_EQ(world.failures.messages[1].key, "b");
  const auto body = *json::Value::parse(world.failures.messages[1].body);
  EXPECT_EQ(body.find("requestContext")->string_or("condition"), "RetriesExhausted");
  EXPECT_EQ(body.find("KafkaBatchInfo")->integer_or("batchSize", 0), 1);
  EXPECT_EQ(body.find("KafkaBatchInfo")->find("recordInfo")->string_or("offset"), "1");
  EXPECT_EQ(body.find("payload")->find("records")->find("t-0")->as_array().size(), 1U);
}

TEST_F(TopicMapping, FK_19_ARecordThatNeverFitsGoesToTheDestination) {
  world.topic.add("0", 1, "", 7 * 1024 * 1024);
  world.topic.add("0", 1);
  world.create_topic(to(kQueueArn));
  world.run_for(5s);
  EXPECT_EQ(world.batches(), (Batches{{1}}));
  ASSERT_EQ(world.failures.messages.size(), 1U);
  const auto body = *json::Value::parse(world.failures.messages[0].body);
  EXPECT_EQ(body.find("requestContext")->string_or("condition"), "MaximumPayloadSizeExceeded");
  EXPECT_TRUE(body.find("responseContext")->is_null());
  EXPECT_EQ(world.topic.committed["0"], 2U);
}

TEST_F(TopicMapping, FK_24_PartialAnswerRetriesFromTheNamedOffset) {
  world.topic.add("0", 4);
  bool first = true;
  world.function.script = [&](const Call&) {
    return std::exchange(first, false)
               ? SimInvoker::ok(R"({"batchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":2}}]})")
               : SimInvoker::ok();
  };
  world.create_topic(R"("FunctionResponseTypes":["ReportBatchItemFailures"])");
  world.run_for(5s);
  EXPECT_EQ(world.batches(), (Batches{{0, 1, 2, 3}, {2, 3}}));
  EXPECT_EQ(world.topic.committed["0"], 4U);
}

TEST_F(TopicMapping, FK_25_UnknownPartitionOrOffsetRetriesTheWholeBatch) {
  for (const char* answer : {R"({"batchItemFailures":[{"itemIdentifier":{"partition":"t-9","offset":0}}]})",
                             R"({"batchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":77}}]})",
                             R"({"batchItemFailures":[{"itemIdentifier":"0"}]})"}) {
    SimWorld fresh;
    fresh.topic.add_part("0");
    fresh.topic.add("0", 2);
    bool first = true;
    fresh.function.script = [&](const Call&) {
      return std::exchange(first, false) ? SimInvoker::ok(answer) : SimInvoker::ok("{}");
    };
    fresh.create_topic(R"("FunctionResponseTypes":["ReportBatchItemFailures"])");
    fresh.run_for(5s);
    EXPECT_EQ(fresh.batches(), (Batches{{0, 1}, {0, 1}})) << answer;
  }
}

TEST_F(TopicMapping, FK_31_PartitionsRunInParallelInOrder) {
  world.function.latency = 200ms;
  for (int p = 1; p < 6; ++p) world.topic.add_part(std::to_string(p));
  for (int p = 0; p < 6; ++p) world.topic.add(std::to_string(p), 10);
  world.create_topic(R"("BatchSize":2)");
  world.run_for(10s);
  EXPECT_EQ(world.function.most_running, 6);
  std::map<std::string, Position> next;
  for (const Call& call : world.function.calls)
    for (const Position p : call.records) EXPECT_EQ(next[call.part]++, p);
  for (int p = 0; p < 6; ++p) EXPECT_EQ(world.topic.committed[std::to_string(p)], 10U);
}

TEST_F(TopicMapping, PartitionsThatAppearLaterAreReadFromTheirBeginning) {
  world.create_topic();
  world.run_for(1s);
  world.topic.add_part("1");
  world.topic.add("1", 2);
  world.run_for(2s);
  EXPECT_EQ(world.batches(), (Batches{{0, 1}}));
}

TEST_F(TopicMapping, ATopicMayAppearAfterTheMapping) {
  world.topic.exists = false;
  const auto mapping = world.create(
      R"({"FunctionName":"fn","SelfManagedEventSource":{"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":["localhost:9092"]}},"Topics":["t"],"StartingPosition":"LATEST"})");
  ASSERT_TRUE(mapping);
  world.run_for(1s);
  world.topic.exists = true;
  world.topic.add("0", 1);
  world.run_for(10s);
  EXPECT_EQ(world.batches(), (Batches{{0}}));
}

}  // namespace
}  // namespace tidemill::triggers
