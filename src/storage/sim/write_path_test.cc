// The write path under a hostile scheduler: several loops, clients that count, readers, stream readers, a lane that
// syncs when the seed says so, and power failures that lose what was not synced. See docs/design/0001-write-path.md.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>

#include "base/bytes.h"
#include "runtime/sim/seeds.h"
#include "storage/sim/memory_store.h"
#include "storage/store.h"
#include "storage/stripes.h"

namespace tidemill::storage {
namespace {

// A loop whose next step is the scheduler's choice.
class SteppedLoop final : public runtime::Executor {
 public:
  explicit SteppedLoop(const SteppedLoop*& current) : current_(current) {}
  void post(runtime::Task task) override { tasks_.push_back(std::move(task)); }
  bool on_this_thread() const override { return current_ == this; }
  bool step() {
    if (tasks_.empty()) return false;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    current_ = this;
    task();
    current_ = nullptr;
    return true;
  }
  void clear() { tasks_.clear(); }

 private:
  const SteppedLoop*& current_;
  std::deque<runtime::Task> tasks_;
};

// What one client learned from one operation on one counter.
struct Event {
  int key;
  bool increment;
  std::uint64_t invoked, answered;
  std::uint64_t value;
};

class World {
 public:
  explicit World(std::uint64_t seed, bool relaxed) : random_(seed), relaxed_(relaxed) {
    for (int i = 0; i < kLoops; ++i) loops_.push_back(std::make_unique<SteppedLoop>(current_));
    boot(std::make_unique<MemoryEngine>());
  }

  void live(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      switch (pick(10)) {
        case 0:
        case 1:
        case 2: start_operation(); break;
        case 3:
          if (!relaxed_) store_->sync_once();
          break;
        case 4: read_stream(); break;
        default: loops_[pick(loops_.size())]->step();
      }
      if (pick(400) == 0) crash();
    }
    settle();
    check_history();
  }

 private:
  static constexpr int kLoops = 3;
  static constexpr int kKeys = 5;
  static constexpr int kInFlightMax = 24;

  std::size_t pick(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_); }

  void boot(std::unique_ptr<MemoryEngine> engine) {
    engine_ = engine.get();
    stripes_ = std::make_unique<Stripes>(4);  // fewer than keys: some share
    store_ = std::make_unique<Store>(
        std::move(engine),
        Store::Options{.durability = relaxed_ ? Durability::kRelaxed : Durability::kDurable, .sync_thread = false});
    std::uint64_t next = 0;
    if (const auto last = store_->cursor(Keyspace::kChanges, Range::prefix("s/"), Direction::kReverse); last->valid()) {
      next = Log::number_of(last->key()) + 1;
    }
    log_ = store_->open_log(Keyspace::kChanges, "s/", next);
    EXPECT_LE(stream_seen_.size(), next) << "records that a reader saw are gone";
  }

  std::uint64_t stored(int key) const {
    const auto value = *store_->get(Keyspace::kItems, std::to_string(key));
    return value ? load_be<std::uint64_t>(value->data()) : 0;
  }

  // An increment of one or two counters (two: a transaction), or a read.
  void start_operation() {
    if (in_flight_ >= kInFlightMax) return;
    ++in_flight_;
    auto& loop = *loops_[pick(loops_.size())];
    const int key = static_cast<int>(pick(kKeys));
    const auto epoch = epoch_;
    const auto invoked = ++time_;
    if (pick(3) == 0) {
      loop.post([this, &loop, key, invoked, epoch] {
        // As a point read does it: the item, then the stripe's ticket, then the gate.
        const auto value = stored(key);
        const auto ticket = stripes_->last(static_cast<std::uint64_t>(key));
        store_->when_durable(
            ticket, loop, [this, key, invoked, epoch, value] { finish({key, false, invoked, ++time_, value}, epoch); });
      });
      return;
    }
    std::vector<int> keys = {key};
    if (pick(4) == 0) keys.push_back(static_cast<int>(pick(kKeys)));
    if (keys.size() == 2 && keys[1] == key) keys.pop_back();
    loop.post([this, &loop, keys, invoked, epoch] {
      std::vector<std::uint64_t> hashes(keys.begin(), keys.end());
      stripes_->acquire(std::move(hashes), loop, [this, &loop, keys, invoked, epoch](Stripes::Held held) {
        // Half of them share a batch with their neighbours of the same turn, as single writes do in the server.
        const bool soon = pick(2) == 0;
        Mutation own;
        Mutation& mutation = soon ? stripes_->soon(loop) : own;
        std::vector<std::uint64_t> values;
        for (const int k : keys) {
          const auto value = stored(k) + 1;
          values.push_back(value);
          std::string bytes;
          append_be(bytes, value);
          mutation.put(Keyspace::kItems, std::to_string(k), bytes);
          mutation.append(*log_, 1, std::to_string(k) + "=" + std::to_string(value));
        }
        const auto written = [this, &loop, keys, values, invoked, epoch](Ticket ticket) {
          store_->when_durable(ticket, loop, [this, keys, values, invoked, epoch] {
            const auto answered = ++time_;
            for (std::size_t i = 0; i < keys.size(); ++i) {
              history_.push_back({keys[i], true, invoked, answered, values[i]});
            }
            if (epoch == epoch_) --in_flight_;
          });
        };
        if (soon) return stripes_->write_soon(*store_, std::move(held), loop, written);
        const auto ticket = held.write(*store_, std::move(own));
        held.release();
        written(ticket);
      });
    });
  }

