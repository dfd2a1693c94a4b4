// One consumer group of the classic protocol: members join, the leader assigns, all sync. A state machine: requests and
// timers are its events, answers leave through Replies that it may hold across events.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/reply.h"
#include "runtime/executor.h"
#include "runtime/random.h"
#include "topics/errors.h"

namespace tidemill::topics {

enum class GroupState : unsigned char { kEmpty, kPreparingRebalance, kCompletingRebalance, kStable, kDead };
std::string_view to_string(GroupState state);

struct Assignor {
  std::string name;
  std::string metadata;  // opaque: what the member subscribes to
  bool operator==(const Assignor&) const = default;
};

struct JoinRequest {
  std::string member_id;  // empty: a new member
  std::optional<std::string> instance_id;
  std::string client_id, client_host;
  std::string protocol_type;
  std::vector<Assignor> protocols;  // by preference
  std::int32_t session_timeout_ms = 0;
  std::int32_t rebalance_timeout_ms = 0;
  bool must_know_its_id = false;  // a new member is given an id and must join again with it
  bool can_skip_assignment = false;
};

struct JoinResult {
  std::optional<Errc> error;  // with kMemberIdRequired, member_id is the id to join with
  std::int32_t generation = -1;
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol;
  std::string leader;
  std::string member_id;
  bool skip_assignment = false;
  struct Member {
    std::string member_id;
    std::optional<std::string> instance_id;
    std::string metadata;
  };
  std::vector<Member> members;  // for the leader
};

struct MemberIdentity {
  std::string member_id;
  std::optional<std::string> instance_id;
  std::int32_t generation = -1;
};

struct SyncRequest {
  MemberIdentity who;
  std::optional<std::string> protocol_type, protocol;            // when the client says them
  std::vector<std::pair<std::string, std::string>> assignments;  // member id, assignment; from the leader
};

struct SyncResult {
  std::string protocol_type, protocol;
  std::string assignment;
};

struct GroupDescription {
  std::string group_id;
  std::string state;
  std::string protocol_type, protocol;
  struct Member {
    std::string member_id;
    std::optional<std::string> instance_id;
    std::string client_id, client_host;
    std::string metadata, assignment;
  };
  std::vector<Member> members;
};

struct GroupSettings {
  std::int32_t session_timeout_min_ms = 6'000;
  std::int32_t session_timeout_max_ms = 1'800'000;
  std::size_t members_max = 2'000;
};

class ClassicGroup {
 public:
  struct Environment {
    runtime::Loop& loop;
    runtime::Random& random;
    GroupSettings settings;
    // Stores the group's row; `done` runs when it is durable.
    std::function<void(const ClassicGroup&, runtime::Task done)> save;
  };

  ClassicGroup(std::string id, Environment& environment);
  // As stored by save(); members get a new session. Nothing when the row does not decode.
  static std::unique_ptr<ClassicGroup> from_row(std::string id, std::string_view row, Environment& environment);
  ~ClassicGroup();
  ClassicGroup(const ClassicGroup&) = delete;

  void join(JoinRequest request, Reply<JoinResult, Error> reply);
  void sync(SyncRequest request, Reply<SyncResult, Error> reply);
  Status heartbeat(const MemberIdentity& who);
  // By member id, or by instance id with an empty member id.
  Status leave(const MemberIdentity& who);
  // May this member commit offsets? A commit is a sign of life.
  Status check_commit(const MemberIdentity& who);

  const std::string& id() const { return id_; }
  GroupState state() const { return state_; }
  bool is_empty() const { return members_.empty(); }
  // When the last member left, for the retention of offsets.
  std::int64_t empty_since_ms() const { return empty_since_ms_; }
  const std::string& protocol_type() const { return protocol_type_; }
  GroupDescription describe() const;
  std::string to_row() const;
  // Topics that a member of the consumer protocol subscribes to; such offsets do not expire.
  bool has_members() const { return !members_.empty(); }

 private:
  struct Member {
    std::string id;
    std::optional<std::string> instance_id;
    std::string client_id, client_host;
    std::int32_t session_timeout_ms = 0, rebalance_timeout_ms = 0;
    std::vector<Assignor> protocols;
    std::string assignment;
    std::optional<Reply<JoinResult, Error>> joining;
    std::optional<Reply<SyncResult, Error>> syncing;
    runtime::Instant deadline{};
    runtime::TimerId timer = 0;
    bool awaits() const { return joining || syncing; }
    const std::string& metadata_for(const std::string& protocol) const;
  };

  void join_new(JoinRequest request, Reply<JoinResult, Error> reply);
  void join_known(JoinRequest request, Reply<JoinResult, Error> reply);
  void replace_static(const std::string& old_id, JoinRequest request, Reply<JoinResult, Error> reply);
  void add_member(std::string member_id, JoinRequest request, Reply<JoinResult, Error> reply);
  void update(Member& member, JoinRequest& request);
  void remove_member(const std::string& member_id);
  Status check_protocols(const JoinRequest& request) const;
  // The member, or why it may not speak: fenced, unknown, of another generation.
  Result<Member*> identify(const MemberIdentity& who, bool with_generation);

  void prepare_rebalance();
  void complete_when_all_joined();
  void complete_join();
  void on_rebalance_timeout();
  void on_sync_timeout(std::int32_t generation);
  JoinResult join_result(const Member& member) const;
  std::string choose_protocol() const;
  void assign(std::vector<std::pair<std::string, std::string>> assignments);
  SyncResult sync_result(const Member& member) const;
  void become_empty();

  void touch(Member& member);
  void arm(Member& member);
  void on_session_timer(const std::string& member_id);
  void add_pending(const std::string& member_id, std::int32_t session_timeout_ms);
  void cancel(runtime::TimerId& timer);
  runtime::TimerId after(std::int64_t ms, std::move_only_function<void()> fire);
  std::string new_id(std::string_view prefix) const;

  const std::string id_;
  Environment& env_;
  GroupState state_ = GroupState::kEmpty;
  std::int32_t generation_ = 0;
  std::string protocol_type_, protocol_, leader_;
  std::int64_t empty_since_ms_ = 0;
  std::map<std::string, Member> members_;
  std::vector<std::string> join_order_;              // of members_
  std::map<std::string, std::string> static_;        // instance id -> member id
  std::map<std::string, runtime::TimerId> pending_;  // ids given out, not yet used
  runtime::TimerId rebalance_timer_ = 0, sync_timer_ = 0;
};

}  // namespace tidemill::topics
