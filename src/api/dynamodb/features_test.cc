// Kinesis destinations, contributor insights, resource policies and the time-to-live interval through the front.
#include "api/dynamodb/test_world.h"

namespace tidemill::dynamodb {
namespace {

constexpr std::string_view kCreate =
    R"({"TableName":"one","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"c","AttributeType":"N"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"c","KeyType":"RANGE"}],"BillingMode":"PAY_PER_REQUEST"})";
constexpr std::string_view kOne = R"({"TableName":"one"})";
constexpr std::string_view kStream = "arn:aws:kinesis:us-east-1:000000000000:stream/changes";
constexpr std::string_view kNotValid =
    "ValidationException: Table is not in a valid state to enable Kinesis Streaming Destination: ";

std::string of_stream(std::string_view stream = kStream, std::string_view more = "") {
  return R"({"TableName":"one","StreamArn":")" + std::string(stream) + "\"" + std::string(more) + "}";
}

void put(World& world, int c, int v) {
  world.ok("PutItem", R"({"TableName":"one","Item":{"p":{"S":"a"},"c":{"N":")" + std::to_string(c) +
                          R"("},"v":{"N":")" + std::to_string(v) + "\"}}}");
}

std::string destinations(World& world) {
  const auto described = world.ok_json("DescribeKinesisStreamingDestination", kOne);
  return described.find("KinesisDataStreamDestinations")->is_array()
             ? json::Value(described.find("KinesisDataStreamDestinations")->as_array()).text()
             : "";
}

std::string in_state(std::string_view status, std::string_view more = "") {
  return R"([{"StreamArn":")" + std::string(kStream) + R"(","DestinationStatus":")" + std::string(status) + "\"" +
         std::string(more) + "}]";
}

TEST(Kinesis, DeliversEveryChangeWithoutAStreamOfTheTable) {
  World world;
  world.ok("CreateTable", kCreate);
  put(world, 0, 0);
  EXPECT_EQ(destinations(world), "[]");
  EXPECT_EQ(world.ok("EnableKinesisStreamingDestination", of_stream()),
            R"({"TableName":"one","StreamArn":")" + std::string(kStream) +
                R"(","DestinationStatus":"ENABLING","EnableKinesisStreamingConfiguration":{}})");
  EXPECT_EQ(destinations(world), in_state("ACTIVE"));
  EXPECT_EQ(world.sink.prepared, std::vector<std::string>{"changes"});
  put(world, 1, 1);
  put(world, 1, 2);
  world.ok("DeleteItem", R"({"TableName":"one","Key":{"p":{"S":"a"},"c":{"N":"1"}}})");
  const auto& got = world.sink.got["changes"];
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[0].key, R"({"p":{"S":"a"},"c":{"N":"1"}})");
  const auto first = *json::Value::parse(got[0].data);
  EXPECT_EQ(first.string_or("eventName"), "INSERT");
  EXPECT_EQ(first.string_or("recordFormat"), "application/json");
  EXPECT_EQ(first.string_or("tableName"), "one");
  EXPECT_EQ(first.string_or("eventSource"), "aws:dynamodb");
  EXPECT_TRUE(first.find("userIdentity")->is_null());
  const auto* change = first.find("dynamodb");
  EXPECT_EQ(change->find("Keys")->text(), R"({"p":{"S":"a"},"c":{"N":"1"}})");
  EXPECT_EQ(change->find("NewImage")->find("v")->text(), R"({"N":"1"})");
  EXPECT_EQ(change->find("OldImage"), nullptr);
  EXPECT_EQ(change->find("SequenceNumber"), nullptr);
  EXPECT_EQ(change->string_or("ApproximateCreationDateTimePrecision"), "MILLISECOND");
  EXPECT_EQ(change->integer_or("ApproximateCreationDateTime", 0), epoch_ms(world.loop.clock().wall()));
  EXPECT_EQ(change->integer_or("SizeBytes", 0), 13);
  const auto last = *json::Value::parse(got[2].data);
  EXPECT_EQ(last.string_or("eventName"), "REMOVE");
  EXPECT_EQ(last.find("dynamodb")->find("OldImage")->find("v")->text(), R"({"N":"2"})");
  EXPECT_NE(first.string_or("eventID"), last.string_or("eventID"));
  EXPECT_EQ(world.ok_json("DescribeTable", kOne).find("Table")->find("StreamSpecification"), nullptr);
}

