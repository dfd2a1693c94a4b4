// The control plane: bodies, limits, texts, states.
#include "triggers/mapping.h"

#include "triggers/sim_kit.h"

namespace tidemill::triggers {
namespace {

using namespace std::chrono_literals;

const std::string kBase = R"("FunctionName":"fn","EventSourceArn":")" + kStreamArn + R"(")";
const std::string kStream = kBase + R"(,"StartingPosition":"TRIM_HORIZON")";

struct RefusedCase {
  std::string name, body;
  Errc code;
  std::string message;
};
const RefusedCase kRefused[] = {
    {"FD03_NoStart", kBase, Errc::kInvalidParameter,
     "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be "
     "null."},
    {"FD03_BadStart", kBase + R"(,"StartingPosition":"START")", Errc::kValidation,
     "1 validation error detected: Value 'START' at 'startingPosition' failed to satisfy constraint: Member must "
     "satisfy enum value "
     "set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]"},
    {"FD04_AtTimestamp", kBase + R"(,"StartingPosition":"AT_TIMESTAMP","StartingPositionTimestamp":1)",
     Errc::kInvalidParameter, "Unsupported starting position for arn type: " + kStreamArn},
    {"FD05_NoSource", R"("FunctionName":"fn","StartingPosition":"LATEST")", Errc::kInvalidParameter,
     "Unrecognized event source."},
    {"FD05_NoFunction", R"("FunctionName":"nobody","StartingPosition":"LATEST","EventSourceArn":")" + kStreamArn + "\"",
     Errc::kInvalidParameter, "Function does not exist"},
    {"FD06_NoStream",
     R"("FunctionName":"fn","StartingPosition":"LATEST","EventSourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/x/stream/y")",
     Errc::kInvalidParameter, "Stream not found: arn:aws:dynamodb:us-east-1:000000000000:table/x/stream/y"},
    {"FD08_OnSuccess", kStream + R"(,"DestinationConfig":{"OnSuccess":{"Destination":")" + kQueueArn + R"("}})",
     Errc::kInvalidParameter, "Unsupported DestinationConfig parameter for given event source mapping type."},
    {"FD10_BatchSizeLow", kStream + R"(,"BatchSize":0)", Errc::kValidation,
     "1 validation error detected: Value '0' at 'batchSize' failed to satisfy constraint: Member must have value "
     "greater than or equal to 1"},
    {"FD10_BatchSizeHigh", kStream + R"(,"BatchSize":10001)", Errc::kValidation,
     "1 validation error detected: Value '10001' at 'batchSize' failed to satisfy constraint: Member must have value "
     "less than or equal to 10000"},
    {"FD10_Window", kStream + R"(,"MaximumBatchingWindowInSeconds":301)", Errc::kValidation,
     "1 validation error detected: Value '301' at 'maximumBatchingWindowInSeconds' failed to satisfy constraint: "
     "Member must have value "
     "less than or equal to 300"},
    {"FD10_Factor", kStream + R"(,"ParallelizationFactor":11)", Errc::kValidation,
     "1 validation error detected: Value '11' at 'parallelizationFactor' failed to satisfy constraint: Member must "
     "have value less than or equal to 10"},
    {"FD10_Retries", kStream + R"(,"MaximumRetryAttempts":10001)", Errc::kValidation,
     "1 validation error detected: Value '10001' at 'maximumRetryAttempts' failed to satisfy constraint: Member must "
     "have value less "
     "than or equal to 10000"},
    {"FD10_Age", kStream + R"(,"MaximumRecordAgeInSeconds":30)", Errc::kValidation,
     "1 validation error detected: Value '30' at 'maximumRecordAgeInSeconds' failed to satisfy constraint: Member must "
     "have value greater "
     "than or equal to 60"},
    {"FD10_Tumbling", kStream + R"(,"TumblingWindowInSeconds":901)", Errc::kValidation,
     "1 validation error detected: Value '901' at 'tumblingWindowInSeconds' failed to satisfy constraint: Member must "
     "have value less "
     "than or equal to 900"},
    {"SeveralAtOnce", kStream + R"(,"BatchSize":0,"ParallelizationFactor":0)", Errc::kValidation,
     "2 validation errors detected: Value '0' at 'batchSize' failed to satisfy constraint: Member must have value "
     "greater than or equal "
     "to 1; Value '0' at 'parallelizationFactor' failed to satisfy constraint: Member must have value greater than or "
     "equal to 1"},
    {"FD11_Null", kStream + R"(,"FilterCriteria":{"Filters":[{"Pattern":null}]})", Errc::kInvalidParameter,
     "Invalid filter pattern definition."},
    {"FD11_Broken", kStream + R"(,"FilterCriteria":{"Filters":[{"Pattern":"{"}]})", Errc::kInvalidParameter,
     "Invalid filter pattern definition."},
    {"FD11_Leaf", kStream + R"(,"FilterCriteria":{"Filters":[{"Pattern":"{\"a\":\"b\"}"}]})", Errc::kInvalidParameter,
     "Invalid filter pattern definition."},
    {"ResponseType", kStream + R"(,"FunctionResponseTypes":["x"])", Errc::kValidation,
     "1 validation error detected: Value '[x]' at 'functionResponseTypes' failed to satisfy constraint: Member must "
     "satisfy constraint: "
     "[Member must satisfy enum value set: [ReportBatchItemFailures]]"},
    {"TumblingInLanes", kStream + R"(,"TumblingWindowInSeconds":10,"ParallelizationFactor":2)", Errc::kInvalidParameter,
     "TumblingWindowInSeconds cannot be combined with a ParallelizationFactor greater than 1."},
    {"UnsupportedDestination",
     kStream +
         R"(,"DestinationConfig":{"OnFailure":{"Destination":"arn:aws:events:us-east-1:000000000000:event-bus/b"}})",
     Errc::kInvalidParameter,
     "The destination arn:aws:events:us-east-1:000000000000:event-bus/b is of a kind that is not supported."},
    {"FK02_ForeignCluster",
     R"("FunctionName":"fn","SelfManagedEventSource":{"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":["kafka:9092"]}},"Topics":["t"],"StartingPosition":"LATEST")",
     Errc::kInvalidParameter, "Required 'sourceAccessConfigurations' parameter is missing."},
    {"FK05_NoTopics",
     R"("FunctionName":"fn","SelfManagedEventSource":{"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":["localhost:9092"]}},"Topics":[],"StartingPosition":"LATEST")",
     Errc::kValidation,
     "1 validation error detected: Value '[]' at 'topics' failed to satisfy constraint: Member must have length "
     "greater than or equal to 1"},
    {"FK05_TwoTopics",
     R"("FunctionName":"fn","SelfManagedEventSource":{"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":["localhost:9092"]}},"Topics":["a","b"],"StartingPosition":"LATEST")",
     Errc::kValidation,
     R"(1 validation error detected: Value '["a","b"]' at 'topics' failed to satisfy constraint: Member must have length less than or equal to 1)"},
    {"FK28_DestinationIsTheSource",
     R"("FunctionName":"fn","SelfManagedEventSource":{"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":["localhost:9092"]}},"Topics":["t"],"DestinationConfig":{"OnFailure":{"Destination":"kafka://t"}})",
     Errc::kInvalidParameter,
     "The on-failure destination kafka://t must not be one of the topics of the event source mapping."},
};
class Refused : public testing::TestWithParam<RefusedCase> {};
TEST_P(Refused, ByCreate) {
  SimWorld world;
  world.topic.add_part("0");
  const auto mapping = world.create("{" + GetParam().body + "}");
  ASSERT_FALSE(mapping);
  EXPECT_EQ(mapping.error().message, GetParam().message);
  EXPECT_EQ(mapping.error().code, GetParam().code);
  EXPECT_TRUE(world.mappings->list({.scope = {}}).mappings.empty());
}
INSTANTIATE_TEST_SUITE_P(Table, Refused, testing::ValuesIn(kRefused), [](const auto& info) { return info.param.name; });

