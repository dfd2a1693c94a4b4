#include "topics/remote_cluster.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "runtime/epoll_loop.h"

namespace tidemill::topics {
namespace {

using std::chrono::seconds;

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TM_UNDER_TSAN 1
#endif
#endif

// librdkafka's cluster of its own tests: brokers that keep nothing and speak the real protocol.
class RealCluster : public testing::Test {
 protected:
  void SetUp() override {
#ifdef TM_UNDER_TSAN
    GTEST_SKIP() << "librdkafka starts its threads with C11's thrd_create, which ThreadSanitizer does not know: it "
                    "crashes in them";
#endif
    char problem[256];
    auto* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, nullptr);
    owner_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, problem, sizeof problem);
    mock_ = rd_kafka_mock_cluster_new(owner_, 1);
    servers_ = rd_kafka_mock_cluster_bootstraps(mock_);
    rd_kafka_mock_topic_create(mock_, "orders", 2, 1);
    home_ = std::thread([this] { loop_.run(); });
  }
  void TearDown() override {
    if (mock_ == nullptr) return;
    close();
    loop_.stop();
    home_.join();
    rd_kafka_mock_cluster_destroy(mock_);
    rd_kafka_destroy(owner_);
  }

  void open(const std::string& servers) {
    on_home([&] { cluster_ = RemoteCluster::open(servers, loop_, log_).value(); });
  }
  void close() {
    on_home([&] { cluster_.reset(); });
  }
  void on_home(std::function<void()> run) {
    std::promise<void> done;
    loop_.post([&] {
      run();
      done.set_value();
    });
    done.get_future().wait();
  }
  // Starts a call at home and waits for its Reply.
  template <class T>
  Result<T> call(std::function<void(Reply<T, Error>)> start) {
    auto said = std::make_shared<std::promise<Result<T>>>();
    auto answer = said->get_future();
    on_home([&] {
      start(Reply<T, Error>([this, said](Result<T> value) {
        EXPECT_TRUE(loop_.on_this_thread());
        said->set_value(std::move(value));
      }));
    });
    if (answer.wait_for(seconds(20)) != std::future_status::ready) return fail(Errc::kUnknownServerError, "no answer");
    return answer.get();
  }
  Result<Produced> produce(std::int32_t partition, std::vector<NewRecord> records) {
    return call<Produced>([&](auto reply) {
      cluster_->produce({.topic = "orders", .partition = partition, .records = std::move(records)}, std::move(reply));
    });
  }
  // Reads on until `count` records have come, or an error.
  Result<std::vector<Record>> read(std::int64_t offset, std::size_t count, std::int32_t partition = 0) {
    std::vector<Record> out;
    for (const auto until = std::chrono::steady_clock::now() + seconds(20);
         out.size() < count && std::chrono::steady_clock::now() < until;) {
      auto got = call<ReadResult>([&](auto reply) {
        cluster_->read({.topic = "orders", .partition = partition, .offset = offset}, std::move(reply));
      });
      if (!got) return std::unexpected(got.error());
      for (auto& record : got->records) out.push_back(std::move(record));
      offset = got->next_offset;
      std::this_thread::yield();
    }
    return out;
  }

  runtime::EpollLoop loop_;
  observe::Log log_{loop_.clock(), observe::Level::kError, observe::Log::Format::kText, observe::Log::standard_error()};
  std::thread home_;
  rd_kafka_t* owner_ = nullptr;
  rd_kafka_mock_cluster_t* mock_ = nullptr;
  std::string servers_;
  std::unique_ptr<RemoteCluster> cluster_;
};

TEST_F(RealCluster, RecordsComeBackAsTheyWereProduced) {
  open(servers_);
  const NewRecord whole{.key = "k",
                        .value = "v",
                        .headers = {{.key = "h", .value = "x"}, {.key = "none", .value = std::nullopt}},
                        .timestamp_ms = 1'700'000'000'123};
  const NewRecord tombstone{.key = "k", .value = std::nullopt};
  const NewRecord empty{.key = std::nullopt, .value = ""};
  const auto produced = produce(0, {whole, tombstone, empty});
  ASSERT_TRUE(produced) << produced.error().message;
  EXPECT_EQ(produced->partition, 0);
  EXPECT_EQ(produced->base_offset, 0);
  const auto got = read(0, 3);
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_EQ(got->size(), 3U);
  EXPECT_EQ((*got)[0].timestamp_ms, 1'700'000'000'123);
  EXPECT_EQ((*got)[0].key, "k");
  EXPECT_EQ((*got)[0].headers, whole.headers);
  EXPECT_EQ((*got)[1].value, std::nullopt);
  EXPECT_EQ((*got)[2].key, std::nullopt);
  EXPECT_EQ((*got)[2].value, "");
  EXPECT_EQ((*got)[2].offset, 2);
  // Again from the middle: the fetching position goes back.
  const auto again = read(1, 2);
  ASSERT_TRUE(again);
  ASSERT_EQ(again->size(), 2U);
  EXPECT_EQ(again->front().offset, 1);
}

