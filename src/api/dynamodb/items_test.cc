#include <algorithm>
#include <set>

#include "api/dynamodb/request.h"
#include "api/dynamodb/test_world.h"

namespace tidemill::dynamodb {
namespace {

constexpr std::string_view kHashTable =
    R"({"TableName":"things","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})";
constexpr std::string_view kRangeTable =
    R"({"TableName":"rows","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"c","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"l","AttributeType":"S"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"c","KeyType":"RANGE"}],"BillingMode":"PAY_PER_REQUEST","GlobalSecondaryIndexes":[{"IndexName":"by-g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"c","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}},{"IndexName":"all-g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}],"LocalSecondaryIndexes":[{"IndexName":"by-l","KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"l","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}})";

class Items : public testing::Test {
 protected:
  Items() {
    world.ok("CreateTable", kHashTable);
    world.ok("CreateTable", kRangeTable);
  }
  World world;
};

TEST_F(Items, PutGetDeleteRoundTrip) {
  EXPECT_EQ(world.ok("PutItem", R"({"TableName":"things","Item":{"p":{"S":"a"},"n":{"N":"1.50"}}})"), "{}");
  EXPECT_EQ(world.ok("GetItem", R"({"TableName":"things","Key":{"p":{"S":"a"}}})"),
            R"({"Item":{"n":{"N":"1.5"},"p":{"S":"a"}}})");
  EXPECT_EQ(world.ok("GetItem", R"({"TableName":"things","Key":{"p":{"S":"b"}}})"), "{}");
  EXPECT_EQ(world.ok("GetItem", R"({"TableName":"things","Key":{"p":{"S":"a"}},"ProjectionExpression":"zzz"})"),
            R"({"Item":{}})");
  EXPECT_EQ(world.ok("DeleteItem", R"({"TableName":"things","Key":{"p":{"S":"a"}},"ReturnValues":"ALL_OLD"})"),
            R"({"Attributes":{"n":{"N":"1.5"},"p":{"S":"a"}}})");
  EXPECT_EQ(world.ok("GetItem", R"({"TableName":"things","Key":{"p":{"S":"a"}}})"), "{}");
}

TEST_F(Items, TableNamesMayBeArns) {
  world.ok("PutItem", R"({"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/things","Item":{"p":{"S":"a"}}})");
  EXPECT_EQ(world.ok("GetItem", R"({"TableName":"things","Key":{"p":{"S":"a"}}})"), R"({"Item":{"p":{"S":"a"}}})");
}

