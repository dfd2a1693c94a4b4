// The control plane through the front: tables come, change and go.
#include "api/dynamodb/test_world.h"

namespace tidemill::dynamodb {
namespace {

std::string create(std::string_view name, std::string_view more = "") {
  return R"({"TableName":")" + std::string(name) +
         R"(","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST")" +
         std::string(more) + "}";
}

std::string put(std::string_view table, std::string_view p, std::string_view more = "") {
  return R"({"TableName":")" + std::string(table) + R"(","Item":{"p":{"S":")" + std::string(p) + "\"}" +
         std::string(more) + "}}";
}

TEST(Tables, CreateAnswersCreatingAndTheNextLookIsActive) {
  World world;
  const auto created = world.ok_json("CreateTable", create("one"));
  const auto* description = created.find("TableDescription");
  EXPECT_EQ(description->string_or("TableStatus"), "CREATING");
  EXPECT_EQ(description->string_or("TableArn"), "arn:aws:dynamodb:us-east-1:000000000000:table/one");
  EXPECT_EQ(description->find("BillingModeSummary")->text(), R"({"BillingMode":"PAY_PER_REQUEST"})");
  EXPECT_EQ(description->find("WarmThroughput"), nullptr);
  const auto described = world.ok_json("DescribeTable", R"({"TableName":"one"})");
  EXPECT_EQ(described.find("Table")->string_or("TableStatus"), "ACTIVE");
  EXPECT_EQ(described.find("Table")->find("WarmThroughput")->text(),
            R"({"ReadUnitsPerSecond":12000,"WriteUnitsPerSecond":4000,"Status":"ACTIVE"})");
  EXPECT_EQ(described.find("Table")->string_or("TableId").size(), 36U);
}

TEST(Tables, TransitionsCanBeSeenWhenTheyAreStretched) {
  World world({.transition = std::chrono::seconds(5)});
  world.ok("CreateTable", create("one"));
  EXPECT_EQ(world.ok_json("DescribeTable", R"({"TableName":"one"})").find("Table")->string_or("TableStatus"),
            "CREATING");
  EXPECT_EQ(world.error("PutItem", put("one", "a")), "ResourceNotFoundException: Requested resource not found");
  EXPECT_EQ(world.error("DeleteTable", R"({"TableName":"one"})"),
            "ResourceInUseException: Attempt to change a resource which is still in use: Table is being created: one");
  world.run_for(std::chrono::seconds(6));
  world.ok("PutItem", put("one", "a"));
  EXPECT_EQ(world.ok_json("DeleteTable", R"({"TableName":"one"})").find("TableDescription")->string_or("TableStatus"),
            "DELETING");
  EXPECT_EQ(world.ok_json("DescribeTable", R"({"TableName":"one"})").find("Table")->string_or("TableStatus"),
            "DELETING");
  // A restart in the middle finishes the deletion.
  world.restart();
  world.run_for(std::chrono::seconds(6));
  EXPECT_EQ(world.ok("ListTables", "{}"), R"({"TableNames":[]})");
}

TEST(Tables, ListIsOrderedAndPaged) {
  World world;
  for (const auto* name : {"bbb", "aaa", "Ccc"}) world.ok("CreateTable", create(name));
  EXPECT_EQ(world.ok("ListTables", "{}"), R"({"TableNames":["Ccc","aaa","bbb"]})");
  EXPECT_EQ(world.ok("ListTables", R"({"Limit":2})"), R"({"TableNames":["Ccc","aaa"],"LastEvaluatedTableName":"aaa"})");
  EXPECT_EQ(world.ok("ListTables", R"({"ExclusiveStartTableName":"aab"})"), R"({"TableNames":["bbb"]})");
}

TEST(Tables, DeletionShowsNoSchemaAndRemovesEveryRow) {
  World world;
  world.ok("CreateTable", create("one"));
  world.ok("PutItem", put("one", "a"));
  const auto deleted = world.ok_json("DeleteTable", R"({"TableName":"one"})");
  EXPECT_EQ(deleted.find("TableDescription")->find("KeySchema"), nullptr);
  EXPECT_EQ(deleted.find("TableDescription")->find("AttributeDefinitions"), nullptr);
  for (const auto keyspace : {storage::Keyspace::kItems, storage::Keyspace::kIndexes}) {
    EXPECT_FALSE(world.store->cursor(keyspace, {})->valid());
  }
  world.ok("CreateTable", create("one"));
  EXPECT_EQ(world.ok("GetItem", R"({"TableName":"one","Key":{"p":{"S":"a"}}})"), "{}");
}

