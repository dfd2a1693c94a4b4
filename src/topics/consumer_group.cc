#include "topics/consumer_group.h"

#include <algorithm>
#include <chrono>

#include "topics/pattern.h"
#include "topics/rows.h"

namespace tidemill::topics {
namespace {

constexpr std::string_view kUniform = "uniform", kRange = "range";

void put(RowWriter& row, const std::set<TopicPartitionId>& partitions) {
  row.number(static_cast<std::int64_t>(partitions.size()));
  for (const auto& [topic, partition] : partitions) row.text({topic.data(), topic.size()}).number(partition);
}

std::set<TopicPartitionId> take(RowReader& row) {
  std::set<TopicPartitionId> out;
  for (auto n = row.count(); n > 0 && row.ok(); --n) {
    const auto id = row.text();
    Uuid topic{};
    id.copy(topic.data(), topic.size());
    out.emplace(topic, static_cast<std::int32_t>(row.number()));
  }
  return out;
}

}  // namespace

ConsumerGroup::ConsumerGroup(std::string id, Environment& environment) : id_(std::move(id)), env_(environment) {
  empty_since_ms_ = epoch_ms(env_.loop.clock().wall());
}

ConsumerGroup::~ConsumerGroup() {
  for (auto& [id, member] : members_)
    if (member.timer != 0) env_.loop.cancel(member.timer);
}

Result<ConsumerHeartbeatResult> ConsumerGroup::heartbeat(ConsumerHeartbeat request) {
  if (request.member_id.empty() && request.member_epoch != 0)
    return fail(Errc::kInvalidRequest, "MemberId can't be empty.");
  if (request.member_epoch < -2) return fail(Errc::kInvalidRequest, "MemberEpoch is invalid.");
  if (request.member_epoch == -2 && !request.instance_id)
    return fail(Errc::kInvalidRequest, "InstanceId can't be null.");
  if (request.member_epoch == 0) {
    if (!request.topics && !request.regex)
      return fail(Errc::kInvalidRequest,
                  "Either SubscribedTopicNames or SubscribedTopicRegex must be set in first request.");
    if (request.rebalance_timeout_ms == -1)
      return fail(Errc::kInvalidRequest, "RebalanceTimeoutMs must be provided in first request.");
    if (request.owned && !request.owned->empty())
      return fail(Errc::kInvalidRequest, "TopicPartitions must be empty when (re-)joining.");
  }
  if (request.assignor && *request.assignor != kUniform && *request.assignor != kRange)
    return fail(Errc::kUnsupportedAssignor,
                "ServerAssignor " + *request.assignor + " is not supported. Supported assignors: uniform, range.");
  if (request.regex && !request.regex->empty() && !Pattern::parse(*request.regex))
    return fail(Errc::kInvalidRegularExpression,
                "SubscribedTopicRegex `" + *request.regex + "` is not a valid regular expression.");
  TM_TRY(auto* member, admit(request));
  if (request.member_epoch < 0) {
    ConsumerHeartbeatResult out{.member_id = member->id, .member_epoch = request.member_epoch};
    leave(request, *member);
    return out;
  }
  if (subscribe(*member, request) || request.member_epoch == 0) topics_seen_.clear();
  touch(*member);
  refresh_target();

  // What it no longer owns is free for others.
  if (request.owned) {
    const Partitions owned(request.owned->begin(), request.owned->end());
    std::erase_if(member->revoking, [&owned](const auto& partition) { return !owned.contains(partition); });
    if (member->revoking.empty()) member->revoke_deadline.reset();
  }
  const auto before = member->assigned;
  reconcile(*member);
  ConsumerHeartbeatResult out{
      .member_id = member->id, .member_epoch = member->epoch, .interval_ms = env_.settings.heartbeat_interval_ms};
  const bool full = request.member_epoch == 0 || (request.owned && request.topics);
  if (full || member->assigned != before) out.assignment.emplace(member->assigned.begin(), member->assigned.end());
  return out;
}

Result<ConsumerGroup::Member*> ConsumerGroup::admit(const ConsumerHeartbeat& request) {
  if (request.instance_id) {
    const auto holder = std::find_if(members_.begin(), members_.end(), [&](const auto& entry) {
      return entry.second.instance_id == request.instance_id;
    });
    if (holder == members_.end() && request.member_epoch != 0)
      return fail(Errc::kUnknownMemberId, "Instance id is unknown.");
    if (holder != members_.end() && holder->first != request.member_id) {
      if (request.member_epoch != 0)
        return fail(Errc::kFencedInstanceId,
                    "Static member " + *request.instance_id + " has been taken over by another member.");
      if (!holder->second.away)
        return fail(Errc::kUnreleasedInstanceId,
                    "Static member " + *request.instance_id + " is in use by member " + holder->first + ".");
      // It comes back under a new id and takes what its former self had.
      auto node = members_.extract(holder);
      if (node.mapped().timer != 0) env_.loop.cancel(std::exchange(node.mapped().timer, 0));
      node.key() = request.member_id;
      node.mapped().id = request.member_id;
      node.mapped().away = false;
      auto& member = members_.insert(std::move(node)).position->second;
      touch(member);
      arm(member);
      return &member;
    }
  }
  const auto found = members_.find(request.member_id);
  if (found == members_.end()) {
    if (request.member_epoch != 0)
      return fail(Errc::kUnknownMemberId, "Member " + request.member_id + " is not a member of group " + id_ + ".");
    if (members_.size() >= env_.settings.members_max)
      return fail(Errc::kGroupMaxSizeReached, "The consumer group has reached its maximum capacity of " +
                                                  std::to_string(env_.settings.members_max) + " members.");
    auto& member = members_[request.member_id];
    member.id = request.member_id;
    member.instance_id = request.instance_id;
    member.client_id = request.client_id;
    member.client_host = request.client_host;
    touch(member);
    arm(member);
    return &member;
  }
  auto& member = found->second;
  if (request.member_epoch > 0 && request.member_epoch != member.epoch) {
    // The answer that told it the new epoch may have been lost: then it says the one before and owns no more than it
    // may.
    const bool lost_answer = request.member_epoch < member.epoch && request.owned &&
                             std::all_of(
                                 request.owned->begin(), request.owned->end(),
                                 [&](const auto& partition) { return member.assigned.contains(partition); });
    if (!lost_answer)
      return fail(Errc::kFencedMemberEpoch, "The consumer group member has epoch " +
                                                std::to_string(request.member_epoch) +
                                                " but the group coordinator has " + std::to_string(member.epoch) +
                                                ". The member must abandon all its partitions and rejoin.");
  }
  if (request.member_epoch == 0) {
    // It begins anew and owns nothing.
    member.assigned.clear();
    member.revoking.clear();
    member.revoke_deadline.reset();
    member.away = false;
  }
  return &member;
}

bool ConsumerGroup::subscribe(Member& member, const ConsumerHeartbeat& request) {
  bool changed = false;
  if (request.topics && *request.topics != member.topics) {
    member.topics = *request.topics;
    changed = true;
  }
  if (request.regex) {
    auto wanted = request.regex->empty() ? std::nullopt : request.regex;
    if (wanted != member.regex) {
      member.regex = std::move(wanted);
      changed = true;
    }
  }
  if (request.assignor && *request.assignor != member.assignor) {
    member.assignor = *request.assignor;
    changed = true;
  }
  if (request.rebalance_timeout_ms > 0) member.rebalance_timeout_ms = request.rebalance_timeout_ms;
  return changed;
}

void ConsumerGroup::leave(const ConsumerHeartbeat& request, Member& member) {
  if (request.member_epoch == -2) {
    member.away = true;
    member.epoch = 0;
    return;
  }
  remove(std::string(member.id));
}

void ConsumerGroup::remove(const std::string& member_id) {
  const auto found = members_.find(member_id);
  if (found == members_.end()) return;
  if (found->second.timer != 0) env_.loop.cancel(found->second.timer);
  members_.erase(found);
  topics_seen_.clear();
  if (members_.empty()) {
    empty_since_ms_ = epoch_ms(env_.loop.clock().wall());
    ++epoch_;
    return;
  }
  refresh_target();
}

std::set<std::string> ConsumerGroup::subscription(const Member& member) const {
  std::set<std::string> out;
  for (const auto& name : member.topics)
    if (env_.catalog.find(name)) out.insert(name);
  if (member.regex) {
    const auto pattern = Pattern::parse(*member.regex);
    if (pattern)
      for (const auto& [name, topic] : env_.catalog.all())
        if (pattern->matches(name)) out.insert(name);
  }
  return out;
}

void ConsumerGroup::refresh_target() {
  // The group's epoch moves when members, subscriptions, topics or partition counts have changed.
  std::string seen;
  for (const auto& [id, member] : members_) {
    seen += id + '\n';
    for (const auto& name : subscription(member)) {
      const auto* topic = env_.catalog.find(name);
      seen.append(topic->id.data(), topic->id.size()).append(std::to_string(topic->partition_count())) += ' ';
    }
  }
  if (seen == topics_seen_) return;
  topics_seen_ = std::move(seen);
  ++epoch_;
  std::vector<Member*> members;
  std::size_t range = 0;
  for (auto& [id, member] : members_) {
    members.push_back(&member);
    if (member.assignor == kRange) ++range;
  }
  if (range * 2 > members.size()) {
    assign_range(members);
  } else {
    assign_uniform(members);
  }
}

void ConsumerGroup::assign_range(const std::vector<Member*>& members) {
  std::map<std::string, std::vector<Member*>> subscribers;
  for (auto* member : members) {
    member->target.clear();
    for (const auto& name : subscription(*member)) subscribers[name].push_back(member);
  }
  for (auto& [name, group] : subscribers) {
    const auto* topic = env_.catalog.find(name);
    const auto total = static_cast<std::size_t>(topic->partition_count());
    std::size_t next = 0;
    for (std::size_t i = 0; i < group.size(); ++i) {
      const auto share = total / group.size() + (i < total % group.size() ? 1 : 0);
      for (std::size_t n = 0; n < share; ++n) group[i]->target.emplace(topic->id, static_cast<std::int32_t>(next++));
    }
  }
}

void ConsumerGroup::assign_uniform(const std::vector<Member*>& members) {
  // Partition -> who may have it; then keep what is held while the holder is not above its share, and give the rest to
  // the least loaded.
  std::map<TopicPartitionId, std::vector<Member*>> candidates;
  for (auto* member : members) {
    for (const auto& name : subscription(*member)) {
      const auto* topic = env_.catalog.find(name);
      for (std::int32_t p = 0; p < topic->partition_count(); ++p) candidates[{topic->id, p}].push_back(member);
    }
  }
  const auto share = members.empty() ? 0 : (candidates.size() + members.size() - 1) / members.size();
  std::map<TopicPartitionId, Member*> holder;
  for (auto* member : members)
    for (const auto& partition : member->target) holder[partition] = member;
  std::size_t full = 0;  // holders that may keep one more than the rounded-down share
  const auto spare = members.empty() ? 0 : candidates.size() % members.size();
  for (auto* member : members) member->target.clear();
  std::vector<TopicPartitionId> open;
  for (const auto& [partition, eligible] : candidates) {
    const auto held = holder.find(partition);
    Member* keeper = held == holder.end() ? nullptr : held->second;
    if (keeper && std::find(eligible.begin(), eligible.end(), keeper) == eligible.end()) keeper = nullptr;
    if (keeper) {
      const auto load = keeper->target.size();
      const bool is_last = spare != 0 && load + 1 == share;
      if (load >= share || (is_last && full >= spare))
        keeper = nullptr;
      else if (is_last)
        ++full;
    }
    if (keeper)
      keeper->target.insert(partition);
    else
      open.push_back(partition);
  }
  for (const auto& partition : open) {
    const auto& eligible = candidates[partition];
    auto* least = *std::min_element(eligible.begin(), eligible.end(), [](const Member* a, const Member* b) {
      return a->target.size() < b->target.size();
    });
    least->target.insert(partition);
  }
}

bool ConsumerGroup::is_owned_by_another(const TopicPartitionId& partition, const Member& member) const {
  return std::any_of(members_.begin(), members_.end(), [&](const auto& entry) {
    return &entry.second != &member &&
           (entry.second.assigned.contains(partition) || entry.second.revoking.contains(partition));
  });
}

void ConsumerGroup::reconcile(Member& member) {
  Partitions kept;
  for (const auto& partition : member.assigned) {
    if (member.target.contains(partition))
      kept.insert(partition);
    else
      member.revoking.insert(partition);
  }
  member.assigned = std::move(kept);
  if (!member.revoking.empty()) {
    // It moves on when it has confirmed; one that never does loses its membership.
    if (!member.revoke_deadline)
      member.revoke_deadline = env_.loop.clock().now() + std::chrono::milliseconds(member.rebalance_timeout_ms);
    if (member.epoch == 0) member.epoch = epoch_;
    return;
  }
  member.epoch = epoch_;
  for (const auto& partition : member.target)
    if (!member.assigned.contains(partition) && !is_owned_by_another(partition, member))
      member.assigned.insert(partition);
}

Status ConsumerGroup::check_member(const std::string& member_id, std::int32_t epoch) const {
  const auto found = members_.find(member_id);
  if (found == members_.end()) return fail(Errc::kUnknownMemberId);
  if (found->second.epoch != epoch) return fail(Errc::kStaleMemberEpoch);
  return {};
}

void ConsumerGroup::touch(Member& member) {
  member.deadline = env_.loop.clock().now() + std::chrono::milliseconds(env_.settings.session_timeout_ms);
}

void ConsumerGroup::arm(Member& member) {
  const auto when = member.revoke_deadline ? std::min(*member.revoke_deadline, member.deadline) : member.deadline;
  member.timer = env_.loop.at(when, [this, id = member.id] { on_timer(std::string(id)); });
}

void ConsumerGroup::on_timer(const std::string& member_id) {
  const auto found = members_.find(member_id);
  if (found == members_.end()) return;
  auto& member = found->second;
  member.timer = 0;
  const auto now = env_.loop.clock().now();
  if (member.deadline > now && (!member.revoke_deadline || *member.revoke_deadline > now)) return arm(member);
  remove(member_id);
  env_.save(*this, [] {});
}

std::string_view ConsumerGroup::state() const {
  if (members_.empty()) return "Empty";
  for (const auto& [id, member] : members_) {
    if (member.epoch != epoch_) return "Reconciling";
    if (member.assigned != member.target) return "Reconciling";
  }
  return "Stable";
}

ConsumerGroupDescription ConsumerGroup::describe() const {
  std::size_t range = 0;
  for (const auto& [id, member] : members_)
    if (member.assignor == kRange) ++range;
  ConsumerGroupDescription out{.group_id = id_,
                               .state = std::string(state()),
                               .assignor = std::string(range * 2 > members_.size() ? kRange : kUniform),
                               .epoch = epoch_,
                               .assignment_epoch = epoch_};
  for (const auto& [id, member] : members_) {
    out.members.push_back({member.id,
                           member.instance_id,
                           member.epoch,
                           member.client_id,
                           member.client_host,
                           member.topics,
                           member.regex,
                           {member.assigned.begin(), member.assigned.end()},
                           {member.target.begin(), member.target.end()}});
  }
  return out;
}

std::string ConsumerGroup::to_row() const {
  RowWriter row;
  row.number(epoch_).number(empty_since_ms_).number(static_cast<std::int64_t>(members_.size()));
  for (const auto& [id, member] : members_) {
    row.text(id).maybe(member.instance_id).text(member.client_id).text(member.client_host).number(member.epoch);
    row.number(member.rebalance_timeout_ms).maybe(member.regex).text(member.assignor).number(member.away ? 1 : 0);
    row.number(static_cast<std::int64_t>(member.topics.size()));
    for (const auto& topic : member.topics) row.text(topic);
    put(row, member.assigned);
    put(row, member.revoking);
    put(row, member.target);
  }
  return row.take();
}

std::unique_ptr<ConsumerGroup> ConsumerGroup::from_row(std::string id, std::string_view bytes,
                                                       Environment& environment) {
  auto group = std::make_unique<ConsumerGroup>(std::move(id), environment);
  RowReader row(bytes);
  group->epoch_ = static_cast<std::int32_t>(row.number());
  group->empty_since_ms_ = row.number();
  for (auto n = row.count(); n > 0 && row.ok(); --n) {
    const auto member_id = row.text();
    auto& member = group->members_[member_id];
    member.id = member_id;
    member.instance_id = row.maybe();
    member.client_id = row.text();
    member.client_host = row.text();
    member.epoch = static_cast<std::int32_t>(row.number());
    member.rebalance_timeout_ms = static_cast<std::int32_t>(row.number());
    member.regex = row.maybe();
    member.assignor = row.text();
    member.away = row.number() != 0;
    for (auto topics = row.count(); topics > 0 && row.ok(); --topics) member.topics.push_back(row.text());
    member.assigned = take(row);
    member.revoking = take(row);
    member.target = take(row);
    if (!member.revoking.empty())
      member.revoke_deadline = environment.loop.clock().now() + std::chrono::milliseconds(member.rebalance_timeout_ms);
    group->touch(member);
    group->arm(member);
  }
  return row.ok() ? std::move(group) : nullptr;
}

}  // namespace tidemill::topics
