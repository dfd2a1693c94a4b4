// Changes as streams, through both fronts.
#include "api/dynamodb/test_world.h"

namespace tidemill::dynamodb {
namespace {

class Changes : public testing::Test {
 protected:
  void create(std::string_view view = "NEW_AND_OLD_IMAGES") {
    world.ok(
        "CreateTable",
        R"({"TableName":"things","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":true,"StreamViewType":")" +
            std::string(view) + "\"}}");
  }
  std::string arn() {
    return world.ok_json("DescribeTable", R"({"TableName":"things"})").find("Table")->string_or("LatestStreamArn");
  }
  json::Value describe(const std::string& stream) {
    return *world.stream_ok("DescribeStream", R"({"StreamArn":")" + stream + "\"}").find("StreamDescription");
  }
  std::string iterator(const std::string& stream, const std::string& shard, std::string_view type,
                       std::string_view more = "") {
    return world
        .stream_ok("GetShardIterator", R"({"StreamArn":")" + stream + R"(","ShardId":")" + shard +
                                           R"(","ShardIteratorType":")" + std::string(type) + "\"" + std::string(more) +
                                           "}")
        .string_or("ShardIterator");
  }
  json::Value records(const std::string& from, std::string_view more = "") {
    return world.stream_ok("GetRecords", R"({"ShardIterator":")" + from + "\"" + std::string(more) + "}");
  }
  std::string first_shard(const std::string& stream) {
    return describe(stream).find("Shards")->as_array().at(0).string_or("ShardId");
  }
  // "INSERT a MODIFY a" of everything that is kept.
  std::string events() {
    const auto page = records(iterator(arn(), first_shard(arn()), "TRIM_HORIZON"));
    std::string out;
    for (const auto& record : page.find("Records")->as_array()) {
      if (!out.empty()) out += ' ';
      out += record.string_or("eventName") + " " + record.find("dynamodb")->find("Keys")->find("p")->string_or("S");
    }
    return out;
  }
  void put(std::string_view p, std::string_view more = "") {
    world.ok("PutItem",
             R"({"TableName":"things","Item":{"p":{"S":")" + std::string(p) + "\"}" + std::string(more) + "}}");
  }
  World world;
};

TEST_F(Changes, AreRecordedOncePerRealChange) {
  create();
  put("a", R"(,"s":{"SS":["x","y"]},"n":{"N":"1"})");
  put("a", R"(,"n":{"N":"1.0"},"s":{"SS":["y","x"]})");  // the same item in other words
  world.ok(
      "UpdateItem",
      R"({"TableName":"things","Key":{"p":{"S":"a"}},"UpdateExpression":"SET n = :v","ExpressionAttributeValues":{":v":{"N":"1"}}})");
  world.ok("UpdateItem", R"({"TableName":"things","Key":{"p":{"S":"a"}},"UpdateExpression":"REMOVE zzz"})");
  world.ok("UpdateItem", R"({"TableName":"things","Key":{"p":{"S":"none"}},"UpdateExpression":"REMOVE zzz"})");
  world.ok("DeleteItem", R"({"TableName":"things","Key":{"p":{"S":"none"}}})");
  EXPECT_EQ(events(), "INSERT a");
  put("a");
  world.ok("DeleteItem", R"({"TableName":"things","Key":{"p":{"S":"a"}}})");
  world.ok(
      "BatchWriteItem",
      R"({"RequestItems":{"things":[{"PutRequest":{"Item":{"p":{"S":"b"}}}},{"PutRequest":{"Item":{"p":{"S":"c"}}}}]}})");
  world.ok(
      "TransactWriteItems",
      R"({"TransactItems":[{"Delete":{"TableName":"things","Key":{"p":{"S":"b"}}}},{"ConditionCheck":{"TableName":"things","Key":{"p":{"S":"c"}},"ConditionExpression":"attribute_exists(p) "}}]})");
  EXPECT_EQ(events(), "INSERT a MODIFY a REMOVE a INSERT b INSERT c REMOVE b");
}