TEST(Tables, ProtectionRefusesDeletion) {
  World world;
  world.ok("CreateTable", create("one", R"(,"DeletionProtectionEnabled":true)"));
  EXPECT_EQ(world.error("DeleteTable", R"({"TableName":"one"})"),
            "ValidationException: Resource cannot be deleted as it is currently protected against deletion. Disable "
            "deletion protection first.");
  world.ok("UpdateTable", R"({"TableName":"one","DeletionProtectionEnabled":false})");
  world.ok("DeleteTable", R"({"TableName":"one"})");
}

TEST(Tables, SettingsSurviveARestart) {
  World world;
  world.ok(
      "CreateTable",
      create(
          "one",
          R"(,"TableClass":"STANDARD_INFREQUENT_ACCESS","Tags":[{"Key":"k","Value":"v"}],"SSESpecification":{"Enabled":true},"OnDemandThroughput":{"MaxReadRequestUnits":5},"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"})"));
  world.ok("UpdateTimeToLive", R"({"TableName":"one","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"t"}})");
  world.ok("PutItem", put("one", "a"));
  const auto before = world.ok("DescribeTable", R"({"TableName":"one"})");
  world.restart();
  EXPECT_EQ(world.ok("DescribeTable", R"({"TableName":"one"})"), before);
  EXPECT_EQ(world.ok("DescribeTimeToLive", R"({"TableName":"one"})"),
            R"({"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"t"}})");
  EXPECT_EQ(world.ok("ListTagsOfResource", R"({"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/one"})"),
            R"({"Tags":[{"Key":"k","Value":"v"}]})");
}

TEST(Tables, TagsMergeAndGo) {
  World world;
  world.ok("CreateTable", create("one"));
  const std::string arn = R"("ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/one")";
  const auto tagged =
      world.call("TagResource", "{" + arn + R"(,"Tags":[{"Key":"a","Value":"1"},{"Key":"b","Value":"2"}]})");
  EXPECT_EQ(tagged.status, 200);
  EXPECT_EQ(tagged.body, "");
  world.ok("UntagResource", "{" + arn + R"(,"TagKeys":["a","zzz"]})");
  EXPECT_EQ(world.ok("ListTagsOfResource", "{" + arn + "}"), R"({"Tags":[{"Key":"b","Value":"2"}]})");
  EXPECT_EQ(
      world.error(
          "TagResource",
          R"({"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/nope","Tags":[{"Key":"a","Value":"1"}]})"),
      "ResourceNotFoundException: Requested resource not found: ResourcArn: "
      "arn:aws:dynamodb:us-east-1:000000000000:table/nope not found");
}

