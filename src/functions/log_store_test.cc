#include "functions/log_store.h"

#include <gtest/gtest.h>

#include "functions/log_filter.h"
#include "runtime/sim/sim_loop.h"
#include "storage/sim/memory_store.h"

namespace tidemill::functions {
namespace {

using namespace std::chrono_literals;

struct FilterCase {
  std::string_view test, pattern, message;
  bool want;
};
constexpr FilterCase kFilters[] = {
    {"Empty", "", "anything", true},
    {"Term", "ERROR", "an ERROR here", true},
    {"TermIsCaseSensitive", "error", "an ERROR here", false},
    {"AllTerms", "a b", "b then a", true},
    {"AllTermsMissingOne", "alpha beta", "alpha only", false},
    {"Phrase", R"("a b")", "b a", false},
    {"PhraseFound", R"("a b")", "x a b y", true},
    {"Or", "?one ?two", "only two", true},
    {"OrNone", "?one ?two", "three", false},
    {"Not", "-debug", "debug line", false},
    {"TermAndNot", "line -debug", "info line", true},
    {"JsonEqual", R"({ $.level = "INFO" })", R"({"level":"INFO"})", true},
    {"JsonNotEqual", R"({ $.level != "INFO" })", R"({"level":"WARN"})", true},
    {"JsonWildcard", R"({ $.level = "IN*" })", R"({"level":"INFO"})", true},
    {"JsonNumber", "{ $.n > 3 }", R"({"n":4})", true},
    {"JsonNumberNot", "{ $.n > 3 }", R"({"n":3})", false},
    {"JsonAnd", R"({ ($.a = 1) && ($.b.c = "x") })", R"({"a":1,"b":{"c":"x"}})", true},
    {"JsonOr", "{ $.a = 1 || $.a = 2 }", R"({"a":2})", true},
    {"JsonIndex", "{ $.list[1] = 5 }", R"({"list":[4,5]})", true},
    {"JsonAny", "{ $.list[*] = 5 }", R"({"list":[4,5]})", true},
    {"JsonIsTrue", "{ $.ok IS TRUE }", R"({"ok":true})", true},
    {"JsonNotExists", "{ $.gone NOT EXISTS }", R"({"ok":true})", true},
    {"JsonOnText", R"({ $.a = "x" })", "not json", false},
};
class Filters : public testing::TestWithParam<FilterCase> {};
TEST_P(Filters, FL_03_Match) {
  const auto filter = LogFilter::parse(GetParam().pattern);
  ASSERT_TRUE(filter) << filter.error().message;
  EXPECT_EQ(filter->matches(GetParam().message), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, Filters, testing::ValuesIn(kFilters),
                         [](const auto& info) { return std::string(info.param.test); });

TEST(Filter, BrokenPatternsAreErrors) {
  for (const std::string_view pattern : {"{ $.a = }", "{ $.a", "{ a = 1 }", "\"open", "{ $.a = 1 } x",
                                         "{ (((((((((((((((((((($.a = 1)))))))))))))))))))) }"})
    EXPECT_FALSE(LogFilter::parse(pattern)) << pattern;
}

TEST(Filter, PatternsThatAreNotOfferedSaySo) {
  for (const std::string_view pattern :
       {"%ERROR%", "a %b.*c%", "?%x%", "{ $.level = %err% }", "[ip, code=500]", " [..., b]"}) {
    const auto filter = LogFilter::parse(pattern);
    ASSERT_FALSE(filter) << pattern;
    EXPECT_NE(filter.error().message.find("not offered by this server"), std::string::npos) << pattern;
  }
  for (const std::string_view pattern : {"100%", "50% of 80%", "\"%quoted%\"", "{ $.a = \"%x%\" }", "-75%"})
    EXPECT_TRUE(LogFilter::parse(pattern)) << pattern;
}

class LogStoreTest : public testing::Test {
 protected:
  LogStoreTest() { open(); }
  void open() {
    logs = std::make_unique<LogStore>(store, loop, settings);
    ASSERT_TRUE(logs->open());
  }
  void pump() {
    while (loop.run_ready() || store.sync_once()) {
    }
  }
  std::int64_t now() { return epoch_ms(loop.clock().wall()); }
  template <class T>
  auto take(std::optional<LogResult<T>>& into) {
    return Reply<T, LogError>([&into](LogResult<T> result) { into = std::move(result); });
  }
  LogResult<bool> create(const std::string& group, const std::string& stream) {
    std::optional<LogResult<bool>> got;
    if (stream.empty())
      logs->create_group({}, group, {{"k", "v"}}, take(got));
    else
      logs->create_stream({}, group, stream, take(got));
    pump();
    return *got;
  }
  std::vector<std::string> texts(const std::vector<LogEvent>& events) {
    std::vector<std::string> all;
    for (const auto& event : events) all.push_back(event.message);
    return all;
  }

  runtime::SimLoop loop;
  storage::Store store{std::make_unique<storage::MemoryEngine>(), {.sync_thread = false}};
  LogStore::Settings settings;
  std::unique_ptr<LogStore> logs;
};

TEST_F(LogStoreTest, AppendedLinesAreReadAtOnceAndSurviveARestart) {
  logs->append({}, "g", "s1", now(), "one\n");
  logs->append({}, "g", "s2", now() + 1, "two\n");
  EXPECT_EQ(texts(logs->filter({.group = "g"})->events), (std::vector<std::string>{"one\n", "two\n"}));
  logs.reset();
  open();
  const auto page = logs->filter({.group = "g", .streams = {"s2"}});
  ASSERT_EQ(page->events.size(), 1u);
  EXPECT_EQ(page->events[0].stream, "s2");
  EXPECT_EQ(page->events[0].id.size(), 56u);
  const auto streams = logs->streams({}, "g");
  EXPECT_EQ((*streams)[1].last_ms, now() + 1);
}

TEST_F(LogStoreTest, FL_02_PagesEndInATokenAndTimesAreInclusive) {
  const auto base = now();
  for (int i = 0; i < 5; ++i) logs->append({}, "g", "s", base + i, std::to_string(i));
  const auto first = logs->filter({.group = "g", .limit = 2});
  EXPECT_EQ(texts(first->events), (std::vector<std::string>{"0", "1"}));
  ASSERT_FALSE(first->next_token.empty());
  EXPECT_EQ(texts(logs->filter({.group = "g", .limit = 10, .token = first->next_token})->events),
            (std::vector<std::string>{"2", "3", "4"}));
  EXPECT_EQ(texts(logs->filter({.group = "g", .from_ms = base + 1, .to_ms = base + 3})->events),
            (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(texts(logs->filter({.group = "g", .pattern = "?1 ?4"})->events), (std::vector<std::string>{"1", "4"}));
  EXPECT_EQ(logs->filter({.group = "g", .token = "x"}).error().message, "The specified nextToken is invalid.");
  EXPECT_EQ(logs->filter({.group = "none"}).error().message, "The specified log group does not exist.");
}

TEST_F(LogStoreTest, FL_04_StreamsAreReadFromBothEndsAndTheSameTokenIsTheEnd) {
  const auto base = now();
  for (int i = 0; i < 5; ++i) {
    logs->append({}, "g", "s", base + i, std::to_string(i));
    logs->append({}, "g", "other", base + i, "x");
  }
  const auto newest = logs->read({.group = "g", .stream = "s", .limit = 2});
  EXPECT_EQ(texts(newest->events), (std::vector<std::string>{"3", "4"}));
  const auto before = logs->read({.group = "g", .stream = "s", .limit = 2, .token = newest->backward_token});
  EXPECT_EQ(texts(before->events), (std::vector<std::string>{"1", "2"}));
  const auto head = logs->read({.group = "g", .stream = "s", .from_head = true, .limit = 3});
  EXPECT_EQ(texts(head->events), (std::vector<std::string>{"0", "1", "2"}));
  const auto rest =
      logs->read({.group = "g", .stream = "s", .from_head = true, .limit = 3, .token = head->forward_token});
  EXPECT_EQ(texts(rest->events), (std::vector<std::string>{"3", "4"}));
  const auto end = logs->read({.group = "g", .stream = "s", .from_head = true, .token = rest->forward_token});
  EXPECT_TRUE(end->events.empty());
  EXPECT_EQ(end->forward_token, rest->forward_token);
  EXPECT_EQ(rest->forward_token.size(), 60u);
  EXPECT_EQ(texts(logs->read({.group = "g", .stream = "s", .to_ms = base + 2, .from_head = true})->events),
            (std::vector<std::string>{"0", "1"}));
  EXPECT_FALSE(logs->read({.group = "g", .stream = "s", .token = "f/1/s"}));
}

TEST_F(LogStoreTest, FL_07_FL_08_PutsAreCheckedAndReportWhatTheyLeaveOut) {
  EXPECT_TRUE(create("g", ""));
  EXPECT_EQ(create("g", "").error().message, "The specified log group already exists");
  EXPECT_TRUE(create("g", "s"));
  EXPECT_EQ(create("g", "s").error().message, "The specified log stream already exists");
  EXPECT_EQ(create("none", "s").error().message, "The specified log group does not exist.");
  const auto put = [&](std::vector<NewLogEvent> events) {
    std::optional<LogResult<PutOutcome>> got;
    logs->put({}, "g", "s", std::move(events), take(got));
    pump();
    return *got;
  };
  EXPECT_EQ(put({{now(), "b"}, {now() - 1, "a"}}).error().message,
            "Log events in a single PutLogEvents request must be in chronological order.");
  const auto outcome = put({{now() - 15ll * 86'400'000, "old"}, {now(), "good"}, {now() + 3ll * 3'600'000, "new"}});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->too_old_to, 1u);
  EXPECT_EQ(outcome->too_new_from, 2u);
  EXPECT_EQ(texts(logs->filter({.group = "g"})->events), (std::vector<std::string>{"good"}));
}

TEST_F(LogStoreTest, FL_09_RetentionTakesOldEventsAway) {
  logs->append({}, "g", "s", now(), "old");
  std::optional<LogResult<bool>> got;
  logs->set_retention({}, "g", 1, take(got));
  pump();
  loop.run_for(25h);
  pump();
  logs->append({}, "g", "s", now(), "new");
  EXPECT_EQ(texts(logs->filter({.group = "g"})->events), (std::vector<std::string>{"new"}));
  EXPECT_EQ(logs->groups({}).at(0).retention_days, 1);
}

TEST_F(LogStoreTest, AGroupIsBoundedAndTheOldestEventsGiveWay) {
  settings.group_bytes_max = 10'000;
  settings.gather_bytes = 1000;
  open();
  for (int i = 0; i < 200; ++i) {
    logs->append({}, "g", "s", now(), std::to_string(i) + std::string(100, 'x'));
    loop.run_for(1ms);
  }
  const auto page = logs->filter({.group = "g"});
  EXPECT_LT(page->events.size(), 100u);
  EXPECT_GT(page->events.size(), 40u);
  EXPECT_TRUE(page->events.back().message.starts_with("199"));
}

TEST_F(LogStoreTest, RemovedGroupsAreGoneWithTheirEvents) {
  logs->append({}, "g", "s", now(), "x");
  std::optional<LogResult<bool>> got;
  logs->remove_group({}, "g", take(got));
  pump();
  EXPECT_TRUE(*got);
  EXPECT_FALSE(logs->filter({.group = "g"}));
  logs->append({}, "g", "s", now(), "y");
  EXPECT_EQ(texts(logs->filter({.group = "g"})->events), (std::vector<std::string>{"y"}));
}

}  // namespace
}  // namespace tidemill::functions
