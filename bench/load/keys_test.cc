#include "load/keys.h"

#include <gtest/gtest.h>

#include <map>

namespace tidemill::bench {
namespace {

TEST(Keys, SequenceGoesRound) {
  Keys keys("sequence", 3, 1);
  EXPECT_EQ(keys.next(), 0U);
  EXPECT_EQ(keys.next(), 1U);
  EXPECT_EQ(keys.next(), 2U);
  EXPECT_EQ(keys.next(), 0U);
}

TEST(Keys, ZipfGivesTheMostPopularItemItsShare) {
  Keys keys("zipf", 10'000, 1);
  std::map<std::uint64_t, int> seen;
  for (int i = 0; i < 100'000; ++i) {
    const auto key = keys.next();
    ASSERT_LT(key, 10'000U);
    ++seen[key];
  }
  int most = 0;
  for (const auto& [key, times] : seen) most = std::max(most, times);
  // 1 / (1/1^0.99 + 1/2^0.99 + ... + 1/10000^0.99) = 0.0979
  EXPECT_NEAR(most, 9'790, 600);
  EXPECT_GT(seen.size(), 3'000U);
}

TEST(Keys, UniformReachesEveryItem) {
  Keys keys("uniform", 100, 1);
  std::map<std::uint64_t, int> seen;
  for (int i = 0; i < 10'000; ++i) ++seen[keys.next()];
  EXPECT_EQ(seen.size(), 100U);
}

}  // namespace
}  // namespace tidemill::bench