TEST(MappingBody, FD_01_OfAStreamShowsEveryDefault) {
  SimWorld world;
  const auto mapping = world.create_stream();
  EXPECT_EQ(
      to_api_json(mapping).text(),
      R"({"UUID":")" + mapping.uuid +
          R"(","EventSourceMappingArn":"arn:aws:lambda:us-east-1:000000000000:event-source-mapping:)" + mapping.uuid +
          R"(","EventSourceArn":")" + kStreamArn + R"(","FunctionArn":")" + kFunctionArn +
          R"(","BatchSize":100,"MaximumBatchingWindowInSeconds":0,"ParallelizationFactor":1,"StartingPosition":"TRIM_HORIZON",)"
          R"("BisectBatchOnFunctionError":false,"MaximumRecordAgeInSeconds":-1,"MaximumRetryAttempts":-1,"TumblingWindowInSeconds":0,)"
          R"("FunctionResponseTypes":[],"DestinationConfig":{"OnFailure":{}},"State":"Creating","StateTransitionReason":"User action",)"
          R"("LastProcessingResult":"No records processed","LastModified":1764085660.0})");
}

TEST(MappingBody, FK_01_OfASelfManagedTopic) {
  SimWorld world;
  const auto mapping = world.create_topic();
  auto body = to_api_json(mapping);
  EXPECT_EQ(body.find("SelfManagedKafkaEventSourceConfig")->string_or("ConsumerGroupId"), mapping.uuid);
  EXPECT_EQ(body.find("MaximumBatchingWindowInSeconds"), nullptr);
  EXPECT_EQ(body.string_or("StateTransitionReason"), "USER_INITIATED");
  EXPECT_EQ(body.find("Topics")->text(), R"(["t"])");
  EXPECT_EQ(body.find("SelfManagedEventSource")->text(),
            R"({"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":["localhost:9092"]}})");
}