struct ErrorCase {
  std::string_view name, operation, body, want;
};
constexpr ErrorCase kErrors[] = {
    {"UnknownTable", "GetItem", R"({"TableName":"nope","Key":{"p":{"S":"a"}}})",
     "ResourceNotFoundException: Requested resource not found"},
    {"MissingKeyInPut", "PutItem", R"({"TableName":"things","Item":{"a":{"S":"a"}}})",
     "ValidationException: One or more parameter values were invalid: Missing the key p in the item"},
    {"KeyTypeInPut", "PutItem", R"({"TableName":"things","Item":{"p":{"N":"1"}}})",
     "ValidationException: One or more parameter values were invalid: Type mismatch for key p expected: S actual: N"},
    {"ExtraKeyInGet", "GetItem", R"({"TableName":"things","Key":{"p":{"S":"a"},"q":{"S":"a"}}})",
     "ValidationException: The provided key element does not match the schema"},
    {"EmptyKey", "PutItem", R"({"TableName":"things","Item":{"p":{"S":""}}})",
     "ValidationException: One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
     "contain an empty "
     "string value. Key: p"},
    {"ReturnValuesOfPut", "PutItem", R"({"TableName":"things","Item":{"p":{"S":"a"}},"ReturnValues":"UPDATED_NEW"})",
     "ValidationException: ReturnValues can only be ALL_OLD or NONE"},
    {"NullAndPattern", "PutItem", R"({"TableName":"a;"})",
     "ValidationException: 3 validation errors detected: Value 'a;' at 'tableName' failed to satisfy constraint: "
     "Member must satisfy "
     "regular expression pattern: [a-zA-Z0-9_.-]+; Value 'a;' at 'tableName' failed to satisfy constraint: Member must "
     "have length "
     "greater than or equal to 3; Value null at 'item' failed to satisfy constraint: Member must not be null"},
    {"EnumIsCaseSensitive", "PutItem", R"({"TableName":"things","Item":{"p":{"S":"a"}},"ReturnValues":"none"})",
     "ValidationException: 1 validation error detected: Value 'none' at 'returnValues' failed to satisfy constraint: "
     "Member must "
     "satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"},
    {"NumberForString", "PutItem", R"({"TableName":"things","Item":{"p":{"N":3}}})",
     "SerializationException: NUMBER_VALUE cannot be converted to String"},
    {"ListForStructure", "PutItem", R"({"TableName":"things","Item":{"p":["a"]}})",
     "SerializationException: Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"},
    {"BadBase64Length", "PutItem", R"({"TableName":"things","Item":{"p":{"B":"abc"}}})",
     "SerializationException: Base64 encoded length is expected a multiple of 4 bytes but found: 3"},
    {"WordForBoolean", "GetItem", R"({"TableName":"things","Key":{"p":{"S":"a"}},"ConsistentRead":"x"})",
     "SerializationException: Unexpected token received from parser"},
    {"UnusedNamesCountedInPut", "PutItem",
     R"({"TableName":"things","Item":{"p":{"S":"a"}},"ConditionExpression":"attribute_exists(p) ","ExpressionAttributeNames":{"#a":"a"}})",
     "ValidationException: 1 validation error detected: Value provided in ExpressionAttributeNames unused in "
     "expressions: keys: {#a}"},
    {"UnusedNamesPlainInGet", "GetItem",
     R"({"TableName":"things","Key":{"p":{"S":"a"}},"ProjectionExpression":"b","ExpressionAttributeNames":{"#a":"a"}})",
     "ValidationException: Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}"},
    {"SyntaxBeforeTable", "PutItem", R"({"TableName":"nope","Item":{"p":{"S":"a"}},"ConditionExpression":"a ="})",
     "ValidationException: Invalid ConditionExpression: Syntax error; token: \"<EOF>\", near: \"=\""},
    {"KeyUpdate", "UpdateItem",
     R"({"TableName":"things","Key":{"p":{"S":"a"}},"UpdateExpression":"SET p = :v","ExpressionAttributeValues":{":v":{"S":"b"}}})",
     "ValidationException: One or more parameter values were invalid: Cannot update attribute p. This attribute is "
     "part of the key"},
    {"IndexKeyType", "PutItem", R"({"TableName":"rows","Item":{"p":{"S":"a"},"c":{"N":"1"},"g":{"N":"1"}}})",
     "ValidationException: One or more parameter values were invalid: Type mismatch for Index Key g Expected: S "
     "Actual: N IndexName: all-g"},
    {"NestedKeyPath", "GetItem", R"({"TableName":"things","Key":{"p":{"S":"a"}},"ProjectionExpression":"p.x"})",
     "ValidationException: Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
     "Key: p"},
    {"QueryWithoutCondition", "Query", R"({"TableName":"rows"})",
     "ValidationException: Either the KeyConditions or KeyConditionExpression parameter must be specified in the "
     "request."},
    {"UnknownIndex", "Scan", R"({"TableName":"rows","IndexName":"nope"})",
     "ValidationException: The table does not have the specified index: nope"},
    {"ConsistentGlobalIndex", "Scan", R"({"TableName":"rows","IndexName":"by-g","ConsistentRead":true})",
     "ValidationException: Consistent reads are not supported on global secondary indexes"},
    {"SegmentAlone", "Scan", R"({"TableName":"rows","Segment":0})",
     "ValidationException: The TotalSegments parameter is required but was not present in the request when Segment "
     "parameter is present"},
    {"StartKeyOfOtherPartition", "Query",
     R"({"TableName":"rows","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"a"}},"ExclusiveStartKey":{"p":{"S":"b"},"c":{"N":"1"}}})",
     "ValidationException: The provided starting key is outside query boundaries based on provided conditions"},
    {"FilterOnKey", "Query",
     R"({"TableName":"rows","KeyConditionExpression":"p = :p","FilterExpression":"c = :p","ExpressionAttributeValues":{":p":{"S":"a"}}})",
     "ValidationException: Filter Expression can only contain non-primary key attributes: Primary key attribute: c"},
    {"DuplicateBatchKeys", "BatchGetItem", R"({"RequestItems":{"things":{"Keys":[{"p":{"S":"a"}},{"p":{"S":"a"}}]}}})",
     "ValidationException: Provided list of item keys contains duplicates"},
    {"UnsupportedOperation", "CreateGlobalTable",
     R"({"GlobalTableName":"one","ReplicationGroup":[{"RegionName":"us-east-1"}]})",
     "ValidationException: One or more parameter values were invalid: DynamoDB global tables version 2017.11.29 is not "
     "supported. We recommend using DynamoDB global tables version 2019.11.21, instead of version 2017.11.29 "
     "(Legacy)."},
    {"UnknownOperation", "ListTable", R"({})", "UnknownOperationException: "},
    {"SameItemTwice", "TransactWriteItems",
     R"({"TransactItems":[{"Put":{"TableName":"rows","Item":{"p":{"S":"a"},"c":{"N":"1"}}}},{"Delete":{"TableName":"rows","Key":{"c":{"N":"1.0"},"p":{"S":"a"}}}}]})",
     "ValidationException: Transaction request cannot include multiple operations on one item"},
    {"CreateWithoutName", "CreateTable", R"({})",
     "ValidationException: The parameter 'TableName' is required but was not present in the request"},
    {"MixedForms", "GetItem",
     R"({"TableName":"things","Key":{"p":{"S":"a"}},"AttributesToGet":["a"],"ProjectionExpression":"b"})",
     "ValidationException: Can not use both expression and non-expression parameters in the same request: "
     "Non-expression parameters: "
     "{AttributesToGet} Expression parameters: {ProjectionExpression}"},
    {"NamesAlone", "GetItem", R"({"TableName":"things","Key":{"p":{"S":"a"}},"ExpressionAttributeNames":{"#a":"a"}})",
     "ValidationException: ExpressionAttributeNames can only be specified when using expressions"},
    {"ValuesAloneInUpdate", "UpdateItem",
     R"({"TableName":"things","Key":{"p":{"S":"a"}},"ExpressionAttributeValues":{":a":{"S":"a"}}})",
     "ValidationException: ExpressionAttributeValues can only be specified when using expressions: UpdateExpression "
     "and ConditionExpression "
     "are null"},
    {"EmptyAttributesToGet", "GetItem", R"({"TableName":"things","Key":{"p":{"S":"a"}},"AttributesToGet":[]})",
     "ValidationException: 1 validation error detected: Value '[]' at 'attributesToGet' failed to satisfy constraint: "
     "Member must have "
     "length greater than or equal to 1"},
    {"DuplicateAttributesToGet", "GetItem",
     R"({"TableName":"things","Key":{"p":{"S":"a"}},"AttributesToGet":["a","a"]})",
     "ValidationException: One or more parameter values were invalid: Duplicate value in attribute name: a"},
    {"LimitZero", "Scan", R"({"TableName":"things","Limit":0})",
     "ValidationException: 1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must "
     "have value greater "
     "than or equal to 1"},
    {"KeyTypeInQuery", "Query",
     R"({"TableName":"rows","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"N":"1"}}})",
     "ValidationException: One or more parameter values were invalid: Condition parameter type does not match schema "
     "type"},
    {"MissedKey", "Query",
     R"({"TableName":"rows","KeyConditionExpression":"c = :p","ExpressionAttributeValues":{":p":{"N":"1"}}})",
     "ValidationException: Query condition missed key schema element: p"},
    {"HashNotEqual", "Query",
     R"({"TableName":"rows","KeyConditionExpression":"p > :p","ExpressionAttributeValues":{":p":{"S":"1"}}})",
     "ValidationException: Query key condition not supported"},
    {"EmptyKeyInQuery", "Query",
     R"({"TableName":"rows","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":""}}})",
     "ValidationException: One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
     "contain an empty "
     "string value. Key: p"},
    {"SelectProjectedWithoutIndex", "Query",
     R"({"TableName":"rows","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"1"}},"Select":"ALL_PROJECTED_ATTRIBUTES"})",
     "ValidationException: 1 validation error detected: ALL_PROJECTED_ATTRIBUTES can be used only when Querying using "
     "an IndexName"},
    {"SelectSpecificInScan", "Scan", R"({"TableName":"rows","Select":"SPECIFIC_ATTRIBUTES"})",
     "ValidationException: 1 validation error detected: Must specify the AttributesToGet or ProjectionExpression when "
     "choosing to get SPECIFIC_ATTRIBUTES"},
    {"CountWithProjection", "Scan", R"({"TableName":"rows","Select":"COUNT","ProjectionExpression":"a"})",
     "ValidationException: 1 validation error detected: Cannot specify the ProjectionExpression when choosing to get "
     "only the Count"},
    {"AllAttributesOfNarrowIndex", "Scan", R"({"TableName":"rows","IndexName":"by-g","Select":"ALL_ATTRIBUTES"})",
     "ValidationException: One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for "
     "global secondary "
     "index by-g because its projection type is not ALL"},
    {"UnprojectedAttribute", "Scan", R"({"TableName":"rows","IndexName":"by-g","ProjectionExpression":"v"})",
     "ValidationException: One or more parameter values were invalid: Global secondary index by-g does not project "
     "[v]"},
    {"StartKeyOutsideRange", "Query",
     R"({"TableName":"rows","KeyConditionExpression":"p = :p AND c > :c","ExpressionAttributeValues":{":p":{"S":"a"},":c":{"N":"5"}},"ExclusiveStartKey":{"p":{"S":"a"},"c":{"N":"1"}}})",
     "ValidationException: The provided starting key does not match the range key predicate"},
    {"StartKeyOfOneRow", "Query",
     R"({"TableName":"rows","KeyConditionExpression":"p = :p AND c = :c","ExpressionAttributeValues":{":p":{"S":"a"},":c":{"N":"5"}},"ExclusiveStartKey":{"p":{"S":"b"},"c":{"N":"5"}}})",
     "ValidationException: The query can return at most one row and cannot be restarted"},
    {"StartKeyTooShort", "Query",
     R"({"TableName":"rows","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"a"}},"ExclusiveStartKey":{"p":{"S":"a"}}})",
     "ValidationException: The provided starting key is invalid"},
    {"StartKeyTooShortInScan", "Scan", R"({"TableName":"rows","ExclusiveStartKey":{"p":{"S":"a"}}})",
     "ValidationException: The provided starting key is invalid: The provided key element does not match the schema"},
    {"StartKeyOfHashTable", "Query",
     R"({"TableName":"things","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"x"}},"ExclusiveStartKey":{"p":{"S":"x"}}})",
     "ValidationException: The provided exclusive start key is invalid: ExclusiveStartKey: {p=AttributeValue: {S:x}}"},
    {"SegmentNotBelowTotal", "Scan", R"({"TableName":"rows","Segment":1,"TotalSegments":1})",
     "ValidationException: The Segment parameter is zero-based and must be less than parameter TotalSegments"},
    {"QueryFilterOnKey", "Query",
     R"({"TableName":"rows","KeyConditions":{"p":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"a"}]}},"QueryFilter":{"c":{"ComparisonOperator":"EQ","AttributeValueList":[{"N":"1"}]}}})",
     "ValidationException: QueryFilter can only contain non-primary key attributes: Primary key attribute: c"},
    {"NotIndexable", "Query",
     R"({"TableName":"rows","KeyConditions":{"p":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"a"}]},"c":{"ComparisonOperator":"NE","AttributeValueList":[{"N":"1"}]}}})",
     "ValidationException: Attempted conditional constraint is not an indexable operation"},
    {"OperatorOfFilterIsRequired", "Scan", R"({"TableName":"rows","ScanFilter":{"a":{}}})",
     "ValidationException: 1 validation error detected: Value null at 'scanFilter.a.member.comparisonOperator' failed "
     "to satisfy "
     "constraint: Member must not be null"},
    {"ConditionalOperatorAlone", "PutItem",
     R"({"TableName":"things","Item":{"p":{"S":"a"}},"ConditionalOperator":"OR"})",
     "ValidationException: ConditionalOperator cannot be used without Filter or Expected"},
    {"IndexKeyEmpty", "PutItem", R"({"TableName":"rows","Item":{"p":{"S":"a"},"c":{"N":"1"},"g":{"S":""}}})",
     "ValidationException: One or more parameter values are not valid. A value specified for a secondary index key is "
     "not supported. The "
     "AttributeValue for a key attribute cannot contain an empty string value. IndexName: all-g, IndexKey: g"},
    {"IndexKeyNull", "PutItem", R"({"TableName":"rows","Item":{"p":{"S":"a"},"c":{"N":"1"},"g":{"NULL":true}}})",
     "ValidationException: One or more parameter values were invalid: Type mismatch for Index Key g Expected: S "
     "Actual: NULL IndexName: all-g"},
    {"IndexKeyNestedPath", "Scan", R"({"TableName":"rows","ProjectionExpression":"g.x"})",
     "ValidationException: Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
     "IndexKey: g"},
    {"EmptyUpdateExpression", "UpdateItem", R"({"TableName":"things","Key":{"p":{"S":"a"}},"UpdateExpression":""})",
     "ValidationException: 1 validation error detected: Invalid UpdateExpression: The expression can not be empty;"},
    {"MissingUpdateOperand", "UpdateItem",
     R"({"TableName":"things","Key":{"p":{"S":"a"}},"UpdateExpression":"SET a = b"})",
     "ValidationException: The provided expression refers to an attribute that does not exist in the item"},
    {"EmptySetCountedInPut", "PutItem", R"({"TableName":"things","Item":{"p":{"S":"a"},"s":{"SS":[]}}})",
     "ValidationException: 1 validation error detected: One or more parameter values were invalid: An string set  may "
     "not be empty"},
    {"LongHashKey", "GetItem", "",
     "ValidationException: One or more parameter values were invalid: Size of hashkey has exceeded the maximum size "
     "limit of2048 bytes"},
    {"BatchElementWithBoth", "BatchWriteItem",
     R"({"RequestItems":{"things":[{"PutRequest":{"Item":{"p":{"S":"a"}}},"DeleteRequest":{"Key":{"p":{"S":"a"}}}}]}})",
     "ValidationException: Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
     "supported datatypes"},
    {"BatchWithoutItems", "BatchWriteItem", R"({"RequestItems":{}})",
     "ValidationException: The requestItems parameter is required for BatchWriteItem"},
    {"BatchDuplicateNumbers", "BatchWriteItem",
     R"({"RequestItems":{"rows":[{"DeleteRequest":{"Key":{"p":{"S":"a"},"c":{"N":"1000"}}}},{"DeleteRequest":{"Key":{"p":{"S":"a"},"c":{"N":"1e3"}}}}]}})",
     "ValidationException: Provided list of item keys contains duplicates"},
    {"TransactionWithoutMember", "TransactWriteItems", R"({"TransactItems":[{}]})",
     "ValidationException: TransactItems can only contain one of Check, Put, Update or Delete"},
    {"TransactionToken", "TransactWriteItems",
     R"({"ClientRequestToken":"1234567890123456789012345678901234567","TransactItems":[{"Delete":{"TableName":"things","Key":{"p":{"S":"a"}}}}]})",
     "ValidationException: 1 validation error detected: Value '1234567890123456789012345678901234567' at "
     "'clientRequestToken' failed to "
     "satisfy constraint: Member must have length less than or equal to 36"},
    {"TransactionWrongKey", "TransactWriteItems",
     R"({"TransactItems":[{"Delete":{"TableName":"things","Key":{"p":{"S":"a"}}}},{"Delete":{"TableName":"things","Key":{"p":{"N":"1"}}}}]})",
     "TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons "
     "[None, ValidationError]"},
    {"TransactionCheckWithoutCondition", "TransactWriteItems",
     R"({"TransactItems":[{"ConditionCheck":{"TableName":"things","Key":{"p":{"S":"a"}}}}]})",
     "ValidationException: 1 validation error detected: Value null at "
     "'transactItems.1.member.conditionCheck.conditionExpression' failed "
     "to satisfy constraint: Member must not be null"},
    {"TransactGetTwice", "TransactGetItems",
     R"({"TransactItems":[{"Get":{"TableName":"things","Key":{"p":{"S":"a"}}}},{"Get":{"TableName":"things","Key":{"p":{"S":"a"}}}}]})",
     "ValidationException: Transaction request cannot include multiple operations on one item"},
    {"TagWithoutArn", "TagResource", R"({"Tags":[{"Key":"a","Value":"b"}]})", "ValidationException: Invalid TableArn"},
    {"TagOfIndex", "TagResource",
     R"({"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/rows/index/by-g","Tags":[{"Key":"a","Value":"b"}]})",
     "ValidationException: One or more parameter values were invalid: Invalid resource arn provided, only table or "
     "stream is accepted. Provided resource arn: arn:aws:dynamodb:us-east-1:000000000000:table/rows/index/by-g"},
    {"ControlNameLength", "DescribeTable", R"({"TableName":"a;"})",
     "ValidationException: 2 validation errors detected: Value 'a;' at 'tableName' failed to satisfy constraint: "
     "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value 'a;' at 'tableName' failed to satisfy "
     "constraint: Member must have length greater than or equal to 3"},
    {"ControlNamePattern", "DescribeTable", R"({"TableName":"abc;"})",
     "ValidationException: 1 validation error detected: Value 'abc;' at 'tableName' failed to satisfy constraint: "
     "Member must satisfy "
     "regular expression pattern: [a-zA-Z0-9_.-]+"},
    {"TwoIndexChanges", "UpdateTable",
     R"({"TableName":"rows","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"by-g"}},{"Delete":{"IndexName":"all-g"}}]})",
     "LimitExceededException: Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously "
     "per table"},
    {"NullIndexUpdate", "UpdateTable", R"({"TableName":"rows","GlobalSecondaryIndexUpdates":[{}]})",
     "ValidationException: One or more parameter values were invalid: One of GlobalSecondaryIndexUpdate.Update, "
     "GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null"},
    {"ExistingTable", "CreateTable", kHashTable, "ResourceInUseException: Table already exists: things"},
    {"DeleteUnknownTable", "DeleteTable", R"({"TableName":"nope"})",
     "ResourceNotFoundException: Requested resource not found: Table: nope not found"},
};

