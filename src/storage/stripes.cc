#include "storage/stripes.h"

#include <algorithm>

#include "base/assert.h"

namespace tidemill::storage {

Stripes::Stripes(std::size_t count) : mask_(count - 1), stripes_(std::make_unique<Stripe[]>(count)) {
  TM_ASSERT(count > 0 && (count & (count - 1)) == 0);
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
  Held held;
  held.owner_ = this;
  held.indexes_ = std::move(request->indexes);
  if (!posted) return request->then(std::move(held));
  auto& executor = *request->executor;
  executor.post([then = std::move(request->then), held = std::move(held)]() mutable { then(std::move(held)); });
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
  return store.write(std::move(mutation), [this](Ticket ticket) {
    for (const auto index : indexes_) owner_->stripes_[index].last.store(ticket.number, std::memory_order_release);
  });
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
