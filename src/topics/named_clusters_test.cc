#include "topics/named_clusters.h"

#include <gtest/gtest.h>

#include "runtime/sim/sim_loop.h"
#include "storage/sim/memory_store.h"

namespace tidemill::topics {
namespace {

TEST(NamedClusters, AreFoundByArnAndNameAndSurviveARestart) {
  runtime::SimLoop loop;
  storage::Store store(std::make_unique<storage::MemoryEngine>(), {.sync_thread = false});
  NamedClusters clusters(store, loop);
  const auto made = clusters.create({}, "orders-cluster", true, {{"a", "b"}}, "token");
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->arn.starts_with("arn:aws:kafka:us-east-1:000000000000:cluster/orders-cluster/"));
  EXPECT_TRUE(made->arn.ends_with("-s1"));
  EXPECT_EQ(clusters.create({}, "orders-cluster", true, {}, "token")->arn, made->arn);
  EXPECT_EQ(clusters.create({}, "orders-cluster", true, {}, "another").error().code, Errc::kAlreadyExists);
  EXPECT_EQ(clusters.create({}, "no spaces", true, {}, "x").error().code, Errc::kInvalidArgument);

  NamedClusters again(store, loop);
  ASSERT_TRUE(again.load());
  ASSERT_TRUE(again.find(made->arn));
  EXPECT_EQ(again.find(made->arn)->tags, (std::map<std::string, std::string>{{"a", "b"}}));
  EXPECT_EQ(again.list({}, "orders").size(), 1U);
  EXPECT_TRUE(again.list({.account = "000000000000", .region = "eu-west-1"}).empty());
  ASSERT_TRUE(again.remove(made->arn));
  EXPECT_EQ(again.remove(made->arn).error().code, Errc::kNotFound);
}

}  // namespace
}  // namespace tidemill::topics