class Errors : public testing::TestWithParam<ErrorCase> {};
TEST_P(Errors, AreWordedAsTheServiceWordsThem) {
  World world;
  world.ok("CreateTable", kHashTable);
  world.ok("CreateTable", kRangeTable);
  // The one case whose request is too long to be written down.
  const std::string long_key = R"({"TableName":"things","Key":{"p":{"S":")" + std::string(2049, 'x') + "\"}}}";
  EXPECT_EQ(world.error(GetParam().operation, GetParam().body.empty() ? long_key : GetParam().body), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, Errors, testing::ValuesIn(kErrors),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(Items, ConditionsRefuseAndShowTheOldItem) {
  world.ok("PutItem", R"({"TableName":"things","Item":{"p":{"S":"a"},"v":{"N":"1"}}})");
  const auto answer = world.call(
      "PutItem",
      R"({"TableName":"things","Item":{"p":{"S":"a"}},"ConditionExpression":"attribute_not_exists(p) ","ReturnValuesOnConditionCheckFailure":"ALL_OLD"})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(
      answer.body,
      R"({"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","Item":{"p":{"S":"a"},"v":{"N":"1"}},"message":"The conditional request failed"})");
}

TEST_F(Items, UpdatesReturnWhatIsAskedFor) {
  world.ok(
      "UpdateItem",
      R"({"TableName":"things","Key":{"p":{"S":"a"}},"UpdateExpression":"SET v = :v, m = :m","ExpressionAttributeValues":{":v":{"N":"1"},":m":{"M":{"x":{"N":"1"},"y":{"N":"2"}}}}})");
  const auto update = [&](std::string_view returns) {
    return world.ok(
        "UpdateItem",
        R"({"TableName":"things","Key":{"p":{"S":"a"}},"UpdateExpression":"SET m.x = m.x + :one","ExpressionAttributeValues":{":one":{"N":"1"}},"ReturnValues":")" +
            std::string(returns) + "\"}");
  };
  EXPECT_EQ(update("UPDATED_NEW"), R"({"Attributes":{"m":{"M":{"x":{"N":"2"}}}}})");
  EXPECT_EQ(update("UPDATED_OLD"), R"({"Attributes":{"m":{"M":{"x":{"N":"2"}}}}})");
  EXPECT_EQ(update("ALL_NEW"),
            R"({"Attributes":{"m":{"M":{"x":{"N":"4"},"y":{"N":"2"}}},"p":{"S":"a"},"v":{"N":"1"}}})");
  // Removing from nothing creates nothing.
  EXPECT_EQ(
      world.ok(
          "UpdateItem",
          R"({"TableName":"things","Key":{"p":{"S":"b"}},"UpdateExpression":"REMOVE x","ReturnValues":"ALL_NEW"})"),
      "{}");
  EXPECT_EQ(world.ok("GetItem", R"({"TableName":"things","Key":{"p":{"S":"b"}}})"), "{}");
  // The legacy form of one story.
  EXPECT_EQ(
      world.ok(
          "UpdateItem",
          R"({"TableName":"things","Key":{"p":{"S":"a"}},"AttributeUpdates":{"word_count":{"Action":"PUT","Value":{"N":"5"}}},"ReturnValues":"UPDATED_NEW"})"),
      R"({"Attributes":{"word_count":{"N":"5"}}})");
}