TEST_F(Changes, HaveTheServicesMembersAndSizes) {
  create();
  put("key1", R"(,"v":{"S":"abcdefgh"})");
  const auto page = records(iterator(arn(), first_shard(arn()), "TRIM_HORIZON"));
  const auto& record = page.find("Records")->as_array().at(0);
  std::string members;
  for (const auto& [name, value] : record.as_object()) members += name + " ";
  EXPECT_EQ(members, "eventID eventName eventVersion eventSource awsRegion dynamodb ");
  const auto* inner = record.find("dynamodb");
  EXPECT_EQ(inner->find("ApproximateCreationDateTime")->is_integer(), true);
  EXPECT_EQ(inner->find("NewImage")->text(), R"({"p":{"S":"key1"},"v":{"S":"abcdefgh"}})");
  EXPECT_EQ(inner->find("OldImage"), nullptr);
  EXPECT_EQ(inner->integer_or("SizeBytes", 0), 5 + 14);
  EXPECT_EQ(record.string_or("eventID").size(), 32U);
  EXPECT_EQ(inner->string_or("SequenceNumber").size(), 26U);
}

TEST_F(Changes, ShowTheImagesOfTheirView) {
  struct Case {
    std::string_view view;
    bool with_new, with_old;
  };
  for (const auto& [view, with_new, with_old] :
       {Case{"KEYS_ONLY", false, false}, Case{"NEW_IMAGE", true, false}, Case{"OLD_IMAGE", false, true},
        Case{"NEW_AND_OLD_IMAGES", true, true}}) {
    create(view);
    put("a");
    put("a", R"(,"v":{"N":"1"})");
    const auto page = records(iterator(arn(), first_shard(arn()), "TRIM_HORIZON"));
    const auto* modify = page.find("Records")->as_array().at(1).find("dynamodb");
    EXPECT_EQ(modify->find("NewImage") != nullptr, with_new) << view;
    EXPECT_EQ(modify->find("OldImage") != nullptr, with_old) << view;
    EXPECT_EQ(modify->string_or("StreamViewType"), view);
    world.ok("DeleteTable", R"({"TableName":"things"})");
  }
}

TEST_F(Changes, AreReadFromFourKindsOfPlaces) {
  create();
  for (const auto* p : {"a", "b", "c"}) put(p);
  const auto stream = arn();
  const auto shard = first_shard(stream);
  const auto all = records(iterator(stream, shard, "TRIM_HORIZON"));
  const auto second = all.find("Records")->as_array().at(1).find("dynamodb")->string_or("SequenceNumber");
  const auto at = R"(,"SequenceNumber":")" + second + "\"";
  EXPECT_EQ(records(iterator(stream, shard, "AT_SEQUENCE_NUMBER", at)).find("Records")->as_array().size(), 2U);
  EXPECT_EQ(records(iterator(stream, shard, "AFTER_SEQUENCE_NUMBER", at)).find("Records")->as_array().size(), 1U);
  const auto latest = iterator(stream, shard, "LATEST");
  EXPECT_EQ(records(latest).find("Records")->as_array().size(), 0U);
  put("d");
  EXPECT_EQ(records(latest).find("Records")->as_array().size(), 1U);
  EXPECT_EQ(records(latest).find("Records")->as_array().size(), 1U) << "an iterator is not consumed";
  // Limit and continuation.
  const auto page = records(iterator(stream, shard, "TRIM_HORIZON"), R"(,"Limit":3)");
  EXPECT_EQ(page.find("Records")->as_array().size(), 3U);
  EXPECT_EQ(records(page.string_or("NextShardIterator")).find("Records")->as_array().size(), 1U);
  const auto start = describe(stream)
                         .find("Shards")
                         ->as_array()
                         .at(0)
                         .find("SequenceNumberRange")
                         ->string_or("StartingSequenceNumber");
  EXPECT_EQ(records(iterator(stream, shard, "AT_SEQUENCE_NUMBER", R"(,"SequenceNumber":")" + start + "\""))
                .find("Records")
                ->as_array()
                .size(),
            4U);

  EXPECT_EQ(World::error_of(world.stream_call(
                "GetShardIterator", R"({"StreamArn":")" + stream + R"(","ShardId":")" + shard +
                                        R"(","ShardIteratorType":"LATEST","SequenceNumber":")" + second + "\"}")),
            "ValidationException: One or more parameter values were invalid: SequenceNumber should not be passed for "
            "this iterator type");
  EXPECT_EQ(
      World::error_of(
          world.stream_call("GetShardIterator",
                            R"({"StreamArn":")" + stream +
                                R"(","ShardId":"shardId-00000000000000000000-00000000","ShardIteratorType":"LATEST"})"))
          .substr(0, 25),
      "ResourceNotFoundException");
  EXPECT_EQ(World::error_of(world.stream_call("GetRecords", R"({"ShardIterator":"garbage"})")),
            "ValidationException: Invalid ShardIterator");
  world.run_for(std::chrono::minutes(16));
  EXPECT_TRUE(World::error_of(world.stream_call("GetRecords", R"({"ShardIterator":")" + latest + "\"}"))
                  .starts_with("ExpiredIteratorException: Iterator expired. The iterator was created at time "));
}

