#include "server/reclaimer.h"

#include "storage/rocks_engine.h"

namespace tidemill::server {

Reclaimer::Reclaimer(storage::Store& store, runtime::Offload& offload, runtime::Executor& home)
    : store_(store), offload_(offload), home_(home) {
  shared_->store = &store;
}

Reclaimer::~Reclaimer() {
  storage::cancel_reclaims(store_.engine());
  const std::lock_guard lock(shared_->mutex);
  shared_->store = nullptr;
}

void Reclaimer::reclaim(storage::Keyspace keyspace, storage::Range range) {
  (void)offload_.run(
      [shared = shared_, keyspace, range = std::move(range)] {
        const std::lock_guard lock(shared->mutex);
        if (shared->store != nullptr) storage::reclaim(shared->store->engine(), keyspace, range);
      },
      home_, [] {});
}

}  // namespace tidemill::server