TEST_F(Items, QueriesPageInBothDirections) {
  for (int i = 0; i < 10; ++i) {
    world.ok("PutItem", R"({"TableName":"rows","Item":{"p":{"S":"a"},"c":{"N":")" + std::to_string(i - 5) + R"("}}})");
  }
  for (const bool forward : {true, false}) {
    std::vector<int> seen;
    std::string start;
    do {
      const auto page = world.ok_json(
          "Query",
          R"({"TableName":"rows","KeyConditionExpression":"p = :p AND c BETWEEN :a AND :b","ExpressionAttributeValues":{":p":{"S":"a"},":a":{"N":"-4"},":b":{"N":"3"}},"Limit":3,"ScanIndexForward":)" +
              std::string(forward ? "true" : "false") + start + "}");
      for (const auto& item : page.find("Items")->as_array()) seen.push_back(std::stoi(item.find("c")->string_or("N")));
      const auto* last = page.find("LastEvaluatedKey");
      start = last != nullptr ? ",\"ExclusiveStartKey\":" + last->text() : "";
    } while (!start.empty());
    std::vector<int> want = {-4, -3, -2, -1, 0, 1, 2, 3};
    if (!forward) std::ranges::reverse(want);
    EXPECT_EQ(seen, want);
  }
  const auto exact = world.ok_json(
      "Query",
      R"({"TableName":"rows","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"a"}},"Limit":10})");
  EXPECT_NE(exact.find("LastEvaluatedKey"), nullptr) << "a Limit that ends with the range still tells a key";
  const auto count = world.ok_json(
      "Query",
      R"({"TableName":"rows","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"a"}},"Select":"COUNT"})");
  EXPECT_EQ(count.text(), R"({"Count":10,"ScannedCount":10})");
}