TEST_F(RealCluster, AWatchTellsOfWhatIsThereAndOfWhatComes) {
  open(servers_);
  std::atomic<int> told = 0;
  std::int64_t next = 0;
  std::unique_ptr<Watch> watch;
  std::promise<void> first, second;
  on_home([&] {
    watch = cluster_
                ->watch("orders", 0,
                        [&] {
                          ++told;
                          cluster_->read({.topic = "orders", .partition = 0, .offset = next},
                                         Reply<ReadResult, Error>([&](Result<ReadResult> got) {
                                           ASSERT_TRUE(got);
                                           const auto before = std::exchange(next, got->next_offset);
                                           if (before < 1 && next >= 1) first.set_value();
                                           if (before < 2 && next >= 2) second.set_value();
                                         }));
                        })
                .value();
  });
  ASSERT_TRUE(produce(0, {{.key = "a", .value = "1"}}));
  ASSERT_EQ(first.get_future().wait_for(seconds(20)), std::future_status::ready);
  ASSERT_TRUE(produce(0, {{.key = "a", .value = "2"}}));
  ASSERT_EQ(second.get_future().wait_for(seconds(20)), std::future_status::ready);
  on_home([&] { watch.reset(); });
  const int until_now = told;
  ASSERT_TRUE(produce(0, {{.key = "a", .value = "3"}}));
  EXPECT_EQ(read(2, 1)->size(), 1U);
  EXPECT_EQ(told, until_now);
}

TEST_F(RealCluster, OneKeyIsOnePartitionAndBatchesStayTogether) {
  open(servers_);
  const auto to_any = [&](std::vector<NewRecord> records) {
    return call<Produced>([&](auto reply) {
      cluster_->produce({.topic = "orders", .partition = std::nullopt, .records = std::move(records)},
                        std::move(reply));
    });
  };
  const auto one = to_any({{.key = "customer-7", .value = "a"}});
  const auto three =
      to_any({{.key = "customer-7", .value = "b"}, {.key = "another", .value = "c"}, {.key = "third", .value = "d"}});
  ASSERT_TRUE(one && three);
  EXPECT_EQ(one->partition, three->partition);
  EXPECT_EQ(three->base_offset, 1);
  const auto end = call<std::int64_t>([&](auto reply) {
    cluster_->find_offset({.topic = "orders", .partition = one->partition, .at = OffsetQuery::At::kLatest},
                          std::move(reply));
  });
  EXPECT_EQ(end.value_or(-1), 4);
}

TEST_F(RealCluster, TopicsAndOffsetsAreFound) {
  open(servers_);
  ASSERT_TRUE(produce(1, {{.key = "a", .value = "1"}, {.key = "a", .value = "2"}}));
  const auto described = call<TopicSummary>([&](auto reply) { cluster_->describe_topic("orders", std::move(reply)); });
  EXPECT_EQ(described, (TopicSummary{"orders", 2}));
  const auto missing = call<TopicSummary>([&](auto reply) { cluster_->describe_topic("nothing", std::move(reply)); });
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::kUnknownTopicOrPartition);
  const auto all = call<std::vector<TopicSummary>>([&](auto reply) { cluster_->list_topics(std::move(reply)); });
  EXPECT_EQ(all, (std::vector<TopicSummary>{{"orders", 2}}));  // asking about a topic has not made it
  for (const auto& [at, offset] : {std::pair{OffsetQuery::At::kEarliest, 0}, {OffsetQuery::At::kLatest, 2}}) {
    const auto found = call<std::int64_t>([&, at = at](auto reply) {
      cluster_->find_offset({.topic = "orders", .partition = 1, .at = at}, std::move(reply));
    });
    EXPECT_EQ(found.value_or(-1), offset);
  }
}

TEST_F(RealCluster, OffsetsOfAGroupAreKeptInTheCluster) {
  open(servers_);
  const auto committed = [&] {
    return call<std::map<std::int32_t, std::int64_t>>(
        [&](auto reply) { cluster_->committed_offsets("readers", "orders", std::move(reply)); });
  };
  EXPECT_EQ(committed(), (std::map<std::int32_t, std::int64_t>{}));
  const auto done = call<void>([&](auto reply) {
    cluster_->commit_offsets("readers", {{.topic = "orders", .partition = 1, .offset = 42, .metadata = "who"}},
                             std::move(reply));
  });
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(committed(), (std::map<std::int32_t, std::int64_t>{{1, 42}}));
}

