#include "storage/row_cache.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <random>
#include <thread>

#include "storage/rocks_engine.h"
#include "storage/sim/memory_store.h"
#include "storage/store.h"

namespace tidemill::storage {
namespace {

constexpr std::size_t kRoom = 1 << 20;

std::optional<std::string> get(RowCache& cache, std::string_view key, RowCache::Missed& missed) {
  std::optional<std::string> row;
  cache.get(key, missed, [&row](std::string_view seen) { row = seen; });
  return row;
}

// Rows that begin with a '!' are damaged.
bool whole(std::string_view row) { return !row.starts_with('!'); }

Result<std::optional<std::string>> get(const Store& store, std::string_view key) {
  std::optional<std::string> row;
  TM_TRY(const bool found, store.see_item(key, whole, [&row](std::string_view seen) { row = seen; }));
  EXPECT_EQ(found, row.has_value());
  return row;
}

TEST(RowCache, GivesBackWhatWasReadOrWritten) {
  RowCache cache(kRoom);
  RowCache::Missed missed;
  EXPECT_FALSE(get(cache, "read", missed));
  cache.fill("read", "1", missed);
  cache.begin_write("written");
  EXPECT_FALSE(get(cache, "written", missed));
  cache.end_write("written", "2");
  EXPECT_EQ(get(cache, "read", missed), "1");
  EXPECT_EQ(get(cache, "written", missed), "2");
  cache.begin_write("written");
  EXPECT_FALSE(get(cache, "written", missed)) << "it is being written";
  cache.end_write("written", std::nullopt);
  EXPECT_FALSE(get(cache, "written", missed));
}

TEST(RowCache, AReaderWhoWasOvertakenByAWriterPutsNothingIn) {
  RowCache cache(kRoom);
  RowCache::Missed before, during, after;
  EXPECT_FALSE(get(cache, "k", before));
  cache.begin_write("k");
  EXPECT_FALSE(get(cache, "k", during));
  cache.fill("k", "old", before);
  cache.fill("k", "old", during);
  EXPECT_FALSE(get(cache, "k", during));
  cache.end_write("k", std::nullopt);
  cache.fill("k", "old", before);
  cache.fill("k", "old", during);
  EXPECT_FALSE(get(cache, "k", after));

  // The same where many rows go at once.
  cache.begin_clear();
  EXPECT_FALSE(get(cache, "k", during));
  cache.fill("k", "old", after);
  cache.fill("k", "old", during);
  cache.end_clear();
  cache.fill("k", "old", after);
  cache.fill("k", "old", during);
  EXPECT_FALSE(get(cache, "k", after));
  cache.fill("k", "new", after);
  EXPECT_EQ(get(cache, "k", after), "new");
}

TEST(RowCache, LooksStayShortHoweverManyRowsPassThrough) {
  for (const std::size_t size : {100, 130, 160, 190}) {
    RowCache cache(16 << 20);
    const std::string row(size, 'x');
    for (int i = 0; i < 300'000; ++i) {
      const auto key = "k" + std::to_string(i);
      cache.begin_write(key);
      cache.end_write(key, row);
    }
    EXPECT_LT(cache.longest_run(), 500U) << size;  // evenly filled to three quarters: some 250
    EXPECT_GT(cache.longest_run(), 5U) << size;
  }
}

TEST(RowCache, IsBoundedAndKeepsWhatIsAskedFor) {
  RowCache cache(kRoom);
  RowCache::Missed missed;
  const std::string row(1000, 'x');
  EXPECT_FALSE(get(cache, "hot", missed));
  cache.fill("hot", row, missed);
  for (int i = 0; i < 10'000; ++i) {
    const auto key = "k" + std::to_string(i);
    cache.begin_write(key);
    cache.end_write(key, row);
    ASSERT_EQ(get(cache, "hot", missed), row) << i;
    ASSERT_LE(cache.bytes(), kRoom);
  }
  EXPECT_GT(cache.bytes(), kRoom / 2);
  const std::string long_row(RowCache::kRowBytesMax + 1, 'y');
  cache.begin_write("hot");
  cache.end_write("hot", long_row);
  EXPECT_FALSE(get(cache, "hot", missed)) << "longer rows are not kept";
}

Mutation put(const std::string& key, const std::string& value) {
  Mutation mutation;
  mutation.put(Keyspace::kItems, key, value);
  return mutation;
}

TEST(RowCache, HoldsManyRowsOfManySizesAndFindsEach) {
  RowCache cache(kRoom);
  std::map<std::string, std::string> model;
  std::mt19937 random(3);
  RowCache::Missed missed;
  std::size_t found = 0;
  for (int i = 0; i < 200'000; ++i) {
    const auto key = "key" + std::to_string(random() % 3000);
    if (random() % 4 == 0) {
      cache.begin_write(key);
      const std::string value(random() % 600, static_cast<char>('a' + i % 26));
      const bool erased = random() % 8 == 0;
      cache.end_write(key, erased ? std::nullopt : std::optional<std::string_view>(value));
      model[key] = erased ? "" : value;
    } else if (const auto row = get(cache, key, missed)) {
      ++found;
      ASSERT_EQ(*row, model[key]) << key;
    }
    if (i % 50'000 == 49'999) {
      cache.begin_clear();
      EXPECT_EQ(cache.bytes(), 0U);
      cache.end_clear();
    }
    ASSERT_LE(cache.bytes(), kRoom);
  }
  EXPECT_GT(found, 50'000U);
}

TEST(StoreItems, ADamagedRowIsRefusedEachTimeAndNotKept) {
  auto memory = std::make_unique<MemoryEngine>();
  auto& engine = *memory;
  Store store(std::move(memory), {.sync_thread = false});
  ASSERT_TRUE(engine.write({{Write::Kind::kPut, Keyspace::kItems, "k", "!1"}}));
  for (int i = 0; i < 2; ++i) {
    const auto seen = get(store, "k");
    ASSERT_FALSE(seen);
    EXPECT_EQ(seen.error().code, Errc::kCorruption);
  }
  // Whole again: read once, then kept, whatever becomes of the engine's.
  ASSERT_TRUE(engine.write({{Write::Kind::kPut, Keyspace::kItems, "k", "1"}}));
  EXPECT_EQ(*get(store, "k"), "1");
  ASSERT_TRUE(engine.write({{Write::Kind::kPut, Keyspace::kItems, "k", "!2"}}));
  EXPECT_EQ(*get(store, "k"), "1");
}

TEST(StoreItems, AreNeverOlderThanTheEngine) {
  auto memory = std::make_unique<MemoryEngine>();
  Store store(std::move(memory), {.sync_thread = false});
  store.write(put("a", "1"));
  EXPECT_EQ(*get(store, "a"), "1");
  const auto snapshot = store.snapshot();
  store.write(put("a", "2"));
  EXPECT_EQ(*get(store, "a"), "2");
  EXPECT_EQ(*store.get(Keyspace::kItems, "a", snapshot.get()), "1");
  EXPECT_EQ(*store.get(Keyspace::kMeta, "a"), std::nullopt) << "another keyspace";

  Mutation twice;
  twice.put(Keyspace::kItems, std::string("a"), std::string("3"));
  twice.erase(Keyspace::kItems, "a");
  twice.put(Keyspace::kItems, std::string("b"), std::string("4"));
  twice.put(Keyspace::kItems, std::string("b"), std::string("5"));
  store.write(std::move(twice));
  EXPECT_EQ(*get(store, "a"), std::nullopt);
  EXPECT_EQ(*get(store, "b"), "5");

  Mutation all;
  all.erase_range(Keyspace::kItems, "a", "z");
  store.write(std::move(all));
  EXPECT_EQ(*get(store, "b"), std::nullopt);
  store.write(put("b", "6"));
  EXPECT_EQ(*get(store, "b"), "6");
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
          const auto found = get(store, key_of(key));
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
