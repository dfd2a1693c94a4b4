#include "storage/row_cache.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <thread>

#include "storage/rocks_engine.h"
#include "storage/sim/memory_store.h"
#include "storage/store.h"

namespace tidemill::storage {
namespace {

constexpr std::size_t kRoom = 1 << 20;

TEST(RowCache, GivesBackWhatWasReadOrWritten) {
  RowCache cache(kRoom);
  RowCache::Missed missed;
  EXPECT_FALSE(cache.get("read", missed));
  cache.fill("read", "1", missed);
  cache.begin_write("written");
  EXPECT_FALSE(cache.get("written", missed));
  cache.end_write("written", "2");
  EXPECT_EQ(cache.get("read", missed), "1");
  EXPECT_EQ(cache.get("written", missed), "2");
  cache.begin_write("written");
  EXPECT_FALSE(cache.get("written", missed)) << "it is being written";
  cache.end_write("written", std::nullopt);
  EXPECT_FALSE(cache.get("written", missed));
}

TEST(RowCache, AReaderWhoWasOvertakenByAWriterPutsNothingIn) {
  RowCache cache(kRoom);
  RowCache::Missed before, during, after;
  EXPECT_FALSE(cache.get("k", before));
  cache.begin_write("k");
  EXPECT_FALSE(cache.get("k", during));
  cache.fill("k", "old", before);
  cache.fill("k", "old", during);
  EXPECT_FALSE(cache.get("k", during));
  cache.end_write("k", std::nullopt);
  cache.fill("k", "old", before);
  cache.fill("k", "old", during);
  EXPECT_FALSE(cache.get("k", after));

  // The same where many rows go at once.
  cache.begin_clear();
  EXPECT_FALSE(cache.get("k", during));
  cache.fill("k", "old", after);
  cache.fill("k", "old", during);
  cache.end_clear();
  cache.fill("k", "old", after);
  cache.fill("k", "old", during);
  EXPECT_FALSE(cache.get("k", after));
  cache.fill("k", "new", after);
  EXPECT_EQ(cache.get("k", after), "new");
}

TEST(RowCache, IsBoundedAndKeepsWhatIsAskedFor) {
  RowCache cache(kRoom);
  RowCache::Missed missed;
  const std::string row(1000, 'x');
  EXPECT_FALSE(cache.get("hot", missed));
  cache.fill("hot", row, missed);
  for (int i = 0; i < 10'000; ++i) {
    const auto key = "k" + std::to_string(i);
    cache.begin_write(key);
    cache.end_write(key, row);
    ASSERT_EQ(cache.get("hot", missed), row) << i;
    ASSERT_LE(cache.bytes(), kRoom);
  }
  EXPECT_GT(cache.bytes(), kRoom / 2);
  const std::string long_row(RowCache::kRowBytesMax + 1, 'y');
  cache.begin_write("hot");
  cache.end_write("hot", long_row);
  EXPECT_FALSE(cache.get("hot", missed)) << "longer rows are not kept";
}

Mutation put(const std::string& key, const std::string& value) {
  Mutation mutation;
  mutation.put(Keyspace::kItems, key, value);
  return mutation;
}

TEST(StoreItems, AreNeverOlderThanTheEngine) {
  auto memory = std::make_unique<MemoryEngine>();
  Store store(std::move(memory), {.sync_thread = false});
  store.write(put("a", "1"));
  EXPECT_EQ(*store.get(Keyspace::kItems, "a"), "1");
  const auto snapshot = store.snapshot();
  store.write(put("a", "2"));
  EXPECT_EQ(*store.get(Keyspace::kItems, "a"), "2");
  EXPECT_EQ(*store.get(Keyspace::kItems, "a", snapshot.get()), "1");
  EXPECT_EQ(*store.get(Keyspace::kMeta, "a"), std::nullopt) << "another keyspace";

  Mutation twice;
  twice.put(Keyspace::kItems, std::string("a"), std::string("3"));
  twice.erase(Keyspace::kItems, "a");
  twice.put(Keyspace::kItems, std::string("b"), std::string("4"));
  twice.put(Keyspace::kItems, std::string("b"), std::string("5"));
  store.write(std::move(twice));
  EXPECT_EQ(*store.get(Keyspace::kItems, "a"), std::nullopt);
  EXPECT_EQ(*store.get(Keyspace::kItems, "b"), "5");

  Mutation all;
  all.erase_range(Keyspace::kItems, "a", "z");
  store.write(std::move(all));
  EXPECT_EQ(*store.get(Keyspace::kItems, "b"), std::nullopt);
  store.write(put("b", "6"));
  EXPECT_EQ(*store.get(Keyspace::kItems, "b"), "6");
}

// Readers on other threads, by key and by cursor in turn: no reader sees a row go back.
TEST(StoreItems, NobodySeesARowGoBackWhileItIsWritten) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("tm-row-cache-" + std::to_string(std::random_device{}()));
  std::filesystem::create_directories(folder);
  {
    auto engine = open_rocks({.folder = (folder / "db").string()});
    ASSERT_TRUE(engine) << engine.error().message;
    // So small that rows come and go.
    Store store(std::move(*engine), {.durability = Durability::kRelaxed, .item_cache_bytes = 16 * 1000});
    constexpr int kKeys = 40, kRounds = 300;
    const auto key_of = [](int key) { return "key" + std::to_string(100 + key); };
    for (int key = 0; key < kKeys; ++key) store.write(put(key_of(key), "0"));
    std::atomic<bool> done = false;
    std::vector<std::string> wrong(3);
    std::vector<std::thread> readers;
    for (auto& failure : wrong) {
      readers.emplace_back([&] {
        std::vector<int> seen(kKeys, 0);
        std::mt19937 random(static_cast<unsigned>(&failure - wrong.data()));
        const auto see = [&](int key, std::string_view text) {
          const int value = std::stoi(std::string(text));
          if (value < seen[static_cast<std::size_t>(key)]) failure = key_of(key) + " went back";
          seen[static_cast<std::size_t>(key)] = value;
        };
        while (!done) {
          const int key = static_cast<int>(random() % kKeys);
          const auto found = store.get(Keyspace::kItems, key_of(key));
          if (found && *found)
            see(key, **found);
          else
            failure = key_of(key) + " is gone";
          if (random() % 4 != 0) continue;
          const auto cursor = store.cursor(Keyspace::kItems, {key_of(key), ""});
          if (cursor->valid()) see(key, cursor->value());
        }
      });
    }
    for (int round = 1; round <= kRounds; ++round)
      for (int key = 0; key < kKeys; ++key) store.write(put(key_of(key), std::to_string(round)));
    done = true;
    for (auto& reader : readers) reader.join();
    for (const auto& failure : wrong) EXPECT_EQ(failure, "");
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tidemill::storage
