#include "topics/offsets.h"

#include "base/bytes.h"
#include "topics/rows.h"

namespace tidemill::topics {

using storage::Keyspace;

Status Offsets::load() {
  for (auto at = store_.cursor(Keyspace::kGroups, storage::Range::prefix(rows::kOffsetPrefix)); at->valid();
       at->next()) {
    auto key = at->key().substr(rows::kOffsetPrefix.size());
    const auto group = take_sized(key);
    const auto topic = take_sized(key);
    RowReader row(at->value());
    CommittedOffset offset;
    offset.offset = row.number();
    offset.leader_epoch = static_cast<std::int32_t>(row.number());
    offset.committed_ms = row.number();
    offset.metadata = row.text();
    if (!group || !topic || key.size() != 4 || !row.ok())
      return fail(Errc::kKafkaStorageError, "A stored consumer group offset cannot be read.");
    groups_[std::string(*group)][{std::string(*topic), load_be<std::int32_t>(key.data())}] = std::move(offset);
  }
  return {};
}

void Offsets::commit(const std::string& group, const TopicPartition& at, CommittedOffset offset,
                     storage::Mutation& changes) {
  changes.put(Keyspace::kGroups, rows::offset(group, at.topic, at.partition),
              RowWriter()
                  .number(offset.offset)
                  .number(offset.leader_epoch)
                  .number(offset.committed_ms)
                  .text(offset.metadata)
                  .take());
  groups_[group][at] = std::move(offset);
}

const CommittedOffset* Offsets::find(const std::string& group, const TopicPartition& at) const {
  const auto offsets = of_group(group);
  if (!offsets) return nullptr;
  const auto found = offsets->find(at);
  return found == offsets->end() ? nullptr : &found->second;
}

const std::map<TopicPartition, CommittedOffset>* Offsets::of_group(const std::string& group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : &found->second;
}

void Offsets::erase(const std::string& group, const TopicPartition& at, storage::Mutation& changes) {
  const auto found = groups_.find(group);
  if (found == groups_.end() || found->second.erase(at) == 0) return;
  changes.erase(Keyspace::kGroups, rows::offset(group, at.topic, at.partition));
  if (found->second.empty()) groups_.erase(found);
}

void Offsets::erase_group(const std::string& group, storage::Mutation& changes) {
  const auto found = groups_.find(group);
  if (found == groups_.end()) return;
  for (const auto& [at, offset] : found->second)
    changes.erase(Keyspace::kGroups, rows::offset(group, at.topic, at.partition));
  groups_.erase(found);
}

void Offsets::erase_topic(const std::string& topic, storage::Mutation& changes) {
  for (auto group = groups_.begin(); group != groups_.end();) {
    for (auto at = group->second.lower_bound({topic, 0}); at != group->second.end() && at->first.topic == topic;) {
      changes.erase(Keyspace::kGroups, rows::offset(group->first, topic, at->first.partition));
      at = group->second.erase(at);
    }
    group = group->second.empty() ? groups_.erase(group) : std::next(group);
  }
}

std::vector<std::string> Offsets::groups() const {
  std::vector<std::string> out;
  out.reserve(groups_.size());
  for (const auto& [group, offsets] : groups_) out.push_back(group);
  return out;
}

void Offsets::remove_pending(const std::string& group, const TopicPartition& at) {
  const auto found = pending_.find({group, at});
  if (found != pending_.end() && --found->second == 0) pending_.erase(found);
}

}  // namespace tidemill::topics
