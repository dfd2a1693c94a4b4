#include "storage/stripes.h"

#include <algorithm>

#include "base/assert.h"

namespace tidemill::storage {
namespace {

// A turn that brings more is written in several batches.
constexpr std::size_t kTurnMax = 128;
constexpr std::size_t kTurnBytesMax = 4 << 20;

}  // namespace

Stripes::Stripes(std::size_t count) : mask_(count - 1), stripes_(std::make_unique<Stripe[]>(count)) {
  TM_ASSERT(count > 0 && (count & (count - 1)) == 0);
}

Stripes::~Stripes() {
  for (auto& [loop, turn] : turns_) {
    for (auto& part : turn.parts) part.held.owner_ = nullptr;
  }
}

void Stripes::acquire(std::uint64_t hash, runtime::Executor& executor, Acquired then) {
  Stripe& stripe = stripes_[index(hash)];
  {
    const std::lock_guard lock(stripe.mutex);
    if (!stripe.held) {
      stripe.held = true;
    } else {
      auto request = std::make_shared<Request>();
      request->indexes = {index(hash)};
      request->executor = &executor;
      request->then = std::move(then);
      stripe.waiting.push_back(std::move(request));
      return;
    }
  }
  Held held;
  held.owner_ = this;
  held.indexes_ = {index(hash)};
  then(std::move(held));
}

void Stripes::acquire(std::vector<std::uint64_t> hashes, runtime::Executor& executor, Acquired then) {
  auto request = std::make_shared<Request>();
  for (const auto hash : hashes) request->indexes.push_back(index(hash));
  std::ranges::sort(request->indexes);
  const auto repeated = std::ranges::unique(request->indexes);
  request->indexes.erase(repeated.begin(), repeated.end());
  request->executor = &executor;
  request->then = std::move(then);
  proceed(std::move(request), false);
}

bool Stripes::try_take(std::uint32_t index, const std::shared_ptr<Request>& request) {
  Stripe& stripe = stripes_[index];
  const std::lock_guard lock(stripe.mutex);
  if (!stripe.held) {
    stripe.held = true;
    return true;
  }
  stripe.waiting.push_back(request);
  return false;
}

void Stripes::proceed(std::shared_ptr<Request> request, bool posted) {
  while (request->taken < request->indexes.size()) {
    // When it has to wait, the request is the queue's; release() hands the stripe over and goes on from here.
    if (!try_take(request->indexes[request->taken], request)) return;
    ++request->taken;
  }
  const auto go_on = [this](Request& ready) {
    Held held;
    held.owner_ = this;
    held.indexes_ = std::move(ready.indexes);
    ready.then(std::move(held));
  };
  if (!posted) return go_on(*request);
  // A loop that has stopped destroys this unrun, when the stripes may be gone: what is posted holds nothing of them.
  auto& executor = *request->executor;
  executor.post([go_on, alive = std::weak_ptr(alive_), request = std::move(request)] {
    if (!alive.expired()) go_on(*request);
  });
}

void Stripes::release(std::uint32_t index) {
  Stripe& stripe = stripes_[index];
  std::shared_ptr<Request> next;
  {
    const std::lock_guard lock(stripe.mutex);
    TM_ASSERT(stripe.held);
    if (stripe.waiting.empty()) {
      stripe.held = false;
      return;
    }
    next = std::move(stripe.waiting.front());
    stripe.waiting.pop_front();
  }
  ++next->taken;
  proceed(std::move(next), true);
}

void Stripes::Held::release() {
  if (owner_ == nullptr) return;
  auto* owner = std::exchange(owner_, nullptr);
  for (const auto index : indexes_) owner->release(index);
  indexes_.clear();
}

Ticket Stripes::Held::write(Store& store, Mutation mutation) {
  TM_ASSERT(owner_ != nullptr);
  return store.write(std::move(mutation), [this](Ticket ticket) { owner_->note(*this, ticket); });
}

void Stripes::note(const Held& held, Ticket ticket) {
  for (const auto index : held.indexes_) stripes_[index].last.store(ticket.number, std::memory_order_release);
}

Stripes::Turn& Stripes::turn_of(runtime::Executor& loop) {
  const std::lock_guard lock(turns_mutex_);
  return turns_[&loop];
}

Mutation& Stripes::soon(runtime::Executor& loop) { return turn_of(loop).batch; }

void Stripes::write_soon(Store& store, Held held, runtime::Executor& loop, Written written) {
  TM_ASSERT(held.owner_ == this);
  auto& turn = turn_of(loop);
  turn.parts.push_back({std::move(held), std::move(written)});
  if (turn.parts.size() >= kTurnMax || turn.batch.bytes() >= kTurnBytesMax) return write_turn(store, turn);
  if (turn.parts.size() > 1) return;
  // What is posted while events are handled runs behind them.
  loop.post([this, &store, &turn, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) write_turn(store, turn);
  });
}

void Stripes::write_turn(Store& store, Turn& turn) {
  if (turn.parts.empty()) return;  // there were many, and they are written already
  auto parts = std::exchange(turn.parts, {});
  const auto ticket = store.write(std::exchange(turn.batch, {}), [&](Ticket given) {
    for (const auto& part : parts) note(part.held, given);
  });
  for (auto& part : parts) {
    part.held.release();
    part.written(ticket);
  }
}

Ticket Stripes::Held::last() const {
  Ticket newest;
  for (const auto index : indexes_) {
    newest = std::max(newest, Ticket{owner_->stripes_[index].last.load(std::memory_order_acquire)});
  }
  return newest;
}

Ticket Stripes::last(std::uint64_t hash) const { return {stripes_[index(hash)].last.load(std::memory_order_acquire)}; }

}  // namespace tidemill::storage
