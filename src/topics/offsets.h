// Committed offsets of consumer groups.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/store.h"
#include "topics/errors.h"

namespace tidemill::topics {

struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
};

struct CommittedOffset {
  std::int64_t offset = -1;
  std::int32_t leader_epoch = -1;
  std::string metadata;
  std::int64_t committed_ms = 0;
  bool operator==(const CommittedOffset&) const = default;
};

class Offsets {
 public:
  static constexpr std::size_t kMetadataMax = 4096;

  explicit Offsets(storage::Store& store) : store_(store) {}
  Status load();

  // Into the batch and, at once, into memory: the caller answers when the batch is durable.
  void commit(const std::string& group, const TopicPartition& at, CommittedOffset offset, storage::Mutation& changes);
  const CommittedOffset* find(const std::string& group, const TopicPartition& at) const;
  // Of one group, by topic and partition; null when it has none.
  const std::map<TopicPartition, CommittedOffset>* of_group(const std::string& group) const;
  void erase(const std::string& group, const TopicPartition& at, storage::Mutation& changes);
  void erase_group(const std::string& group, storage::Mutation& changes);
  void erase_topic(const std::string& topic, storage::Mutation& changes);
  std::vector<std::string> groups() const;

  // Offsets that an open transaction will commit; readers that ask for stable offsets wait for them.
  void add_pending(const std::string& group, const TopicPartition& at) { ++pending_[{group, at}]; }
  void remove_pending(const std::string& group, const TopicPartition& at);
  bool is_pending(const std::string& group, const TopicPartition& at) const { return pending_.contains({group, at}); }

 private:
  storage::Store& store_;
  std::map<std::string, std::map<TopicPartition, CommittedOffset>> groups_;
  std::map<std::pair<std::string, TopicPartition>, int> pending_;
};

}  // namespace tidemill::topics
