#include "auth/signed_head.h"

#include <gtest/gtest.h>

#include "auth/canonical.h"

namespace tidemill::auth {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const Credentials kCredentials{"AKID", "secret", ""};
const WallTime kNow = *parse_basic_iso8601("20261121T235950Z");

http::Request signed_at(WallTime now, std::string body = R"({"Limit":1})", std::string_view service = "dynamodb",
                        std::string target = "/") {
  http::Request request{.method = "POST", .target = std::move(target), .body = std::move(body)};
  request.headers.add("Host", "localhost:4566");
  request.headers.add("X-Amz-Target", "DynamoDB_20120810.ListTables");
  request.headers.add("Content-Type", "application/x-amz-json-1.0");
  sign(request, kCredentials, {.service = service, .region = "us-east-1", .now = now});
  return request;
}

std::optional<SignedHead> head_of(const http::Request& request) {
  SigningKeys keys;
  const auto claim = parse_claim(request);
  EXPECT_TRUE(claim && verify(request, *claim, kCredentials.secret_key, keys));
  return SignedHead::of(request, *claim, keys.key(kCredentials.secret_key, claim->scope));
}

// The header with one byte changed.
http::Request changed(http::Request request, std::string_view name, std::size_t at) {
  std::string value(request.headers.get(name));
  value[at] = value[at] == '1' ? '2' : '1';
  http::Headers headers;
  for (const auto& header : request.headers)
    headers.add(header.name, http::equal_ignoring_case(header.name, name) ? value : header.value);
  request.headers = std::move(headers);
  return request;
}

TEST(SignedHead, AdmitsOtherRequestsOfTheSameClient) {
  auto head = head_of(signed_at(kNow));
  ASSERT_TRUE(head);
  for (const auto* body : {R"({"Limit":1})", R"({"Limit":7,"ExclusiveStartTableName":"notes"})", ""})
    EXPECT_TRUE(head->admits(signed_at(kNow + seconds(3), body), kNow, minutes(15))) << body;
}

TEST(SignedHead, RefusesARequestOfWhichOneByteIsOther) {
  auto head = head_of(signed_at(kNow));
  ASSERT_TRUE(head);
  const auto good = signed_at(kNow);
  auto other_body = good;
  other_body.body[3] ^= 1;
  EXPECT_FALSE(head->admits(other_body, kNow, minutes(15)));
  for (const std::string_view name : {"x-amz-date", "x-amz-content-sha256", "x-amz-target", "host", "content-type"}) {
    for (std::size_t at = 0; at < good.headers.get(name).size(); ++at)
      EXPECT_FALSE(head->admits(changed(good, name, at), kNow, minutes(15))) << name << " " << at;
  }
  const auto size = good.headers.get("authorization").size();
  for (auto at = size - 64; at < size; ++at)
    EXPECT_FALSE(head->admits(changed(good, "authorization", at), kNow, minutes(15))) << at;
  EXPECT_TRUE(head->admits(good, kNow, minutes(15)));
}

TEST(SignedHead, RefusesABodyThatIsOtherWithItsDigestChangedToo) {
  auto head = head_of(signed_at(kNow));
  ASSERT_TRUE(head);
  auto forged = signed_at(kNow, R"({"Limit":2})");
  const auto good = signed_at(kNow);
  forged.headers.set("Authorization", std::string(good.headers.get("authorization")));
  EXPECT_FALSE(head->admits(forged, kNow, minutes(15)));
}

TEST(SignedHead, RefusesWhatIsTooOldOrOfAnotherDay) {
  auto head = head_of(signed_at(kNow));
  ASSERT_TRUE(head);
  const auto request = signed_at(kNow);
  EXPECT_TRUE(head->admits(request, kNow + minutes(15), minutes(15)));
  EXPECT_FALSE(head->admits(request, kNow + minutes(15) + seconds(1), minutes(15)));
  EXPECT_FALSE(head->admits(request, kNow - minutes(15) - seconds(1), minutes(15)));
  // The credential's scope is that of the day before.
  EXPECT_FALSE(head->admits(signed_at(kNow + seconds(20)), kNow, minutes(15)));
}

TEST(SignedHead, IsNotKeptOfFormsThatHaveMoreThanOneReading) {
  EXPECT_FALSE(head_of(signed_at(kNow, "{}", "lambda", "/2015-03-31/functions")));
  EXPECT_FALSE(head_of(signed_at(kNow, "", "dynamodb", "/?a=b")));
  EXPECT_FALSE(head_of(signed_at(kNow, "{}", "s3")));
  http::Request twice{.method = "POST", .target = "/", .body = "{}"};
  twice.headers.add("Host", "localhost");
  twice.headers.add("X-Amz-Meta", "a");
  twice.headers.add("x-amz-meta", "b");
  sign(twice, kCredentials, {.service = "dynamodb", .region = "us-east-1", .now = kNow});
  EXPECT_FALSE(head_of(twice));
  http::Request wide{.method = "POST", .target = "/", .body = "{}"};
  wide.headers.add("Host", "localhost");
  wide.headers.add("X-Amz-Meta", "a  b");
  sign(wide, kCredentials, {.service = "dynamodb", .region = "us-east-1", .now = kNow});
  EXPECT_FALSE(head_of(wide));
}

}  // namespace
}  // namespace tidemill::auth
