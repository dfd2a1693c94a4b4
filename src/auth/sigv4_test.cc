// The golden signatures were made by botocore 1.43 at 2026-11-21T10:20:30Z.
#include "auth/sigv4.h"

#include <gtest/gtest.h>

#include "auth/canonical.h"

namespace tidemill::auth {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const WallTime kNow = *parse_basic_iso8601("20261121T102030Z");

http::Request request(std::string method, std::string target, std::string body,
                      std::initializer_list<std::pair<const char*, const char*>> headers) {
  http::Request out{.method = std::move(method), .target = std::move(target), .body = std::move(body)};
  out.headers.add("Host", "127.0.0.1:4566");
  for (const auto& [name, value] : headers) out.headers.add(name, value);
  return out;
}

http::Request dynamodb_request() {
  return request("POST", "/", R"({"TableName":"t"})",
                 {{"X-Amz-Target", "DynamoDB_20120810.DescribeTable"},
                  {"Content-Type", "application/x-amz-json-1.0"},
                  {"X-Amz-Date", "20261121T102030Z"},
                  {"Authorization",
                   "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/us-east-1/dynamodb/aws4_request, "
                   "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
                   "Signature=d226b14b123b6538abddbbd3a6399d3463ab5620d25120ab5165f90e96ef7bbf"}});
}

Status verified(const http::Request& in, std::string_view secret = kSecret) {
  SigningKeys keys;
  TM_TRY(const auto claim, parse_claim(in));
  return verify(in, claim, secret, keys);
}

std::string message_of(const Status& status) { return status ? "" : status.error().message; }

TEST(Signature, OfAJsonServiceVerifies) { EXPECT_EQ(message_of(verified(dynamodb_request())), ""); }

TEST(Signature, OfARestServiceWithSessionTokenAndEncodedArnVerifies) {
  const auto in = request("POST",
                          "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A000000000000%3Afunction%3Af/"
                          "invocations?Qualifier=a%20b&B=",
                          "{}",
                          {{"X-Amz-Date", "20261121T102030Z"},
                           {"X-Amz-Security-Token", "TOKEN/with+chars=="},
                           {"Authorization",
                            "AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/20261121/eu-west-1/lambda/aws4_request, "
                            "SignedHeaders=host;x-amz-date;x-amz-security-token, "
                            "Signature=8aa0709bce1dd1441143ef4e68494604d5166ce44367d5c2aa06ff6d8a59059a"}});
  EXPECT_EQ(message_of(verified(in)), "");
  EXPECT_EQ(parse_claim(in)->session_token, "TOKEN/with+chars==");
}

TEST(Signature, OfAnObjectPathVerifies) {
  auto in = request("PUT", "/bucket/a%20b/%C3%A9%2B.txt", "hello",
                    {{"X-Amz-Date", "20261121T102030Z"},
                     {"X-Amz-Content-SHA256", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"},
                     {"Authorization",
                      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/us-east-1/s3/aws4_request, "
                      "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
                      "Signature=8272525a1bf8ce738641de4167d57e09c3755f0c88248d0ac791f821b403d640"}});
  EXPECT_EQ(message_of(verified(in)), "");
  in.body = "hellO";
  EXPECT_TRUE(message_of(verified(in)).starts_with("The request signature we calculated does not match"));
}

TEST(Signature, InTheQueryVerifies) {
  const auto in =
      request("GET",
              "/bucket/a%20b.txt?versionId=x&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261121"
              "%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20261121T102030Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host"
              "&X-Amz-Signature=0986dd4bf1afa52498d73dbb9bcc41ab65f04e538998a9c2f3a3d96924a3189a",
              "", {});
  EXPECT_EQ(message_of(verified(in)), "");
  const auto claim = *parse_claim(in);
  EXPECT_EQ(claim.expires, seconds(300));
  EXPECT_TRUE(check_scope(claim, {.service = "s3", .now = kNow + seconds(299)}));
  EXPECT_FALSE(check_scope(claim, {.service = "s3", .now = kNow + seconds(301)}));
}

TEST(Signature, OfKafkasPresignedUrlVerifies) {
  PresignedUrl url{
      .host = "kafka.us-east-1.amazonaws.com",
      .parameters = {{"Action", "kafka-cluster:Connect"},
                     {"X-Amz-Algorithm", "AWS4-HMAC-SHA256"},
                     {"X-Amz-Credential", "ASIAEXAMPLE/20261121/us-east-1/kafka-cluster/aws4_request"},
                     {"X-Amz-Date", "20261121T102030Z"},
                     {"X-Amz-Expires", "900"},
                     {"X-Amz-SignedHeaders", "host"},
                     {"X-Amz-Security-Token", "TOKEN/with+chars=="},
                     {"X-Amz-Signature", "31a63778e51fabf7de1179148e6811d8734e64a54263a45cb1d48ba7891e045f"}}};
  SigningKeys keys;
  const auto claim = *parse_claim(url);
  EXPECT_TRUE(verify(url, claim, kSecret, keys));
  url.host = "elsewhere";
  EXPECT_FALSE(verify(url, claim, kSecret, keys));
}

TEST(Signature, OfAnotherSecretIsRefused) {
  EXPECT_TRUE(message_of(verified(dynamodb_request(), "other"))
                  .starts_with("The request signature we calculated does not match"));
}

TEST(Signature, CoversBodyTargetAndHost) {
  auto changed = dynamodb_request();
  changed.body += " ";
  EXPECT_FALSE(verified(changed));
  changed = dynamodb_request();
  changed.target = "/?x=1";
  EXPECT_FALSE(verified(changed));
  changed = dynamodb_request();
  http::Headers headers;
  for (const auto& h : dynamodb_request().headers) headers.add(h.name, h.name == "Host" ? "other" : h.value);
  changed.headers = headers;
  EXPECT_FALSE(verified(changed));
}

// SIG-09, SIG-10
TEST(Signature, SurvivesBlanksCaseAndCommaOnlySeparators) {
  const auto original = dynamodb_request();
  http::Request in{.method = "POST", .target = "/", .body = original.body};
  for (const auto& h : original.headers) {
    std::string value(h.value);
    if (h.name == "Authorization") {
      std::erase(value, ' ');
      value.insert(std::string("AWS4-HMAC-SHA256").size(), " ");
    } else if (h.name == "X-Amz-Target") {
      value = "  " + value + "   ";
    }
    in.headers.add(h.name == "X-Amz-Target" ? "x-AMZ-target" : h.name, value);
  }
  in.headers.add("X-Unsigned", "extra");
  EXPECT_EQ(message_of(verified(in)), "");
}

TEST(Signature, MustCoverEveryAmzHeaderAndHost) {
  auto in = dynamodb_request();
  in.headers.add("X-Amz-Extra", "1");
  EXPECT_EQ(message_of(verified(in)), "There were headers present in the request which were not signed: x-amz-extra");
}

struct ClaimCase {
  std::string_view name, authorization, date, want;
  Errc code;
};
constexpr ClaimCase kClaims[] = {
    {"SIG01_None", "", "20261121T102030Z", "Request is missing Authentication Token", Errc::kMissingToken},
    {"SIG02_NoDash", "AWS4", "20261121T102030Z", "Request is missing Authentication Token", Errc::kMissingToken},
    {"SIG03_AllMissing", "AWS4-", "",
     "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
     "Authorization "
     "header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a "
     "'Date' "
     "header. Authorization=AWS4-",
     Errc::kIncompleteSignature},
    {"SIG04_NoSignedHeaders", "AWS4-HMAC-SHA256 Credential=a/20261121/b/c/aws4_request, Signature=d",
     "20261121T102030Z",
     "Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4-HMAC-SHA256 "
     "Credential=a/20261121/b/c/aws4_request, Signature=d",
     Errc::kIncompleteSignature},
    {"ShortCredential", "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=d", "20261121T102030Z",
     "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b'",
     Errc::kIncompleteSignature},
};
class Claims : public testing::TestWithParam<ClaimCase> {};
TEST_P(Claims, Refused) {
  http::Request in{.method = "POST", .target = "/"};
  if (!GetParam().authorization.empty()) in.headers.add("Authorization", GetParam().authorization);
  if (!GetParam().date.empty()) in.headers.add("X-Amz-Date", GetParam().date);
  const auto claim = parse_claim(in);
  ASSERT_FALSE(claim);
  EXPECT_EQ(claim.error().message, GetParam().want);
  EXPECT_EQ(claim.error().code, GetParam().code);
}
INSTANTIATE_TEST_SUITE_P(Table, Claims, testing::ValuesIn(kClaims),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Claim, SIG05_QueryAndHeaderBoth) {
  auto in = dynamodb_request();
  in.target = "/?X-Amz-Algorithm=AWS4-HMAC-SHA256";
  EXPECT_EQ(parse_claim(in).error().message,
            "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
}

TEST(Claim, SIG06_QueryWithoutParts) {
  http::Request in{.method = "POST", .target = "/?X-Amz-Algorithm"};
  EXPECT_EQ(parse_claim(in).error().message,
            "AWS query-string parameters must include 'X-Amz-Algorithm'. AWS query-string parameters must include "
            "'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string "
            "parameters must "
            "include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. Re-examine the "
            "query-string "
            "parameters.");
}

struct ScopeCase {
  std::string_view name, date, region, service, terminator, when, want;
};
constexpr ScopeCase kScopes[] = {
    {"Good", "20261121", "us-east-1", "dynamodb", "aws4_request", "20261121T102030Z", ""},
    {"SIG11_Old", "20170101", "us-east-1", "dynamodb", "aws4_request", "20170101T000000Z",
     "Signature expired: 20170101T000000Z is now earlier than 20261121T100530Z (20261121T102030Z - 15 min.)"},
    {"SIG11_New", "30200101", "us-east-1", "dynamodb", "aws4_request", "30200101T000000Z",
     "Signature not yet current: 30200101T000000Z is still later than 20261121T103530Z (20261121T102030Z + 15 min.)"},
    {"SIG12_Service", "20261121", "us-east-1", "s3", "aws4_request", "20261121T102030Z",
     "Credential should be scoped to correct service: 'dynamodb'. "},
    {"SIG13_Region", "20261121", "xx-1", "dynamodb", "aws4_request", "20261121T102030Z",
     "Credential should be scoped to a valid region, not 'xx-1'. "},
    {"Terminator", "20261121", "us-east-1", "dynamodb", "x", "20261121T102030Z",
     "Credential should be scoped with a valid terminator: 'aws4_request', not 'x'. "},
    {"Date", "20261120", "us-east-1", "dynamodb", "aws4_request", "20261121T102030Z",
     "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261120' != "
     "'20261121', from "
     "'20261121T102030Z'. "},
};
class Scopes : public testing::TestWithParam<ScopeCase> {};
TEST_P(Scopes, Checked) {
  const ScopeCase& c = GetParam();
  http::Request in{.method = "POST", .target = "/"};
  in.headers.add("X-Amz-Date", c.when);
  in.headers.add("Authorization", "AWS4-HMAC-SHA256 Credential=a/" + std::string(c.date) + "/" + std::string(c.region) +
                                      "/" + std::string(c.service) + "/" + std::string(c.terminator) +
                                      ", SignedHeaders=host, Signature=s");
  const auto claim = parse_claim(in);
  ASSERT_TRUE(claim);
  const auto status = check_scope(*claim, {.service = "dynamodb", .now = kNow});
  EXPECT_EQ(message_of(status), c.want);
}
INSTANTIATE_TEST_SUITE_P(Table, Scopes, testing::ValuesIn(kScopes),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Scope, SIG11_TooNewNamesTheLimit) {
  SignatureClaim claim{.scope = {.access_key = "a",
                                 .date = "20261121",
                                 .region = "us-east-1",
                                 .service = "dynamodb",
                                 .terminator = "aws4_request"},
                       .date = "20261121T104030Z"};
  EXPECT_EQ(
      message_of(check_scope(claim, {.service = "dynamodb", .now = kNow})),
      "Signature not yet current: 20261121T104030Z is still later than 20261121T103530Z (20261121T102030Z + 15 min.)");
}

TEST(Scope, RegionNames) {
  for (const char* good : {"us-east-1", "us-gov-west-1", "eu-isoe-west-1", "ap-southeast-12"})
    EXPECT_TRUE(is_region_name(good)) << good;
  for (const char* bad : {"", "xx-1", "us-east", "us--east-1", "US-EAST-1", "us-east-1a", "-east-1", "us-east-"})
    EXPECT_FALSE(is_region_name(bad)) << bad;
}

TEST(Signing, RoundTripsForEveryService) {
  for (const char* service : {"dynamodb", "lambda", "s3", "sts", "execute-api"}) {
    http::Request in{.method = "POST", .target = "/a%3Ab//c/../d%20e?q=1&a=%2F+x&empty", .body = "body"};
    in.headers.add("Host", "localhost:1");
    in.headers.add("Content-Type", "text/plain");
    sign(in, {.access_key = "AK", .secret_key = "secret", .session_token = "token"},
         {.service = service, .region = "us-east-1", .now = kNow});
    EXPECT_EQ(message_of(verified(in, "secret")), "") << service;
    EXPECT_EQ(parse_claim(in)->scope.service, service);
  }
}

TEST(Signing, PresignedUrlRoundTrips) {
  const PresignedUrl url{.host = "broker.local", .parameters = {{"Action", "kafka-cluster:Connect"}}};
  const std::string query = presign(url, {.access_key = "AK", .secret_key = "secret"},
                                    {.service = "kafka-cluster", .region = "us-east-1", .now = kNow}, seconds(900));
  const PresignedUrl received{.host = "broker.local", .parameters = decode_query(query)};
  SigningKeys keys;
  const auto claim = parse_claim(received);
  ASSERT_TRUE(claim);
  EXPECT_TRUE(verify(received, *claim, "secret", keys));
  EXPECT_FALSE(verify(received, *claim, "secreT", keys));
}

TEST(Signing, KeysAreCachedWithinABound) {
  SigningKeys keys(2);
  const auto mac = [&keys](std::string_view secret, std::string_view region) {
    return keys
        .key(secret,
             {.access_key = "a", .date = "20261121", .region = region, .service = "s", .terminator = "aws4_request"})
        .mac("text");
  };
  const std::string first = mac("secret", "us-east-1");
  for (int i = 0; i < 5; ++i) (void)mac("secret", "us-east-" + std::to_string(i));
  EXPECT_EQ(mac("secret", "us-east-1"), first);
  EXPECT_NE(mac("other", "us-east-1"), first);
}

}  // namespace
}  // namespace tidemill::auth
