// Gives the space of erased tables back to the disk, off the loop. Goes before the store does: what runs is cancelled,
// what waits does nothing.
#pragma once

#include <memory>
#include <mutex>

#include "runtime/executor.h"
#include "storage/store.h"

namespace tidemill::server {

class Reclaimer {
 public:
  Reclaimer(storage::Store& store, runtime::Offload& offload, runtime::Executor& home);
  ~Reclaimer();
  Reclaimer(const Reclaimer&) = delete;
  // When too much is under way, the space comes back with the store's own compactions.
  void reclaim(storage::Keyspace keyspace, storage::Range range);

 private:
  struct Shared {
    std::mutex mutex;                 // held while one runs
    storage::Store* store = nullptr;  // guarded by mutex; nullptr: it is going
  };
  storage::Store& store_;
  runtime::Offload& offload_;
  runtime::Executor& home_;
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace tidemill::server