struct CreateCase {
  std::string_view name, body, want;
};
constexpr CreateCase kCreates[] = {
    {"ProvisionedWithoutUnits",
     R"({"TableName":"ttt","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}]})",
     "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when "
     "BillingMode is PROVISIONED"},
    {"OnDemandWithUnits",
     R"({"TableName":"ttt","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}})",
     "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified "
     "when BillingMode is PAY_PER_REQUEST"},
    {"MoreKeysThanDefinitions",
     R"({"TableName":"ttt","AttributeDefinitions":[],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})",
     "Invalid KeySchema: Some index key attribute have no definition"},
    {"KeyWithoutDefinition",
     R"({"TableName":"ttt","AttributeDefinitions":[{"AttributeName":"b","AttributeType":"S"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})",
     "One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. "
     "Keys: [a], AttributeDefinitions: [b]"},
    {"FirstIsNotHash",
     R"({"TableName":"ttt","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],"KeySchema":[{"AttributeName":"p","KeyType":"RANGE"}],"BillingMode":"PAY_PER_REQUEST"})",
     "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
    {"UnusedDefinition",
     R"({"TableName":"ttt","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"q","AttributeType":"S"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})",
     "One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of "
     "attributes defined in AttributeDefinitions"},
    {"LocalWithoutRange",
     R"({"TableName":"ttt","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST","LocalSecondaryIndexes":[{"IndexName":"iii","KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}]})",
     "One or more parameter values were invalid: Table KeySchema does not have a range key, which is required when "
     "specifying a LocalSecondaryIndex"},
    {"UnknownProjection",
     R"({"TableName":"ttt","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST","GlobalSecondaryIndexes":[{"IndexName":"iii","KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"Projection":{}}]})",
     "One or more parameter values were invalid: Unknown ProjectionType: null"},
    {"DuplicateIndex",
     R"({"TableName":"ttt","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST","GlobalSecondaryIndexes":[{"IndexName":"iii","KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}},{"IndexName":"iii","KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}]})",
     "One or more parameter values were invalid: Duplicate index name: iii"},
    {"StreamWithoutView",
     R"({"TableName":"ttt","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":true}})",
     "One or more parameter values were invalid: Table is being created with a stream enabled, UpdateViewType is "
     "required"},
};
class Creates : public testing::TestWithParam<CreateCase> {};
TEST_P(Creates, RefuseWithTheServicesWords) {
  World world;
  EXPECT_EQ(world.error("CreateTable", GetParam().body), "ValidationException: " + std::string(GetParam().want));
}
INSTANTIATE_TEST_SUITE_P(Table, Creates, testing::ValuesIn(kCreates),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Tables, UpdatesOfThroughputFollowTheRules) {
  World world;
  world.ok(
      "CreateTable",
      R"({"TableName":"ttt","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":5}})");
  EXPECT_EQ(world.error("UpdateTable", R"({"TableName":"ttt"})").substr(0, 60),
            std::string("ValidationException: At least one of ProvisionedThroughput, BillingMode").substr(0, 60));
  EXPECT_TRUE(
      world
          .error("UpdateTable",
                 R"({"TableName":"ttt","ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":5}})")
          .starts_with("ValidationException: The provisioned throughput for the table will not change. The requested "
                       "value equals the current value. Current ReadCapacityUnits provisioned for the table: 5."));
  world.ok("UpdateTable", R"({"TableName":"ttt","BillingMode":"PAY_PER_REQUEST"})");
  EXPECT_EQ(world.error("UpdateTable", R"({"TableName":"ttt","BillingMode":"PROVISIONED"})"),
            "ValidationException: One or more parameter values were invalid: ProvisionedThroughput must be specified "
            "when BillingMode is PROVISIONED");
  world.ok(
      "UpdateTable",
      R"({"TableName":"ttt","BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":7,"WriteCapacityUnits":8}})");
  const auto table = world.ok_json("DescribeTable", R"({"TableName":"ttt"})");
  EXPECT_EQ(table.find("Table")->find("ProvisionedThroughput")->integer_or("WriteCapacityUnits", 0), 8);
}

constexpr std::string_view kAddIndex =
    R"({"TableName":"one","AttributeDefinitions":[{"AttributeName":"g","AttributeType":"S"}],"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"by-g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}}]})";

TEST(Tables, AnIndexIsFilledWhileWritesGoOnAndAcrossARestart) {
  World world({.backfill_step = 4});
  world.ok("CreateTable", create("one"));
  for (int i = 0; i < 40; ++i) world.ok("PutItem", put("one", std::to_string(i), R"(,"g":{"S":"x"})"));
  world.ok("PutItem", put("one", "number", R"(,"g":{"N":"1"})"));
  world.ok("PutItem", put("one", "empty", R"(,"g":{"S":""})"));
  world.ok("PutItem", put("one", "without"));

  // The request is answered, and the filling is cut by a crash after a few steps.
  http::Request request{.method = "POST", .target = "/"};
  request.headers.add("Content-Type", "application/x-amz-json-1.0");
  request.headers.add("X-Amz-Target", "DynamoDB_20120810.UpdateTable");
  request.body = kAddIndex;
  struct Target final : http::Responder::Target {
    void respond(http::Response&&) override {}
    std::unique_ptr<http::Responder::Stream> stream(http::Response) override { return nullptr; }
    void on_disconnect(std::move_only_function<void()>) override {}
  };
  world.front->handle(std::move(request), world.loop, http::Responder(std::make_unique<Target>()));
  EXPECT_TRUE(world.tables->busy());
  EXPECT_EQ(world.tables->describe({}, "one")->definition.indexes.at(0).backfilling, true);
  world.crash(world.engine->unsynced());
  EXPECT_FALSE(world.tables->busy());

  const auto page = world.ok_json(
      "Query",
      R"({"TableName":"one","IndexName":"by-g","KeyConditionExpression":"g = :x","ExpressionAttributeValues":{":x":{"S":"x"}}})");
  EXPECT_EQ(page.integer_or("Count", 0), 40);
  const auto table = world.ok_json("DescribeTable", R"({"TableName":"one"})");
  EXPECT_EQ(table.find("Table")->string_or("TableStatus"), "ACTIVE");
  EXPECT_EQ(table.find("Table")->find("GlobalSecondaryIndexes")->as_array()[0].integer_or("ItemCount", 0), 40);
  EXPECT_EQ(table.find("Table")->integer_or("ItemCount", 0), 43);

  EXPECT_EQ(world.error("UpdateTable", kAddIndex),
            "ValidationException: Attempting to create an index which already exists");
  world.ok("UpdateTable", R"({"TableName":"one","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"by-g"}}]})");
  EXPECT_FALSE(world.store->cursor(storage::Keyspace::kIndexes, {})->valid());
  // The attribute is free of the type rule again.
  world.ok("PutItem", put("one", "free", R"(,"g":{"N":"1"})"));
  EXPECT_EQ(world
                .error("UpdateTable",
                       R"({"TableName":"one","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"by-g"}}]})")
                .substr(0, 25),
            "ResourceNotFoundException");
}

