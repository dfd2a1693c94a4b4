// Items, index entries and change records agree, whatever crashes and however many loops write: random writers against
// a model.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "base/bytes.h"
#include "expr/update.h"
#include "item/encoding.h"
#include "runtime/epoll_loop.h"
#include "runtime/sim/sim_loop.h"
#include "storage/sim/memory_store.h"
#include "streams/streams.h"
#include "tables/operations.h"

namespace tidemill::streams {
namespace {

using item::AttributeValue;
using item::Item;
using item::Number;
using tables::WriteRequest;

tables::CreateTableInput table_input() {
  tables::CreateTableInput input{.name = "things"};
  input.attributes = {{"p", tables::KeyType::kString}, {"g", tables::KeyType::kString}};
  input.keys = {{"p", "HASH"}};
  input.billing = "PAY_PER_REQUEST";
  input.global_indexes = {{{.name = "by-g", .keys = {{"g", "HASH"}}, .projection = {.type = "ALL"}}}};
  input.stream = tables::StreamInput{true, "NEW_AND_OLD_IMAGES"};
  return input;
}

std::string key_name(int key) { return "key-" + std::to_string(key); }
Item key_item(int key) { return Item::from({{"p", key_name(key)}}); }

WriteRequest increment(int key, std::string group) {
  WriteRequest request{.kind = WriteRequest::Kind::kUpdate, .table = "things", .item = key_item(key)};
  request.update = expr::Update::literal(
      {{.kind = expr::ActionKind::kAdd, .attribute = "n", .value = Number(1)},
       {.kind = expr::ActionKind::kSet, .attribute = "g", .value = AttributeValue(std::move(group))}});
  request.return_values = tables::ReturnValues::kUpdatedNew;
  return request;
}

WriteRequest removal(int key) {
  return {.kind = WriteRequest::Kind::kDelete, .table = "things", .item = key_item(key)};
}

std::int64_t value_of(const Item& item) { return item.find("n")->number().floor_integer().value_or(-1); }

// Items by key, straight from the store.
std::map<std::string, Item> items_of(const storage::Store& store, storage::Keyspace keyspace,
                                     std::string_view prefix = "") {
  std::map<std::string, Item> out;
  for (const auto cursor = store.cursor(keyspace, storage::Range::prefix(prefix)); cursor->valid(); cursor->next()) {
    const auto encoded = tables::unseal(cursor->value());
    EXPECT_TRUE(encoded);
    auto item = item::decode(*encoded);
    EXPECT_TRUE(item);
    const std::string p = item->find("p")->string();
    EXPECT_TRUE(out.emplace(p, *std::move(item)).second) << p << " is there twice";
  }
  return out;
}

// The changes replayed from the beginning give exactly the items, and each continues where the one before it ended.
void check_agreement(const storage::Store& store, const Streams& streams) {
  const auto items = items_of(store, storage::Keyspace::kItems);
  EXPECT_EQ(items_of(store, storage::Keyspace::kIndexes), items) << "index entries are not the items";
  const auto stream = streams.list({}).at(0);
  std::map<std::string, Item> replayed;
  for (const auto& shard_info : stream.shards) {
    const auto shard = streams.shard(stream.arn, shard_info.id);
    ASSERT_TRUE(shard);
    std::uint64_t from = shard->oldest();
    std::int64_t time = 0;
    for (;;) {
      const auto batch = shard->read(from, {.max_records = 50});
      ASSERT_TRUE(batch);
      if (batch->records.empty()) break;
      for (const auto& record : batch->records) {
        ASSERT_EQ(record.number, from++) << "numbers are dense";
        EXPECT_GE(record.timestamp_ms, time);
        time = record.timestamp_ms;
        const std::string p = item::decode(record.keys)->find("p")->string();
        const auto at = replayed.find(p);
        ASSERT_EQ(record.old_image.has_value(), at != replayed.end()) << p;
        if (record.old_image) {
          ASSERT_EQ(*item::decode(*record.old_image), at->second) << p;
        }
        if (record.new_image) {
          replayed.insert_or_assign(p, *item::decode(*record.new_image));
        } else {
          replayed.erase(p);
        }
      }
    }
    EXPECT_EQ(from, shard->info.end.value_or(shard->slot->reached()));
  }
  EXPECT_EQ(replayed, items) << "the changes do not lead to the items";
}

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : random_(seed), dice_(seed) {
    build(std::make_unique<storage::MemoryEngine>());
  }
  ~Simulation() { tear_down(); }

  void run(int steps) {
    tables_->create_table({}, table_input(), loop_, tables::Reply<tables::TableDescription>([](auto) {}));
    settle();
    for (int step = 0; step < steps; ++step) {
      const auto roll = dice_() % 100;
      if (roll < 60) {
        const int key = static_cast<int>(dice_() % kKeys);
        start_increment(key);
      } else if (roll < 75) {
        store_->sync_once();
      } else if (roll < 95) {
        loop_.run_ready();
      } else if (roll < 97) {
        (void)streams_->roll_over(streams_->list({}).at(0).arn);
        loop_.run_for(std::chrono::milliseconds(5));
      } else {
        crash();
      }
    }
    settle();
    check();
  }

