// A shard is rolled over while other loops write to it and read from it: each record is in one shard, and in one only.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "item/encoding.h"
#include "runtime/sim/sim_loop.h"
#include "storage/sim/memory_store.h"
#include "streams/streams.h"
#include "streams/test_table.h"

namespace tidemill::streams {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kShards = 40, kRecordsEach = 25;

// Reads the lineage from its first shard on: the next one when a shard is exhausted.
class Lineage {
 public:
  Lineage(const Streams& streams, std::string arn) : streams_(streams), arn_(std::move(arn)) {}

  void read_some() {
    const auto info = streams_.describe(arn_);
    ASSERT_TRUE(info);
    if (!iterator_) {
      for (const auto& shard : info->shards) {
        if (shard.parent != shard_) continue;
        iterator_ = streams_
                        .make_iterator({.stream_arn = arn_,
                                        .shard_id = shard.id,
                                        .type = IteratorType::kTrimHorizon,
                                        .sequence_number = {}})
                        .value_or("");
        shard_ = shard.id;
        break;
      }
    }
    if (!iterator_) return;
    const auto page = streams_.get_records(*iterator_, 1000);
    ASSERT_TRUE(page) << page.error().message;
    for (const auto& record : page->records) numbers.push_back(record.number);
    iterator_ = page->next_iterator;
  }

  std::vector<std::uint64_t> numbers;

 private:
  const Streams& streams_;
  const std::string arn_;
  std::string shard_;  // the one that is being read, or was
  std::optional<std::string> iterator_;
};

// The same by shards that are looked up again only when something has changed.
class FollowedLineage {
 public:
  FollowedLineage(const Streams& streams, std::string arn) : streams_(streams), arn_(std::move(arn)) {}

  void read_some() {
    if (!reader_) {
      const auto info = streams_.describe(arn_);
      ASSERT_TRUE(info);
      const auto child = std::ranges::find(info->shards, shard_, &ShardInfo::parent);
      if (child == info->shards.end()) return;
      shard_ = child->id;
      reader_ = std::make_unique<ShardReader>(streams_, arn_, shard_);
    }
    const auto shard = reader_->now();
    ASSERT_TRUE(shard) << shard.error().message;
    const auto batch = (*shard)->read(next_);
    ASSERT_TRUE(batch) << batch.error().message;
    for (const auto& record : batch->records) numbers.push_back(record.number);
    next_ = batch->next;
    if ((*shard)->info.end && next_ >= *(*shard)->info.end) reader_.reset();
  }

  std::vector<std::uint64_t> numbers;

 private:
  const Streams& streams_;
  const std::string arn_;
  std::string shard_;
  std::unique_ptr<ShardReader> reader_;
  std::uint64_t next_ = 0;
};

// Calls back where roll_over asks for chance: when it has seen where the old shard ends.
class PokedRandom final : public runtime::Random {
 public:
  std::string bytes(std::size_t size) override {
    if (poke) std::exchange(poke, nullptr)();
    return random_.bytes(size);
  }
  std::function<void()> poke;

 private:
  runtime::SimRandom random_;
};

class Rollover : public testing::Test {
 protected:
  Rollover() {
    writer_ = open_stream(streams_, store_, table_);
    arn_ = streams_.list({}).at(0).arn;
  }
  void write() {
    storage::Mutation batch;
    writer_->record({.keys = keys_, .keys_size = 2, .old_image = {}, .new_image = {}}, batch);
    store_.write(std::move(batch));
  }
  // What a reader must have seen in the end.
  std::vector<std::uint64_t> all() const {
    std::vector<std::uint64_t> numbers(streams_.slots(arn_)->at(0)->next());
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
    return numbers;
  }

  runtime::SimLoop home_;
  PokedRandom random_;
  observe::Log log_{home_.clock(), observe::Level::kError, observe::Log::Format::kText,
                    [](observe::Level, std::string_view) {}};
  storage::Store store_{std::make_unique<storage::MemoryEngine>(),
                        {.durability = storage::Durability::kRelaxed, .sync_thread = false}};
  Streams streams_{{.store = store_, .home = home_, .random = random_, .log = log_}, {}};
  tables::TableDefinition table_ = things();
  const std::string keys_ = item::encode(item::Item::from({{"p", "a"}}));
  std::shared_ptr<tables::ChangeStream> writer_;
  std::string arn_;
};

TEST_F(Rollover, AWriteInTheMiddleIsInTheNewShardOnly) {
  write();
  Lineage lineage(streams_, arn_);
  FollowedLineage followed(streams_, arn_);
  followed.read_some();
  std::thread writing;
  random_.poke = [&] {
    std::promise<void> written;
    auto done = written.get_future();
    writing = std::thread([this, written = std::move(written)]() mutable {
      write();
      written.set_value();
    });
    // It is let in at once, which was the mistake, or when the new shard is known.
    (void)done.wait_for(50ms);
    lineage.read_some();
    followed.read_some();
  };
  EXPECT_TRUE(streams_.roll_over(arn_));
  writing.join();
  for (int i = 0; i < 4; ++i) {
    lineage.read_some();
    followed.read_some();
  }
  EXPECT_EQ(lineage.numbers, all());
  EXPECT_EQ(followed.numbers, all());
}

TEST_F(Rollover, BesideWritersAndReadersNoRecordIsReadTwiceAndNoneIsMissed) {
  std::atomic<bool> rolled = false;
  std::thread writing([&] {
    while (!rolled) write();
  });
  std::vector<Lineage> lineages(2, Lineage(streams_, arn_));
  FollowedLineage followed(streams_, arn_);
  std::vector<std::thread> reading;
  for (auto& lineage : lineages) {
    reading.emplace_back([&] {
      while (!rolled) lineage.read_some();
    });
  }
  reading.emplace_back([&] {
    while (!rolled) followed.read_some();
  });
  const auto slot = streams_.slots(arn_)->at(0);
  for (std::uint64_t shard = 1; shard <= kShards; ++shard) {
    while (slot->next() < shard * kRecordsEach) std::this_thread::yield();
    EXPECT_TRUE(streams_.roll_over(arn_));
  }
  rolled = true;
  writing.join();
  for (auto& thread : reading) thread.join();
  for (auto& lineage : lineages) {
    for (std::size_t i = 0; i < 4 * kShards; ++i) lineage.read_some();
    EXPECT_EQ(lineage.numbers, all());
  }
  for (std::size_t i = 0; i < 4 * kShards; ++i) followed.read_some();
  EXPECT_EQ(followed.numbers, all());
}

}  // namespace
}  // namespace tidemill::streams