TEST(Tables, MultiAttributeIndexKeysOrderByTuple) {
  World world;
  world.ok(
      "CreateTable",
      R"({"TableName":"one","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"h1","AttributeType":"S"},{"AttributeName":"h2","AttributeType":"N"},{"AttributeName":"r1","AttributeType":"S"},{"AttributeName":"r2","AttributeType":"N"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST","GlobalSecondaryIndexes":[{"IndexName":"tuple","KeySchema":[{"AttributeName":"h1","KeyType":"HASH"},{"AttributeName":"h2","KeyType":"HASH"},{"AttributeName":"r1","KeyType":"RANGE"},{"AttributeName":"r2","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}]})");
  int n = 0;
  for (const auto* r1 : {"b", "a"}) {
    for (const auto* r2 : {"10", "9"}) {
      world.ok("PutItem", put("one", std::to_string(n++),
                              R"(,"h1":{"S":"x"},"h2":{"N":"1"},"r1":{"S":")" + std::string(r1) + R"("},"r2":{"N":")" +
                                  r2 + "\"}"));
    }
  }
  world.ok("PutItem", put("one", "sparse", R"(,"h1":{"S":"x"},"h2":{"N":"1"},"r1":{"S":"a"})"));
  const auto rows = [&](std::string_view condition, std::string_view values) {
    const auto page = world.ok_json(
        "Query", R"({"TableName":"one","IndexName":"tuple","KeyConditionExpression":")" + std::string(condition) +
                     R"(","ExpressionAttributeValues":{":x":{"S":"x"},":one":{"N":"1"})" + std::string(values) + "}}");
    std::string out;
    for (const auto& item : page.find("Items")->as_array())
      out += item.find("r1")->string_or("S") + item.find("r2")->string_or("N") + " ";
    return out;
  };
  EXPECT_EQ(rows("h1 = :x AND h2 = :one", ""), "a9 a10 b9 b10 ");
  EXPECT_EQ(rows("h1 = :x AND h2 = :one AND r1 = :a AND r2 > :n", R"(,":a":{"S":"a"},":n":{"N":"9"})"), "a10 ");
  EXPECT_TRUE(
      world
          .error(
              "Query",
              R"({"TableName":"one","IndexName":"tuple","KeyConditionExpression":"h1 = :x","ExpressionAttributeValues":{":x":{"S":"x"}}})")
          .starts_with("ValidationException: Query condition missed key schema element"));
}

TEST(Tables, ExpiredItemsGoAndTellTheStream) {
  World world;
  world.ok("CreateTable",
           create("one", R"(,"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"})"));
  EXPECT_EQ(world.ok("UpdateTimeToLive",
                     R"({"TableName":"one","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"t"}})"),
            R"({"TimeToLiveSpecification":{"Enabled":true,"AttributeName":"t"}})");
  EXPECT_EQ(world.error("UpdateTimeToLive",
                        R"({"TableName":"one","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"t"}})"),
            "ValidationException: TimeToLive is already enabled");
  EXPECT_EQ(world.error("UpdateTimeToLive",
                        R"({"TableName":"one","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"u"}})"),
            "ValidationException: TimeToLive is active on a different AttributeName: current AttributeName is t");
  const auto now = epoch_s(world.loop.clock().wall());
  const auto at = [&](std::string_view id, const std::string& value) {
    world.ok("PutItem", put("one", id, ",\"t\":" + value));
  };
  at("past", R"({"N":")" + std::to_string(now - 10) + "\"}");
  at("fraction", R"({"N":")" + std::to_string(now - 10) + ".5\"}");
  at("soon", R"({"N":")" + std::to_string(now + 30) + "\"}");
  at("text", R"({"S":")" + std::to_string(now - 10) + "\"}");
  at("ancient", R"({"N":"1000"})");
  world.ok("PutItem", put("one", "never"));
  world.run_for(std::chrono::seconds(5));
  EXPECT_EQ(world.ok_json("Scan", R"({"TableName":"one","Select":"COUNT"})").integer_or("Count", 0), 4);
  world.run_for(std::chrono::seconds(40));
  EXPECT_EQ(world.ok_json("Scan", R"({"TableName":"one","Select":"COUNT"})").integer_or("Count", 0), 3);

  const auto stream = world.streams->list({}).at(0);
  const auto shard = world.streams->shard(stream.arn, stream.shards.at(0).id);
  const auto batch = shard->read(0);
  std::string api, event;
  for (const auto& record : batch->records) {
    if (record.kind != tables::ChangeKind::kRemove || !api.empty()) continue;
    ASSERT_TRUE(streams::append_record_json(api, record, shard->context, streams::RecordForm::kApi));
    ASSERT_TRUE(streams::append_record_json(event, record, shard->context, streams::RecordForm::kEvent));
  }
  EXPECT_NE(api.find(R"("userIdentity":{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"})"), std::string::npos)
      << api;
  EXPECT_NE(event.find(R"("userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"})"),
            std::string::npos)
      << event;
}

