#include "queues/queues.h"

#include <gtest/gtest.h>

#include "runtime/sim/sim_loop.h"
#include "storage/sim/memory_store.h"
#include "storage/store.h"

namespace tidemill::queues {
namespace {

using namespace std::chrono_literals;

class QueuesTest : public testing::Test {
 protected:
  QueuesTest()
      : log(loop.clock(), observe::Level::kError, observe::Log::Format::kText,
            [](observe::Level, std::string_view) {}) {
    open(std::make_unique<storage::MemoryEngine>());
  }
  void open(std::unique_ptr<storage::MemoryEngine> engine) {
    queues.reset();
    store.reset();
    memory = engine.get();
    store = std::make_unique<storage::Store>(std::move(engine), storage::Store::Options{.sync_thread = false});
    queues = std::make_unique<Queues>(Queues::Services{.store = *store, .home = loop, .random = random, .log = log});
    ASSERT_TRUE(queues->open());
  }
  void settle() {
    for (bool again = true; again;) {
      again = store->sync_once();
      again = loop.run_ready() || again;
    }
  }
  void run_for(runtime::Duration d) {
    settle();
    for (runtime::Duration passed{0}; passed < d; passed += 100ms) {
      loop.run_for(100ms);
      settle();
    }
  }
  template <class T, class F>
  Result<T> wait(F f) {
    std::optional<Result<T>> out;
    f(Reply<T, Error>([&out](Result<T> value) { out = std::move(value); }));
    settle();
    if (!out) return fail(Errc::kInternal, "no answer");
    return std::move(*out);
  }
  QueueName create(std::string name, Attributes attributes = {}) {
    const QueueName queue{.scope = {}, .name = std::move(name)};
    auto made = wait<QueueName>([&](auto reply) { queues->create(queue, attributes, {}, std::move(reply)); });
    EXPECT_TRUE(made) << made.error().message;
    return queue;
  }
  void send(const QueueName& queue, std::string body, std::optional<std::int64_t> delay_s = std::nullopt) {
    auto sent = wait<std::vector<Sent>>([&](auto reply) {
      std::vector<ToSend> messages;
      messages.push_back({.body = body, .attributes = {}, .delay_s = delay_s});
      queues->send(queue, std::move(messages), "AIDA", std::move(reply));
    });
    EXPECT_TRUE(sent);
  }
  std::vector<Received> receive(const QueueName& queue, std::int64_t max = 10,
                                std::optional<std::int64_t> visibility_s = std::nullopt) {
    auto received = wait<std::vector<Received>>([&](auto reply) {
      queues->receive({.queue = queue, .messages_max = max, .visibility_s = visibility_s}, nullptr, std::move(reply));
    });
    EXPECT_TRUE(received);
    return received ? *received : std::vector<Received>{};
  }
  std::vector<std::string> bodies(const std::vector<Received>& received) {
    std::vector<std::string> out;
    for (const auto& one : received) out.push_back(one.message.body);
    return out;
  }
  Status remove(const QueueName& queue, const std::string& handle) {
    return wait<void>([&](auto reply) { queues->delete_message(queue, handle, std::move(reply)); });
  }

