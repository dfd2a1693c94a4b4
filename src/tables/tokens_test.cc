#include "tables/tokens.h"

#include <gtest/gtest.h>

#include "storage/sim/memory_store.h"

namespace tidemill::tables {
namespace {

TEST(Tokens, ASweepLeavesThoseAloneThatSomebodyIsWorkingOn) {
  storage::Store store(std::make_unique<storage::MemoryEngine>(),
                       {.durability = storage::Durability::kRelaxed, .sync_thread = false});
  Tokens tokens;
  const auto remember = [&store](const Tokens::Use& use, std::string_view fingerprint, std::int64_t expires_ms) {
    storage::Mutation batch;
    Tokens::remember(use, fingerprint, expires_ms, batch);
    store.write(std::move(batch));
  };
  auto use = tokens.take("account", "token");
  remember(use, "old", 1000);
  use = {};

  // It has expired, and is used again.
  use = tokens.take("account", "token");
  ASSERT_TRUE(use);
  EXPECT_FALSE(tokens.take("account", "token"));
  EXPECT_EQ(Tokens::look_up(store, use, "new", 2000), Tokens::Known::kNo);
  tokens.sweep(store, 2000);
  EXPECT_EQ(Tokens::look_up(store, use, "old", 0), Tokens::Known::kSame);
  remember(use, "new", 5000);
  use = {};
  tokens.sweep(store, 2000);

  use = tokens.take("account", "token");
  ASSERT_TRUE(use);
  EXPECT_EQ(Tokens::look_up(store, use, "new", 2000), Tokens::Known::kSame);
  use = {};
  tokens.sweep(store, 6000);
  use = tokens.take("account", "token");
  ASSERT_TRUE(use);
  EXPECT_EQ(Tokens::look_up(store, use, "new", 0), Tokens::Known::kNo);
}

}  // namespace
}  // namespace tidemill::tables