TEST(Tables, ExpiryReachesEveryTableInSmallSteps) {
  World world({.ttl_step = 3});
  const auto past = std::to_string(epoch_s(world.loop.clock().wall()) - 10);
  for (const auto* name : {"one", "two", "three"}) {
    world.ok("CreateTable", create(name));
    world.ok("UpdateTimeToLive", R"({"TableName":")" + std::string(name) +
                                     R"(","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"t"}})");
    for (int i = 0; i < 7; ++i) world.ok("PutItem", put(name, std::to_string(i), R"(,"t":{"N":")" + past + "\"}"));
    world.ok("PutItem", put(name, "stays"));
  }
  world.run_for(std::chrono::seconds(20));
  for (const auto* name : {"one", "two", "three"}) {
    EXPECT_EQ(world.ok_json("DescribeTable", R"({"TableName":")" + std::string(name) + "\"}")
                  .find("Table")
                  ->integer_or("ItemCount", 0),
              1)
        << name;
  }
}

TEST(Tables, EveryOperationOfTheModelIsKnown) {
  World world;
  for (const auto* name : {"BatchExecuteStatement",
                           "BatchGetItem",
                           "BatchWriteItem",
                           "CreateBackup",
                           "CreateGlobalTable",
                           "CreateTable",
                           "DeleteBackup",
                           "DeleteItem",
                           "DeleteResourcePolicy",
                           "DeleteTable",
                           "DescribeBackup",
                           "DescribeContinuousBackups",
                           "DescribeContributorInsights",
                           "DescribeEndpoints",
                           "DescribeExport",
                           "DescribeGlobalTable",
                           "DescribeGlobalTableSettings",
                           "DescribeImport",
                           "DescribeKinesisStreamingDestination",
                           "DescribeLimits",
                           "DescribeTable",
                           "DescribeTableReplicaAutoScaling",
                           "DescribeTimeToLive",
                           "DisableKinesisStreamingDestination",
                           "EnableKinesisStreamingDestination",
                           "ExecuteStatement",
                           "ExecuteTransaction",
                           "ExportTableToPointInTime",
                           "GetItem",
                           "GetResourcePolicy",
                           "ImportTable",
                           "ListBackups",
                           "ListContributorInsights",
                           "ListExports",
                           "ListGlobalTables",
                           "ListImports",
                           "ListTables",
                           "ListTagsOfResource",
                           "PutItem",
                           "PutResourcePolicy",
                           "Query",
                           "RestoreTableFromBackup",
                           "RestoreTableToPointInTime",
                           "Scan",
                           "TagResource",
                           "TransactGetItems",
                           "TransactWriteItems",
                           "UntagResource",
                           "UpdateContinuousBackups",
                           "UpdateContributorInsights",
                           "UpdateGlobalTable",
                           "UpdateGlobalTableSettings",
                           "UpdateItem",
                           "UpdateKinesisStreamingDestination",
                           "UpdateTable",
                           "UpdateTableReplicaAutoScaling",
                           "UpdateTimeToLive"}) {
    const auto answer = world.call(name, "{}");
    EXPECT_EQ(answer.body.find("UnknownOperation"), std::string::npos) << name;
    EXPECT_NE(answer.status, 500) << name;
  }
}

}  // namespace
}  // namespace tidemill::dynamodb