  void finish(Event event, std::uint64_t epoch) {
    history_.push_back(event);
    if (epoch == epoch_) --in_flight_;
  }

  // Reads on from where this reader stands, as far as the log has reached.
  void read_stream() {
    while (stream_seen_.size() < log_->reached()) {
      const auto record = *store_->get(Keyspace::kChanges, log_->key(stream_seen_.size()));
      ASSERT_TRUE(record) << "a hole below reached() at " << stream_seen_.size();
      stream_seen_.push_back(*record);
    }
  }

  void crash() {
    const auto keep = relaxed_ ? engine_->unsynced() : pick(engine_->unsynced() + 1);
    auto survivor = engine_->crash(keep);
    for (auto& loop : loops_) loop->clear();
    log_.reset();
    store_.reset();
    stripes_.reset();
    in_flight_ = 0;
    ++epoch_;
    boot(std::move(survivor));
    check_state();
  }

  void settle() {
    bool busy = true;
    while (busy) {
      busy = false;
      for (auto& loop : loops_) busy = loop->step() || busy;
      busy = store_->sync_once() || busy;
    }
    read_stream();
    EXPECT_EQ(in_flight_, 0);
    check_state();
  }

  // After a crash or at the end: nothing that anybody was told is missing; items and records agree.
  void check_state() {
    std::map<int, std::uint64_t> told;
    for (const auto& event : history_) told[event.key] = std::max(told[event.key], event.value);
    for (const auto& [key, value] : told) EXPECT_GE(stored(key), value) << "key " << key << " lost an answered value";
    std::map<int, std::uint64_t> records;
    std::uint64_t number = 0;
    for (auto at = store_->cursor(Keyspace::kChanges, Range::prefix("s/")); at->valid(); at->next(), ++number) {
      ASSERT_EQ(Log::number_of(at->key()), number) << "numbers are not dense";
      const std::string text(at->value());
      const int key = std::stoi(text);
      ASSERT_EQ(text.substr(text.find('=') + 1), std::to_string(++records[key])) << "records out of order";
      if (number < stream_seen_.size()) {
        ASSERT_EQ(text, stream_seen_[number]) << "a record changed after it was shown";
      }
    }
    for (int key = 0; key < kKeys; ++key)
      EXPECT_EQ(stored(key), records[key]) << "item and records disagree, key " << key;
  }

  // Linearizability of counters. Increments have distinct values, which is their order; every operation must fit
  // between what had been answered before it was invoked and what had been invoked before it was answered.
  void check_history() {
    for (int key = 0; key < kKeys; ++key) {
      std::vector<Event> events;
      for (const auto& event : history_) {
        if (event.key == key) events.push_back(event);
      }
      std::map<std::uint64_t, int> seen;
      for (const auto& a : events) {
        if (a.increment) {
          EXPECT_EQ(++seen[a.value], 1) << "two increments gave " << a.value;
        }
        for (const auto& b : events) {
          if (a.answered >= b.invoked) continue;
          // a was over before b began.
          if (b.increment)
            EXPECT_GT(b.value, a.value) << "key " << key << ": an increment did not see an earlier answer";
          else
            EXPECT_GE(b.value, a.value) << "key " << key << ": a read went back in time";
        }
      }
    }
  }

  std::mt19937_64 random_;
  const bool relaxed_;
  const SteppedLoop* current_ = nullptr;
  std::vector<std::unique_ptr<SteppedLoop>> loops_;
  MemoryEngine* engine_ = nullptr;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Stripes> stripes_;
  std::unique_ptr<Log> log_;
  std::vector<Event> history_;
  std::vector<std::string> stream_seen_;
  std::uint64_t time_ = 0;
  std::uint64_t epoch_ = 0;
  int in_flight_ = 0;
};

constexpr std::uint64_t kSeeds = 200;

TEST(WritePath, IsLinearizableAndLosesNothingThatWasTold) {
  for (const auto seed : runtime::simulation_seeds(kSeeds)) {
    if (HasFailure()) break;
    SCOPED_TRACE("TIDEMILL_SIM_SEED=" + std::to_string(seed));
    World(seed, false).live(3000);
  }
}

TEST(WritePath, RelaxedSurvivesTheProcess) {
  for (const auto seed : runtime::simulation_seeds(kSeeds)) {
    if (HasFailure()) break;
    SCOPED_TRACE("TIDEMILL_SIM_SEED=" + std::to_string(seed));
    World(seed, true).live(1500);
  }
}

}  // namespace
}  // namespace tidemill::storage
