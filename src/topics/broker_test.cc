// The broker on the simulated loop and a store that can lose what was not synced.
#include "topics/broker.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "runtime/sim/sim_loop.h"
#include "storage/sim/memory_store.h"
#include "topics/embedded_cluster.h"

namespace tidemill::topics {
namespace {

using namespace std::chrono_literals;

class BrokerTest : public testing::Test {
 protected:
  void SetUp() override { open(std::make_unique<storage::MemoryEngine>()); }

  void open(std::unique_ptr<storage::MemoryEngine> engine) {
    engine_ = engine.get();
    store_ = std::make_unique<storage::Store>(std::move(engine), storage::Store::Options{.sync_thread = false});
    broker_ = Broker::open(*store_, loop_, random_, log_, settings_).value();
    cluster_ = std::make_unique<EmbeddedCluster>(*broker_, "localhost:9092");
  }
  // The process dies; what was synced, and `keep` of the writes after that, survive.
  void crash(std::size_t keep = 0) {
    auto survivor = engine_->crash(keep);
    cluster_.reset();
    broker_.reset();
    store_.reset();
    open(std::move(survivor));
  }
  void sync() {
    do loop_.run_ready();
    while (store_->sync_once());
    loop_.run_ready();
  }
  // Waits for an answer through the sync.
  template <class T, class Start>
  Result<T> answer(const Start& start) {
    std::optional<Result<T>> out;
    start(Reply<T, Error>([&out](Result<T> value) { out.emplace(std::move(value)); }));
    sync();
    return out ? *std::move(out) : fail(Errc::kUnknownServerError, "no answer");
  }
  void create(const std::string& name, std::int32_t partitions = 1,
              std::map<std::string, std::string, std::less<>> configs = {}) {
    const auto made = answer<const Topic*>([&](auto reply) {
      broker_->create_topic({.name = name, .partitions = partitions, .configs = configs}, std::move(reply));
    });
    ASSERT_TRUE(made) << made.error().message;
  }
  Result<AppendResult> append(const std::string& topic, std::string batch, std::optional<std::string> txid = {},
                              std::int32_t partition = 0) {
    auto out = answer<std::vector<Result<AppendResult>>>(
        [&](auto reply) { broker_->append({{.at = {topic, partition}, .batch = batch}}, txid, std::move(reply)); });
    if (!out) return std::unexpected(out.error());
    return out->front();
  }
  static std::string batch(std::initializer_list<const char*> values, BatchOptions options = {}) {
    std::vector<NewRecord> records;
    for (const auto* value : values) records.push_back({.key = "k", .value = value, .headers = {}, .timestamp_ms = {}});
    return encode_batch(records, options);
  }
  Partition& partition(const std::string& topic = "t") { return **broker_->catalog().log(topic, 0); }
  std::string values(const std::string& topic, std::int64_t offset = 0) {
    auto read =
        answer<ReadResult>([&](auto reply) { cluster_->read({.topic = topic, .offset = offset}, std::move(reply)); });
    if (!read) return "error " + std::to_string(static_cast<int>(read.error().code));
    std::string out;
    for (const auto& record : read->records)
      out += record.value.value_or("-") + "@" + std::to_string(record.offset) + " ";
    return out + "next " + std::to_string(read->next_offset);
  }
  template <class T>
  static Errc code(const Result<T>& result) {
    EXPECT_FALSE(result);
    return result.error().code;
  }