TEST(Kinesis, WhatIsWrittenWhileTheStreamIsAwayIsDeliveredLaterAndAfterACrash) {
  World away;
  away.ok("CreateTable", kCreate);
  away.ok("EnableKinesisStreamingDestination", of_stream());
  // The failure is told once, as a warning; the world's log takes errors only.
  away.sink.error = "away";
  for (int i = 0; i < 600; ++i) put(away, i, i);
  EXPECT_TRUE(away.sink.got["changes"].empty());
  away.restart();
  away.sink.error.clear();
  away.run_for(std::chrono::seconds(30));
  const auto& got = away.sink.got["changes"];
  ASSERT_EQ(got.size(), 600U);
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_EQ(json::Value::parse(got[i].data)->find("dynamodb")->find("Keys")->find("c")->string_or("N"),
              std::to_string(i));
  // What was delivered is gone; a restart delivers nothing twice.
  away.restart();
  away.run_for(std::chrono::seconds(1));
  EXPECT_EQ(away.sink.got["changes"].size(), 600U);
}

TEST(Kinesis, WhatADeletedTableOwesIsDeliveredToo) {
  World world;
  world.ok("CreateTable", kCreate);
  world.ok("EnableKinesisStreamingDestination", of_stream());
  world.sink.error = "away";
  for (int i = 0; i < 600; ++i) put(world, i, i);
  world.ok("DeleteTable", kOne);
  world.restart();
  // Another table of the name has nothing to do with it.
  world.ok("CreateTable", kCreate);
  put(world, 1000, 1000);
  world.sink.error.clear();
  world.run_for(std::chrono::seconds(30));
  ASSERT_EQ(world.sink.got["changes"].size(), 600U);
  EXPECT_EQ(json::Value::parse(world.sink.got["changes"].back().data)
                ->find("dynamodb")
                ->find("Keys")
                ->find("c")
                ->string_or("N"),
            "599");
  EXPECT_FALSE(world.store->cursor(storage::Keyspace::kHistory, {})->valid());
  EXPECT_FALSE(
      world.store->cursor(storage::Keyspace::kMeta, storage::Range::prefix("tables/deleted-destination/"))->valid());
  world.restart();
  world.run_for(std::chrono::seconds(1));
  EXPECT_EQ(world.sink.got["changes"].size(), 600U);
}

