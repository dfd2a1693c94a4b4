// Callbacks of those who wait for one partition. A callback may add and remove watchers, also itself.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "topics/cluster.h"

namespace tidemill::topics {

class Watchers {
 public:
  std::unique_ptr<Watch> add(std::function<void()> call) {
    const auto id = ++state_->last_id;
    state_->calls.emplace(id, std::make_shared<std::function<void()>>(std::move(call)));
    return std::make_unique<Entry>(state_, id);
  }

  void notify() const {
    if (state_->calls.empty()) return;
    std::vector<std::uint64_t> ids;
    ids.reserve(state_->calls.size());
    for (const auto& [id, call] : state_->calls) ids.push_back(id);
    const auto state = state_;  // a callback may destroy the partition that holds us
    for (const auto id : ids) {
      const auto found = state->calls.find(id);
      if (found == state->calls.end()) continue;
      const auto call = found->second;
      (*call)();
    }
  }

 private:
  struct State {
    std::uint64_t last_id = 0;
    std::map<std::uint64_t, std::shared_ptr<std::function<void()>>> calls;
  };
  class Entry final : public Watch {
   public:
    Entry(std::weak_ptr<State> state, std::uint64_t id) : state_(std::move(state)), id_(id) {}
    ~Entry() override {
      if (const auto state = state_.lock()) state->calls.erase(id_);
    }

   private:
    std::weak_ptr<State> state_;
    std::uint64_t id_;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace tidemill::topics