TEST_F(Items, IndexesFollowTheirItems) {
  const auto entries = [&](std::string_view index, std::string_view g) {
    const auto page =
        world.ok_json("Query", R"({"TableName":"rows","IndexName":")" + std::string(index) +
                                   R"(","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":")" +
                                   std::string(g) + R"("}}})");
    return page.find("Items")->text();
  };
  world.ok("PutItem", R"({"TableName":"rows","Item":{"p":{"S":"a"},"c":{"N":"1"},"g":{"S":"x"},"v":{"N":"7"}}})");
  world.ok("PutItem", R"({"TableName":"rows","Item":{"p":{"S":"b"},"c":{"N":"1"}}})");
  EXPECT_EQ(entries("by-g", "x"), R"([{"c":{"N":"1"},"g":{"S":"x"},"p":{"S":"a"}}])");
  EXPECT_EQ(entries("all-g", "x"), R"([{"c":{"N":"1"},"g":{"S":"x"},"p":{"S":"a"},"v":{"N":"7"}}])");
  world.ok(
      "UpdateItem",
      R"({"TableName":"rows","Key":{"p":{"S":"a"},"c":{"N":"1"}},"UpdateExpression":"SET g = :y","ExpressionAttributeValues":{":y":{"S":"y"}}})");
  EXPECT_EQ(entries("by-g", "x"), "[]");
  EXPECT_EQ(entries("by-g", "y"), R"([{"c":{"N":"1"},"g":{"S":"y"},"p":{"S":"a"}}])");
  world.ok("DeleteItem", R"({"TableName":"rows","Key":{"p":{"S":"a"},"c":{"N":"1"}}})");
  EXPECT_EQ(entries("by-g", "y"), "[]");
  EXPECT_EQ(entries("all-g", "y"), "[]");
}