TEST_F(Changes, StayReadableAfterDisablingAndDeletion) {
  create();
  put("a");
  const auto old = arn();
  EXPECT_EQ(world.error(
                "UpdateTable",
                R"({"TableName":"things","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}})"),
            "ValidationException: Table already has an enabled stream: TableName: things");
  world.ok("UpdateTable", R"({"TableName":"things","StreamSpecification":{"StreamEnabled":false}})");
  put("b");
  EXPECT_EQ(describe(old).string_or("StreamStatus"), "DISABLED");
  const auto shard = describe(old).find("Shards")->as_array().at(0);
  EXPECT_NE(shard.find("SequenceNumberRange")->find("EndingSequenceNumber"), nullptr);
  const auto page = records(iterator(old, shard.string_or("ShardId"), "TRIM_HORIZON"));
  EXPECT_EQ(page.find("Records")->as_array().size(), 1U);
  EXPECT_EQ(page.find("NextShardIterator"), nullptr) << "a closed shard ends";
  world.ok("UpdateTable",
           R"({"TableName":"things","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}})");
  EXPECT_NE(arn(), old);
  put("c");
  EXPECT_EQ(events(), "INSERT c");
  world.restart();
  put("d");
  EXPECT_EQ(events(), "INSERT c INSERT d");
  world.ok("DeleteTable", R"({"TableName":"things"})");
  EXPECT_EQ(world.stream_ok("ListStreams", R"({"TableName":"things"})").find("Streams")->as_array().size(), 2U);
  world.run_for(std::chrono::hours(25));
  EXPECT_EQ(world.stream_ok("ListStreams", "{}").find("Streams")->as_array().size(), 0U);
  EXPECT_FALSE(world.store->cursor(storage::Keyspace::kChanges, {})->valid());
}

TEST_F(Changes, ShardsRollOverKeepingOrderAndParents) {
  create();
  put("a");
  const auto stream = arn();
  world.run_for(std::chrono::hours(5));
  put("b");
  const auto description = describe(stream);
  const auto& shards = description.find("Shards")->as_array();
  ASSERT_EQ(shards.size(), 2U);
  EXPECT_EQ(shards[1].string_or("ParentShardId"), shards[0].string_or("ShardId"));
  EXPECT_LT(shards[0].string_or("ShardId"), shards[1].string_or("ShardId"));
  const auto parent = records(iterator(stream, shards[0].string_or("ShardId"), "TRIM_HORIZON"));
  EXPECT_EQ(parent.find("Records")->as_array().size(), 1U);
  EXPECT_EQ(parent.find("NextShardIterator"), nullptr);
  const auto child = records(iterator(stream, shards[1].string_or("ShardId"), "TRIM_HORIZON"));
  EXPECT_EQ(child.find("Records")->as_array().size(), 1U);
  EXPECT_LT(parent.find("Records")->as_array()[0].find("dynamodb")->string_or("SequenceNumber"),
            child.find("Records")->as_array()[0].find("dynamodb")->string_or("SequenceNumber"));
  const auto children = world.stream_ok("DescribeStream", R"({"StreamArn":")" + stream +
                                                              R"(","ShardFilter":{"Type":"CHILD_SHARDS","ShardId":")" +
                                                              shards[0].string_or("ShardId") + "\"}}");
  EXPECT_EQ(children.find("StreamDescription")->find("Shards")->as_array().size(), 1U);
}

