// The protocol itself: what every request and answer has.
#include "api/dynamodb/test_world.h"
#include "http/coding.h"

namespace tidemill::dynamodb {
namespace {

http::Request post(std::string_view target, std::string_view body,
                   std::string_view type = "application/x-amz-json-1.0") {
  http::Request request{.method = "POST", .target = "/"};
  request.headers.add("Content-Type", type);
  if (!target.empty()) request.headers.add("X-Amz-Target", target);
  request.body = body;
  return request;
}

constexpr std::string_view kList = "DynamoDB_20120810.ListTables";

TEST(Wire, WrongContentTypesAreTheServicesNotFound) {
  World world;
  const auto answer = world.http(post(kList, "{}", "application/x-amz-json-1.1"));
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body, "<UnknownOperationException/>\n");
  EXPECT_EQ(answer.headers.get("x-amz-crc32"), "3552371480");
  EXPECT_EQ(world.http({.method = "PUT", .target = "/"}).status, 404);
}

TEST(Wire, ErrorsWithoutATextHaveTheirKnownChecksums) {
  World world;
  const auto bad = world.http(post(kList, "hi"));
  EXPECT_EQ(bad.status, 400);
  EXPECT_EQ(bad.body, R"({"__type":"com.amazon.coral.service#SerializationException"})");
  EXPECT_EQ(bad.headers.get("x-amz-crc32"), "3948637019");
  EXPECT_EQ(world.http(post(kList, "[]")).body, bad.body);
  EXPECT_EQ(world.http(post(kList, "")).body, bad.body);
  const auto unknown = world.http(post("DynamoDB_20120810.ListTable", "{}"));
  EXPECT_EQ(unknown.headers.get("x-amz-crc32"), "1368724161");
  EXPECT_EQ(world.http(post("", "{}")).body, unknown.body);
}

TEST(Wire, TheContentTypeIsEchoed) {
  World world;
  EXPECT_EQ(world.http(post(kList, "{}", "application/json ; x")).headers.get("Content-Type"), "application/json");
  EXPECT_EQ(world.http(post(kList, "{}")).headers.get("Content-Type"), "application/x-amz-json-1.0");
}

TEST(Wire, ChecksumAndRequestIdAreThere) {
  World world;
  const auto answer = world.http(post(kList, "{}"));
  EXPECT_EQ(answer.headers.get("x-amz-crc32"), std::to_string(crc32(answer.body)));
  EXPECT_EQ(answer.headers.get("x-amzn-RequestId").size(), 52U);
  EXPECT_FALSE(answer.headers.find("Access-Control-Allow-Origin"));
}

TEST(Wire, HealthAndCors) {
  World world;
  EXPECT_EQ(world.http({.method = "GET", .target = "/"}).body, "healthy: dynamodb.us-east-1.amazonaws.com ");
  EXPECT_EQ(world.http({.method = "GET", .target = "/prod/notes"}).status, 404);
  http::Request signed_get{.method = "GET", .target = "/"};
  signed_get.headers.add("Authorization", "AWS4-HMAC-SHA256 Credential=a/20261122/us-east-1/apigateway/aws4_request");
  EXPECT_EQ(world.http(std::move(signed_get)).status, 404);
  http::Request options{.method = "OPTIONS", .target = "/"};
  EXPECT_EQ(world.http(options).status, 404);
  options.headers.add("Origin", "http://x");
  options.headers.add("Access-Control-Request-Headers", "a, b");
  options.headers.add("Access-Control-Request-Method", "POST");
  const auto answer = world.http(options);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.get("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(answer.headers.get("Access-Control-Allow-Headers"), "a, b");
  EXPECT_EQ(answer.headers.get("Access-Control-Allow-Methods"), "POST");
  EXPECT_EQ(answer.headers.get("Access-Control-Max-Age"), "172800");
}

TEST(Wire, BodiesAreBoundedAlsoWhenTheyUnfold) {
  World world;
  EXPECT_EQ(world.http(post(kList, "{}" + std::string(awsjson::kBodyMax - 2, ' '))).status, 200);
  EXPECT_EQ(world.http(post(kList, "{}" + std::string(awsjson::kBodyMax - 1, ' '))).status, 413);
  auto bomb = post(kList, http::encode_body(http::Coding::kGzip, "{}" + std::string(20 << 20, ' ')));
  bomb.headers.add("Content-Encoding", "gzip");
  EXPECT_EQ(world.http(std::move(bomb)).status, 413);
  auto torn = post(kList, "not gzip at all");
  torn.headers.add("Content-Encoding", "gzip");
  EXPECT_EQ(world.http(std::move(torn)).status, 500);
  auto unknown = post(kList, "{}");
  unknown.headers.add("Content-Encoding", "br");
  EXPECT_EQ(world.http(std::move(unknown)).status, 500);
}

TEST(Wire, LargeAnswersAreCompressedWhenAsked) {
  World world;
  world.ok(
      "CreateTable",
      R"({"TableName":"big","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})");
  world.ok("PutItem", R"({"TableName":"big","Item":{"p":{"S":"a"},"v":{"S":")" + std::string(5000, 'x') + R"("}}})");
  auto request = post("DynamoDB_20120810.GetItem", R"({"TableName":"big","Key":{"p":{"S":"a"}}})");
  request.headers.add("Accept-Encoding", "gzip");
  const auto answer = world.http(request);
  EXPECT_EQ(answer.headers.get("Content-Encoding"), "gzip");
  EXPECT_EQ(answer.headers.get("x-amz-crc32"), std::to_string(crc32(answer.body)));
  EXPECT_EQ(http::decode_body("gzip", answer.body, 1 << 20)->size(),
            5000 + std::string(R"({"Item":{"p":{"S":"a"},"v":{"S":""}}})").size());
}

TEST(Wire, DeepJsonIsRefusedAndHarmless) {
  World world;
  const std::string deep =
      R"({"TableName":"big","Item":{"p":)" + std::string(200000, '[') + std::string(200000, ']') + "}}";
  EXPECT_EQ(world.http(post("DynamoDB_20120810.PutItem", deep)).status, 400);
}

TEST(Wire, AtMostTenConstraintErrorsAreListed) {
  World world;
  std::string keys;
  for (int i = 0; i < 12; ++i) keys += std::string(i != 0 ? "," : "") + R"({"AttributeName":"a","AttributeType":"Q"})";
  const auto error = world.error("CreateTable", R"({"TableName":"ttt","AttributeDefinitions":[)" + keys +
                                                    R"(],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}]})");
  EXPECT_TRUE(error.starts_with(
      "ValidationException: 10 validation errors detected: Value 'Q' at 'attributeDefinitions.1.member.attributeType' "
      "failed to satisfy constraint: Member must satisfy enum value set: [B, N, S]; "))
      << error;
}

}  // namespace
}  // namespace tidemill::dynamodb
