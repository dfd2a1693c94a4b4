#include "common/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace tidemill::bench {
namespace {

TEST(Histogram, EmptyHasNoPercentile) { EXPECT_EQ(Histogram().percentile(0.5), 0); }

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (int i = 1; i <= 100; ++i) histogram.record(i);
  EXPECT_EQ(histogram.percentile(0.5), 50);
  EXPECT_EQ(histogram.percentile(0.99), 99);
  EXPECT_EQ(histogram.percentile(1), 100);
  EXPECT_EQ(histogram.count(), 100U);
}

TEST(Histogram, PercentilesOfLargeValuesAreWithinOnePercent) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> latencies(11, 2);
  Histogram histogram;
  std::vector<std::int64_t> all;
  for (int i = 0; i < 100'000; ++i) {
    all.push_back(static_cast<std::int64_t>(latencies(random)));
    histogram.record(all.back());
  }
  std::ranges::sort(all);
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const auto truth = static_cast<double>(all[static_cast<std::size_t>(share * static_cast<double>(all.size())) - 1]);
    EXPECT_NEAR(static_cast<double>(histogram.percentile(share)), truth, truth * 0.01 + 1) << share;
  }
  EXPECT_EQ(histogram.percentile(1), all.back());
}

TEST(Histogram, HoursAndNegativeValuesDoNotLeaveTheBuckets) {
  Histogram histogram;
  histogram.record(-5);
  histogram.record(std::int64_t{1} << 60);
  EXPECT_EQ(histogram.percentile(0.5), 0);
  EXPECT_LE(histogram.percentile(1), std::int64_t{1} << 60);
  histogram.clear();
  EXPECT_EQ(histogram.count(), 0U);
}

}  // namespace
}  // namespace tidemill::bench