 private:
  static constexpr int kKeys = 5;

  void start_increment(int key) {
    ++started_[key];
    const std::string group = "g" + std::to_string(dice_() % 3);
    tables::write_item(*tables_, increment(key, group), loop_,
                       tables::Reply<tables::WriteResult>([this, key, life = life_](auto result) {
                         if (life != life_) return;  // answered to a client of a server that is gone
                         ASSERT_TRUE(result.has_value());
                         // "n" of the answer is the number of this increment: nobody else was told the same one.
                         const auto json = json::Value::parse(result->attributes);
                         const auto n = std::stoll(json->find("n")->string_or("N"));
                         EXPECT_TRUE(acknowledged_[key].insert(n).second) << "an increment was lost: " << n;
                       }));
  }

  void crash() {
    const std::size_t unsynced = engine_->unsynced();
    auto survivor = engine_->crash(unsynced == 0 ? 0 : dice_() % (unsynced + 1));
    ++life_;
    tear_down();
    build(std::move(survivor));
    settle();
    check();
  }

  void check() {
    check_agreement(*store_, *streams_);
    for (const auto& [p, item] : items_of(*store_, storage::Keyspace::kItems)) {
      const int key = std::stoi(p.substr(4));
      const auto stored = value_of(item);
      EXPECT_LE(stored, started_[key]);
      const std::int64_t promised = acknowledged_[key].empty() ? 0 : *acknowledged_[key].rbegin();
      EXPECT_GE(stored, promised) << "what was acknowledged is not there";
    }
  }

  void settle() {
    for (;;) {
      const bool synced = store_->sync_once();
      const bool ran = loop_.run_ready();
      if (!synced && !ran) return;
    }
  }

  void build(std::unique_ptr<storage::MemoryEngine> engine) {
    engine_ = engine.get();
    store_ = std::make_unique<storage::Store>(std::move(engine), storage::Store::Options{.sync_thread = false});
    streams_ = std::make_unique<Streams>(Streams::Dependencies{*store_, loop_, random_, log_}, Streams::Options{});
    tables_ = std::make_unique<tables::Tables>(tables::Tables::Dependencies{*store_, loop_, random_, *streams_, log_},
                                               tables::Tables::Options{.start_background = false});
    tables_->start();
  }

  void tear_down() {
    tables_.reset();
    streams_.reset();
    store_.reset();
    loop_.run_ready();
  }

  runtime::SimLoop loop_;
  runtime::SimRandom random_;
  std::mt19937_64 dice_;
  observe::Log log_{loop_.clock(), observe::Level::kError, observe::Log::Format::kText,
                    [](observe::Level, std::string_view line) { ADD_FAILURE() << line; }};
  storage::MemoryEngine* engine_ = nullptr;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<Streams> streams_;
  std::unique_ptr<tables::Tables> tables_;
  std::map<int, std::int64_t> started_;
  std::map<int, std::set<std::int64_t>> acknowledged_;
  int life_ = 0;
};

TEST(Agreement, HoldsThroughCrashesThatLoseWhatWasNotSynced) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation(seed).run(300);
    if (testing::Test::HasFailure()) return;
  }
}

// Loops on threads of their own, all writing the same few items: every increment counts, and the changes of an item are
// its history.
TEST(Agreement, HoldsWhenSeveralLoopsWriteTheSameItems) {
  constexpr int kLoops = 3, kKeys = 4, kEach = 400;
  runtime::EpollLoop home;
  runtime::SimRandom random;
  std::atomic<int> errors = 0;
  observe::Log log(home.clock(), observe::Level::kError, observe::Log::Format::kText,
                   [&](observe::Level, std::string_view) { ++errors; });
  storage::Store store(std::make_unique<storage::MemoryEngine>(), storage::Store::Options{.sync_thread = true});
  Streams streams({store, home, random, log}, {});
  tables::Tables tables({store, home, random, streams, log}, {.stripes = 2, .start_background = false});
  std::thread home_thread([&] { home.run(); });
  std::atomic<bool> created = false;
  tables.create_table({}, table_input(), home, tables::Reply<tables::TableDescription>([&](auto) {
                        created = true;
                        created.notify_all();
                      }));
  created.wait(false);

  std::vector<std::unique_ptr<runtime::EpollLoop>> loops;
  std::vector<std::thread> threads;
  std::atomic<int> answered = 0;
  std::atomic<int> removed = 0;
  for (int i = 0; i < kLoops; ++i) loops.push_back(std::make_unique<runtime::EpollLoop>());
  for (int i = 0; i < kLoops; ++i) {
    auto& loop = *loops[i];
    loop.post([&, i] {
      for (int n = 0; n < kEach; ++n) {
        auto request =
            n % 50 == 49 ? removal((i + n) % kKeys) : increment((i + n) % kKeys, "g" + std::to_string(n % 3));
        if (request.kind == WriteRequest::Kind::kDelete) ++removed;
        tables::write_item(tables, std::move(request), loop, tables::Reply<tables::WriteResult>([&](auto result) {
                             if (!result) ++errors;
                             ++answered;
                             answered.notify_all();
                           }));
      }
    });
    threads.emplace_back([&loop] { loop.run(); });
  }
  for (int seen = 0; (seen = answered.load()) < kLoops * kEach;) answered.wait(seen);
  for (auto& loop : loops) loop->stop();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(errors, 0);
  EXPECT_GT(removed, 0);
  check_agreement(store, streams);
  home.stop();
  home_thread.join();
}