TEST(Kinesis, StatesAndTextsAreTheServices) {
  tables::Tables::Options options;
  options.transition = std::chrono::seconds(2);
  World world(options);
  world.ok("CreateTable", kCreate);
  world.run_for(std::chrono::seconds(3));
  const std::string busy =
      std::string(kNotValid) +
      "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation.";
  const std::string not_active =
      std::string(kNotValid) + "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.";
  const std::string micro =
      R"(,"UpdateKinesisStreamingConfiguration":{"ApproximateCreationDateTimePrecision":"MICROSECOND"})";
  EXPECT_EQ(world.error("UpdateKinesisStreamingDestination", of_stream(kStream, micro)),
            std::string(kNotValid) + "No streaming destination with streamArn: " + std::string(kStream) +
                " found for table with tableName: one");
  EXPECT_EQ(world.error("DisableKinesisStreamingDestination", of_stream()), not_active);
  world.ok("EnableKinesisStreamingDestination", of_stream());
  EXPECT_EQ(destinations(world), in_state("ENABLING"));
  EXPECT_EQ(world.error("EnableKinesisStreamingDestination", of_stream()), busy);
  EXPECT_EQ(world.error("DisableKinesisStreamingDestination", of_stream()), not_active);
  world.run_for(std::chrono::seconds(3));
  EXPECT_EQ(destinations(world), in_state("ACTIVE"));
  EXPECT_EQ(world.error("EnableKinesisStreamingDestination",
                        of_stream("arn:aws:kinesis:us-east-1:000000000000:stream/other")),
            busy);
  EXPECT_EQ(world.error("UpdateKinesisStreamingDestination", of_stream()),
            "ValidationException: Streaming destination cannot be updated with given parameters: "
            "UpdateKinesisStreamingConfiguration cannot be null or contain only null values");
  EXPECT_NE(world.ok("UpdateKinesisStreamingDestination", of_stream(kStream, micro)).find("UPDATING"),
            std::string::npos);
  world.run_for(std::chrono::seconds(3));
  EXPECT_EQ(destinations(world), in_state("ACTIVE", R"(,"ApproximateCreationDateTimePrecision":"MICROSECOND")"));
  const auto id = world.ok_json("DescribeTable", kOne).find("Table")->string_or("TableId");
  EXPECT_EQ(world.error("UpdateKinesisStreamingDestination", of_stream(kStream, micro)),
            "ValidationException: Invalid Request: Precision is already set to the desired value of MICROSECOND for "
            "tableId: " +
                id + ", kdsArn: " + std::string(kStream));
  put(world, 1, 1);
  EXPECT_EQ(json::Value::parse(world.sink.got["changes"].at(0).data)
                ->find("dynamodb")
                ->integer_or("ApproximateCreationDateTime", 0),
            epoch_ms(world.loop.clock().wall()) * 1000);
  world.ok("DisableKinesisStreamingDestination", of_stream());
  EXPECT_NE(destinations(world).find("DISABLING"), std::string::npos);
  world.run_for(std::chrono::seconds(3));
  EXPECT_NE(destinations(world).find("DISABLED"), std::string::npos);
  put(world, 2, 2);
  world.settle();
  EXPECT_EQ(world.sink.got["changes"].size(), 1U);
  EXPECT_FALSE(world.store->cursor(storage::Keyspace::kHistory, {})->valid());
  world.sink.error = "no such cluster";
  world.ok("EnableKinesisStreamingDestination", of_stream());
  world.run_for(std::chrono::seconds(3));
  EXPECT_EQ(destinations(world), in_state("ENABLE_FAILED", R"(,"DestinationStatusDescription":"no such cluster")"));
  EXPECT_EQ(world.error("EnableKinesisStreamingDestination",
                        R"({"TableName":"none","StreamArn":")" + std::string(kStream) + "\"}"),
            "ResourceNotFoundException: Requested resource not found: Table: none not found");
  EXPECT_EQ(world.error("EnableKinesisStreamingDestination",
                        of_stream("arn:aws:kinesis:us-east-1:111111111111:stream/changes")),
            "ValidationException: User does not have a permission to use kinesis stream");
}

TEST(Insights, AreStoredFlagsWithModesAndRules) {
  tables::Tables::Options options;
  options.transition = std::chrono::seconds(2);
  World world(options);
  world.ok("CreateTable", kCreate);
  world.run_for(std::chrono::seconds(3));
  EXPECT_EQ(world.ok("DescribeContributorInsights", kOne),
            R"({"TableName":"one","ContributorInsightsStatus":"DISABLED"})");
  EXPECT_EQ(
      world.ok("UpdateContributorInsights", R"({"TableName":"one","ContributorInsightsAction":"ENABLE"})"),
      R"({"TableName":"one","ContributorInsightsStatus":"ENABLING","ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS"})");
  EXPECT_EQ(world.ok_json("DescribeContributorInsights", kOne).string_or("ContributorInsightsStatus"), "ENABLING");
  world.run_for(std::chrono::seconds(3));
  const auto enabled = world.ok_json("DescribeContributorInsights", kOne);
  EXPECT_EQ(enabled.string_or("ContributorInsightsStatus"), "ENABLED");
  ASSERT_EQ(enabled.find("ContributorInsightsRuleList")->as_array().size(), 4U);
  EXPECT_EQ(enabled.find("ContributorInsightsRuleList")->as_array()[0].as_string().substr(0, 36),
            "DynamoDBContributorInsights-PKC-one-");
  EXPECT_NE(enabled.find("LastUpdateDateTime"), nullptr);
  EXPECT_EQ(
      world.ok("ListContributorInsights", "{}"),
      R"({"ContributorInsightsSummaries":[{"TableName":"one","ContributorInsightsStatus":"ENABLED","ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS"}]})");
  EXPECT_EQ(world.error("UpdateContributorInsights",
                        R"({"TableName":"one","IndexName":"none","ContributorInsightsAction":"ENABLE"})"),
            "ResourceNotFoundException: Requested resource not found: Index: none not found for table: one");
  world.ok("UpdateContributorInsights", R"({"TableName":"one","ContributorInsightsAction":"DISABLE"})");
  world.run_for(std::chrono::seconds(3));
  EXPECT_EQ(world.ok_json("DescribeContributorInsights", kOne).string_or("ContributorInsightsStatus"), "DISABLED");
}