  runtime::SimLoop loop;
  runtime::SimRandom random{3};
  observe::Log log;
  storage::MemoryEngine* memory = nullptr;
  std::unique_ptr<storage::Store> store;
  std::unique_ptr<Queues> queues;
};

TEST_F(QueuesTest, ReceivedMessagesAreHiddenUntilTheirTimeoutAndGoneWhenDeleted) {
  const auto queue = create("q");
  send(queue, "a");
  send(queue, "b");
  auto first = receive(queue);
  EXPECT_EQ(bodies(first), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(receive(queue).empty());
  EXPECT_TRUE(remove(queue, first[0].receipt_handle));
  run_for(31s);
  auto second = receive(queue);
  EXPECT_EQ(bodies(second), (std::vector<std::string>{"b"}));
  EXPECT_EQ(second[0].receive_count, 2);
  // The handle of the first receive deletes nothing any more.
  EXPECT_TRUE(remove(queue, first[1].receipt_handle));
  EXPECT_EQ(queues->attributes(queue)->at("ApproximateNumberOfMessagesNotVisible"), "1");
  EXPECT_TRUE(remove(queue, second[0].receipt_handle));
  EXPECT_EQ(queues->attributes(queue)->at("ApproximateNumberOfMessagesNotVisible"), "0");
}

TEST_F(QueuesTest, LongPollIsAnsweredByASendAndByItsEnd) {
  const auto queue = create("q");
  std::optional<Result<std::vector<Received>>> answer;
  const auto poll = [&] {
    answer.reset();
    queues->receive({.queue = queue, .messages_max = 1, .visibility_s = std::nullopt, .wait_s = 20}, nullptr,
                    Reply<std::vector<Received>, Error>([&](auto value) { answer = std::move(value); }));
  };
  poll();
  run_for(5s);
  EXPECT_FALSE(answer);
  send(queue, "a");
  ASSERT_TRUE(answer);
  EXPECT_EQ((*answer)->size(), 1U);
  poll();
  run_for(19s);
  EXPECT_FALSE(answer);
  run_for(2s);
  ASSERT_TRUE(answer);
  EXPECT_TRUE((*answer)->empty());
  poll();
  run_for(15s);  // the first message becomes visible again
  ASSERT_TRUE(answer);
  EXPECT_EQ((*answer)->at(0).receive_count, 2);
}

TEST_F(QueuesTest, AReceiverThatHasGoneTakesNothing) {
  const auto queue = create("q");
  auto gone = std::make_shared<bool>(false);
  queues->receive({.queue = queue, .messages_max = 1, .visibility_s = std::nullopt, .wait_s = 20}, gone,
                  Reply<std::vector<Received>, Error>([](auto) {}));
  *gone = true;
  send(queue, "a");
  EXPECT_EQ(receive(queue).size(), 1U);
}

TEST_F(QueuesTest, DelaysHide) {
  const auto queue = create("q", {{"DelaySeconds", "5"}});
  send(queue, "late");
  send(queue, "later", 10);
  send(queue, "now", 0);
  EXPECT_EQ(queues->attributes(queue)->at("ApproximateNumberOfMessagesDelayed"), "2");
  EXPECT_EQ(bodies(receive(queue)), (std::vector<std::string>{"now"}));
  run_for(6s);
  EXPECT_EQ(bodies(receive(queue)), (std::vector<std::string>{"late"}));
}

TEST_F(QueuesTest, DeadLettersMove) {
  const auto dead = create("dead");
  const auto queue =
      create("q", {{"RedrivePolicy", R"({"deadLetterTargetArn":")" + dead.arn() + R"(","maxReceiveCount":"2"})"}});
  EXPECT_EQ(queues->dead_letter_sources(dead), (std::vector<std::string>{"q"}));
  send(queue, "bad");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(receive(queue, 10, 1).size(), 1U);
    run_for(2s);
  }
  EXPECT_TRUE(receive(queue).empty());
  open(memory->crash(0));
  EXPECT_EQ(bodies(receive(dead)), (std::vector<std::string>{"bad"}));
}

TEST_F(QueuesTest, EverythingSurvivesARestart) {
  const auto queue = create("q", {{"VisibilityTimeout", "60"}});
  send(queue, "a");
  send(queue, "b");
  const auto first = receive(queue, 1);
  open(memory->crash(0));
  EXPECT_EQ(bodies(receive(queue)), (std::vector<std::string>{"b"}));
  EXPECT_TRUE(remove(queue, first[0].receipt_handle));
  open(memory->crash(0));
  run_for(61s);
  const auto again = receive(queue);
  EXPECT_EQ(bodies(again), (std::vector<std::string>{"b"}));
  EXPECT_EQ(again[0].receive_count, 2);
  send(queue, "c");
  EXPECT_EQ(bodies(receive(queue)), (std::vector<std::string>{"c"}));
}

TEST_F(QueuesTest, AMessageIsSeenOnlyWhenItIsDurable) {
  const auto queue = create("q");
  std::vector<ToSend> messages;
  messages.push_back({.body = "a"});
  bool answered = false;
  queues->send(queue, std::move(messages), "", Reply<std::vector<Sent>, Error>([&](auto) { answered = true; }));
  std::optional<Result<std::vector<Received>>> seen;
  queues->receive({.queue = queue}, nullptr,
                  Reply<std::vector<Received>, Error>([&](auto value) { seen = std::move(value); }));
  ASSERT_TRUE(seen);
  EXPECT_TRUE((*seen)->empty());
  EXPECT_FALSE(answered);
  settle();
  EXPECT_TRUE(answered);
  EXPECT_EQ(receive(queue).size(), 1U);
}

TEST_F(QueuesTest, OldMessagesExpire) {
  const auto queue = create("q", {{"MessageRetentionPeriod", "60"}});
  send(queue, "old");
  run_for(50s);
  send(queue, "new");
  run_for(20s);
  EXPECT_EQ(bodies(receive(queue)), (std::vector<std::string>{"new"}));
}

TEST_F(QueuesTest, PurgeAndRemove) {
  const auto queue = create("q");
  send(queue, "a");
  ASSERT_TRUE(wait<void>([&](auto reply) { queues->purge(queue, std::move(reply)); }));
  EXPECT_TRUE(receive(queue).empty());
  send(queue, "b");
  const auto received = receive(queue);
  ASSERT_EQ(received.size(), 1U);
  ASSERT_TRUE(wait<void>([&](auto reply) { queues->remove(queue, std::move(reply)); }));
  EXPECT_EQ(queues->find(queue).error().message, "The specified queue does not exist.");
  create("q");
  EXPECT_TRUE(receive(queue).empty());
  // A handle of the queue that was there before is none of this one.
  EXPECT_EQ(remove(queue, received[0].receipt_handle).error().code, Errc::kReceiptHandleIsInvalid);
}

TEST_F(QueuesTest, WhatSqsRefuses) {
  create("q", {{"VisibilityTimeout", "10"}});
  const auto creating = [&](std::string name, Attributes attributes) {
    return wait<QueueName>(
        [&](auto reply) { queues->create({.scope = {}, .name = name}, attributes, {}, std::move(reply)); });
  };
  EXPECT_TRUE(creating("q", {{"VisibilityTimeout", "10"}}));
  EXPECT_TRUE(creating("q", {}));
  EXPECT_EQ(creating("q", {{"VisibilityTimeout", "11"}}).error().message,
            "A queue already exists with the same name and a different value for attribute VisibilityTimeout");
  EXPECT_EQ(creating("q.fifo", {{"FifoQueue", "true"}}).error().code, Errc::kUnsupported);
  EXPECT_EQ(creating("bad name", {}).error().code, Errc::kInvalidParameter);
  EXPECT_EQ(creating("x", {{"VisibilityTimeout", "-1"}}).error().code, Errc::kInvalidAttributeValue);
  EXPECT_EQ(creating("x", {{"Nonsense", "1"}}).error().code, Errc::kInvalidAttributeName);
  EXPECT_EQ(creating("x", {{"RedrivePolicy", "{}"}}).error().code, Errc::kInvalidAttributeValue);
  const QueueName queue{.scope = {}, .name = "q"};
  EXPECT_EQ(remove(queue, "nonsense").error().code, Errc::kReceiptHandleIsInvalid);
  const auto sending = [&](std::string body, MessageAttributes attributes) {
    std::vector<ToSend> messages;
    messages.push_back({.body = std::move(body), .attributes = std::move(attributes)});
    return wait<std::vector<Sent>>([&](auto reply) { queues->send(queue, std::move(messages), "", std::move(reply)); });
  };
  EXPECT_EQ(sending("", {}).error().code, Errc::kMissingParameter);
  EXPECT_EQ(sending(std::string("\x01", 1), {}).error().code, Errc::kInvalidParameter);
  EXPECT_EQ(sending("a", {{"n", {.type = "Boolean", .value = "x"}}}).error().code, Errc::kInvalidParameter);
  EXPECT_EQ(sending(std::string(kMessageBytesMax + 1, 'x'), {}).error().code, Errc::kInvalidParameter);
}

TEST(Md5, OfAttributesIsWhatSdksVerify) {
  EXPECT_EQ(md5_of_body("hello"), "5d41402abc4b2a76b9719d911017c592");
  EXPECT_EQ(md5_of_attributes({}), "");
  const MessageAttributes attributes{{"b", {.type = "Binary", .value = std::string("\x00\xff", 2)}},
                                     {"n", {.type = "Number", .value = "42"}},
                                     {"s", {.type = "String", .value = "text"}}};
  const Message message{.id = "i", .body = "x", .attributes = attributes, .sender = "u", .sent_ms = 5};
  EXPECT_EQ(*decode(encode(message)), message);
  EXPECT_EQ(md5_of_attributes(attributes), "3b95ba4e0789158396a355869f5a9583");
}

}  // namespace
}  // namespace tidemill::queues