TEST(MappingBody, StoredFormGivesItBack) {
  SimWorld world;
  auto mapping = world.create_stream(
      R"("BatchSize":7,"MaximumBatchingWindowInSeconds":3,"FilterCriteria":{"Filters":[{"Pattern":"{\"a\":[1]}"}]},"Tags":{"k":"v"},)"
      R"("MetricsConfig":{"Metrics":["EventCount"]},"DestinationConfig":{"OnFailure":{"Destination":")" +
      kQueueArn + R"("}})");
  auto again = decode(encode(mapping));
  ASSERT_TRUE(again);
  again->state = mapping.state;
  EXPECT_EQ(*again, mapping);
  EXPECT_FALSE(decode("{}"));
}

TEST(MappingStates, FD_02_14_CreatingEnabledDeletingGone) {
  SimWorld world;
  const auto mapping = world.create_stream();
  EXPECT_EQ(mapping.state, State::kCreating);
  world.run_for(100ms);
  EXPECT_EQ(world.mappings->get(mapping.uuid)->state, State::kEnabled);
  const auto deleted = world.remove(mapping.uuid);
  ASSERT_TRUE(deleted);
  EXPECT_EQ(deleted->state, State::kDeleting);
  world.run_for(100ms);
  EXPECT_EQ(world.mappings->get(mapping.uuid).error(),
            (Error{Errc::kNotFound, "The resource you requested does not exist."}));
  world.stream.add("shard-0");
  world.run_for(1s);
  EXPECT_TRUE(world.function.calls.empty());
  EXPECT_TRUE(world.checkpoints->load(mapping.uuid)->empty());
}

TEST(MappingStates, FD_09_UnknownUuid) {
  SimWorld world;
  const Error want{Errc::kNotFound, "The resource you requested does not exist."};
  EXPECT_EQ(world.mappings->get("x").error(), want);
  EXPECT_EQ(world.update("x", "{}").error(), want);
  EXPECT_EQ(world.remove("x").error(), want);
}