constexpr std::string_view kArn = "arn:aws:dynamodb:us-east-1:000000000000:table/one";
constexpr std::string_view kDocument =
    R"({\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::000000000000:user/u\"},\"Action\":\"dynamodb:GetItem\",\"Resource\":\"*\"}]})";

std::string policy(std::string_view document, std::string_view more = "") {
  return R"({"ResourceArn":")" + std::string(kArn) + R"(","Policy":")" + std::string(document) + "\"" +
         std::string(more) + "}";
}
std::string arn_only(std::string_view more = "") {
  return R"({"ResourceArn":")" + std::string(kArn) + "\"" + std::string(more) + "}";
}

TEST(Policies, HaveRevisions) {
  World world;
  world.ok("CreateTable", kCreate);
  const std::string none = "PolicyNotFoundException: Resource-based policy not found for the provided ResourceArn: ";
  EXPECT_EQ(world.error("GetResourcePolicy", arn_only()), none + std::string(kArn));
  EXPECT_EQ(world.ok("DeleteResourcePolicy", arn_only()), R"({"RevisionId":""})");
  const auto first = world.ok_json("PutResourcePolicy", policy(kDocument, R"(,"ExpectedRevisionId":"NO_POLICY")"))
                         .string_or("RevisionId");
  EXPECT_EQ(world.ok_json("PutResourcePolicy", policy(kDocument)).string_or("RevisionId"), first);
  EXPECT_EQ(world.error("PutResourcePolicy", policy(kDocument, R"(,"ExpectedRevisionId":"NO_POLICY")")),
            none +
                "Requested policy update expecting none to be present for table one, but a policy exists with "
                "revision id " +
                first + ".");
  EXPECT_EQ(world.error("PutResourcePolicy", policy(kDocument, R"(,"ExpectedRevisionId":"123")")),
            none +
                "Requested update for policy with revision id 123, but the policy associated to target table one "
                "has revision id " +
                first + ".");
  const auto got = world.ok_json("GetResourcePolicy", arn_only());
  EXPECT_EQ(got.string_or("RevisionId"), first);
  EXPECT_EQ(got.string_or("Policy").substr(0, 12), R"({"Version":")");
  EXPECT_EQ(world.error("PutResourcePolicy", policy("{}")).substr(0, 21), "ValidationException: ");
  EXPECT_EQ(world.error("PutResourcePolicy", policy(std::string(21 * 1024, ' '))).substr(0, 21),
            "ValidationException: ");
  EXPECT_EQ(world.error("GetResourcePolicy", R"({"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/none"})"),
            "ResourceNotFoundException: Requested resource not found: Table: none not found");
  world.restart();
  EXPECT_EQ(world.ok_json("DeleteResourcePolicy", arn_only()).string_or("RevisionId"), first);
  EXPECT_EQ(world.error("GetResourcePolicy", arn_only()), none + std::string(kArn));
}

TEST(TimeToLive, ASecondChangeIsRefusedWithinTheInterval) {
  tables::Tables::Options options;
  options.limited = true;
  World world(options);
  world.ok("CreateTable", kCreate);
  const auto set = [](bool on) {
    return R"({"TableName":"one","TimeToLiveSpecification":{"AttributeName":"x","Enabled":)" +
           std::string(on ? "true" : "false") + "}}";
  };
  world.ok("UpdateTimeToLive", set(true));
  EXPECT_EQ(world.error("UpdateTimeToLive", set(false)),
            "ValidationException: Time to live has been modified multiple times within a fixed interval");
  world.run_for(std::chrono::minutes(61));
  world.ok("UpdateTimeToLive", set(false));
}

}  // namespace
}  // namespace tidemill::dynamodb
