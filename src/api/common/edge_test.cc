#include "api/common/edge.h"

#include <gtest/gtest.h>

#include <set>

#include "api/common/request_id.h"
#include "runtime/sim/sim_loop.h"

namespace tidemill::api {
namespace {

struct Case {
  std::string_view name;
  std::string_view method, target, host, credential_service, amz_target, body, want;
};
const Case kCases[] = {
    {"SignedNameWins", "POST", "/", "", "lambda", "DynamoDB_20120810.PutItem", "", "lambda"},
    {"LongestPathOfTheService", "GET", "/2015-03-31/event-source-mappings/x", "", "lambda", "", "", "mappings"},
    {"TargetWhenUnsigned", "POST", "/", "", "", "DynamoDB_20120810.PutItem", "", "dynamodb"},
    {"UnknownNameFallsToTheTarget", "POST", "/", "", "other", "DynamoDB_20120810.PutItem", "", "dynamodb"},
    {"FormVersion", "POST", "/", "", "", "", "Action=GetCallerIdentity&Version=2011-06-15", "sts"},
    {"PathWhenUnsigned", "GET", "/2015-03-31/functions", "", "", "", "", "lambda"},
    {"ApiByHost", "GET", "/prod/x", "abc.execute-api.us-east-1.amazonaws.com", "lambda", "", "", "gateway"},
    {"ApiByPath", "GET", "/_api/abc/prod/x", "", "", "", "", "gateway"},
    {"BucketByHost", "GET", "/k", "b.s3.localhost:4566", "", "", "", "s3"},
    {"BucketsByHost", "GET", "/b/k", "s3.us-east-1.amazonaws.com", "", "", "", "s3"},
    {"OtherNamesThatEndInS3", "GET", "/", "xs3.example.com", "", "", "", "default"},
    {"SignatureTwoInTheUrl", "GET", "/b/k?AWSAccessKeyId=AK&Signature=x&Expires=1", "", "", "", "", "s3"},
    {"BucketsMayBeginLikeAPath", "GET", "/metrics-of-mine/k", "", "s3", "", "", "s3"},
    {"PathOfOurOwn", "GET", "/metrics", "", "", "", "", "own"},
    {"NothingKnown", "GET", "/", "", "", "", "", "default"},
};
class Edges : public testing::TestWithParam<Case> {};
TEST_P(Edges, Choose) {
  std::string chosen;
  const auto front = [&chosen](std::string name) {
    return [&chosen, name](http::Request, runtime::Executor&, http::Responder) { chosen = name; };
  };
  Edge edge;
  edge.add({.service = "dynamodb", .target_prefix = "DynamoDB_20120810.", .front = front("dynamodb")});
  edge.add(
      {.service = "lambda", .path_prefix = "/2015-03-31/functions", .front = front("lambda"), .body_bytes_max = 7});
  edge.add({.service = "lambda", .front = front("lambda")});
  edge.add({.service = "lambda", .path_prefix = "/2015-03-31/event-source-mappings", .front = front("mappings")});
  edge.add({.service = "sts", .form_version = "2011-06-15", .front = front("sts")});
  edge.add_path("/_api/", front("gateway"));
  edge.add_host(".execute-api.", front("gateway"));
  edge.add_path("/metrics", front("own"));
  edge.add({.service = "s3", .front = front("s3")});
  edge.add_host(".s3.", front("s3"));
  edge.set_default(front("default"));

  const auto& c = GetParam();
  http::Request request{.method = std::string(c.method), .target = std::string(c.target), .body = std::string(c.body)};
  if (!c.host.empty()) request.headers.add("Host", c.host);
  if (!c.amz_target.empty()) request.headers.add("X-Amz-Target", c.amz_target);
  if (!c.credential_service.empty()) {
    request.headers.add("Authorization", "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/" +
                                             std::string(c.credential_service) +
                                             "/aws4_request, SignedHeaders=host, Signature=00");
  }
  runtime::SimLoop loop;
  struct Nobody final : http::Responder::Target {
    void respond(http::Response&&) override {}
    std::unique_ptr<http::Responder::Stream> stream(http::Response) override { return nullptr; }
    void on_disconnect(std::move_only_function<void()>) override {}
  };
  // The second one is known by its head, and goes the same way.
  static std::uint64_t heads = 1'000'000;
  request.head_id = ++heads;
  for (int times = 0; times < 2; ++times) {
    chosen.clear();
    edge.handle(http::Request(request), loop, http::Responder(std::make_unique<Nobody>()));
    EXPECT_EQ(chosen, c.want);
  }
}
INSTANTIATE_TEST_SUITE_P(Api, Edges, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Edge, OnlyWhatARuleLetsRunAnywhereIsNotForHomeOnly) {
  const Front front = [](http::Request, runtime::Executor&, http::Responder) {};
  Edge edge;
  edge.add({.service = "dynamodb", .target_prefix = "DynamoDB_", .front = front, .any_loop = true});
  edge.add({.service = "lambda", .path_prefix = "/2015-03-31/functions", .front = front});
  edge.add_path("/_api/", front);
  edge.add_host(".execute-api.", front);
  edge.set_default(front);
  const auto home_only = [&edge](std::string target, std::string_view header, std::string_view value) {
    http::Request head{.method = "POST", .target = std::move(target)};
    head.headers.add(header, value);
    return edge.home_only(head);
  };
  const auto signed_for = [](std::string_view service) {
    return "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/" + std::string(service) +
           "/aws4_request, SignedHeaders=host, Signature=00";
  };
  EXPECT_FALSE(home_only("/", "Authorization", signed_for("dynamodb")));
  EXPECT_FALSE(home_only("/", "X-Amz-Target", "DynamoDB_20120810.GetItem"));
  EXPECT_TRUE(home_only("/_api/x", "X-Amz-Target", "DynamoDB_20120810.GetItem"));
  EXPECT_TRUE(home_only("/", "Host", "x.execute-api.us-east-1.amazonaws.com"));
  EXPECT_TRUE(home_only("/2015-03-31/functions", "Authorization", signed_for("lambda")));
  EXPECT_TRUE(home_only("/2015-03-31/functions", "Host", "x"));
  EXPECT_TRUE(home_only("/", "Host", "x"));
}

TEST(Edge, LimitsBodiesByTheHeadAlone) {
  Edge edge;
  edge.add({.service = "lambda", .path_prefix = "/2015-03-31/functions", .front = {}, .body_bytes_max = 7});
  EXPECT_EQ(edge.body_limit({.method = "POST", .target = "/2015-03-31/functions"}), 7U);
  EXPECT_EQ(edge.body_limit({.method = "POST", .target = "/"}), 16U << 20);
}

TEST(RequestIds, HaveTheirFormAndDoNotRepeat) {
  runtime::SimRandom random;
  RequestIds ids(random);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id(ids.long_id().text());
    EXPECT_EQ(id.size(), 52U);
    EXPECT_EQ(id.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"), id.npos);
    EXPECT_TRUE(seen.insert(id).second);
    EXPECT_TRUE(seen.insert(ids.uuid()).second);
  }
}

}  // namespace
}  // namespace tidemill::api
