#include "tables/throughput.h"

#include <gtest/gtest.h>

#include "runtime/sim/sim_loop.h"

namespace tidemill::tables {
namespace {

using namespace std::chrono_literals;

constexpr runtime::Instant at(runtime::Duration time) { return runtime::Instant{} + 1h + time; }

TEST(TokenBucket, BeginsWithASecondAndKeepsFiveMinutes) {
  TokenBucket bucket;
  bucket.configure(10, 10 * kBurstSeconds, at(0s));
  EXPECT_TRUE(bucket.has(10, at(0s)));
  EXPECT_FALSE(bucket.has(11, at(0s)));
  EXPECT_TRUE(bucket.has(3000, at(1h)));
  EXPECT_FALSE(bucket.has(3001, at(1h)));
}

TEST(TokenBucket, GoesIntoDebtByOneOperation) {
  TokenBucket bucket;
  bucket.configure(1, 300, at(0s));
  bucket.take(100, at(0s));
  EXPECT_FALSE(bucket.has(1, at(99s)));
  EXPECT_TRUE(bucket.has(1, at(100s)));
}

TEST(TokenBucket, AChangeOfTheRateKeepsWhatIsThere) {
  TokenBucket bucket;
  bucket.configure(1, 300, at(0s));
  bucket.configure(100, 30000, at(200s));
  EXPECT_TRUE(bucket.has(201, at(200s)));
  EXPECT_FALSE(bucket.has(202, at(200s)));
  bucket.configure(1, 50, at(200s));
  EXPECT_FALSE(bucket.has(51, at(200s)));
}

TEST(TokenBucket, WithoutARateNothingIsLimited) {
  TokenBucket bucket;
  bucket.take(1e9, at(0s));
  EXPECT_TRUE(bucket.has(1e9, at(0s)));
}

TEST(Decreases, AreCountedOnTheirUtcDay) {
  const WallTime noon = *parse_iso8601("2026-11-21T12:00:00Z");
  EXPECT_EQ(decreases_on(3, noon, noon + 11h), 3);
  EXPECT_EQ(decreases_on(3, noon, noon + 12h), 0);
  EXPECT_EQ(decreases_on(3, std::nullopt, noon), 0);
}

TEST(Decreases, NameTheirTimesInWords) {
  TableDefinition before;
  before.throughput = {.read = 10, .write = 10};
  before.decreases_today = 4;
  before.decreased = *parse_iso8601("2018-07-25T12:28:14Z");
  const auto decrease = [&before](runtime::Duration after, bool limited) {
    TableDefinition next = before;
    next.throughput.write = 5;
    return record_changes(before, next, *before.decreased + after, limited);
  };
  const auto refused = decrease(10min, /*limited=*/true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kLimitExceeded);
  EXPECT_EQ(
      refused.error().message,
      "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the "
      "first 4 decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 "
      "seconds. Number of decreases today: 4. Last decrease at Wednesday, July 25, 2018 at 12:28:14 PM Coordinated "
      "Universal Time. Next decrease can be made at Wednesday, July 25, 2018 at 1:28:14 PM Coordinated Universal "
      "Time");
  EXPECT_TRUE(decrease(10min, /*limited=*/false));
  EXPECT_TRUE(decrease(1h, /*limited=*/true));
}

}  // namespace
}  // namespace tidemill::tables
