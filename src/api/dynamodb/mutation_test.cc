// Requests that were bent at random: every one is answered, none with a server error, and the tables stay in order.
#include <random>

#include "api/dynamodb/test_world.h"
#include "item/encoding.h"

namespace tidemill::dynamodb {
namespace {

struct Seed {
  std::string_view target, body;
};
constexpr std::string_view kDynamo = "DynamoDB_20120810.";
constexpr Seed kSeeds[] =
    {
        {"CreateTable",
         R"({"TableName":"ttt","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"c","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"c","KeyType":"RANGE"}],"BillingMode":"PAY_PER_REQUEST","GlobalSecondaryIndexes":[{"IndexName":"by-g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["v"]}}],"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"},"Tags":[{"Key":"k","Value":"v"}],"SSESpecification":{"Enabled":true},"OnDemandThroughput":{"MaxReadRequestUnits":1}})"},
        {"PutItem",
         R"({"TableName":"ttt","Item":{"p":{"S":"a"},"c":{"N":"1"},"g":{"S":"x"},"v":{"L":[{"M":{"k":{"BOOL":true}}},{"NULL":true},{"SS":["a","b"]},{"NS":["1","2.5"]},{"BS":["Yg=="]},{"B":"Yg=="}]}},"ConditionExpression":"attribute_not_exists(#p) OR c < :one","ExpressionAttributeNames":{"#p":"p"},"ExpressionAttributeValues":{":one":{"N":"1"}},"ReturnValues":"ALL_OLD","ReturnConsumedCapacity":"INDEXES","ReturnItemCollectionMetrics":"SIZE"})"},
        {"PutItem",
         R"({"TableName":"ttt","Item":{"p":{"S":"b"},"c":{"N":"2"},"g":{"S":"y"}},"Expected":{"v":{"ComparisonOperator":"NULL"},"w":{"Exists":false}},"ConditionalOperator":"OR"})"},
        {"GetItem",
         R"({"TableName":"ttt","Key":{"p":{"S":"a"},"c":{"N":"1"}},"ProjectionExpression":"v[0].k, #g","ExpressionAttributeNames":{"#g":"g"},"ConsistentRead":true,"ReturnConsumedCapacity":"TOTAL"})"},
        {"UpdateItem",
         R"({"TableName":"ttt","Key":{"p":{"S":"a"},"c":{"N":"1"}},"UpdateExpression":"SET v[0].k = :x, w = if_not_exists(w, :n) + :n REMOVE z ADD n :n DELETE s :s","ExpressionAttributeValues":{":x":{"S":"x"},":n":{"N":"1"},":s":{"SS":["a"]}},"ReturnValues":"UPDATED_NEW"})"},
        {"UpdateItem",
         R"({"TableName":"ttt","Key":{"p":{"S":"a"},"c":{"N":"1"}},"AttributeUpdates":{"w":{"Action":"ADD","Value":{"N":"1"}},"z":{"Action":"DELETE"}},"ReturnValues":"ALL_NEW"})"},
        {"DeleteItem", R"({"TableName":"ttt","Key":{"p":{"S":"b"},"c":{"N":"2"}},"ReturnValues":"ALL_OLD"})"},
        {"Query", R"({"TableName":"ttt","KeyConditionExpression":"p = :p AND c BETWEEN :a AND :b","FilterExpression":"contains(g, :p) ","ExpressionAttributeValues":{":p":{"S":"a"},":a":{"N":"0"},":b":{"N":"9"}},"Limit":2,"ScanIndexForward":false,"ExclusiveStartKey":{"p":{"S":"a"},"c":{"N":"5"}},"ReturnConsumedCapacity":"INDEXES"})"},
        {"Query",
         R"({"TableName":"ttt","IndexName":"by-g","KeyConditions":{"g":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"x"}]}},"QueryFilter":{"v":{"ComparisonOperator":"NOT_NULL"}},"Select":"ALL_PROJECTED_ATTRIBUTES"})"},
        {"Scan",
         R"({"TableName":"ttt","Segment":1,"TotalSegments":2,"ScanFilter":{"g":{"ComparisonOperator":"IN","AttributeValueList":[{"S":"x"},{"S":"y"}]}},"AttributesToGet":["p","g"]})"},
        {"BatchGetItem",
         R"({"RequestItems":{"ttt":{"Keys":[{"p":{"S":"a"},"c":{"N":"1"}},{"p":{"S":"b"},"c":{"N":"2"}}],"ProjectionExpression":"p"}},"ReturnConsumedCapacity":"TOTAL"})"},
        {"BatchWriteItem",
         R"({"RequestItems":{"ttt":[{"PutRequest":{"Item":{"p":{"S":"d"},"c":{"N":"1"}}}},{"DeleteRequest":{"Key":{"p":{"S":"a"},"c":{"N":"1"}}}}]},"ReturnConsumedCapacity":"INDEXES"})"},
        {"TransactWriteItems",
         R"({"ClientRequestToken":"tok","TransactItems":[{"Put":{"TableName":"ttt","Item":{"p":{"S":"e"},"c":{"N":"1"}}}},{"Update":{"TableName":"ttt","Key":{"p":{"S":"f"},"c":{"N":"1"}},"UpdateExpression":"ADD n :n","ExpressionAttributeValues":{":n":{"N":"1"}}}},{"ConditionCheck":{"TableName":"ttt","Key":{"p":{"S":"g"},"c":{"N":"1"}},"ConditionExpression":"attribute_not_exists(p) ","ReturnValuesOnConditionCheckFailure":"ALL_OLD"}}]})"},
        {"TransactGetItems",
         R"({"TransactItems":[{"Get":{"TableName":"ttt","Key":{"p":{"S":"e"},"c":{"N":"1"}},"ProjectionExpression":"p"}}]})"},
        {"UpdateTable",
         R"({"TableName":"ttt","AttributeDefinitions":[{"AttributeName":"w","AttributeType":"N"}],"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"by-w","KeySchema":[{"AttributeName":"w","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}}]})"},
        {"UpdateTable",
         R"({"TableName":"ttt","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"by-w"}}],"DeletionProtectionEnabled":false})"},
        {"UpdateTable", R"({"TableName":"ttt","StreamSpecification":{"StreamEnabled":false},"TableClass":"STANDARD"})"},
        {"UpdateTimeToLive", R"({"TableName":"ttt","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"t"}})"},
        {"TagResource",
         R"({"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/ttt","Tags":[{"Key":"a","Value":"b"}]})"},
        {"UntagResource", R"({"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/ttt","TagKeys":["a"]})"},
        {"DescribeTable", R"({"TableName":"ttt"})"},
        {"ListTables", R"({"Limit":5,"ExclusiveStartTableName":"aaa"})"},
        {"DeleteTable", R"({"TableName":"ttt"})"},
};