  runtime::SimLoop loop_;
  runtime::SimRandom random_;
  observe::Log log_{loop_.clock(), observe::Level::kError, observe::Log::Format::kText, observe::Log::standard_error()};
  BrokerSettings settings_;
  storage::MemoryEngine* engine_ = nullptr;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<Broker> broker_;
  std::unique_ptr<EmbeddedCluster> cluster_;
};

TEST_F(BrokerTest, RecordsAreShownOnlyWhenTheyAreDurable) {
  create("t");
  bool answered = false;
  const auto bytes = batch({"a", "b"});
  broker_->append({{.at = {"t", 0}, .batch = bytes}}, {},
                  Reply<std::vector<Result<AppendResult>>, Error>([&](auto) { answered = true; }));
  loop_.run_ready();
  EXPECT_FALSE(answered);
  EXPECT_EQ(partition().end(), 2);
  EXPECT_EQ(partition().high_watermark(), 0);
  sync();
  EXPECT_TRUE(answered);
  EXPECT_EQ(values("t"), "a@0 b@1 next 2");
}

TEST_F(BrokerTest, ACrashKeepsWhatWasAnsweredAndNothingHalf) {
  create("t");
  ASSERT_TRUE(append("t", batch({"a"})));
  const auto bytes = batch({"lost"});
  broker_->append({{.at = {"t", 0}, .batch = bytes}}, {}, Reply<std::vector<Result<AppendResult>>, Error>([](auto) {}));
  crash();
  EXPECT_EQ(partition().end(), 1);
  EXPECT_EQ(append("t", batch({"b"}))->base_offset, 1);
  EXPECT_EQ(values("t"), "a@0 b@1 next 2");
}

TEST_F(BrokerTest, WatchersAreToldOfWhatIsThereAndOfWhatComes) {
  create("t");
  ASSERT_TRUE(append("t", batch({"a"})));
  int told = 0;
  auto watch = cluster_->watch("t", 0, [&] { ++told; });
  ASSERT_TRUE(watch);
  loop_.run_ready();
  EXPECT_EQ(told, 1);
  ASSERT_TRUE(append("t", batch({"b"})));
  EXPECT_EQ(told, 2);
  watch->reset();
  ASSERT_TRUE(append("t", batch({"c"})));
  EXPECT_EQ(told, 2);
}

TEST_F(BrokerTest, ReadStopsAtItsLimitsInsideABatchAndGoesOn) {
  create("t");
  ASSERT_TRUE(append("t", batch({"aaaa", "bbbb", "cccc"})));
  auto first = answer<ReadResult>(
      [&](auto reply) { cluster_->read({.topic = "t", .offset = 0, .max_records = 2}, std::move(reply)); });
  EXPECT_EQ(first->records.size(), 2u);
  EXPECT_EQ(values("t", first->next_offset), "cccc@2 next 3");
  auto one = answer<ReadResult>(
      [&](auto reply) { cluster_->read({.topic = "t", .offset = 1, .max_bytes = 1}, std::move(reply)); });
  EXPECT_EQ(one->records.size(), 1u);
  EXPECT_EQ(values("t", 4), "error " + std::to_string(static_cast<int>(Errc::kOffsetOutOfRange)));
}

TEST_F(BrokerTest, K_29_K_30_K_31_IdempotentProducersAreDeduplicatedAcrossACrash) {
  create("t");
  const auto send = [&](std::int32_t sequence, std::int16_t epoch = 0) {
    return append("t", batch({"x"}, {.producer_id = 7, .producer_epoch = epoch, .base_sequence = sequence}));
  };
  for (int i = 0; i < 7; ++i) EXPECT_EQ(send(i)->base_offset, i);
  EXPECT_EQ(send(6)->base_offset, 6);
  EXPECT_EQ(send(2)->base_offset, 2);
  EXPECT_EQ(code(send(1)), Errc::kOutOfOrderSequence);
  EXPECT_EQ(code(send(9)), Errc::kOutOfOrderSequence);
  crash();
  EXPECT_EQ(send(6)->base_offset, 6);
  EXPECT_EQ(send(7)->base_offset, 7);
  EXPECT_EQ(code(send(3, 1)), Errc::kOutOfOrderSequence);
  EXPECT_EQ(send(0, 1)->base_offset, 8);
  EXPECT_EQ(code(send(8, 0)), Errc::kInvalidProducerEpoch);
}

TEST_F(BrokerTest, K_32_K_34_AnyFirstSequenceAndTheWrapAreAccepted) {
  create("t");
  EXPECT_TRUE(append("t", batch({"x"}, {.producer_id = 9, .producer_epoch = 0, .base_sequence = 2147483646})));
  EXPECT_TRUE(append("t", batch({"x", "y"}, {.producer_id = 9, .producer_epoch = 0, .base_sequence = 2147483647})));
  EXPECT_EQ(code(append("t", batch({"x"}, {.producer_id = 9, .producer_epoch = 0, .base_sequence = 0}))),
            Errc::kOutOfOrderSequence);
  EXPECT_TRUE(append("t", batch({"x"}, {.producer_id = 9, .producer_epoch = 0, .base_sequence = 1})));
}

TEST_F(BrokerTest, K_28_ProducerIdsAreNeverGivenTwice) {
  const auto init = [&] {
    return answer<ProducerIdentity>([&](auto reply) { broker_->producers().init({}, std::move(reply)); })->id;
  };
  const auto first = init(), second = init();
  EXPECT_NE(first, second);
  crash();
  const auto third = init();
  EXPECT_NE(third, first);
  EXPECT_NE(third, second);
}

class TransactionTest : public BrokerTest {
 protected:
  ProducerIdentity init(const std::string& id = "tx", std::int32_t timeout_ms = 60'000) {
    return *answer<ProducerIdentity>([&](auto reply) {
      broker_->producers().init({.transactional_id = id, .transaction_timeout_ms = timeout_ms}, std::move(reply));
    });
  }
  Result<std::vector<Status>> add(ProducerIdentity who, const std::string& topic = "t") {
    return answer<std::vector<Status>>(
        [&](auto reply) { broker_->producers().add_partitions("tx", who, {{topic, 0}}, std::move(reply)); });
  }
  Result<AppendResult> send(ProducerIdentity who, std::int32_t sequence, const char* value,
                            const std::string& id = "tx") {
    return append(
        "t",
        batch({value},
              {.producer_id = who.id, .producer_epoch = who.epoch, .base_sequence = sequence, .transactional = true}),
        id);
  }
  Status end(ProducerIdentity who, Marker outcome) {
    return answer<void>([&](auto reply) { broker_->producers().end("tx", who, outcome, std::move(reply)); });
  }
};

TEST_F(TransactionTest, K_36_TheLastStableOffsetIsHeldByAnOpenTransaction) {
  create("t");
  const auto who = init();
  ASSERT_TRUE(add(who));
  ASSERT_TRUE(send(who, 0, "in"));
  ASSERT_TRUE(append("t", batch({"plain"})));
  EXPECT_EQ(partition().high_watermark(), 2);
  EXPECT_EQ(partition().last_stable(), 0);
  EXPECT_EQ(values("t"), "next 0");
  ASSERT_TRUE(end(who, Marker::kAbort));
  EXPECT_EQ(partition().last_stable(), 3);
  EXPECT_EQ(values("t"), "plain@1 next 3");
  EXPECT_EQ(partition().aborted_in(0, 3), (std::vector<AbortedTransaction>{{who.id, 0}}));
  ASSERT_TRUE(add(who));
  ASSERT_TRUE(send(who, 1, "kept"));
  ASSERT_TRUE(end(who, Marker::kCommit));
  EXPECT_EQ(values("t"), "plain@1 kept@3 next 5");
  crash();
  EXPECT_EQ(values("t"), "plain@1 kept@3 next 5");
}

TEST_F(TransactionTest, AMarkerThatIsNotDurableOpensNothingToReaders) {
  create("t");
  const auto who = init();
  ASSERT_TRUE(add(who));
  ASSERT_TRUE(send(who, 0, "in"));
  bool answered = false;
  broker_->producers().end("tx", who, Marker::kCommit, Reply<void, Error>([&](auto) { answered = true; }));
  loop_.run_ready();
  EXPECT_FALSE(answered);
  EXPECT_EQ(partition().last_stable(), 0);
  crash();
  EXPECT_EQ(values("t"), "next 0");
  ASSERT_TRUE(end(who, Marker::kCommit));
  EXPECT_EQ(values("t"), "in@0 next 2");
}

TEST_F(TransactionTest, K_41_WrongStatesIdsAndEpochs) {
  create("t");
  const auto who = init();
  EXPECT_EQ(code(end(who, Marker::kCommit)), Errc::kInvalidTxnState);
  ASSERT_TRUE(add(who));
  ASSERT_TRUE(end(who, Marker::kAbort));
  EXPECT_TRUE(end(who, Marker::kAbort));
  EXPECT_EQ(code(end(who, Marker::kCommit)), Errc::kInvalidTxnState);
  EXPECT_EQ(code(end({who.id + 1, who.epoch}, Marker::kAbort)), Errc::kInvalidProducerIdMapping);
  EXPECT_EQ(code(end({who.id, static_cast<std::int16_t>(who.epoch + 1)}, Marker::kAbort)), Errc::kProducerFenced);
  const auto refused = [&](std::optional<std::string> id, std::int32_t timeout) {
    return code(answer<ProducerIdentity>([&](auto reply) {
      broker_->producers().init({.transactional_id = id, .transaction_timeout_ms = timeout}, std::move(reply));
    }));
  };
  EXPECT_EQ(refused("tx", 3'600'000), Errc::kInvalidTransactionTimeout);
  EXPECT_EQ(refused("", 1000), Errc::kInvalidRequest);
  auto unknown = add(who, "nowhere");
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->front().error().code, Errc::kUnknownTopicOrPartition);
}

TEST_F(TransactionTest, K_42_TransactionalBatchesNeedTheirPartitionAndTheirId) {
  create("t");
  const auto who = init();
  EXPECT_EQ(code(send(who, 0, "x")), Errc::kInvalidTxnState);
  ASSERT_TRUE(add(who));
  EXPECT_EQ(code(send(who, 0, "x", "other")), Errc::kInvalidProducerIdMapping);
  EXPECT_TRUE(send(who, 0, "x"));
}

TEST_F(TransactionTest, K_39_ANewProducerAbortsAndFencesTheOld) {
  create("t");
  const auto old = init();
  ASSERT_TRUE(add(old));
  ASSERT_TRUE(send(old, 0, "lost"));
  const auto fresh = init();
  EXPECT_EQ(fresh.id, old.id);
  EXPECT_EQ(fresh.epoch, old.epoch + 1);
  EXPECT_EQ(code(end(old, Marker::kCommit)), Errc::kProducerFenced);
  EXPECT_EQ(code(send(old, 1, "x")), Errc::kInvalidProducerEpoch);
  EXPECT_EQ(values("t"), "next 2");
}

TEST_F(TransactionTest, K_40_ATransactionThatTakesTooLongIsAborted) {
  create("t");
  const auto who = init("tx", 10'000);
  ASSERT_TRUE(add(who));
  ASSERT_TRUE(send(who, 0, "late"));
  loop_.run_for(11s);
  sync();
  EXPECT_EQ(partition().last_stable(), 2);
  EXPECT_EQ(values("t"), "next 2");
  EXPECT_EQ(code(end(who, Marker::kCommit)), Errc::kProducerFenced);
}

TEST_F(BrokerTest, K_53_LookupByTimeReadsTheIndexAndTheBatches) {
  create("t");
  for (int i = 0; i < 300; ++i) {
    std::vector<NewRecord> records;
    for (int r = 0; r < 2; ++r)
      records.push_back(
          {.key = {}, .value = std::string(1000, 'x'), .headers = {}, .timestamp_ms = 1'000'000 + (i * 2 + r) * 10});
    ASSERT_TRUE(append("t", encode_batch(records, {})));
  }
  for (const auto reopen : {false, true}) {
    if (reopen) crash();
    const auto at = [&](std::int64_t time) {
      return partition().find_time(time, partition().high_watermark()).value();
    };
    EXPECT_EQ(at(0)->offset, 0);
    EXPECT_EQ(at(1'000'000)->offset, 0);
    EXPECT_EQ(at(1'000'001)->offset, 1);
    EXPECT_EQ(at(1'000'000 + 377 * 10)->offset, 377);
    EXPECT_EQ(at(1'000'000 + 599 * 10)->offset, 599);
    EXPECT_FALSE(at(1'000'000 + 600 * 10));
    EXPECT_EQ(partition().find_max_time().value()->offset, 599);
  }
}

TEST_F(BrokerTest, K_76_RetentionByTimeAndBySizeMovesTheStart) {
  const auto fill = [&](const std::string& topic) {
    for (int i = 0; i < 300; ++i)
      ASSERT_TRUE(append(topic, batch({std::string(1000, 'x').c_str()}, {.now_ms = epoch_ms(loop_.clock().wall())})));
  };
  create("old", 1, {{"retention.ms", "60000"}});
  create("big", 1, {{"retention.bytes", "150000"}});
  fill("old");
  fill("big");
  broker_->housekeep();
  EXPECT_EQ(partition("old").log_start(), 0);
  EXPECT_GT(partition("big").log_start(), 0);
  EXPECT_GE(partition("big").bytes(), 150'000);
  EXPECT_LT(partition("big").bytes(), 150'000 + 70'000);
  loop_.run_for(66s);
  sync();
  EXPECT_EQ(partition("old").log_start(), 300);
  EXPECT_EQ(partition("old").bytes(), 0);
  crash();
  EXPECT_EQ(partition("old").log_start(), 300);
  EXPECT_EQ(append("old", batch({"x"}))->base_offset, 300);
  EXPECT_EQ(values("big", partition("big").log_start()).substr(0, 3), "xxx");
}

TEST_F(BrokerTest, SpaceIsGivenBackWhenHalfAsMuchAsIsKeptWasErased) {
  int given_back = 0;
  settings_.reclaim_bytes_min = 50'000;
  settings_.reclaim = [&] { ++given_back; };
  crash();
  const auto fill = [&](const std::string& topic) {
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(append(topic, batch({std::string(1000, 'x').c_str()})));
  };
  for (const auto* topic : {"kept", "trimmed", "deleted"}) {
    create(topic);
    fill(topic);
  }
  const auto trim = [&](std::int64_t before) {
    ASSERT_TRUE(
        answer<std::int64_t>([&](auto reply) { broker_->delete_records({"trimmed", 0}, before, std::move(reply)); }));
  };
  trim(200);
  EXPECT_EQ(given_back, 0) << "200 KB of 700";
  ASSERT_TRUE(answer<void>([&](auto reply) { broker_->delete_topic("deleted", std::move(reply)); }));
  EXPECT_EQ(given_back, 1) << "500 KB, and 400 are kept";
  trim(250);
  EXPECT_EQ(given_back, 1) << "the count begins again";
}

TEST_F(BrokerTest, K_77_DeletedRecordsMayEndInsideABatch) {
  create("t");
  ASSERT_TRUE(append("t", batch({"a", "b", "c"})));
  const auto remove = [&](std::int64_t before) {
    return answer<std::int64_t>([&](auto reply) { broker_->delete_records({"t", 0}, before, std::move(reply)); });
  };
  EXPECT_EQ(remove(2), 2);
  EXPECT_EQ(code(remove(4)), Errc::kOffsetOutOfRange);
  EXPECT_EQ(values("t", 2), "c@2 next 3");
  crash();
  EXPECT_EQ(partition().log_start(), 2);
  EXPECT_EQ(remove(-1), 3);
  crash();
  EXPECT_EQ(partition().end(), 3);
}

TEST_F(BrokerTest, K_16_ARecreatedTopicIsAnother) {
  create("t");
  ASSERT_TRUE(append("t", batch({"a"})));
  const auto id = broker_->catalog().find("t")->id;
  ASSERT_TRUE(answer<void>([&](auto reply) { broker_->delete_topic("t", std::move(reply)); }));
  create("t");
  EXPECT_NE(broker_->catalog().find("t")->id, id);
  EXPECT_EQ(values("t"), "next 0");
}

TEST_F(BrokerTest, GroupsCommitOffsetsThatSurvive) {
  create("t", 2);
  ASSERT_TRUE(
      answer<void>([&](auto reply) { cluster_->commit_offsets("g", {{"t", 0, 5}, {"t", 1, 6}}, std::move(reply)); }));
  crash();
  const auto offsets = answer<std::map<std::int32_t, std::int64_t>>(
      [&](auto reply) { cluster_->committed_offsets("g", "t", std::move(reply)); });
  EXPECT_EQ(*offsets, (std::map<std::int32_t, std::int64_t>{{0, 5}, {1, 6}}));
  loop_.run_for(24h * 8);
  sync();
  EXPECT_TRUE(broker_->groups().list().empty());
}

class ListPartition final : public ExternalPartition {
 public:
  Result<std::vector<Record>> read(std::int64_t offset, std::size_t) override {
    std::vector<Record> out;
    for (const auto& record : records)
      if (record.offset >= offset && out.size() < 3) out.push_back(record);
    return out;
  }
  std::int64_t reached() const override { return static_cast<std::int64_t>(records.size()); }
  std::int64_t log_start() const override { return 0; }
  std::unique_ptr<Watch> watch(std::function<void()> advanced) override { return watchers.add(std::move(advanced)); }
  std::vector<Record> records;
  Watchers watchers;
};

TEST_F(BrokerTest, K_81_ExternalTopicsAreReadAndNeverWritten) {
  auto source = std::make_shared<ListPartition>();
  for (int i = 0; i < 10; ++i)
    source->records.push_back({.offset = i, .timestamp_ms = i * 100, .key = "k", .value = std::to_string(i)});
  ASSERT_TRUE(broker_->add_external_topic({"table.orders", std::string(16, 'x'), {source}}));
  EXPECT_EQ(values("table.orders", 7), "7@7 8@8 9@9 next 10");
  EXPECT_EQ(code(append("table.orders", batch({"x"}))), Errc::kTopicAuthorizationFailed);
  EXPECT_EQ(code(answer<void>([&](auto reply) { broker_->delete_topic("table.orders", std::move(reply)); })),
            Errc::kPolicyViolation);
  auto& external = **broker_->catalog().partition("table.orders", 0);
  EXPECT_EQ(external.find_time(450, 10).value()->offset, 5);
  EXPECT_EQ(external.find_max_time().value()->offset, 9);
  EXPECT_FALSE(external.find_time(901, 10).value());
}

}  // namespace
}  // namespace tidemill::topics