TEST_F(Items, LocalIndexesFetchWhatTheyDoNotHold) {
  world.ok("PutItem", R"({"TableName":"rows","Item":{"p":{"S":"a"},"c":{"N":"1"},"l":{"S":"x"},"v":{"N":"7"}}})");
  const auto page = world.ok_json(
      "Query",
      R"({"TableName":"rows","IndexName":"by-l","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"a"}},"Select":"ALL_ATTRIBUTES","ConsistentRead":true,"ReturnConsumedCapacity":"INDEXES"})");
  EXPECT_EQ(page.find("Items")->text(), R"([{"c":{"N":"1"},"l":{"S":"x"},"p":{"S":"a"},"v":{"N":"7"}}])");
  EXPECT_EQ(
      page.find("ConsumedCapacity")->text(),
      R"({"TableName":"rows","CapacityUnits":2.0,"Table":{"CapacityUnits":1.0},"LocalSecondaryIndexes":{"by-l":{"CapacityUnits":1.0}}})");
}

TEST_F(Items, ParallelScansAreDisjointAndComplete) {
  std::set<std::string> all;
  for (int i = 0; i < 60; ++i) {
    all.insert(std::to_string(i));
    world.ok("PutItem", R"({"TableName":"things","Item":{"p":{"S":")" + std::to_string(i) + R"("}}})");
  }
  for (const int total : {1, 2, 7, 64}) {
    std::multiset<std::string> seen;
    for (int segment = 0; segment < total; ++segment) {
      std::string start;
      do {
        const auto page =
            world.ok_json("Scan", R"({"TableName":"things","Limit":4,"Segment":)" + std::to_string(segment) +
                                      ",\"TotalSegments\":" + std::to_string(total) + start + "}");
        for (const auto& item : page.find("Items")->as_array()) seen.insert(item.find("p")->string_or("S"));
        const auto* last = page.find("LastEvaluatedKey");
        start = last != nullptr ? ",\"ExclusiveStartKey\":" + last->text() : "";
      } while (!start.empty());
    }
    EXPECT_EQ(seen.size(), all.size()) << total;
    EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()), all) << total;
  }
}

TEST_F(Items, CapacityIsTold) {
  EXPECT_EQ(
      world.ok(
          "PutItem",
          R"({"TableName":"rows","Item":{"p":{"S":"a"},"c":{"N":"1"},"g":{"S":"x"}},"ReturnConsumedCapacity":"INDEXES","ReturnItemCollectionMetrics":"SIZE"})"),
      R"({"ConsumedCapacity":{"TableName":"rows","CapacityUnits":3.0,"Table":{"CapacityUnits":1.0},"GlobalSecondaryIndexes":{"by-g":{"CapacityUnits":1.0},"all-g":{"CapacityUnits":1.0}}},"ItemCollectionMetrics":{"ItemCollectionKey":{"p":{"S":"a"}},"SizeEstimateRangeGB":[0.0,1.0]}})");
  EXPECT_EQ(world.ok("GetItem",
                     R"({"TableName":"rows","Key":{"p":{"S":"z"},"c":{"N":"1"}},"ReturnConsumedCapacity":"TOTAL"})"),
            R"({"ConsumedCapacity":{"TableName":"rows","CapacityUnits":0.5}})");
}

TEST_F(Items, BatchesWriteAndRead) {
  EXPECT_EQ(
      world.ok(
          "BatchWriteItem",
          R"({"RequestItems":{"things":[{"PutRequest":{"Item":{"p":{"S":"a"}}}},{"DeleteRequest":{"Key":{"p":{"S":"b"}}}}]}})"),
      R"({"UnprocessedItems":{}})");
  EXPECT_EQ(
      world.ok(
          "BatchGetItem",
          R"({"RequestItems":{"things":{"Keys":[{"p":{"S":"a"}},{"p":{"S":"b"}}]},"rows":{"Keys":[{"p":{"S":"q"},"c":{"N":"1"}}]}}})"),
      R"({"Responses":{"things":[{"p":{"S":"a"}}],"rows":[]},"UnprocessedKeys":{}})");
  // One bad item refuses the whole batch.
  EXPECT_EQ(
      world.error(
          "BatchWriteItem",
          R"({"RequestItems":{"things":[{"PutRequest":{"Item":{"p":{"S":"new"}}}},{"PutRequest":{"Item":{"p":{"N":"1"}}}}]}})"),
      "ValidationException: The provided key element does not match the schema");
  EXPECT_EQ(world.ok("GetItem", R"({"TableName":"things","Key":{"p":{"S":"new"}}})"), "{}");
}

