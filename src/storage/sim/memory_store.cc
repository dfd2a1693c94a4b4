#include "storage/sim/memory_store.h"

namespace tidemill::storage {
namespace {

std::string full_key(Keyspace keyspace, std::string_view key) {
  std::string full(1, static_cast<char>(keyspace));
  full += key;
  return full;
}

std::string range_end(Keyspace keyspace, std::string_view to) {
  return to.empty() ? std::string(1, static_cast<char>(static_cast<int>(keyspace) + 1)) : full_key(keyspace, to);
}

class MemorySnapshot final : public Snapshot {
 public:
  using State = std::map<std::string, std::string, std::less<>>;
  explicit MemorySnapshot(std::shared_ptr<const State> state) : state(std::move(state)) {}
  const std::shared_ptr<const State> state;
};

class MemoryCursor final : public Cursor {
 public:
  using State = std::map<std::string, std::string, std::less<>>;
  MemoryCursor(std::shared_ptr<const State> state, const std::string& from, const std::string& to, Direction direction)
      : state_(std::move(state)), direction_(direction) {
    first_ = state_->lower_bound(from);
    last_ = state_->lower_bound(to);
    if (from >= to) last_ = first_;
    at_ = direction_ == Direction::kForward ? first_ : last_;
    done_ = first_ == last_;
    if (direction_ == Direction::kReverse && !done_) --at_;
  }
  bool valid() const override { return !done_; }
  std::string_view key() const override { return std::string_view(at_->first).substr(1); }
  std::string_view value() const override { return at_->second; }
  void next() override {
    if (direction_ == Direction::kForward) {
      ++at_;
      done_ = at_ == last_;
    } else if (at_ == first_) {
      done_ = true;
    } else {
      --at_;
    }
  }
  Status status() const override { return {}; }

 private:
  const std::shared_ptr<const State> state_;
  const Direction direction_;
  State::const_iterator first_, last_, at_;
  bool done_ = false;
};

}  // namespace

MemoryEngine::MemoryEngine() : state_(std::make_shared<State>()) {}
MemoryEngine::~MemoryEngine() = default;

Result<std::optional<std::string>> MemoryEngine::get(Keyspace keyspace, std::string_view key,
                                                     const Snapshot* snapshot) const {
  const std::lock_guard lock(mutex_);
  const auto& state = snapshot == nullptr ? *state_ : *static_cast<const MemorySnapshot*>(snapshot)->state;
  const auto found = state.find(full_key(keyspace, key));
  if (found == state.end()) return std::nullopt;
  return found->second;
}

std::unique_ptr<Cursor> MemoryEngine::cursor(Keyspace keyspace, const Range& range, Direction direction,
                                             const Snapshot* snapshot) const {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<const State> state = state_;
  if (snapshot != nullptr) state = static_cast<const MemorySnapshot*>(snapshot)->state;
  return std::make_unique<MemoryCursor>(std::move(state), full_key(keyspace, range.from), range_end(keyspace, range.to),
                                        direction);
}

std::shared_ptr<const Snapshot> MemoryEngine::snapshot() const {
  const std::lock_guard lock(mutex_);
  return std::make_shared<MemorySnapshot>(state_);
}

void MemoryEngine::apply(State& state, const std::vector<Write>& batch) {
  for (const auto& write : batch) {
    auto key = full_key(write.keyspace, write.key);
    switch (write.kind) {
      case Write::Kind::kPut: state.insert_or_assign(std::move(key), write.value); break;
      case Write::Kind::kErase: state.erase(key); break;
      case Write::Kind::kEraseRange: {
        const auto from = state.lower_bound(key);
        const auto to = state.lower_bound(range_end(write.keyspace, write.value));
        if (key < range_end(write.keyspace, write.value)) state.erase(from, to);
        break;
      }
    }
  }
}

Status MemoryEngine::write(const std::vector<Write>& batch) {
  const std::lock_guard lock(mutex_);
  if (next_failure_) return std::unexpected(*std::exchange(next_failure_, std::nullopt));
  if (state_.use_count() > 1) state_ = std::make_shared<State>(*state_);
  apply(*state_, batch);
  unsynced_.push_back(batch);
  return {};
}

Status MemoryEngine::sync() {
  const std::lock_guard lock(mutex_);
  if (next_failure_) return std::unexpected(*std::exchange(next_failure_, std::nullopt));
  for (const auto& batch : unsynced_) apply(synced_, batch);
  unsynced_.clear();
  return {};
}

Status MemoryEngine::checkpoint(const std::string&) {
  return fail(Errc::kUnsupported, "a store in memory has no files to copy");
}

std::uint64_t MemoryEngine::approximate_bytes(Keyspace keyspace, const Range& range) const {
  std::uint64_t bytes = 0;
  for (auto at = cursor(keyspace, range, Direction::kForward, nullptr); at->valid(); at->next()) {
    bytes += at->key().size() + at->value().size();
  }
  return bytes;
}

std::unique_ptr<MemoryEngine> MemoryEngine::crash(std::size_t keep_unsynced) const {
  const std::lock_guard lock(mutex_);
  auto survivor = std::make_unique<MemoryEngine>();
  State state = synced_;
  for (std::size_t i = 0; i < std::min(keep_unsynced, unsynced_.size()); ++i) apply(state, unsynced_[i]);
  survivor->synced_ = state;
  survivor->state_ = std::make_shared<State>(std::move(state));
  return survivor;
}

std::size_t MemoryEngine::unsynced() const {
  const std::lock_guard lock(mutex_);
  return unsynced_.size();
}

void MemoryEngine::fail_next(Error error) {
  const std::lock_guard lock(mutex_);
  next_failure_ = std::move(error);
}

std::map<std::string, std::string> MemoryEngine::contents() const {
  const std::lock_guard lock(mutex_);
  return {state_->begin(), state_->end()};
}

}  // namespace tidemill::storage
