#include "api/msk/front.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/json.h"
#include "runtime/sim/sim_loop.h"
#include "storage/sim/memory_store.h"
#include "storage/store.h"

namespace tidemill::msk {
namespace {

class MskFrontTest : public testing::Test {
 protected:
  http::Response get(const std::string& target) {
    http::Request request{.method = "GET", .target = target};
    request.headers.add("Host", "localhost:4566");
    auth::sign(request, {"test", "test", ""}, {.service = "kafka", .region = "us-east-1", .now = loop_.clock().wall()});
    struct Capture final : http::Responder::Target {
      explicit Capture(http::Response& to) : out(to) {}
      void respond(http::Response&& response) override { out = std::move(response); }
      std::unique_ptr<http::Responder::Stream> stream(http::Response) override { return nullptr; }
      void on_disconnect(std::move_only_function<void()>) override {}
      http::Response& out;
    };
    http::Response out;
    front_.handle(std::move(request), http::Responder(std::make_unique<Capture>(out)));
    return out;
  }
  json::Value body(const std::string& target) {
    const auto response = get(target);
    EXPECT_EQ(response.status, 200) << response.body;
    return json::Value::parse(response.body).value();
  }

  runtime::SimLoop loop_;
  runtime::SimRandom random_;
  storage::Store store_{std::make_unique<storage::MemoryEngine>(), {.sync_thread = false}};
  auth::Directory directory_{store_, loop_, loop_.clock(), random_};
  auth::Identity identity_{{.enforced = true}, directory_, loop_.clock(), random_};
  api::RequestIds ids_{random_};
  const std::string arn_ = "arn:aws:kafka:us-east-1:000000000000:cluster/tidemill/1234-1";
  topics::NamedClusters named_{store_, loop_};
  MskFront front_{{.arn = arn_, .bootstrap = "h:9092", .bootstrap_sasl_iam = "h:9098"}, identity_, ids_, &named_};
};

TEST_F(MskFrontTest, TheClusterIsListedAndDescribedInBothVersions) {
  for (const std::string path : {"/v1/clusters", "/api/v2/clusters"}) {
    const auto list = body(path);
    ASSERT_EQ(list.find("clusterInfoList")->as_array().size(), 1u);
    const auto& one = list.find("clusterInfoList")->as_array()[0];
    EXPECT_EQ(one.string_or("clusterArn"), arn_);
    EXPECT_EQ(one.string_or("state"), "ACTIVE");
    EXPECT_EQ(*body(path + "/" + percent_encode(arn_)).find("clusterInfo"), one);
  }
  EXPECT_TRUE(body("/v1/clusters?clusterNameFilter=other").find("clusterInfoList")->as_array().empty());
  EXPECT_EQ(body("/v1/clusters?clusterNameFilter=tide").find("clusterInfoList")->as_array().size(), 1u);
}

TEST_F(MskFrontTest, TheBootstrapBrokersAreThoseThatExist) {
  const auto brokers = body("/v1/clusters/" + percent_encode(arn_) + "/bootstrap-brokers");
  EXPECT_EQ(brokers.string_or("bootstrapBrokerString"), "h:9092");
  EXPECT_EQ(brokers.string_or("bootstrapBrokerStringSaslIam"), "h:9098");
  EXPECT_FALSE(brokers.find("bootstrapBrokerStringSaslScram"));
}

TEST_F(MskFrontTest, NamedClustersAreOtherNamesOfTheBroker) {
  const auto arn = named_.create({}, "orders-cluster", true, {}, "token")->arn;
  const auto listed = body("/api/v2/clusters?clusterNameFilter=orders");
  ASSERT_EQ(listed.find("clusterInfoList")->as_array().size(), 1u);
  EXPECT_EQ(listed.find("clusterInfoList")->as_array()[0].string_or("clusterArn"), arn);
  EXPECT_EQ(listed.find("clusterInfoList")->as_array()[0].string_or("clusterType"), "SERVERLESS");
  EXPECT_TRUE(body("/v1/clusters?clusterNameFilter=orders").find("clusterInfoList")->as_array().empty());
  EXPECT_EQ(
      body("/v1/clusters/" + percent_encode(arn) + "/bootstrap-brokers").string_or("bootstrapBrokerStringSaslIam"),
      "h:9098");
}

TEST_F(MskFrontTest, AnotherArnIsNotFoundAndOtherCallsAreRefused) {
  const auto missing = get("/v1/clusters/" + percent_encode(arn_ + "x"));
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.headers.get("x-amzn-ErrorType"), "NotFoundException");
  EXPECT_EQ(get("/v1/configurations").status, 400);
}

TEST_F(MskFrontTest, AWrongSignatureIsRefused) {
  http::Request request{.method = "GET", .target = "/v1/clusters"};
  request.headers.add("Host", "localhost:4566");
  auth::sign(request, {"test", "wrong", ""}, {.service = "kafka", .region = "us-east-1", .now = loop_.clock().wall()});
  EXPECT_FALSE(identity_.authenticate(request, "kafka"));
}

}  // namespace
}  // namespace tidemill::msk