TEST_F(Items, ABatchOfMoreThanSixteenMegabytesComesInParts) {
  std::string keys;
  for (int i = 0; i < 45; ++i) {
    world.ok("PutItem", R"({"TableName":"things","Item":{"p":{"S":")" + std::to_string(i) + R"("},"v":{"S":")" +
                            std::string(400'000, 'x') + "\"}}}");
    keys += std::string(i != 0 ? "," : "") + R"({"p":{"S":")" + std::to_string(i) + "\"}}";
  }
  const auto first = world.ok_json(
      "BatchGetItem",
      R"({"RequestItems":{"things":{"Keys":[)" + keys +
          R"(],"ConsistentRead":true,"ProjectionExpression":"#p","ExpressionAttributeNames":{"#p":"p"}}}})");
  const auto* rest = first.find("UnprocessedKeys")->find("things");
  ASSERT_NE(rest, nullptr);
  EXPECT_EQ(first.find("Responses")->find("things")->as_array().size() + rest->find("Keys")->as_array().size(), 45U);
  EXPECT_EQ(rest->bool_or("ConsistentRead", false), true);
  EXPECT_EQ(rest->string_or("ProjectionExpression"), "#p");
  const auto second =
      world.ok_json("BatchGetItem", R"({"RequestItems":)" + first.find("UnprocessedKeys")->text() + "}");
  EXPECT_EQ(second.find("UnprocessedKeys")->text(), "{}");
}

struct CapacityCase {
  std::string_view name, operation, body, want;
};
// The item a/1 is there: 1500 bytes of text, indexed by g in both global indexes.
constexpr CapacityCase kCapacities[] = {
    {"PutOfTheLargerOfOldAndNew", "PutItem",
     R"({"TableName":"rows","Item":{"p":{"S":"a"},"c":{"N":"1"}},"ReturnConsumedCapacity":"INDEXES"})",
     R"({"TableName":"rows","CapacityUnits":5.0,"Table":{"CapacityUnits":2.0},"GlobalSecondaryIndexes":{"by-g":{"CapacityUnits":1.0},"all-g":{"CapacityUnits":2.0}}})"},
    {"KeyChangeOfAnIndexIsTwoWrites", "UpdateItem",
     R"({"TableName":"rows","Key":{"p":{"S":"a"},"c":{"N":"1"}},"UpdateExpression":"SET g = :y","ExpressionAttributeValues":{":y":{"S":"y"}},"ReturnConsumedCapacity":"INDEXES"})",
     R"({"TableName":"rows","CapacityUnits":8.0,"Table":{"CapacityUnits":2.0},"GlobalSecondaryIndexes":{"by-g":{"CapacityUnits":2.0},"all-g":{"CapacityUnits":4.0}}})"},
    {"UnprojectedChangeLeavesTheNarrowIndexOut", "UpdateItem",
     R"({"TableName":"rows","Key":{"p":{"S":"a"},"c":{"N":"1"}},"UpdateExpression":"SET w = :y","ExpressionAttributeValues":{":y":{"S":"y"}},"ReturnConsumedCapacity":"INDEXES"})",
     R"({"TableName":"rows","CapacityUnits":4.0,"Table":{"CapacityUnits":2.0},"GlobalSecondaryIndexes":{"all-g":{"CapacityUnits":2.0}}})"},
    {"DeleteOfNothing", "DeleteItem",
     R"({"TableName":"rows","Key":{"p":{"S":"z"},"c":{"N":"1"}},"ReturnConsumedCapacity":"TOTAL"})",
     R"({"TableName":"rows","CapacityUnits":1.0})"},
    {"ConsistentGet", "GetItem",
     R"({"TableName":"rows","Key":{"p":{"S":"a"},"c":{"N":"1"}},"ConsistentRead":true,"ReturnConsumedCapacity":"INDEXES"})",
     R"({"TableName":"rows","CapacityUnits":1.0,"Table":{"CapacityUnits":1.0}})"},
    {"QueryOfAnIndex", "Query",
     R"({"TableName":"rows","IndexName":"by-g","KeyConditionExpression":"g = :x","ExpressionAttributeValues":{":x":{"S":"x"}},"ReturnConsumedCapacity":"INDEXES"})",
     R"({"TableName":"rows","CapacityUnits":0.5,"Table":{"CapacityUnits":0.0},"GlobalSecondaryIndexes":{"by-g":{"CapacityUnits":0.5}}})"},
};
class Capacities : public testing::TestWithParam<CapacityCase> {};
TEST_P(Capacities, AreCountedAsDocumented) {
  World world;
  world.ok("CreateTable", kRangeTable);
  world.ok("PutItem", R"({"TableName":"rows","Item":{"p":{"S":"a"},"c":{"N":"1"},"g":{"S":"x"},"v":{"S":")" +
                          std::string(1500, 'x') + R"("}}})");
  EXPECT_EQ(world.ok_json(GetParam().operation, GetParam().body).find("ConsumedCapacity")->text(), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, Capacities, testing::ValuesIn(kCapacities),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(Items, TransactionsAreAllOrNothing) {
  world.ok("PutItem", R"({"TableName":"things","Item":{"p":{"S":"a"},"v":{"N":"1"}}})");
  const auto answer = world.call(
      "TransactWriteItems",
      R"({"TransactItems":[{"Put":{"TableName":"things","Item":{"p":{"S":"b"}}}},{"Update":{"TableName":"things","Key":{"p":{"S":"a"}},"UpdateExpression":"SET v = :two","ConditionExpression":"v = :two","ExpressionAttributeValues":{":two":{"N":"2"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}}]})");
  EXPECT_EQ(
      answer.body,
      R"({"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed","Item":{"p":{"S":"a"},"v":{"N":"1"}},"Message":"The conditional request failed"}],"Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]"})");
  EXPECT_EQ(world.ok("GetItem", R"({"TableName":"things","Key":{"p":{"S":"b"}}})"), "{}");
  EXPECT_EQ(
      world.ok(
          "TransactWriteItems",
          R"({"TransactItems":[{"Put":{"TableName":"things","Item":{"p":{"S":"b"}}}},{"ConditionCheck":{"TableName":"things","Key":{"p":{"S":"a"}},"ConditionExpression":"attribute_exists(p) "}}],"ReturnConsumedCapacity":"TOTAL"})"),
      R"({"ConsumedCapacity":[{"TableName":"things","CapacityUnits":4.0,"WriteCapacityUnits":4.0}]})");
  EXPECT_EQ(
      world.ok(
          "TransactGetItems",
          R"({"TransactItems":[{"Get":{"TableName":"things","Key":{"p":{"S":"b"}}}},{"Get":{"TableName":"things","Key":{"p":{"S":"zz"}}}}]})"),
      R"({"Responses":[{"Item":{"p":{"S":"b"}}},{}]})");
}