// Values that take another's place, of every JSON type.
constexpr std::string_view kStrangers[] = {"null",
                                           "true",
                                           "0",
                                           "-1",
                                           "1.5",
                                           "1e400",
                                           R"("")",
                                           R"("x")",
                                           R"("a-name")",
                                           "[]",
                                           "[null]",
                                           "{}",
                                           R"({"S":"s"})",
                                           R"({"N":"1"})",
                                           R"({"N":"x"})",
                                           R"({"L":[null]})",
                                           R"({"M":{"a":null}})",
                                           R"([{}])",
                                           "100000000000",
                                           R"("\u0000")"};

// Where values begin and end in a JSON text: after ':', '[' or ',' up to the matching end.
std::vector<std::pair<std::size_t, std::size_t>> values_of(std::string_view text) {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      const std::size_t start = i++;
      while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
      if (i + 1 < text.size() && text[i + 1] != ':') out.emplace_back(start, i + 1);
    } else if (c == '{' || c == '[') {
      open.push_back(i);
    } else if ((c == '}' || c == ']') && !open.empty()) {
      out.emplace_back(open.back(), i + 1);
      open.pop_back();
    }
  }
  return out;
}

TEST(Mutations, OfRequestsAreAnsweredAndHarmless) {
  std::mt19937_64 dice(20261121);
  World world;
  std::size_t accepted = 0;
  constexpr int kRounds = 6000;
  for (int round = 0; round < kRounds; ++round) {
    const Seed& seed = kSeeds[dice() % std::size(kSeeds)];
    std::string body(seed.body);
    // A third of the requests stay as they are, so that there is something to disturb.
    for (auto changes = dice() % 3; changes > 0; --changes) {
      const auto values = values_of(body);
      if (values.empty()) break;
      const auto [from, to] = values[dice() % values.size()];
      if (dice() % 4 == 0) {
        const auto [other_from, other_to] = values[dice() % values.size()];
        body.replace(from, to - from, body.substr(other_from, other_to - other_from));
      } else {
        body.replace(from, to - from, kStrangers[dice() % std::size(kStrangers)]);
      }
    }
    const auto answer = world.send(std::string(kDynamo) + std::string(seed.target), body);
    accepted += answer.status == 200 ? 1 : 0;
    ASSERT_TRUE(answer.status == 200 || answer.status == 400) << seed.target << " " << body << " -> " << answer.body;
    if (answer.status == 200 && !answer.body.empty()) {
      ASSERT_TRUE(json::validate(answer.body)) << answer.body;
    }
  }
  EXPECT_GT(accepted, kRounds / 10U) << "most requests must not be refused for one reason";
}

}  // namespace
}  // namespace tidemill::dynamodb
