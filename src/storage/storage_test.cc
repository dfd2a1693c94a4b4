#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <map>
#include <random>
#include <set>

#include "base/bytes.h"
#include "base/digest.h"
#include "runtime/epoll_loop.h"
#include "storage/rocks_engine.h"
#include "storage/sim/memory_store.h"
#include "storage/store.h"
#include "storage/stripes.h"

// Of RocksDB, in none of its public headers. Where it is linked into the program it is ours (rocks_crc32c.cc), where it
// is a shared library it is its own: a sanitized build compares the two.
namespace rocksdb::crc32c {
std::uint32_t Extend(std::uint32_t before, const char* bytes, std::size_t size);
}

namespace tidemill::storage {
namespace {

// A folder that goes away with the test.
class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("tm-storage-" + std::to_string(std::random_device{}()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

struct EngineKind {
  const char* name;
  std::function<std::unique_ptr<Engine>(Folder&)> open;
};

class Engines : public testing::TestWithParam<EngineKind> {
 protected:
  Folder folder_;
  std::unique_ptr<Engine> engine_ = GetParam().open(folder_);

  std::string keys(const Range& range, Direction direction, const Snapshot* snapshot = nullptr) {
    std::string out;
    for (auto at = engine_->cursor(Keyspace::kItems, range, direction, snapshot); at->valid(); at->next()) {
      out.append(at->key()).append("=").append(at->value()).append(" ");
    }
    return out;
  }
  void put(const std::string& key, const std::string& value) {
    ASSERT_TRUE(engine_->write({{Write::Kind::kPut, Keyspace::kItems, key, value}}));
  }
};

TEST_P(Engines, KeepOrderInBothDirectionsAndStayInTheirKeyspace) {
  put("b", "2");
  put("a", "1");
  put("c", "3");
  ASSERT_TRUE(engine_->write({{Write::Kind::kPut, Keyspace::kIndexes, "a", "other"}}));
  EXPECT_EQ(keys({}, Direction::kForward), "a=1 b=2 c=3 ");
  EXPECT_EQ(keys({}, Direction::kReverse), "c=3 b=2 a=1 ");
  EXPECT_EQ(keys({"b", "c"}, Direction::kForward), "b=2 ");
  EXPECT_EQ(keys({"d", ""}, Direction::kReverse), "");
  EXPECT_EQ(keys({"c", "a"}, Direction::kForward), "");
}

TEST_P(Engines, SnapshotsDoNotSeeLaterWrites) {
  put("a", "1");
  const auto snapshot = engine_->snapshot();
  put("a", "2");
  put("b", "2");
  EXPECT_EQ(keys({}, Direction::kForward, snapshot.get()), "a=1 ");
  EXPECT_EQ(*engine_->get(Keyspace::kItems, "a", snapshot.get()), "1");
  EXPECT_EQ(*engine_->get(Keyspace::kItems, "a", nullptr), "2");
  EXPECT_EQ(*engine_->get(Keyspace::kItems, "x", nullptr), std::nullopt);
}

TEST_P(Engines, RangesAreErasedWithoutTheirEnd) {
  for (const auto* key : {"a", "b", "c"}) put(key, key);
  ASSERT_TRUE(engine_->write({{Write::Kind::kEraseRange, Keyspace::kItems, "a", "c"}}));
  EXPECT_EQ(keys({}, Direction::kForward), "c=c ");
  ASSERT_TRUE(engine_->write({{Write::Kind::kEraseRange, Keyspace::kItems, "", ""}}));
  EXPECT_EQ(keys({}, Direction::kForward), "");
}

TEST_P(Engines, KeysLongerThanTheStackBufferWork) {
  const std::string key(4000, 'k');
  put(key, "v");
  EXPECT_EQ(*engine_->get(Keyspace::kItems, key, nullptr), "v");
}

INSTANTIATE_TEST_SUITE_P(Storage, Engines,
                         testing::Values(EngineKind{"Memory", [](Folder&) { return std::make_unique<MemoryEngine>(); }},
                                         EngineKind{"Rocks",
                                                    [](Folder& folder) -> std::unique_ptr<Engine> {
                                                      return std::move(*open_rocks({.folder = folder.file("db")}));
                                                    }}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(RocksEngine, KeepsDataAndNamesProblemsAtOpen) {
  Folder folder;
  const RocksOptions options{.folder = folder.file("db")};
  {
    auto engine = open_rocks(options);
    ASSERT_TRUE(engine) << engine.error().message;
    ASSERT_TRUE((*engine)->write({{Write::Kind::kPut, Keyspace::kItems, "a", "1"}}));
    const auto second = open_rocks(options);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::kConflict) << second.error().message;
    ASSERT_TRUE((*engine)->checkpoint(folder.file("copy")));
    ASSERT_TRUE((*engine)->write({{Write::Kind::kPut, Keyspace::kItems, "a", "2"}}));
  }
  EXPECT_EQ(*(*open_rocks(options))->get(Keyspace::kItems, "a", nullptr), "2");
  EXPECT_EQ(*(*open_rocks({.folder = folder.file("copy")}))->get(Keyspace::kItems, "a", nullptr), "1");
  ASSERT_TRUE((*open_rocks(options))->write({{Write::Kind::kPut, Keyspace::kMeta, "format", "999"}}));
  EXPECT_EQ(open_rocks(options).error().code, Errc::kUnsupported);
}

TEST(SpinMutex, LetsOneInAtATimeAlsoWhenItIsHeldForLong) {
  SpinMutex mutex;
  int count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 2000; ++round) {
        const std::lock_guard lock(mutex);
        const int seen = count;
        if (round % 500 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        count = seen + 1;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count, 8000);
}

TEST(RocksEngine, APartitionIsReadWhole) {
  // Keys of some partitions in files and in the memtable, beside keys that are shorter than a partition's name.
  Folder folder;
  auto engine = *open_rocks({.folder = folder.file("db"), .write_buffer_bytes = 1 << 20});
  std::mt19937 random(7);
  for (const auto keyspace : {Keyspace::kItems, Keyspace::kIndexes}) {
    std::set<std::string> keys;
    for (int i = 0; i < 4000; ++i) {
      std::string key("\0\0\0\1", 4);
      if (keyspace == Keyspace::kIndexes) key += std::string("\0\0\0\2", 4);
      if (i % 100 != 0) {
        for (int byte = 0; byte < 4; ++byte) key += static_cast<char>(random() % 3 * 127);
        key += std::to_string(random() % 1000);
      }
      keys.insert(key);
      ASSERT_TRUE(engine->write({{Write::Kind::kPut, keyspace, key, std::string(1000, 'v')}}));
    }
    const auto read = [&](const Range& range, Direction direction) {
      std::vector<std::string> out;
      for (const auto at = engine->cursor(keyspace, range, direction, nullptr); at->valid(); at->next())
        out.emplace_back(at->key());
      if (direction == Direction::kReverse) std::reverse(out.begin(), out.end());
      return out;
    };
    for (const auto& key : keys) {
      for (std::size_t size = 4; size <= key.size(); size += 2) {
        const auto prefix = key.substr(0, size);
        std::vector<std::string> expected;
        for (auto at = keys.lower_bound(prefix); at != keys.end() && at->starts_with(prefix); ++at)
          expected.push_back(*at);
        if (expected.size() > 100) continue;
        ASSERT_EQ(read(Range::prefix(prefix), Direction::kForward), expected);
        ASSERT_EQ(read(Range::prefix(prefix), Direction::kReverse), expected);
      }
    }
  }
}

TEST(RocksEngine, ACursorSeesWhatWasWrittenSinceTheOneBeforeIt) {
  // Reads of partitions between writes, erased rows and ranges, flushes and compactions; now and then two at once.
  Folder folder;
  auto engine = *open_rocks({.folder = folder.file("db"), .write_buffer_bytes = 256 << 10});
  std::mt19937 random(11);
  std::map<std::string, std::string> model;
  const auto partition = [&] { return std::string("\0\0\0\1\0\0\0", 7) + static_cast<char>(random() % 8); };
  const auto expect = [&](Cursor& cursor, const std::map<std::string, std::string>& rows, const Range& range) {
    auto at = rows.lower_bound(range.from);
    for (; cursor.valid(); cursor.next(), ++at) {
      ASSERT_TRUE(at != rows.end() && at->first < range.to);
      ASSERT_EQ(cursor.key(), at->first);
      ASSERT_EQ(cursor.value(), at->second);
    }
    ASSERT_TRUE(cursor.status());
    ASSERT_TRUE(at == rows.end() || at->first >= range.to);
  };
  for (int round = 0; round < 6000; ++round) {
    std::vector<Write> writes;
    const auto key = partition() + std::to_string(random() % 20);
    if (random() % 100 == 0) {
      auto range = Range::prefix(partition());
      model.erase(model.lower_bound(range.from), model.lower_bound(range.to));
      writes.push_back({Write::Kind::kEraseRange, Keyspace::kItems, range.from, range.to});
    } else if (random() % 4 == 0) {
      model.erase(key);
      writes.push_back({Write::Kind::kErase, Keyspace::kItems, key, ""});
    } else {
      auto value = std::to_string(round) + std::string(random() % 1000, 'v');
      model[key] = value;
      writes.push_back({Write::Kind::kPut, Keyspace::kItems, key, std::move(value)});
    }
    std::optional<std::pair<std::unique_ptr<Cursor>, Range>> before;
    const auto model_before = model;
    if (random() % 10 == 0) {
      auto range = Range::prefix(partition());
      ASSERT_TRUE(engine->write(std::exchange(writes, {})));
      auto cursor = engine->cursor(Keyspace::kItems, range, Direction::kForward, nullptr);
      before.emplace(std::move(cursor), range);
      model[key] = "later";
      writes.push_back({Write::Kind::kPut, Keyspace::kItems, key, "later"});
    }
    ASSERT_TRUE(engine->write(writes));
    if (round % 1500 == 1499) reclaim(*engine, Keyspace::kItems, {});
    auto range = Range::prefix(partition());
    if (random() % 2 == 0) range.from += std::to_string(random() % 20);
    if (random() % 2 == 0) range.to = range.from + "5";
    expect(*engine->cursor(Keyspace::kItems, range, Direction::kForward, nullptr), model, range);
    if (before) expect(*before->first, model_before, before->second);
  }
}

TEST(RocksEngine, FilesThatWereReadGoAwayWhenTheyAreMerged) {
  Folder folder;
  auto engine = *open_rocks({.folder = folder.file("db"), .write_buffer_bytes = 256 << 10});
  const std::string partition("\0\0\0\1\0\0\0\2", 8);
  const auto files = [&] {  // of items: those of other families are small
    std::set<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(folder.file("db")))
      if (file.path().extension() == ".sst" && file.file_size() > 4 << 10) names.insert(file.path().filename());
    return names;
  };
  const auto fill = [&] {
    for (int i = 0; i < 1000; ++i)
      ASSERT_TRUE(engine->write(
          {{Write::Kind::kPut, Keyspace::kItems, partition + std::to_string(i), std::string(1000, 'v')}}));
    reclaim(*engine, Keyspace::kItems, {});
  };
  const auto read = [&] {
    auto cursor = engine->cursor(Keyspace::kItems, Range::prefix(partition), Direction::kForward, nullptr);
    EXPECT_TRUE(cursor->valid());
    return cursor;
  };
  const auto expect_none_of = [&](const std::set<std::string>& before) {
    ASSERT_FALSE(before.empty());
    for (const auto& name : files()) EXPECT_FALSE(before.contains(name)) << name;
  };
  fill();
  auto before = files();
  read();
  fill();
  expect_none_of(before);
  before = files();
  auto cursor = read();
  fill();
  cursor.reset();
  expect_none_of(before);
}

TEST(RocksEngine, TopicsOfAnOlderStoreMoveIntoTheirFamily) {
  Folder folder;
  const std::string tag(1, static_cast<char>(Keyspace::kTopics));
  {
    rocksdb::Options options;
    options.create_if_missing = options.create_missing_column_families = true;
    rocksdb::DB* opened = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> families;
    ASSERT_TRUE(rocksdb::DB::Open(options, folder.file("db"), {{"default", {}}, {"items", {}}, {"logs", {}}}, &families,
                                  &opened)
                    .ok());
    const std::unique_ptr<rocksdb::DB> db(opened);
    ASSERT_TRUE(db->Put({}, families[0],
                        "\x01"
                        "format",
                        "2")
                    .ok());
    for (const auto* key : {"a", "b"})
      ASSERT_TRUE(db->Put({}, families[2], tag + key, std::string(3 << 20, *key)).ok());
    ASSERT_TRUE(db->Put({}, families[2],
                        "\x04"
                        "record",
                        "stays")
                    .ok());
    for (auto* family : families) ASSERT_TRUE(db->DestroyColumnFamilyHandle(family).ok());
  }
  for (int opening = 0; opening < 2; ++opening) {
    auto engine = open_rocks({.folder = folder.file("db")});
    ASSERT_TRUE(engine) << engine.error().message;
    EXPECT_EQ((*engine)->get(Keyspace::kTopics, "a", nullptr)->value(), std::string(3 << 20, 'a'));
    EXPECT_EQ((*engine)->get(Keyspace::kTopics, "b", nullptr)->value(), std::string(3 << 20, 'b'));
    EXPECT_EQ((*engine)->get(Keyspace::kChanges, "record", nullptr)->value(), "stays");
    EXPECT_EQ((*engine)->get(Keyspace::kMeta, "format", nullptr)->value(), "3");
  }
}

TEST(RocksEngine, TopicsThatLieInLevelsAreReadAndWrittenOn) {
  Folder folder;
  const auto value = [](int number) { return std::string(9000, static_cast<char>('a' + number % 26)); };
  const auto key = [](int number) { return std::to_string(1000 + number); };
  ASSERT_TRUE(open_rocks({.folder = folder.file("db")}));
  {
    rocksdb::Options options;
    options.enable_blob_files = true;
    const std::string tag(1, static_cast<char>(Keyspace::kTopics));
    rocksdb::DB* opened = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> families;
    ASSERT_TRUE(rocksdb::DB::Open(options, folder.file("db"),
                                  {{"default", options}, {"items", options}, {"logs", options}, {"topics", options}},
                                  &families, &opened)
                    .ok());
    const std::unique_ptr<rocksdb::DB> db(opened);
    for (int i = 0; i < 60; ++i) {
      ASSERT_TRUE(db->Put({}, families[3], tag + key(i), value(i)).ok());
      if (i % 10 == 4) {
        ASSERT_TRUE(db->Flush({}, families[3]).ok());
      }
      if (i == 29) {
        ASSERT_TRUE(db->CompactRange({}, families[3], nullptr, nullptr).ok());
      }
    }
    for (auto* family : families) ASSERT_TRUE(db->DestroyColumnFamilyHandle(family).ok());
  }
  for (int opening = 0; opening < 2; ++opening) {
    const auto engine = *open_rocks({.folder = folder.file("db"), .write_buffer_bytes = 64 << 10});
    for (int i = opening == 0 ? 60 : 5; i < 200; ++i)
      ASSERT_TRUE(engine->write({{Write::Kind::kPut, Keyspace::kTopics, key(i), value(i)}}));
    ASSERT_TRUE(engine->write({{Write::Kind::kEraseRange, Keyspace::kTopics, key(0), key(5)}}));
    reclaim(*engine, Keyspace::kTopics, {});
    for (int i = 0; i < 200; ++i) {
      const auto got = *engine->get(Keyspace::kTopics, key(i), nullptr);
      EXPECT_EQ(got, i < 5 ? std::nullopt : std::optional(value(i))) << i;
    }
  }
}

TEST(RocksEngine, ErasedBatchesGiveTheirSpaceBackAlsoWhereOthersLieBetweenThem) {
  Folder folder;
  auto engine = *open_rocks({.folder = folder.file("db"), .write_buffer_bytes = 1 << 20});
  const auto blob_bytes = [&] {
    std::uintmax_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder.file("db")))
      if (file.path().extension() == ".blob") bytes += file.file_size();
    return bytes;
  };
  const auto key = [](char topic, int number) { return topic + std::to_string(1000 + number); };
  for (int i = 0; i < 200; ++i) {
    for (const auto& [topic, size] : {std::pair{'a', 90'000}, {'b', 10'000}})
      ASSERT_TRUE(engine->write({{Write::Kind::kPut, Keyspace::kTopics, key(topic, i), std::string(size, topic)}}));
  }
  ASSERT_TRUE(engine->write({{Write::Kind::kEraseRange, Keyspace::kTopics, "a", "b"}}));
  EXPECT_GT(blob_bytes(), 10'000'000U);
  reclaim(*engine, Keyspace::kTopics, {});
  EXPECT_LT(blob_bytes(), 3'000'000U);
  ASSERT_TRUE(engine->checkpoint(folder.file("copy")));
  const auto copy = *open_rocks({.folder = folder.file("copy")});
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(engine->get(Keyspace::kTopics, key('b', i), nullptr)->value(), std::string(10'000, 'b')) << i;
    EXPECT_EQ(copy->get(Keyspace::kTopics, key('b', i), nullptr)->value(), std::string(10'000, 'b')) << i;
  }
}

TEST(RocksEngine, ItsChecksumIsTheOneThatIsComputedForIt) {
  std::mt19937 random(1);
  std::string bytes(20'000, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random());
  for (std::size_t size = 0; size < bytes.size(); size = size * 5 / 3 + 1)
    EXPECT_EQ(rocksdb::crc32c::Extend(77, bytes.data(), size), crc32c({bytes.data(), size}, 77)) << size;
}

// Runs what is posted when told to.
class ManualExecutor final : public runtime::Executor {
 public:
  void post(runtime::Task task) override { tasks_.push_back(std::move(task)); }
  bool on_this_thread() const override { return true; }
  void run() {
    while (!tasks_.empty()) {
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
    }
  }

 private:
  std::deque<runtime::Task> tasks_;
};

struct Bench {
  explicit Bench(Durability durability = Durability::kDurable) {
    auto owned = std::make_unique<MemoryEngine>();
    engine = owned.get();
    store.emplace(std::move(owned), Store::Options{.durability = durability,
                                                   .sync_thread = false,
                                                   .on_failure = [this](const Error& e) { failure = e; }});
  }
  MemoryEngine* engine;
  std::optional<Error> failure;
  std::optional<Store> store;
  ManualExecutor loop;
};

Mutation put(const std::string& key, const std::string& value) {
  Mutation m;
  m.put(Keyspace::kItems, key, value);
  return m;
}

TEST(Store, AnswersOnlyAfterTheSync) {
  Bench bench;
  bool answered = false;
  bench.store->commit(put("a", "1"), bench.loop, [&] { answered = true; });
  bench.loop.run();
  EXPECT_FALSE(answered);
  EXPECT_EQ(*bench.store->get(Keyspace::kItems, "a"), "1") << "written in place";
  EXPECT_TRUE(bench.store->sync_once());
  bench.loop.run();
  EXPECT_TRUE(answered);
  EXPECT_FALSE(bench.store->sync_once()) << "nothing left to sync";
}

TEST(Store, OneSyncAnswersAllThatWasWrittenBeforeIt) {
  Bench bench;
  int answered = 0;
  for (int i = 0; i < 10; ++i) bench.store->commit(put("k" + std::to_string(i), "v"), bench.loop, [&] { ++answered; });
  bench.store->sync_once();
  bench.loop.run();
  EXPECT_EQ(answered, 10);
  EXPECT_EQ(bench.store->syncs(), 1U);
}

TEST(Store, RelaxedAnswersWithoutASync) {
  Bench bench(Durability::kRelaxed);
  bool answered = false;
  bench.store->commit(put("a", "1"), bench.loop, [&] { answered = true; });
  EXPECT_TRUE(answered);
}

TEST(Store, LogsGiveDenseNumbersAndShowOnlyWhatIsDurable) {
  Bench bench;
  const auto log = bench.store->open_log(Keyspace::kTopics, "t/", 5);
  std::vector<std::uint64_t> told;
  const auto subscription = log->watch(bench.loop, [&](std::uint64_t reached) { told.push_back(reached); });
  std::vector<std::uint64_t> stamped;
  for (const std::uint64_t count : {1, 3, 1}) {
    Mutation m;
    m.append(*log, count, "batch", [&](std::uint64_t n, std::string& value) {
      stamped.push_back(n);
      value += std::to_string(n);
    });
    bench.store->write(std::move(m));
  }
  EXPECT_EQ(stamped, (std::vector<std::uint64_t>{5, 6, 9}));
  EXPECT_EQ(log->next(), 10U);
  EXPECT_EQ(log->reached(), 5U);
  bench.loop.run();
  EXPECT_TRUE(told.empty());
  bench.store->sync_once();
  EXPECT_EQ(log->reached(), 10U);
  bench.loop.run();
  EXPECT_EQ(told, (std::vector<std::uint64_t>{10}));
  EXPECT_EQ(*bench.store->get(Keyspace::kTopics, log->key(6)), "batch6");
}

TEST(Store, AFailedSyncAnswersNobodyAndIsReported) {
  Bench bench;
  bool answered = false;
  bench.store->commit(put("a", "1"), bench.loop, [&] { answered = true; });
  bench.engine->fail_next({Errc::kIo, "disk gone"});
  EXPECT_FALSE(bench.store->sync_once());
  bench.store->commit(put("b", "1"), bench.loop, [&] { answered = true; });
  bench.loop.run();
  EXPECT_FALSE(answered);
  ASSERT_TRUE(bench.failure);
  EXPECT_EQ(bench.failure->message, "disk gone");
}

TEST(Store, DestroyedSubscriptionHearsNothing) {
  Bench bench(Durability::kRelaxed);
  const auto log = bench.store->open_log(Keyspace::kTopics, "t/", 0);
  int told = 0;
  {
    const auto subscription = log->watch(bench.loop, [&](std::uint64_t) { ++told; });
    Mutation m;
    m.append(*log, 1, "x");
    bench.store->write(std::move(m));
  }
  bench.loop.run();
  EXPECT_EQ(told, 0);
}

TEST(Store, AnswersOnARealLoopWithTheSyncThread) {
  Folder folder;
  auto engine = open_rocks({.folder = folder.file("db")});
  ASSERT_TRUE(engine) << engine.error().message;
  Store store(std::move(*engine), {});
  runtime::EpollLoop loop;
  constexpr int kWrites = 200;
  int answered = 0;
  loop.post([&] {
    for (int i = 0; i < kWrites; ++i) {
      store.commit(put("k" + std::to_string(i), "v"), loop, [&] {
        if (++answered == kWrites) loop.stop();
      });
    }
  });
  loop.run();
  EXPECT_EQ(answered, kWrites);
  EXPECT_LT(store.syncs(), static_cast<std::uint64_t>(kWrites));
}

TEST(Stripes, AreGivenInOrderOfArrival) {
  ManualExecutor loop;
  Stripes stripes(8);
  std::string order;
  Stripes::Held first;
  stripes.acquire(1, loop, [&](Stripes::Held held) { first = std::move(held); });
  stripes.acquire(1, loop, [&](Stripes::Held) { order += "a"; });
  stripes.acquire(std::vector<std::uint64_t>{1, 2}, loop, [&](Stripes::Held) { order += "b"; });
  stripes.acquire(2, loop, [&](Stripes::Held) { order += "c"; });
  loop.run();
  EXPECT_EQ(order, "c") << "a plan that waits for stripe 1 has not taken stripe 2 yet";
  first.release();
  loop.run();
  EXPECT_EQ(order, "cab");
}

TEST(Stripes, CrossingPlansDoNotWaitForEachOther) {
  ManualExecutor loop;
  Stripes stripes(8);
  int done = 0;
  Stripes::Held a;
  stripes.acquire(std::vector<std::uint64_t>{1, 2}, loop, [&](Stripes::Held held) { a = std::move(held); });
  stripes.acquire(std::vector<std::uint64_t>{2, 1}, loop, [&](Stripes::Held) { ++done; });
  stripes.acquire(std::vector<std::uint64_t>{1, 9}, loop, [&](Stripes::Held) { ++done; });  // 9 is stripe 1 again
  a.release();
  loop.run();
  EXPECT_EQ(done, 2);
}

TEST(Stripes, RememberTheTicketBeforeTheWriteIsVisible) {
  Bench bench;
  Stripes stripes(8);
  stripes.acquire(3, bench.loop, [&](Stripes::Held held) {
    const auto ticket = held.write(*bench.store, put("a", "1"));
    EXPECT_EQ(held.last(), ticket);
  });
  EXPECT_EQ(stripes.last(3).number, 1U);
  EXPECT_EQ(stripes.last(4).number, 0U);
}

}  // namespace
}  // namespace tidemill::storage