TEST(MappingStates, FD_07_Duplicate) {
  SimWorld world;
  const auto mapping = world.create_stream();
  const auto again = world.create("{" + kStream + "}");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::kConflict);
  EXPECT_EQ(again.error().message, "The event source arn (\" " + kStreamArn +
                                       " \") and function (\" fn \") provided mapping already exists. "
                                       "Please update or delete the existing mapping with UUID " +
                                       mapping.uuid);
  EXPECT_TRUE(
      world.create(R"({"FunctionName":"fn:live","StartingPosition":"LATEST","EventSourceArn":")" + kStreamArn + "\"}"));
}

TEST(MappingStates, FK_03_DuplicateTopic) {
  SimWorld world;
  const auto mapping = world.create_topic();
  const auto again = world.create(
      R"({"FunctionName":"fn","SelfManagedEventSource":{"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":["localhost:9092"]}},"Topics":["t"]})");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message,
            "An event source mapping with event source (\"localhost:9092\"), function (\"" + kFunctionArn +
                "\"), topics (\"t\") already exists. Please update or delete the existing mapping with UUID " +
                mapping.uuid);
}

TEST(MappingStates, FD_15_DisableStopsAndEnableResumesWithoutLossOrRepeat) {
  SimWorld world;
  world.function.latency = 100ms;
  const auto mapping = world.create_stream(R"("BatchSize":2)");
  world.stream.add("shard-0", 5);
  world.run_for(150ms, 10ms);
  const auto disabling = world.update(mapping.uuid, R"({"Enabled":false})");
  ASSERT_TRUE(disabling);
  EXPECT_EQ(disabling->state, State::kDisabling);
  world.run_for(2s);
  EXPECT_EQ(world.mappings->get(mapping.uuid)->state, State::kDisabled);
  const auto calls = world.function.calls.size();
  world.stream.add("shard-0", 2);
  world.run_for(2s);
  EXPECT_EQ(world.function.calls.size(), calls);
  const auto enabling = world.update(mapping.uuid, R"({"Enabled":true})");
  ASSERT_TRUE(enabling);
  EXPECT_EQ(enabling->state, State::kEnabling);
  world.run_for(5s);
  std::vector<Position> all;
  for (const Call& call : world.function.calls) all.insert(all.end(), call.records.begin(), call.records.end());
  EXPECT_EQ(all, (std::vector<Position>{0, 1, 2, 3, 4, 5, 6}));
}

TEST(MappingStates, FD_15_DisableDuringARetryResumesAtTheFailedRecord) {
  SimWorld world;
  bool failing = true;
  world.function.script = [&](const Call& call) {
    return failing && call.records.back() >= 2 ? SimInvoker::error() : SimInvoker::ok();
  };
  const auto mapping = world.create_stream(R"("BatchSize":2)");
  world.stream.add("shard-0", 6);
  world.run_for(1500ms);
  ASSERT_TRUE(world.update(mapping.uuid, R"({"Enabled":false})"));
  world.run_for(1s);
  EXPECT_EQ(world.mappings->get(mapping.uuid)->state, State::kDisabled);
  EXPECT_EQ(world.checkpoint(mapping.uuid), 2U);
  failing = false;
  world.function.calls.clear();
  ASSERT_TRUE(world.update(mapping.uuid, R"({"Enabled":true})"));
  world.run_for(1s);
  EXPECT_EQ(world.batches(), (std::vector<std::vector<Position>>{{2, 3}, {4, 5}}));
}

TEST(MappingStates, DisabledMappingStaysDisabledOverARestart) {
  SimWorld world;
  const auto mapping = world.create_stream(R"("Enabled":false)");
  world.stream.add("shard-0");
  world.crash(0);
  world.run_for(1s);
  EXPECT_EQ(world.mappings->get(mapping.uuid)->state, State::kDisabled);
  EXPECT_TRUE(world.function.calls.empty());
}

