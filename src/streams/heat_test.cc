// Shards that are written to faster than the limit are named for a split; others, and those of one key, are not.
#include "streams/heat.h"

#include <gtest/gtest.h>

#include "item/encoding.h"
#include "runtime/sim/sim_loop.h"
#include "storage/sim/memory_store.h"
#include "streams/streams.h"
#include "streams/test_table.h"

namespace tidemill::streams {
namespace {

using namespace std::chrono_literals;

class HotShards : public testing::Test {
 protected:
  static constexpr std::uint64_t kLimit = 10;  // records a second

  HotShards() {
    writer_ = open_stream(streams_, store_, table_);
    streams_.on_hot_shard([this](const StreamInfo& stream, const std::string& shard) {
      EXPECT_EQ(stream.table, "things");
      hot_.push_back(shard);
    });
    streams_.start();
    home_.run_for(61s);  // the first look only remembers
  }
  void write(int count, int keys, std::size_t bytes = 2) {
    for (int i = 0; i < count; ++i) {
      const auto key = item::encode(item::Item::from({{"p", std::to_string(i % keys)}}));
      storage::Mutation batch;
      writer_->record({.keys = key, .keys_size = bytes, .old_image = {}, .new_image = {}}, batch);
      store_.write(std::move(batch));
    }
  }
  std::vector<std::string> hot_after_a_minute() {
    hot_.clear();
    home_.run_for(1min);
    return hot_;
  }
  std::string shard() const { return streams_.list({}).at(0).shards.at(0).id; }

  runtime::SimLoop home_;
  runtime::SimRandom random_;
  observe::Log log_{home_.clock(), observe::Level::kError, observe::Log::Format::kText,
                    [](observe::Level, std::string_view) {}};
  storage::Store store_{std::make_unique<storage::MemoryEngine>(),
                        {.durability = storage::Durability::kRelaxed, .sync_thread = false}};
  Streams streams_{{.store = store_, .home = home_, .random = random_, .log = log_}, {.split_records = kLimit}};
  tables::TableDefinition table_ = things();
  std::shared_ptr<tables::ChangeStream> writer_;
  std::vector<std::string> hot_;
};

TEST_F(HotShards, AreThoseAboveTheLimitForAWholeMinute) {
  write(60 * kLimit, 7);
  EXPECT_TRUE(hot_after_a_minute().empty());
  write(60 * kLimit + 1, 7);
  EXPECT_EQ(hot_after_a_minute(), std::vector{shard()});
  EXPECT_TRUE(hot_after_a_minute().empty());
}

TEST_F(HotShards, AreThoseOfLargeItemsToo) {
  write(60, 7, 10 * 1024);
  EXPECT_TRUE(hot_after_a_minute().empty());
  write(60, 7, 10 * 1024 + 1);
  EXPECT_EQ(hot_after_a_minute(), std::vector{shard()});
}

TEST_F(HotShards, AreNotThoseOfOneKey) {
  write(1000, 1);
  EXPECT_TRUE(hot_after_a_minute().empty());
}

TEST_F(HotShards, AreNotThoseThatAreClosed) {
  write(1000, 7);
  storage::Mutation batch;
  streams_.close(table_, batch);
  store_.write(std::move(batch));
  EXPECT_TRUE(hot_after_a_minute().empty());
}

}  // namespace
}  // namespace tidemill::streams
