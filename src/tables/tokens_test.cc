#include "tables/tokens.h"

#include <gtest/gtest.h>

#include "storage/sim/memory_store.h"

namespace tidemill::tables {
namespace {

constexpr std::int64_t kLife = 600'000;

struct World {
  storage::Store store{std::make_unique<storage::MemoryEngine>(),
                       {.durability = storage::Durability::kRelaxed, .sync_thread = false}};
  Tokens tokens;
  Tokens::Use use = tokens.take("account", "token");

  void remember(std::string_view fingerprint, std::int64_t now_ms) {
    storage::Mutation batch;
    Tokens::remember(use, fingerprint, now_ms + kLife, batch);
    store.write(std::move(batch));
  }
  Tokens::Known look_up(std::string_view fingerprint, std::int64_t now_ms) {
    return Tokens::look_up(store, use, fingerprint, now_ms, kLife);
  }
};

TEST(Tokens, AreTakenByOneAtATime) {
  World world;
  EXPECT_TRUE(world.use);
  EXPECT_FALSE(world.tokens.take("account", "token"));
  EXPECT_TRUE(world.tokens.take("other", "token"));
  world.use = {};
  EXPECT_TRUE(world.tokens.take("account", "token"));
}

TEST(Tokens, StandForTheirRequestUntilTheyExpire) {
  for (const std::int64_t now : std::initializer_list<std::int64_t>{0, 1, 599'999, 600'000, 1'234'567}) {
    World world;
    EXPECT_EQ(world.look_up("one", now), Tokens::Known::kNo);
    world.remember("one", now);
    for (const std::int64_t later : std::initializer_list<std::int64_t>{0, 1, kLife / 2, kLife - 1}) {
      Tokens::sweep(world.store, now + later);
      EXPECT_EQ(world.look_up("one", now + later), Tokens::Known::kSame) << now << '+' << later;
      EXPECT_EQ(world.look_up("other", now + later), Tokens::Known::kOther) << now << '+' << later;
    }
    EXPECT_EQ(world.look_up("one", now + kLife), Tokens::Known::kNo) << now;
    world.remember("other", now + kLife);
    EXPECT_EQ(world.look_up("other", now + kLife), Tokens::Known::kSame) << "used again: the newest counts";
  }
}

TEST(Tokens, ASweepErasesOnlyWhatHasExpired) {
  World world;
  const auto rows = [&] {
    int count = 0;
    for (const auto cursor = world.store.cursor(storage::Keyspace::kMeta, {}); cursor->valid(); cursor->next()) ++count;
    return count;
  };
  for (std::int64_t now = 0; now < 10 * kLife; now += kLife / 4) {
    world.remember("one", now);
    Tokens::sweep(world.store, now);
    EXPECT_LE(rows(), 3) << now;
  }
  Tokens::sweep(world.store, 100 * kLife);
  EXPECT_EQ(rows(), 0);
}

}  // namespace
}  // namespace tidemill::tables