// An index that is built while loops write ends up with exactly the items, and a stream that is disabled meanwhile ends
// at one place.
TEST(Agreement, HoldsForAnIndexThatIsBuiltUnderWrites) {
  constexpr int kLoops = 2, kKeys = 300, kEach = 1500;
  runtime::EpollLoop home;
  runtime::SimRandom random;
  std::atomic<int> errors = 0;
  observe::Log log(home.clock(), observe::Level::kError, observe::Log::Format::kText,
                   [&](observe::Level, std::string_view) { ++errors; });
  storage::Store store(std::make_unique<storage::MemoryEngine>(), storage::Store::Options{.sync_thread = true});
  Streams streams({store, home, random, log}, {});
  tables::Tables tables({store, home, random, streams, log},
                        {.stripes = 8, .backfill_step = 7, .start_background = false});
  tables.start();
  std::thread home_thread([&] { home.run(); });
  std::atomic<int> control = 0;
  const auto done = [&](auto result) {
    if (!result) ++errors;
    ++control;
    control.notify_all();
  };
  tables.create_table({}, table_input(), home, tables::Reply<tables::TableDescription>(done));
  control.wait(0);

  std::atomic<int> answered = 0;
  const auto start = [&](runtime::EpollLoop& loop, int from, int to) {
    loop.post([&, from, to] {
      for (int n = from; n < to; ++n) {
        auto request = n % 11 == 10 ? removal(n * 7 % kKeys) : increment(n * 7 % kKeys, "g" + std::to_string(n % 5));
        tables::write_item(tables, std::move(request), loop, tables::Reply<tables::WriteResult>([&](auto result) {
                             if (!result) ++errors;
                             ++answered;
                             answered.notify_all();
                           }));
      }
    });
  };
  std::vector<std::unique_ptr<runtime::EpollLoop>> loops;
  std::vector<std::thread> threads;
  for (int i = 0; i < kLoops; ++i) {
    loops.push_back(std::make_unique<runtime::EpollLoop>());
    start(*loops[i], 0, kEach / 2);
    threads.emplace_back([&loop = *loops[i]] { loop.run(); });
  }
  for (int seen = 0; (seen = answered.load()) < kLoops * kEach / 4;) answered.wait(seen);
  tables::UpdateTableInput add{.name = "things"};
  add.attributes = {{"g", tables::KeyType::kString}};
  add.index_updates = {{{.kind = tables::IndexUpdateInput::Kind::kCreate,
                         .index = {.name = "second", .keys = {{"g", "HASH"}}, .projection = {.type = "ALL"}}}}};
  tables.update_table({}, std::move(add), home, tables::Reply<tables::TableDescription>(done));
  for (int i = 0; i < kLoops; ++i) start(*loops[i], kEach / 2, kEach);
  for (int seen = 0; (seen = answered.load()) < kLoops * kEach;) answered.wait(seen);
  // The build is home's: it is over when home says so.
  for (std::atomic<int> active = 0; active == 0;) {
    std::atomic<int> asked = 0;
    home.post([&] {
      active = tables.busy() ? 0 : 1;
      asked = 1;
      asked.notify_all();
    });
    asked.wait(0);
  }
  for (auto& loop : loops) loop->stop();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(errors, 0);
  const auto description = tables.describe({}, "things");
  const auto items = items_of(store, storage::Keyspace::kItems);
  for (const auto& index : description->definition.indexes) {
    EXPECT_EQ(index.status, tables::IndexStatus::kActive);
    EXPECT_EQ(items_of(store, storage::Keyspace::kIndexes, tables::index_prefix(description->definition.id, index.id)),
              items)
        << index.name;
    EXPECT_EQ(description->index_sizes.at(index.id).items, static_cast<std::int64_t>(items.size())) << index.name;
  }
  EXPECT_EQ(description->size.items, static_cast<std::int64_t>(items.size()));
  home.stop();
  home_thread.join();
}

}  // namespace
}  // namespace tidemill::streams
