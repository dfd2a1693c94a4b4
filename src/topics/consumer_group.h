// One consumer group of the consumer protocol (KIP-848): the server assigns partitions, members tell by heartbeats what
// they own and are told what they should. A partition goes to its new owner only after the old one has said that it let
// go.
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

#include "runtime/executor.h"
#include "topics/catalog.h"
#include "topics/errors.h"

namespace tidemill::topics {

using TopicPartitionId = std::pair<Uuid, std::int32_t>;

struct ConsumerHeartbeat {
  std::string group_id, member_id;
  std::int32_t member_epoch = 0;  // 0 joins, -1 leaves, -2 leaves for a short while (static)
  std::optional<std::string> instance_id;
  std::string client_id, client_host;
  std::int32_t rebalance_timeout_ms = -1;
  std::optional<std::vector<std::string>> topics;  // none: as before
  std::optional<std::string> regex;                // none: as before; empty: no longer
  std::optional<std::string> assignor;
  std::optional<std::vector<TopicPartitionId>> owned;
};

struct ConsumerHeartbeatResult {
  std::string member_id;
  std::int32_t member_epoch = 0;
  std::int32_t interval_ms = 0;
  std::optional<std::vector<TopicPartitionId>> assignment;  // none: unchanged
};

struct ConsumerGroupDescription {
  std::string group_id, state, assignor;
  std::int32_t epoch = 0, assignment_epoch = 0;
  struct Member {
    std::string member_id;
    std::optional<std::string> instance_id;
    std::int32_t epoch = 0;
    std::string client_id, client_host;
    std::vector<std::string> topics;
    std::optional<std::string> regex;
    std::vector<TopicPartitionId> assigned, target;
  };
  std::vector<Member> members;
};

struct ConsumerGroupSettings {
  std::int32_t session_timeout_ms = 6'000;
  std::int32_t heartbeat_interval_ms = 1'000;
  std::size_t members_max = 2'000;
};

class ConsumerGroup {
 public:
  struct Environment {
    runtime::Loop& loop;
    Catalog& catalog;
    ConsumerGroupSettings settings;
    // Stores the group's row; `done` runs when it is durable.
    std::function<void(const ConsumerGroup&, runtime::Task done)> save;
  };

  ConsumerGroup(std::string id, Environment& environment);
  static std::unique_ptr<ConsumerGroup> from_row(std::string id, std::string_view row, Environment& environment);
  ~ConsumerGroup();
  ConsumerGroup(const ConsumerGroup&) = delete;

  Result<ConsumerHeartbeatResult> heartbeat(ConsumerHeartbeat request);
  // For offset commits and fetches.
  Status check_member(const std::string& member_id, std::int32_t epoch) const;

  const std::string& id() const { return id_; }
  bool is_empty() const { return members_.empty(); }
  std::int64_t empty_since_ms() const { return empty_since_ms_; }
  std::string_view state() const;
  ConsumerGroupDescription describe() const;
  std::string to_row() const;

 private:
  using Partitions = std::set<TopicPartitionId>;
  struct Member {
    std::string id;
    std::optional<std::string> instance_id;
    std::string client_id, client_host;
    std::int32_t epoch = 0;
    std::int32_t rebalance_timeout_ms = 60'000;
    std::vector<std::string> topics;
    std::optional<std::string> regex;
    std::string assignor;
    Partitions assigned;  // what it may own now
    Partitions revoking;  // what it has been told to let go and has not confirmed
    Partitions target;    // what it will own
    bool away = false;    // a static member that said it would be back
    runtime::Instant deadline{};
    runtime::TimerId timer = 0;
    std::optional<runtime::Instant> revoke_deadline;
  };

  Result<Member*> admit(const ConsumerHeartbeat& request);
  bool subscribe(Member& member, const ConsumerHeartbeat& request);  // true when its subscription is another now
  std::set<std::string> subscription(const Member& member) const;
  void leave(const ConsumerHeartbeat& request, Member& member);
  void remove(const std::string& member_id);
  void refresh_target();  // when members, subscriptions or topics have changed
  void assign_range(const std::vector<Member*>& members);
  void assign_uniform(const std::vector<Member*>& members);
  void reconcile(Member& member);
  bool is_owned_by_another(const TopicPartitionId& partition, const Member& member) const;
  void touch(Member& member);
  void arm(Member& member);
  void on_timer(const std::string& member_id);

  const std::string id_;
  Environment& env_;
  std::int32_t epoch_ = 0;
  std::string topics_seen_;  // the topics and partition counts that the target was made from
  std::int64_t empty_since_ms_ = 0;
  std::map<std::string, Member> members_;
};

}  // namespace tidemill::topics
