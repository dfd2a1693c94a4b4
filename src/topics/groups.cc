#include "topics/groups.h"

#include "topics/rows.h"

namespace tidemill::topics {
namespace {

using storage::Keyspace;

// First byte of a group's row.
constexpr char kClassicRow = 'c', kConsumerRow = 'k';

Status check_id(const std::string& group_id) {
  if (group_id.empty()) return fail(Errc::kInvalidGroupId);
  return {};
}

}  // namespace

Groups::Groups(storage::Store& store, runtime::Loop& loop, runtime::Random& random, Catalog& catalog, Offsets& offsets,
               Settings settings)
    : store_(store),
      loop_(loop),
      catalog_(catalog),
      offsets_(offsets),
      settings_(settings),
      classic_environment_{loop, random, settings.classic,
                           [this](const ClassicGroup& group, runtime::Task done) {
                             storage::Mutation changes;
                             changes.put(Keyspace::kGroups, rows::group(group.id()), kClassicRow + group.to_row());
                             store_.commit(std::move(changes), loop_, std::move(done));
                           }},
      consumer_environment_{loop, catalog, settings.consumer, [this](const ConsumerGroup& group, runtime::Task done) {
                              storage::Mutation changes;
                              changes.put(Keyspace::kGroups, rows::group(group.id()), kConsumerRow + group.to_row());
                              store_.commit(std::move(changes), loop_, std::move(done));
                            }} {}

Status Groups::load() {
  for (auto at = store_.cursor(Keyspace::kGroups, storage::Range::prefix(rows::kGroupPrefix)); at->valid();
       at->next()) {
    std::string id(at->key().substr(rows::kGroupPrefix.size()));
    const auto broken = [&id] {
      return fail(Errc::kKafkaStorageError, "The stored consumer group " + id + " cannot be read.");
    };
    if (at->value().empty()) return broken();
    const auto row = at->value().substr(1);
    if (at->value().front() == kClassicRow) {
      auto group = ClassicGroup::from_row(id, row, classic_environment_);
      if (!group) return broken();
      groups_.emplace(id, std::move(group));
    } else {
      auto group = ConsumerGroup::from_row(id, row, consumer_environment_);
      if (!group) return broken();
      groups_.emplace(id, std::move(group));
    }
  }
  for (const auto& id : offsets_.groups()) note_commit(id);
  return {};
}

Groups::Group* Groups::find(const std::string& group_id) {
  const auto found = groups_.find(group_id);
  return found == groups_.end() ? nullptr : &found->second;
}

const Groups::Group* Groups::find(const std::string& group_id) const {
  return const_cast<Groups*>(this)->find(group_id);
}

ClassicGroup* Groups::classic(const std::string& group_id) {
  auto* group = find(group_id);
  auto* classic = group ? std::get_if<std::unique_ptr<ClassicGroup>>(group) : nullptr;
  return classic ? classic->get() : nullptr;
}

bool Groups::is_empty(const Group& group) const {
  return std::visit([](const auto& either) { return either->is_empty(); }, group);
}

Result<ClassicGroup*> Groups::classic_or_new(const std::string& group_id) {
  if (auto* group = find(group_id)) {
    if (auto* known = std::get_if<std::unique_ptr<ClassicGroup>>(group)) return known->get();
    // A group of the other protocol changes over while it has no members.
    if (!is_empty(*group)) return fail(Errc::kInconsistentGroupProtocol);
    *group = std::make_unique<ClassicGroup>(group_id, classic_environment_);
    return std::get<0>(*group).get();
  }
  if (groups_.size() >= kGroupsMax) return fail(Errc::kCoordinatorNotAvailable, "too many consumer groups");
  auto& group = groups_.emplace(group_id, std::make_unique<ClassicGroup>(group_id, classic_environment_)).first->second;
  return std::get<0>(group).get();
}

void Groups::join(const std::string& group_id, JoinRequest request, Reply<JoinResult, Error> reply) {
  const auto refuse = [&](Errc code) {
    JoinResult result;
    result.error = code;
    result.member_id = request.member_id;
    std::move(reply)(std::move(result));
  };
  if (group_id.empty()) return refuse(Errc::kInvalidGroupId);
  if (!request.member_id.empty() && !find(group_id)) return refuse(Errc::kUnknownMemberId);
  auto group = classic_or_new(group_id);
  if (!group) return refuse(group.error().code);
  (*group)->join(std::move(request), std::move(reply));
}

void Groups::sync(const std::string& group_id, SyncRequest request, Reply<SyncResult, Error> reply) {
  if (auto valid = check_id(group_id); !valid) return std::move(reply)(std::unexpected(valid.error()));
  auto* group = classic(group_id);
  if (!group) return std::move(reply)(fail(Errc::kUnknownMemberId));
  group->sync(std::move(request), std::move(reply));
}

Status Groups::heartbeat(const std::string& group_id, const MemberIdentity& who) {
  TM_CHECK(check_id(group_id));
  auto* group = classic(group_id);
  return group ? group->heartbeat(who) : fail(Errc::kUnknownMemberId);
}

Status Groups::leave(const std::string& group_id, const MemberIdentity& who) {
  TM_CHECK(check_id(group_id));
  auto* group = classic(group_id);
  return group ? group->leave(who) : fail(Errc::kUnknownMemberId);
}

void Groups::consumer_heartbeat(ConsumerHeartbeat request, Reply<ConsumerHeartbeatResult, Error> reply) {
  if (auto valid = check_id(request.group_id); !valid)
    return std::move(reply)(fail(Errc::kInvalidRequest, "GroupId can't be empty."));
  auto* group = find(request.group_id);
  if (!group) {
    if (request.member_epoch != 0)
      return std::move(reply)(fail(Errc::kGroupIdNotFound, "Group " + request.group_id + " not found."));
    if (groups_.size() >= kGroupsMax)
      return std::move(reply)(fail(Errc::kCoordinatorNotAvailable, "too many consumer groups"));
    group = &groups_.emplace(request.group_id, std::make_unique<ConsumerGroup>(request.group_id, consumer_environment_))
                 .first->second;
  } else if (std::holds_alternative<std::unique_ptr<ClassicGroup>>(*group)) {
    if (!is_empty(*group))
      return std::move(reply)(fail(Errc::kGroupIdNotFound, "Group " + request.group_id + " is not a consumer group."));
    *group = std::make_unique<ConsumerGroup>(request.group_id, consumer_environment_);
  }
  auto& consumers = *std::get<1>(*group);
  const auto before = consumers.to_row();
  auto result = consumers.heartbeat(std::move(request));
  if (!result) return std::move(reply)(std::unexpected(std::move(result).error()));
  if (consumers.to_row() == before) return std::move(reply)(std::move(result));
  consumer_environment_.save(consumers, [reply = std::move(reply), result = std::move(result)]() mutable {
    std::move(reply)(std::move(result));
  });
}

Result<ConsumerGroupDescription> Groups::describe_consumer(const std::string& group_id) const {
  const auto* group = find(group_id);
  const auto* consumers = group ? std::get_if<std::unique_ptr<ConsumerGroup>>(group) : nullptr;
  if (!consumers)
    return fail(Errc::kGroupIdNotFound, "Group " + group_id + (group ? " is not a consumer group." : " not found."));
  return (*consumers)->describe();
}

Status Groups::check_member(const std::string& group_id, const MemberIdentity& who) {
  TM_CHECK(check_id(group_id));
  auto* group = find(group_id);
  if (!group) {
    if (who.generation >= 0) return fail(Errc::kIllegalGeneration);
    return groups_.size() < kGroupsMax ? Status() : fail(Errc::kCoordinatorNotAvailable, "too many consumer groups");
  }
  if (auto* classic = std::get_if<std::unique_ptr<ClassicGroup>>(group)) return (*classic)->check_commit(who);
  const auto& consumers = *std::get<1>(*group);
  if (consumers.is_empty() && who.generation < 0) return {};
  return consumers.check_member(who.member_id, who.generation);
}

Status Groups::check_entry(const TopicPartition& at, const CommittedOffset& offset) const {
  if (offset.metadata.size() > Offsets::kMetadataMax) return fail(Errc::kOffsetMetadataTooLarge);
  TM_CHECK(catalog_.partition(at.topic, at.partition));
  return {};
}

Status Groups::check_reader(const std::string& group_id, const std::optional<std::string>& member_id,
                            std::int32_t member_epoch) const {
  if (!member_id && member_epoch < 0) return {};
  const auto* group = find(group_id);
  const auto* consumers = group ? std::get_if<std::unique_ptr<ConsumerGroup>>(group) : nullptr;
  if (!consumers) return {};
  return (*consumers)->check_member(member_id.value_or(""), member_epoch);
}

void Groups::note_commit(const std::string& group_id) {
  if (!groups_.contains(group_id))
    groups_.emplace(group_id, std::make_unique<ClassicGroup>(group_id, classic_environment_));
}

void Groups::commit(OffsetCommitRequest request, Reply<std::vector<Status>, Error> reply) {
  if (auto may = check_member(request.group_id, request.who); !may)
    return std::move(reply)(std::unexpected(may.error()));
  if (auto space = store_.admit(); !space)
    return std::move(reply)(fail(Errc::kKafkaStorageError, space.error().message));
  storage::Mutation changes;
  std::vector<Status> out;
  out.reserve(request.entries.size());
  const auto now_ms = epoch_ms(loop_.clock().wall());
  for (auto& entry : request.entries) {
    auto valid = check_entry(entry.at, entry.offset);
    if (valid) {
      entry.offset.committed_ms = now_ms;
      offsets_.commit(request.group_id, entry.at, std::move(entry.offset), changes);
    }
    out.push_back(std::move(valid));
  }
  note_commit(request.group_id);
  store_.commit(std::move(changes), loop_,
                [reply = std::move(reply), out = std::move(out)]() mutable { std::move(reply)(std::move(out)); });
}

GroupDescription Groups::describe(const std::string& group_id) const {
  const auto* group = find(group_id);
  const auto* classic = group ? std::get_if<std::unique_ptr<ClassicGroup>>(group) : nullptr;
  if (classic) return (*classic)->describe();
  return {.group_id = group_id, .state = std::string(to_string(GroupState::kDead))};
}

std::vector<GroupListing> Groups::list() const {
  std::vector<GroupListing> out;
  for (const auto& [id, group] : groups_) {
    if (const auto* classic = std::get_if<std::unique_ptr<ClassicGroup>>(&group)) {
      out.push_back({id, (*classic)->protocol_type(), std::string(to_string((*classic)->state())), "Classic"});
    } else {
      out.push_back({id, "consumer", std::string(std::get<1>(group)->state()), "Consumer"});
    }
  }
  return out;
}

void Groups::erase(const std::string& group_id, Reply<void, Error> reply) {
  if (auto valid = check_id(group_id); !valid) return std::move(reply)(std::unexpected(valid.error()));
  const auto found = groups_.find(group_id);
  if (found == groups_.end())
    return std::move(reply)(fail(Errc::kGroupIdNotFound, "Group " + group_id + " not found."));
  if (!is_empty(found->second)) return std::move(reply)(fail(Errc::kNonEmptyGroup));
  storage::Mutation changes;
  offsets_.erase_group(group_id, changes);
  changes.erase(Keyspace::kGroups, rows::group(group_id));
  groups_.erase(found);
  store_.commit(std::move(changes), loop_, [reply = std::move(reply)]() mutable { std::move(reply)({}); });
}

void Groups::erase_offsets(const std::string& group_id, std::vector<TopicPartition> partitions,
                           Reply<std::vector<Status>, Error> reply) {
  const auto* group = find(group_id);
  if (!group) return std::move(reply)(fail(Errc::kGroupIdNotFound));
  if (!is_empty(*group)) return std::move(reply)(fail(Errc::kNonEmptyGroup));
  storage::Mutation changes;
  std::vector<Status> out;
  for (const auto& at : partitions) {
    auto known = catalog_.partition(at.topic, at.partition);
    if (known) offsets_.erase(group_id, at, changes);
    out.push_back(known ? Status() : std::unexpected(known.error()));
  }
  store_.commit(std::move(changes), loop_,
                [reply = std::move(reply), out = std::move(out)]() mutable { std::move(reply)(std::move(out)); });
}

void Groups::expire_offsets() {
  const auto now_ms = epoch_ms(loop_.clock().wall());
  storage::Mutation changes;
  for (auto at = groups_.begin(); at != groups_.end();) {
    const auto since = std::visit([](const auto& either) { return either->empty_since_ms(); }, at->second);
    if (!is_empty(at->second) || since + settings_.offsets_retention_ms > now_ms) {
      ++at;
      continue;
    }
    std::vector<TopicPartition> old;
    bool all = true;
    if (const auto* offsets = offsets_.of_group(at->first)) {
      for (const auto& [where, offset] : *offsets) {
        if (offset.committed_ms + settings_.offsets_retention_ms <= now_ms)
          old.push_back(where);
        else
          all = false;
      }
    }
    for (const auto& where : old) offsets_.erase(at->first, where, changes);
    if (all) {
      changes.erase(Keyspace::kGroups, rows::group(at->first));
      at = groups_.erase(at);
    } else {
      ++at;
    }
  }
  store_.write(std::move(changes));
}

}  // namespace tidemill::topics