TEST(MappingStates, FD_13_UpdateChangesSettingsAndKeepsTheRest) {
  SimWorld world;
  const auto mapping = world.create_stream(R"("BatchSize":10,"BisectBatchOnFunctionError":true)");
  const auto updated = world.update(mapping.uuid, R"({"BatchSize":3,"FunctionName":"other"})");
  ASSERT_TRUE(updated) << updated.error().message;
  EXPECT_EQ(updated->state, State::kUpdating);
  world.run_for(1s);
  const auto now = *world.mappings->get(mapping.uuid);
  EXPECT_EQ(now.state, State::kEnabled);
  EXPECT_EQ(now.settings.batch_size, 3);
  EXPECT_TRUE(now.settings.bisect);
  EXPECT_EQ(now.function_arn, "arn:aws:lambda:us-east-1:000000000000:function:other");
  world.stream.add("shard-0", 4);
  world.run_for(1s);
  EXPECT_EQ(world.batch_sizes(), (std::vector<std::size_t>{3, 1}));
  EXPECT_EQ(world.update(mapping.uuid, R"({"EventSourceArn":"x"})").error().code, Errc::kInvalidParameter);
  EXPECT_EQ(world.update(mapping.uuid, R"({"BatchSize":0})").error().code, Errc::kValidation);
  EXPECT_EQ(world.update(mapping.uuid, R"({"FunctionName":"nobody"})").error().message, "Function does not exist");
}

TEST(MappingStates, ChangesWhileChangingAreRefused) {
  SimWorld world;
  world.function.latency = 1s;
  const auto mapping = world.create_stream();
  world.stream.add("shard-0");
  world.run_for(100ms);
  ASSERT_TRUE(world.update(mapping.uuid, R"({"BatchSize":5})"));
  EXPECT_EQ(world.update(mapping.uuid, R"({"BatchSize":6})").error(),
            (Error{Errc::kInUse, "Cannot update the event source mapping because it is in use."}));
  EXPECT_EQ(world.remove(mapping.uuid).error().code, Errc::kInUse);
  world.run_for(3s);
  EXPECT_TRUE(world.remove(mapping.uuid));
}

TEST(MappingList, FD_12_PagesAndFilters) {
  SimWorld world;
  for (int i = 0; i < 105; ++i) {
    ASSERT_TRUE(world.create(
        R"({"FunctionName":"fn","SelfManagedEventSource":{"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":["localhost:9092"]}},"Topics":["t)" +
        std::to_string(i) + R"("]})"));
  }
  ASSERT_TRUE(
      world.create(R"({"FunctionName":"other","StartingPosition":"LATEST","EventSourceArn":")" + kStreamArn + "\"}"));
  const auto first = world.mappings->list({.scope = {}, .function_name = "fn"});
  EXPECT_EQ(first.mappings.size(), 100U);
  const auto second = world.mappings->list({.scope = {}, .function_name = kFunctionArn, .marker = first.next_marker});
  EXPECT_EQ(second.mappings.size(), 5U);
  EXPECT_TRUE(second.next_marker.empty());
  EXPECT_EQ(world.mappings->list({.scope = {}, .source_arn = kStreamArn}).mappings.size(), 1U);
  EXPECT_TRUE(world.mappings->list({.scope = {.account = "111111111111"}}).mappings.empty());
}

TEST(MappingTags, AreChangedAndKept) {
  SimWorld world;
  const auto mapping = world.create_stream(R"("Tags":{"a":"1","b":"2"})");
  ASSERT_TRUE(
      world.wait<void>([&](auto reply) { world.mappings->tag(mapping.arn(), {{"c", "3"}}, {"a"}, std::move(reply)); }));
  world.crash(0);
  EXPECT_EQ(*world.mappings->tags(mapping.arn()), (std::map<std::string, std::string>{{"b", "2"}, {"c", "3"}}));
  EXPECT_FALSE(world.mappings->tags("arn:other"));
}

}  // namespace
}  // namespace tidemill::triggers
