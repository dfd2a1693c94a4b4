// The group coordinator: all consumer groups and their committed offsets.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "topics/catalog.h"
#include "topics/classic_group.h"
#include "topics/consumer_group.h"
#include "topics/offsets.h"

namespace tidemill::topics {

struct OffsetCommitRequest {
  std::string group_id;
  MemberIdentity who;
  struct Entry {
    TopicPartition at;
    CommittedOffset offset;
  };
  std::vector<Entry> entries;
};

struct GroupListing {
  std::string group_id, protocol_type, state, type;
};

class Groups {
 public:
  static constexpr std::size_t kGroupsMax = 100'000;

  struct Settings {
    GroupSettings classic;
    ConsumerGroupSettings consumer;
    std::int64_t offsets_retention_ms = 7LL * 24 * 3600 * 1000;
  };

  Groups(storage::Store& store, runtime::Loop& loop, runtime::Random& random, Catalog& catalog, Offsets& offsets,
         Settings settings);
  Status load();

  // The classic protocol.
  void join(const std::string& group_id, JoinRequest request, Reply<JoinResult, Error> reply);
  void sync(const std::string& group_id, SyncRequest request, Reply<SyncResult, Error> reply);
  Status heartbeat(const std::string& group_id, const MemberIdentity& who);
  Status leave(const std::string& group_id, const MemberIdentity& who);

  // The consumer protocol (KIP-848).
  void consumer_heartbeat(ConsumerHeartbeat request, Reply<ConsumerHeartbeatResult, Error> reply);
  Result<ConsumerGroupDescription> describe_consumer(const std::string& group_id) const;

  // One status for each entry, when durable; or one error for all.
  void commit(OffsetCommitRequest request, Reply<std::vector<Status>, Error> reply);
  // May this member commit in a transaction? Also checks each entry's metadata and partition.
  Status check_member(const std::string& group_id, const MemberIdentity& who);
  Status check_entry(const TopicPartition& at, const CommittedOffset& offset) const;
  // Offsets of the consumer protocol are read by members only: kUnknownMemberId, kStaleMemberEpoch.
  Status check_reader(const std::string& group_id, const std::optional<std::string>& member_id,
                      std::int32_t member_epoch) const;
  const Offsets& offsets() const { return offsets_; }

  // A group that is not known is described as Dead.
  GroupDescription describe(const std::string& group_id) const;
  std::vector<GroupListing> list() const;
  void erase(const std::string& group_id, Reply<void, Error> reply);
  // Offsets of single partitions (kafka-consumer-groups --delete-offsets).
  void erase_offsets(const std::string& group_id, std::vector<TopicPartition> partitions,
                     Reply<std::vector<Status>, Error> reply);
  // A group exists from its first commit on.
  void note_commit(const std::string& group_id);

  // Housekeeping, called on a timer.
  void expire_offsets();
  void on_topic_erased(const std::string& topic, storage::Mutation& changes) { offsets_.erase_topic(topic, changes); }

 private:
  using Group = std::variant<std::unique_ptr<ClassicGroup>, std::unique_ptr<ConsumerGroup>>;

  Group* find(const std::string& group_id);
  const Group* find(const std::string& group_id) const;
  // The classic group of that id; null when there is none or it is of the other kind.
  ClassicGroup* classic(const std::string& group_id);
  Result<ClassicGroup*> classic_or_new(const std::string& group_id);
  bool is_empty(const Group& group) const;

  storage::Store& store_;
  runtime::Loop& loop_;
  Catalog& catalog_;
  Offsets& offsets_;
  const Settings settings_;
  ClassicGroup::Environment classic_environment_;
  ConsumerGroup::Environment consumer_environment_;
  std::map<std::string, Group> groups_;
};

}  // namespace tidemill::topics