TEST_F(Changes, AreTrimmedAfterADay) {
  create();
  put("a");
  const auto stream = arn();
  const auto shard = first_shard(stream);
  const auto first = records(iterator(stream, shard, "TRIM_HORIZON"))
                         .find("Records")
                         ->as_array()[0]
                         .find("dynamodb")
                         ->string_or("SequenceNumber");
  world.run_for(std::chrono::hours(23));
  put("b");
  const auto held = iterator(stream, shard, "TRIM_HORIZON");
  EXPECT_EQ(records(held).find("Records")->as_array().size(), 1U);
  world.run_for(std::chrono::minutes(90));
  EXPECT_EQ(World::error_of(world.stream_call("GetShardIterator",
                                              R"({"StreamArn":")" + stream + R"(","ShardId":")" +
                                                  describe(stream).find("Shards")->as_array()[0].string_or("ShardId") +
                                                  R"(","ShardIteratorType":"AT_SEQUENCE_NUMBER","SequenceNumber":")" +
                                                  first + "\"}"))
                .substr(0, 20),
            "TrimmedDataAccessExc");
}

TEST_F(Changes, ListsOfStreamsArePaged) {
  for (const auto* name : {"aaa", "bbb", "ccc"}) {
    world.ok(
        "CreateTable",
        R"({"TableName":")" + std::string(name) +
            R"(","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}})");
  }
  const auto page = world.stream_ok("ListStreams", R"({"Limit":2})");
  ASSERT_EQ(page.find("Streams")->as_array().size(), 2U);
  const auto last = page.string_or("LastEvaluatedStreamArn");
  EXPECT_EQ(last, page.find("Streams")->as_array()[1].string_or("StreamArn"));
  world.ok("DeleteTable", R"({"TableName":"bbb"})");
  const auto rest = world.stream_ok("ListStreams", R"({"Limit":2,"ExclusiveStartStreamArn":")" + last + "\"}");
  ASSERT_EQ(rest.find("Streams")->as_array().size(), 1U);
  EXPECT_EQ(rest.find("LastEvaluatedStreamArn"), nullptr);
  EXPECT_TRUE(World::error_of(world.stream_call("ListStreams", R"({"Limit":101})")).find("Limit cannot be greater") !=
              std::string::npos);
  EXPECT_TRUE(
      World::error_of(
          world.stream_call(
              "DescribeStream",
              R"({"StreamArn":"arn:aws:dynamodb:us-east-1:000000000000:table/nope/stream/2020-01-01T00:00:00.000"})"))
          .starts_with("ResourceNotFoundException: Requested resource not found: Stream: "));
  EXPECT_TRUE(
      World::error_of(world.stream_call("DescribeStream",
                                        R"({"StreamArn":"this is a wrong arn, long enough to pass the length check"})"))
          .starts_with("ValidationException"));
}

// The first half of a split is durable, the second never came: the next start ends the old shard.
TEST_F(Changes, ASplitThatACrashCutShortIsEndedAtTheNextStart) {
  create();
  put("a");
  const auto stream = arn();
  const auto parent = first_shard(stream);
  storage::Mutation batch;
  const auto writer =
      world.streams->begin_split(world.tables->catalog()->find({}, "things")->definition, parent, batch);
  ASSERT_TRUE(writer);
  world.store->write(std::move(batch));
  world.restart();
  const auto description = describe(stream);
  const auto& shards = description.find("Shards")->as_array();
  ASSERT_EQ(shards.size(), 3U);
  EXPECT_NE(shards[0].find("SequenceNumberRange")->find("EndingSequenceNumber"), nullptr);
  for (int i = 0; i < 8; ++i) put("k" + std::to_string(i));
  std::size_t found = 0;
  for (const auto* shard : {&shards[1], &shards[2]}) {
    EXPECT_EQ(shard->string_or("ParentShardId"), parent);
    const auto page = records(iterator(stream, shard->string_or("ShardId"), "TRIM_HORIZON"));
    EXPECT_FALSE(page.find("Records")->as_array().empty());
    found += page.find("Records")->as_array().size();
  }
  EXPECT_EQ(found, 8U);
}

}  // namespace
}  // namespace tidemill::dynamodb
