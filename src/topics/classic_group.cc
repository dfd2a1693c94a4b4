#include "topics/classic_group.h"

#include <algorithm>
#include <chrono>

#include "base/assert.h"
#include "topics/rows.h"

namespace tidemill::topics {
namespace {

JoinResult refused(Errc code, std::string member_id = {}) {
  JoinResult out;
  out.error = code;
  out.member_id = std::move(member_id);
  return out;
}

}  // namespace

std::string_view to_string(GroupState state) {
  switch (state) {
    case GroupState::kEmpty: return "Empty";
    case GroupState::kPreparingRebalance: return "PreparingRebalance";
    case GroupState::kCompletingRebalance: return "CompletingRebalance";
    case GroupState::kStable: return "Stable";
    case GroupState::kDead: return "Dead";
  }
  return "Unknown";
}

ClassicGroup::ClassicGroup(std::string id, Environment& environment) : id_(std::move(id)), env_(environment) {
  empty_since_ms_ = epoch_ms(env_.loop.clock().wall());
}

ClassicGroup::~ClassicGroup() {
  for (auto& [id, member] : members_) cancel(member.timer);
  for (auto& [id, timer] : pending_) cancel(timer);
  cancel(rebalance_timer_);
  cancel(sync_timer_);
}

const std::string& ClassicGroup::Member::metadata_for(const std::string& protocol) const {
  static const std::string kNone;
  for (const auto& known : protocols)
    if (known.name == protocol) return known.metadata;
  return kNone;
}

// Joining.

void ClassicGroup::join(JoinRequest request, Reply<JoinResult, Error> reply) {
  const auto member_id = request.member_id;
  if (request.session_timeout_ms < env_.settings.session_timeout_min_ms ||
      request.session_timeout_ms > env_.settings.session_timeout_max_ms)
    return std::move(reply)(refused(Errc::kInvalidSessionTimeout, member_id));
  if (auto fits = check_protocols(request); !fits) return std::move(reply)(refused(fits.error().code, member_id));
  if (member_id.empty()) return join_new(std::move(request), std::move(reply));
  join_known(std::move(request), std::move(reply));
}

Status ClassicGroup::check_protocols(const JoinRequest& request) const {
  const auto no = [] { return fail(Errc::kInconsistentGroupProtocol); };
  if (request.protocol_type.empty() || request.protocols.empty()) return no();
  if (members_.empty()) return {};
  if (request.protocol_type != protocol_type_) return no();
  for (const auto& offered : request.protocols) {
    const bool common = std::all_of(members_.begin(), members_.end(), [&](const auto& entry) {
      if (entry.first == request.member_id || (request.instance_id && entry.second.instance_id == request.instance_id))
        return true;
      return std::any_of(entry.second.protocols.begin(), entry.second.protocols.end(),
                         [&](const Assignor& known) { return known.name == offered.name; });
    });
    if (common) return {};
  }
  return no();
}

void ClassicGroup::join_new(JoinRequest request, Reply<JoinResult, Error> reply) {
  if (request.instance_id) {
    if (const auto known = static_.find(*request.instance_id); known != static_.end())
      return replace_static(std::string(known->second), std::move(request), std::move(reply));
  }
  if (members_.size() + pending_.size() >= env_.settings.members_max)
    return std::move(reply)(refused(Errc::kGroupMaxSizeReached));
  auto id = new_id(request.instance_id ? *request.instance_id : request.client_id);
  if (!request.instance_id && request.must_know_its_id) {
    add_pending(id, request.session_timeout_ms);
    return std::move(reply)(refused(Errc::kMemberIdRequired, std::move(id)));
  }
  add_member(std::move(id), std::move(request), std::move(reply));
}

void ClassicGroup::join_known(JoinRequest request, Reply<JoinResult, Error> reply) {
  const auto id = request.member_id;
  if (const auto waiting = pending_.find(id); waiting != pending_.end() && !request.instance_id) {
    cancel(waiting->second);
    pending_.erase(waiting);
    return add_member(id, std::move(request), std::move(reply));
  }
  if (request.instance_id) {
    const auto known = static_.find(*request.instance_id);
    if (known == static_.end()) return std::move(reply)(refused(Errc::kUnknownMemberId, id));
    if (known->second != id) return std::move(reply)(refused(Errc::kFencedInstanceId, id));
  }
  const auto found = members_.find(id);
  if (found == members_.end()) return std::move(reply)(refused(Errc::kUnknownMemberId, id));
  auto& member = found->second;
  const bool unchanged = member.protocols == request.protocols;
  touch(member);
  switch (state_) {
    case GroupState::kPreparingRebalance:
      update(member, request);
      member.joining.emplace(std::move(reply));
      return complete_when_all_joined();
    case GroupState::kCompletingRebalance:
      // The answer to its join may have been lost: it gets it again.
      if (unchanged) return std::move(reply)(join_result(member));
      break;
    case GroupState::kStable:
      // The leader rejoins to change the assignment, others because their subscription changed.
      if (unchanged && leader_ != id) return std::move(reply)(join_result(member));
      break;
    case GroupState::kEmpty:
    case GroupState::kDead: return std::move(reply)(refused(Errc::kUnknownMemberId, id));
  }
  update(member, request);
  member.joining.emplace(std::move(reply));
  prepare_rebalance();
}

void ClassicGroup::add_member(std::string member_id, JoinRequest request, Reply<JoinResult, Error> reply) {
  if (members_.empty()) protocol_type_ = request.protocol_type;
  auto& member = members_[member_id];
  member.id = member_id;
  member.instance_id = request.instance_id;
  member.joining.emplace(std::move(reply));
  update(member, request);
  join_order_.push_back(member_id);
  if (member.instance_id) static_[*member.instance_id] = member_id;
  touch(member);
  arm(member);
  if (state_ == GroupState::kPreparingRebalance) return complete_when_all_joined();
  prepare_rebalance();
}

void ClassicGroup::update(Member& member, JoinRequest& request) {
  member.client_id = std::move(request.client_id);
  member.client_host = std::move(request.client_host);
  member.session_timeout_ms = request.session_timeout_ms;
  member.rebalance_timeout_ms = request.rebalance_timeout_ms;
  member.protocols = std::move(request.protocols);
}

void ClassicGroup::replace_static(const std::string& old_id, JoinRequest request, Reply<JoinResult, Error> reply) {
  auto node = members_.extract(old_id);
  TM_ASSERT(!node.empty());
  auto id = new_id(*request.instance_id);
  node.key() = id;
  auto& member = members_.insert(std::move(node)).position->second;
  const auto old_leader = leader_;
  member.id = id;
  static_[*request.instance_id] = id;
  std::replace(join_order_.begin(), join_order_.end(), old_id, id);
  if (leader_ == old_id) leader_ = id;
  cancel(member.timer);
  if (auto waiting = std::exchange(member.joining, std::nullopt))
    std::move (*waiting)(refused(Errc::kFencedInstanceId, old_id));
  if (auto waiting = std::exchange(member.syncing, std::nullopt)) std::move (*waiting)(fail(Errc::kFencedInstanceId));
  const bool unchanged = member.metadata_for(protocol_) == [&] {
    for (const auto& offered : request.protocols)
      if (offered.name == protocol_) return offered.metadata;
    return std::string("\0", 1);
  }();
  const bool can_skip = request.can_skip_assignment;
  update(member, request);
  touch(member);
  arm(member);
  if (state_ == GroupState::kStable && unchanged) {
    // It takes over the assignment of its former self. One that was the leader must not assign anew; older clients are
    // told that the leader is another, newer ones to skip the assignment.
    auto result = join_result(member);
    if (can_skip) {
      result.skip_assignment = leader_ == id;
    } else if (leader_ == id) {
      result.leader = old_leader;
      result.members.clear();
    }
    return env_.save(*this, [reply = std::move(reply), result = std::move(result)]() mutable {
      std::move(reply)(std::move(result));
    });
  }
  member.joining.emplace(std::move(reply));
  if (state_ == GroupState::kPreparingRebalance) return complete_when_all_joined();
  prepare_rebalance();
}

// The rebalance.

void ClassicGroup::prepare_rebalance() {
  if (state_ == GroupState::kCompletingRebalance) {
    cancel(sync_timer_);
    for (auto& [id, member] : members_) {
      member.assignment.clear();
      if (auto waiting = std::exchange(member.syncing, std::nullopt)) {
        touch(member);
        std::move (*waiting)(fail(Errc::kRebalanceInProgress));
      }
    }
  }
  state_ = GroupState::kPreparingRebalance;
  std::int64_t longest = 0;
  for (const auto& [id, member] : members_) longest = std::max<std::int64_t>(longest, member.rebalance_timeout_ms);
  cancel(rebalance_timer_);
  rebalance_timer_ = after(longest, [this] {
    rebalance_timer_ = 0;
    on_rebalance_timeout();
  });
  complete_when_all_joined();
}

void ClassicGroup::complete_when_all_joined() {
  if (state_ != GroupState::kPreparingRebalance) return;
  // Who was given an id will be here in a moment; a rebalance without it would be followed by another.
  if (!pending_.empty() && !members_.empty()) return;
  if (std::all_of(members_.begin(), members_.end(), [](const auto& entry) { return entry.second.joining.has_value(); }))
    complete_join();
}

void ClassicGroup::on_rebalance_timeout() {
  if (state_ != GroupState::kPreparingRebalance) return;
  for (auto& [id, timer] : pending_) cancel(timer);
  pending_.clear();
  // Dynamic members that did not come back are out; static ones have until the end of their session.
  std::vector<std::string> gone;
  for (const auto& [id, member] : members_)
    if (!member.joining && !member.instance_id) gone.push_back(id);
  for (const auto& id : gone) remove_member(id);
  const bool any_joined =
      std::any_of(members_.begin(), members_.end(), [](const auto& entry) { return entry.second.joining.has_value(); });
  if (!members_.empty() && !any_joined) return prepare_rebalance();
  complete_join();
}

void ClassicGroup::complete_join() {
  cancel(rebalance_timer_);
  ++generation_;
  if (members_.empty()) return become_empty();
  protocol_ = choose_protocol();
  const auto leads = members_.find(leader_);
  if (leads == members_.end() || !leads->second.joining) {
    for (const auto& id : join_order_) {
      if (!members_.at(id).joining) continue;
      leader_ = id;
      break;
    }
  }
  state_ = GroupState::kCompletingRebalance;
  std::vector<std::pair<Reply<JoinResult, Error>, JoinResult>> answers;
  std::int64_t longest = 0;
  for (const auto& id : join_order_) {
    auto& member = members_.at(id);
    member.assignment.clear();
    longest = std::max<std::int64_t>(longest, member.rebalance_timeout_ms);
    touch(member);
    if (auto waiting = std::exchange(member.joining, std::nullopt))
      answers.emplace_back(std::move(*waiting), join_result(member));
  }
  cancel(sync_timer_);
  sync_timer_ = after(longest, [this, generation = generation_] {
    sync_timer_ = 0;
    on_sync_timeout(generation);
  });
  for (auto& [reply, result] : answers) std::move(reply)(std::move(result));
}

void ClassicGroup::on_sync_timeout(std::int32_t generation) {
  if (generation != generation_ || state_ != GroupState::kCompletingRebalance) return;
  std::vector<std::string> silent;
  for (const auto& [id, member] : members_)
    if (!member.syncing) silent.push_back(id);
  for (const auto& id : silent) remove_member(id);
  prepare_rebalance();
}

std::string ClassicGroup::choose_protocol() const {
  std::map<std::string, std::size_t> votes;
  const auto supported_by_all = [this](const std::string& name) {
    return std::all_of(members_.begin(), members_.end(), [&](const auto& entry) {
      return std::any_of(entry.second.protocols.begin(), entry.second.protocols.end(),
                         [&](const Assignor& a) { return a.name == name; });
    });
  };
  for (const auto& [id, member] : members_) {
    for (const auto& offered : member.protocols) {
      if (!supported_by_all(offered.name)) continue;
      ++votes[offered.name];
      break;
    }
  }
  TM_ASSERT(!votes.empty());
  return std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

JoinResult ClassicGroup::join_result(const Member& member) const {
  JoinResult out;
  out.generation = generation_;
  out.protocol_type = protocol_type_;
  out.protocol = protocol_;
  out.leader = leader_;
  out.member_id = member.id;
  if (leader_ == member.id) {
    for (const auto& id : join_order_) {
      const auto& other = members_.at(id);
      out.members.push_back({other.id, other.instance_id, other.metadata_for(protocol_)});
    }
  }
  return out;
}

void ClassicGroup::become_empty() {
  state_ = GroupState::kEmpty;
  protocol_.clear();
  leader_.clear();
  empty_since_ms_ = epoch_ms(env_.loop.clock().wall());
  env_.save(*this, [] {});
}

// Syncing.

Result<ClassicGroup::Member*> ClassicGroup::identify(const MemberIdentity& who, bool with_generation) {
  if (who.instance_id) {
    const auto known = static_.find(*who.instance_id);
    if (known == static_.end()) return fail(Errc::kUnknownMemberId);
    if (known->second != who.member_id) return fail(Errc::kFencedInstanceId);
  }
  const auto found = members_.find(who.member_id);
  if (found == members_.end()) return fail(Errc::kUnknownMemberId);
  if (with_generation && who.generation != generation_) return fail(Errc::kIllegalGeneration);
  return &found->second;
}

void ClassicGroup::sync(SyncRequest request, Reply<SyncResult, Error> reply) {
  auto known = identify(request.who, true);
  if (!known) return std::move(reply)(std::unexpected(known.error()));
  if ((request.protocol_type && *request.protocol_type != protocol_type_) ||
      (request.protocol && *request.protocol != protocol_))
    return std::move(reply)(fail(Errc::kInconsistentGroupProtocol));
  auto& member = **known;
  touch(member);
  switch (state_) {
    case GroupState::kEmpty:
    case GroupState::kDead: return std::move(reply)(fail(Errc::kUnknownMemberId));
    case GroupState::kPreparingRebalance: return std::move(reply)(fail(Errc::kRebalanceInProgress));
    case GroupState::kStable: return std::move(reply)(sync_result(member));
    case GroupState::kCompletingRebalance:
      member.syncing.emplace(std::move(reply));
      if (member.id == leader_) assign(std::move(request.assignments));
      return;
  }
}

void ClassicGroup::assign(std::vector<std::pair<std::string, std::string>> assignments) {
  for (auto& [id, assignment] : assignments)
    if (const auto member = members_.find(id); member != members_.end())
      member->second.assignment = std::move(assignment);
  cancel(sync_timer_);
  state_ = GroupState::kStable;
  std::vector<std::pair<Reply<SyncResult, Error>, SyncResult>> answers;
  for (auto& [id, member] : members_) {
    if (auto waiting = std::exchange(member.syncing, std::nullopt)) {
      touch(member);
      answers.emplace_back(std::move(*waiting), sync_result(member));
    }
  }
  // A member acts on its assignment only when a restart would know it too.
  env_.save(*this, [answers = std::move(answers)]() mutable {
    for (auto& [reply, result] : answers) std::move(reply)(std::move(result));
  });
}

SyncResult ClassicGroup::sync_result(const Member& member) const {
  return {protocol_type_, protocol_, member.assignment};
}

// Living and leaving.

Status ClassicGroup::heartbeat(const MemberIdentity& who) {
  if (pending_.contains(who.member_id)) return {};
  TM_TRY(auto* member, identify(who, true));
  touch(*member);
  if (state_ == GroupState::kPreparingRebalance) return fail(Errc::kRebalanceInProgress);
  return {};
}

Status ClassicGroup::check_commit(const MemberIdentity& who) {
  // A consumer that assigns its partitions itself: no generation, no id; it may when nobody else is in the group.
  if (who.generation < 0 && members_.empty()) return {};
  if (who.generation < 0 && who.member_id.empty() && !who.instance_id) return fail(Errc::kUnknownMemberId);
  TM_TRY(auto* member, identify(who, true));
  touch(*member);
  if (state_ == GroupState::kCompletingRebalance) return fail(Errc::kRebalanceInProgress);
  return {};
}

Status ClassicGroup::leave(const MemberIdentity& who) {
  auto id = who.member_id;
  if (const auto waiting = pending_.find(id); waiting != pending_.end()) {
    cancel(waiting->second);
    pending_.erase(waiting);
    complete_when_all_joined();
    return {};
  }
  if (who.instance_id) {
    const auto known = static_.find(*who.instance_id);
    if (known == static_.end()) return fail(Errc::kUnknownMemberId);
    if (!id.empty() && known->second != id) return fail(Errc::kFencedInstanceId);
    id = known->second;
  }
  if (!members_.contains(id)) return fail(Errc::kUnknownMemberId);
  remove_member(id);
  if (state_ == GroupState::kPreparingRebalance) {
    complete_when_all_joined();
  } else {
    prepare_rebalance();
  }
  return {};
}

void ClassicGroup::remove_member(const std::string& member_id) {
  auto node = members_.extract(member_id);
  if (node.empty()) return;
  auto& member = node.mapped();
  cancel(member.timer);
  if (member.instance_id) static_.erase(*member.instance_id);
  std::erase(join_order_, node.key());
  if (leader_ == node.key()) leader_.clear();
  if (auto waiting = std::exchange(member.joining, std::nullopt))
    std::move (*waiting)(refused(Errc::kUnknownMemberId, node.key()));
  if (auto waiting = std::exchange(member.syncing, std::nullopt)) std::move (*waiting)(fail(Errc::kUnknownMemberId));
}

// Timers. A member's timer is moved lazily: a sign of life only notes the new deadline.

void ClassicGroup::touch(Member& member) {
  member.deadline = env_.loop.clock().now() + std::chrono::milliseconds(member.session_timeout_ms);
}

void ClassicGroup::arm(Member& member) {
  member.timer = env_.loop.at(member.deadline, [this, id = member.id] { on_session_timer(id); });
}

void ClassicGroup::on_session_timer(const std::string& member_id) {
  const auto found = members_.find(member_id);
  if (found == members_.end()) return;
  auto& member = found->second;
  member.timer = 0;
  // While its join or sync is held here the member has nothing to say.
  if (member.awaits()) touch(member);
  if (member.deadline > env_.loop.clock().now()) return arm(member);
  remove_member(std::string(member_id));
  if (state_ == GroupState::kPreparingRebalance) return complete_when_all_joined();
  prepare_rebalance();
}

void ClassicGroup::add_pending(const std::string& member_id, std::int32_t session_timeout_ms) {
  pending_[member_id] = after(session_timeout_ms, [this, member_id] {
    pending_.erase(member_id);
    complete_when_all_joined();
  });
}

void ClassicGroup::cancel(runtime::TimerId& timer) {
  if (timer != 0) env_.loop.cancel(std::exchange(timer, 0));
}

runtime::TimerId ClassicGroup::after(std::int64_t ms, std::move_only_function<void()> fire) {
  return env_.loop.at(env_.loop.clock().now() + std::chrono::milliseconds(ms), std::move(fire));
}

std::string ClassicGroup::new_id(std::string_view prefix) const {
  return std::string(prefix) + "-" + env_.random.uuid();
}

// Descriptions and rows.

GroupDescription ClassicGroup::describe() const {
  GroupDescription out{.group_id = id_, .state = std::string(to_string(state_)), .protocol_type = protocol_type_};
  const bool assigned = state_ == GroupState::kStable;
  if (assigned) out.protocol = protocol_;
  for (const auto& id : join_order_) {
    const auto& member = members_.at(id);
    out.members.push_back({member.id, member.instance_id, member.client_id, member.client_host,
                           assigned ? member.metadata_for(protocol_) : "", assigned ? member.assignment : ""});
  }
  return out;
}

std::string ClassicGroup::to_row() const {
  RowWriter row;
  row.number(generation_).text(protocol_type_).text(protocol_).text(leader_).number(empty_since_ms_);
  row.number(static_cast<std::int64_t>(join_order_.size()));
  for (const auto& id : join_order_) {
    const auto& member = members_.at(id);
    row.text(id)
        .maybe(member.instance_id)
        .text(member.client_id)
        .text(member.client_host)
        .number(member.session_timeout_ms);
    row.number(member.rebalance_timeout_ms)
        .text(member.assignment)
        .number(static_cast<std::int64_t>(member.protocols.size()));
    for (const auto& protocol : member.protocols) row.text(protocol.name).text(protocol.metadata);
  }
  return row.take();
}

std::unique_ptr<ClassicGroup> ClassicGroup::from_row(std::string id, std::string_view bytes, Environment& environment) {
  auto group = std::make_unique<ClassicGroup>(std::move(id), environment);
  RowReader row(bytes);
  group->generation_ = static_cast<std::int32_t>(row.number());
  group->protocol_type_ = row.text();
  group->protocol_ = row.text();
  group->leader_ = row.text();
  group->empty_since_ms_ = row.number();
  for (auto n = row.count(); n > 0 && row.ok(); --n) {
    const auto member_id = row.text();
    auto& member = group->members_[member_id];
    member.id = member_id;
    member.instance_id = row.maybe();
    member.client_id = row.text();
    member.client_host = row.text();
    member.session_timeout_ms = static_cast<std::int32_t>(row.number());
    member.rebalance_timeout_ms = static_cast<std::int32_t>(row.number());
    member.assignment = row.text();
    for (auto protocols = row.count(); protocols > 0 && row.ok(); --protocols) {
      auto name = row.text();
      member.protocols.push_back({std::move(name), row.text()});
    }
    group->join_order_.push_back(member_id);
    if (member.instance_id) group->static_[*member.instance_id] = member_id;
    group->touch(member);
    group->arm(member);
  }
  if (!row.ok()) return nullptr;
  if (!group->members_.empty()) group->state_ = GroupState::kStable;
  return group;
}

}  // namespace tidemill::topics
