// The group coordinator's state machine in virtual time.
#include "topics/classic_group.h"

#include <gtest/gtest.h>

#include "runtime/sim/sim_loop.h"

namespace tidemill::topics {
namespace {

using namespace std::chrono_literals;

class ClassicGroupTest : public testing::Test {
 protected:
  // What a client has heard; `joined` and `synced` are empty while the coordinator holds the answer.
  struct Client {
    std::string id;
    std::optional<JoinResult> joined;
    std::optional<Result<SyncResult>> synced;
  };

  JoinRequest request(std::string member_id = "", std::optional<std::string> instance = {}) const {
    return {.member_id = std::move(member_id),
            .instance_id = std::move(instance),
            .client_id = "c",
            .client_host = "/h",
            .protocol_type = "consumer",
            .protocols = {{"range", "topics"}},
            .session_timeout_ms = 10'000,
            .rebalance_timeout_ms = 30'000};
  }
  void join(Client& client, JoinRequest request) {
    client.joined.reset();
    group_.join(std::move(request), Reply<JoinResult, Error>([&client](auto result) {
                  client.joined = *result;
                  client.id = result->member_id;
                }));
  }
  void join(Client& client) { join(client, request(client.id)); }
  void sync(Client& client, std::vector<std::pair<std::string, std::string>> assignments = {}) {
    client.synced.reset();
    group_.sync({.who = {client.id, {}, client.joined->generation},
                 .protocol_type = {},
                 .protocol = {},
                 .assignments = std::move(assignments)},
                Reply<SyncResult, Error>([&client](auto result) { client.synced.emplace(std::move(result)); }));
  }
  std::optional<Errc> beat(const Client& client) {
    auto status = group_.heartbeat({client.id, {}, client.joined->generation});
    return status ? std::nullopt : std::optional(status.error().code);
  }
  void settle_two() {
    join(a_);
    sync(a_, {{a_.id, "A"}});
    join(b_);
    join(a_);
    sync(b_);
    sync(a_, {{a_.id, "A"}, {b_.id, "B"}});
    ASSERT_EQ((*b_.synced)->assignment, "B");
    ASSERT_EQ(group_.state(), GroupState::kStable);
  }

  runtime::SimLoop loop_;
  runtime::SimRandom random_;
  ClassicGroup::Environment environment_{loop_, random_, {}, [this](const ClassicGroup& group, runtime::Task done) {
                                           row_ = group.to_row();
                                           done();
                                         }};
  std::string row_;
  ClassicGroup group_{"g", environment_};
  Client a_, b_;
};

TEST_F(ClassicGroupTest, K_55_ANewMemberIsGivenAnIdAndJoinsWithIt) {
  auto first = request();
  first.must_know_its_id = true;
  join(a_, first);
  EXPECT_EQ(a_.joined->error, Errc::kMemberIdRequired);
  EXPECT_TRUE(a_.id.starts_with("c-"));
  EXPECT_TRUE(group_.is_empty());
  first.member_id = a_.id;
  join(a_, first);
  EXPECT_FALSE(a_.joined->error);
  EXPECT_EQ(a_.joined->generation, 1);
  EXPECT_EQ(a_.joined->leader, a_.id);
  EXPECT_EQ(a_.joined->members.size(), 1u);
}

TEST_F(ClassicGroupTest, K_56_WhoMayNotJoinIsTold) {
  auto bad = request();
  bad.session_timeout_ms = 100;
  join(a_, bad);
  EXPECT_EQ(a_.joined->error, Errc::kInvalidSessionTimeout);
  join(a_, request("bogus"));
  EXPECT_EQ(a_.joined->error, Errc::kUnknownMemberId);
  a_ = {};
  join(a_);
  bad = request();
  bad.protocols = {{"other", ""}};
  join(b_, bad);
  EXPECT_EQ(b_.joined->error, Errc::kInconsistentGroupProtocol);
  bad = request();
  bad.protocol_type = "connect";
  join(b_, bad);
  EXPECT_EQ(b_.joined->error, Errc::kInconsistentGroupProtocol);
}

TEST_F(ClassicGroupTest, TheLeaderAssignsAndAllSync) { settle_two(); }

TEST_F(ClassicGroupTest, K_57_K_58_HeartbeatsAndSyncsOfWrongGenerations) {
  join(a_);
  EXPECT_EQ(beat(a_), std::nullopt);
  auto wrong = a_;
  wrong.joined->generation = 9;
  EXPECT_EQ(beat(wrong), Errc::kIllegalGeneration);
  sync(wrong);
  EXPECT_EQ((*wrong.synced).error().code, Errc::kIllegalGeneration);
  wrong = a_;
  wrong.id = "bogus";
  EXPECT_EQ(beat(wrong), Errc::kUnknownMemberId);
}

TEST_F(ClassicGroupTest, K_65_MembersHearOfARebalanceByTheirHeartbeat) {
  join(a_);
  sync(a_, {{a_.id, "A"}});
  EXPECT_EQ(beat(a_), std::nullopt);
  join(b_);
  EXPECT_FALSE(b_.joined);
  EXPECT_EQ(beat(a_), Errc::kRebalanceInProgress);
  join(a_);
  EXPECT_TRUE(b_.joined);
  EXPECT_EQ(b_.joined->generation, 2);
  EXPECT_EQ(b_.joined->leader, a_.id);
  EXPECT_TRUE(b_.joined->members.empty());
  EXPECT_EQ(a_.joined->members.size(), 2u);
}

TEST_F(ClassicGroupTest, K_61_ASilentMemberIsGoneAfterItsSession) {
  settle_two();
  for (int i = 0; i < 4; ++i) {
    loop_.run_for(3s);
    if (i < 3) {
      EXPECT_EQ(beat(a_), std::nullopt);
    }
  }
  EXPECT_EQ(beat(a_), Errc::kRebalanceInProgress);
  join(a_);
  EXPECT_EQ(a_.joined->members.size(), 1u);
  EXPECT_EQ(beat(b_), Errc::kUnknownMemberId);
}

TEST_F(ClassicGroupTest, K_64_WhoDoesNotRejoinIsLeftBehind) {
  settle_two();
  Client c;
  join(c);
  for (int i = 0; i < 6; ++i) {
    loop_.run_for(5s);
    beat(b_);  // alive, but does not rejoin
  }
  ASSERT_TRUE(c.joined);
  EXPECT_FALSE(c.joined->error);
  EXPECT_EQ(beat(b_), Errc::kUnknownMemberId);
}

TEST_F(ClassicGroupTest, WhoJoinsAndDoesNotSyncIsLeftBehind) {
  settle_two();
  join(b_);
  // b changed nothing and is no leader: it hears at once where it is.
  ASSERT_TRUE(b_.joined);
  auto changed = request(b_.id);
  changed.protocols = {{"range", "other topics"}};
  join(b_, changed);
  join(a_);
  ASSERT_TRUE(a_.joined && b_.joined);
  sync(b_);
  for (int i = 0; i < 7; ++i) {
    loop_.run_for(5s);
    beat(a_);
  }
  EXPECT_EQ((*b_.synced).error().code, Errc::kRebalanceInProgress);
  EXPECT_EQ(beat(a_), Errc::kUnknownMemberId);
}

TEST_F(ClassicGroupTest, LeavingRebalancesAtOnceAndTheLastOneEmptiesTheGroup) {
  settle_two();
  EXPECT_TRUE(group_.leave({b_.id, {}, -1}));
  EXPECT_EQ(beat(a_), Errc::kRebalanceInProgress);
  EXPECT_TRUE(group_.leave({a_.id, {}, -1}));
  EXPECT_EQ(group_.state(), GroupState::kEmpty);
  EXPECT_EQ(group_.leave({a_.id, {}, -1}).error().code, Errc::kUnknownMemberId);
}

TEST_F(ClassicGroupTest, K_63_AStaticMemberComesBackWithoutARebalance) {
  Client s, t;
  join(s, request("", "one"));
  join(t, request("", "two"));
  join(s, request(s.id, "one"));
  group_.sync({.who = {t.id, "two", t.joined->generation}, .protocol_type = {}, .protocol = {}, .assignments = {}},
              Reply<SyncResult, Error>([&](auto r) { t.synced.emplace(std::move(r)); }));
  group_.sync({.who = {s.id, "one", s.joined->generation},
               .protocol_type = {},
               .protocol = {},
               .assignments = {{s.id, "S"}, {t.id, "T"}}},
              Reply<SyncResult, Error>([&](auto r) { s.synced.emplace(std::move(r)); }));
  ASSERT_EQ(group_.state(), GroupState::kStable);
  const auto old = t.id;
  join(t, request("", "two"));
  EXPECT_NE(t.id, old);
  EXPECT_EQ(group_.state(), GroupState::kStable);
  EXPECT_EQ(t.joined->generation, 2);
  group_.sync({.who = {t.id, "two", 2}, .protocol_type = {}, .protocol = {}, .assignments = {}},
              Reply<SyncResult, Error>([&](auto r) { t.synced.emplace(std::move(r)); }));
  EXPECT_EQ((*t.synced)->assignment, "T");
  EXPECT_EQ(group_.heartbeat({old, "two", 2}).error().code, Errc::kFencedInstanceId);
  EXPECT_EQ(group_.heartbeat({old, {}, 2}).error().code, Errc::kUnknownMemberId);
  // The leader that comes back must not be told to assign anew by an older client's answer.
  const auto leader = s.id;
  join(s, request("", "one"));
  EXPECT_EQ(s.joined->leader, leader);
  EXPECT_TRUE(s.joined->members.empty());
}

TEST_F(ClassicGroupTest, K_59_CommitsNeedMembershipUnlessTheGroupIsEmpty) {
  EXPECT_TRUE(group_.check_commit({"", {}, -1}));
  settle_two();
  EXPECT_TRUE(group_.check_commit({a_.id, {}, a_.joined->generation}));
  EXPECT_EQ(group_.check_commit({a_.id, {}, 77}).error().code, Errc::kIllegalGeneration);
  EXPECT_EQ(group_.check_commit({"", {}, -1}).error().code, Errc::kUnknownMemberId);
}

TEST_F(ClassicGroupTest, K_78_AStoredGroupGoesOnWhereItWas) {
  settle_two();
  auto again = ClassicGroup::from_row("g", row_, environment_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->state(), GroupState::kStable);
  EXPECT_TRUE(again->heartbeat({a_.id, {}, a_.joined->generation}));
  EXPECT_EQ(again->describe().members.size(), 2u);
  EXPECT_EQ(again->to_row(), row_);
  EXPECT_FALSE(ClassicGroup::from_row("g", row_.substr(0, row_.size() / 2), environment_));
}

}  // namespace
}  // namespace tidemill::topics