TEST_F(Items, ATokenMakesATransactionRunOnceAlsoAfterARestart) {
  const std::string body =
      R"({"ClientRequestToken":"t1","TransactItems":[{"Update":{"TableName":"things","Key":{"p":{"S":"a"}},"UpdateExpression":"ADD v :one","ExpressionAttributeValues":{":one":{"N":"1"}}}}]})";
  world.ok("TransactWriteItems", body);
  world.ok("TransactWriteItems", body);
  world.restart();
  world.ok("TransactWriteItems", body);
  EXPECT_EQ(world.ok("GetItem", R"({"TableName":"things","Key":{"p":{"S":"a"}}})"),
            R"({"Item":{"p":{"S":"a"},"v":{"N":"1"}}})");
  EXPECT_TRUE(
      world
          .error(
              "TransactWriteItems",
              R"({"ClientRequestToken":"t1","TransactItems":[{"Delete":{"TableName":"things","Key":{"p":{"S":"a"}}}}]})")
          .starts_with("IdempotentParameterMismatchException"));
  world.run_for(std::chrono::minutes(11));
  world.ok("TransactWriteItems", body);
  EXPECT_EQ(world.ok("GetItem", R"({"TableName":"things","Key":{"p":{"S":"a"}}})"),
            R"({"Item":{"p":{"S":"a"},"v":{"N":"2"}}})");
}

TEST_F(Items, WritesSurviveARestartAndAnswersWaitForTheSync) {
  world.ok("PutItem", R"({"TableName":"things","Item":{"p":{"S":"a"}}})");
  world.crash(0);
  EXPECT_EQ(world.ok("GetItem", R"({"TableName":"things","Key":{"p":{"S":"a"}}})"), R"({"Item":{"p":{"S":"a"}}})");
}

TEST_F(Items, ADamagedRowIsAnErrorHoweverItIsRead) {
  world.ok("PutItem", R"({"TableName":"things","Item":{"p":{"S":"a"},"v":{"S":"whole"}}})");
  const auto cursor = world.store->cursor(storage::Keyspace::kItems, {});
  ASSERT_TRUE(cursor->valid());
  std::string value(cursor->value());
  value[value.find("whole")] = 'W';
  ASSERT_TRUE(world.engine->write(
      {{storage::Write::Kind::kPut, storage::Keyspace::kItems, std::string(cursor->key()), std::move(value)}}));
  world.restart();
  for (int i = 0; i < 2; ++i) {
    for (const auto& [operation, body] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
             {"GetItem", R"({"TableName":"things","Key":{"p":{"S":"a"}}})"},
             {"GetItem", R"({"TableName":"things","Key":{"p":{"S":"a"}},"ProjectionExpression":"v"})"},
             {"BatchGetItem", R"({"RequestItems":{"things":{"Keys":[{"p":{"S":"a"}}]}}})"},
             {"TransactGetItems", R"({"TransactItems":[{"Get":{"TableName":"things","Key":{"p":{"S":"a"}}}}]})"},
             {"Scan", R"({"TableName":"things"})"},
             {"UpdateItem", R"({"TableName":"things","Key":{"p":{"S":"a"}},"UpdateExpression":"SET n = v"})"}})
      EXPECT_TRUE(world.error(operation, body).starts_with("InternalServerError")) << operation;
  }
  world.ok("PutItem", R"({"TableName":"things","Item":{"p":{"S":"b"}}})");
  EXPECT_EQ(world.ok("GetItem", R"({"TableName":"things","Key":{"p":{"S":"b"}}})"), R"({"Item":{"p":{"S":"b"}}})");
}

TEST(ItemCollections, TellTheWholeGigabytesAroundTheirSize) {
  const auto told = [](std::int64_t bytes) {
    std::string out;
    json::Writer writer(out);
    append_collection(writer, item::Item::from({{"p", "a"}}), bytes);
    return out.substr(out.find('['));
  };
  EXPECT_EQ(told(0), "[0.0,1.0]}");
  EXPECT_EQ(told((1LL << 30) - 1), "[0.0,1.0]}");
  EXPECT_EQ(told(3LL << 30), "[3.0,4.0]}");
}

}  // namespace
}  // namespace tidemill::dynamodb