TEST_F(RealCluster, ACoordinatorThatIsStillLoadingIsWaitedForOrSaid) {
  open(servers_);
  constexpr std::int16_t kOffsetCommit = 8, kOffsetFetch = 9;
  for (const auto error : {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                           RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE}) {
    SCOPED_TRACE(rd_kafka_err2name(error));
    rd_kafka_mock_push_request_errors(mock_, kOffsetFetch, 1, error);
    rd_kafka_mock_push_request_errors(mock_, kOffsetCommit, 1, error);
    const auto committed = [&] {
      return call<std::map<std::int32_t, std::int64_t>>(
          [&](auto reply) { cluster_->committed_offsets("readers", "orders", std::move(reply)); });
    };
    const auto commit = [&] {
      return call<void>([&](auto reply) {
        cluster_->commit_offsets("readers", {{.topic = "orders", .partition = 1, .offset = 42}}, std::move(reply));
      });
    };
    // librdkafka asks again by itself, or the caller does.
    if (const auto first = committed(); !first) {
      EXPECT_EQ(first.error().code == Errc::kCoordinatorNotAvailable || first.error().code == Errc::kNotCoordinator,
                true)
          << first.error().message;
      EXPECT_TRUE(committed());
    }
    if (const auto first = commit(); !first) {
      EXPECT_EQ(first.error().code == Errc::kCoordinatorNotAvailable || first.error().code == Errc::kNotCoordinator,
                true)
          << first.error().message;
      EXPECT_TRUE(commit());
    }
    EXPECT_EQ(committed(), (std::map<std::int32_t, std::int64_t>{{1, 42}}));
  }
}

TEST_F(RealCluster, AnOffsetThatIsNotThereIsOutOfRangeAndReadingGoesOn) {
  open(servers_);
  ASSERT_TRUE(produce(0, {{.key = "a", .value = "1"}}));
  const auto beyond = read(1000, 1);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, Errc::kOffsetOutOfRange);
  const auto got = read(0, 1);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->size(), 1U);
}

TEST_F(RealCluster, AnUnknownPartitionIsSaid) {
  open(servers_);
  const auto got = read(0, 1, 7);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::kUnknownTopicOrPartition);
}

TEST_F(RealCluster, ReadersFarApartHavePositionsOfTheirOwn) {
  open(servers_);
  std::vector<NewRecord> many;
  for (int i = 0; i < 100; ++i) many.push_back({.key = "k", .value = std::to_string(i)});
  ASSERT_TRUE(produce(0, many));
  std::vector<std::unique_ptr<Watch>> watches;
  on_home([&] {
    for (int i = 0; i < 2; ++i) watches.push_back(cluster_->watch("orders", 0, [] {}).value());
  });
  // In turns, one record at a time: were there one position, each read would throw the other's away and neither would
  // get on.
  std::int64_t low = 0, high = 60;
  const auto until = std::chrono::steady_clock::now() + seconds(20);
  while ((low < 40 || high < 100) && std::chrono::steady_clock::now() < until)
    for (auto* at : {&low, &high}) {
      if (at == &low && low >= 40) continue;
      if (at == &high && high >= 100) continue;
      const auto got = call<ReadResult>([&](auto reply) {
        cluster_->read({.topic = "orders", .partition = 0, .offset = *at, .max_records = 1}, std::move(reply));
      });
      ASSERT_TRUE(got);
      if (!got->records.empty()) {
        EXPECT_EQ(got->records.front().value, std::to_string(*at));
      }
      *at = got->next_offset;
    }
  EXPECT_EQ(low, 40);
  EXPECT_EQ(high, 100);
  on_home([&] { watches.clear(); });
}

TEST_F(RealCluster, WhileItCannotBeReachedCallsSaySoAndItCanBeClosed) {
  open("127.0.0.1:1");
  const auto all = call<std::vector<TopicSummary>>([&](auto reply) { cluster_->list_topics(std::move(reply)); });
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().code, Errc::kCoordinatorNotAvailable);
  std::optional<Result<Produced>> dropped;
  on_home([&] {
    (void)cluster_->watch("orders", 0, [] {});
    cluster_->produce({.topic = "orders", .partition = std::nullopt, .records = {{.key = "a", .value = "b"}}},
                      Reply<Produced, Error>([&](Result<Produced> said) { dropped = std::move(said); }));
  });
  close();
  ASSERT_TRUE(dropped);
  EXPECT_FALSE(*dropped);
}

}  // namespace
}  // namespace tidemill::topics
