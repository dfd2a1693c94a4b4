// The simulated twin of the RocksDB engine: an ordered map in memory that knows which batches were synced and can
// crash.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "storage/engine.h"

namespace tidemill::storage {

class MemoryEngine final : public Engine {
 public:
  MemoryEngine();
  ~MemoryEngine() override;

  Result<std::optional<std::string>> get(Keyspace keyspace, std::string_view key,
                                         const Snapshot* snapshot) const override;
  std::unique_ptr<Cursor> cursor(Keyspace keyspace, const Range& range, Direction direction,
                                 const Snapshot* snapshot) const override;
  std::shared_ptr<const Snapshot> snapshot() const override;
  Status write(const std::vector<Write>& batch) override;
  Status sync() override;
  Status checkpoint(const std::string& folder) override;
  std::uint64_t approximate_bytes(Keyspace keyspace, const Range& range) const override;

  // A power loss that keeps all synced batches and the first `keep_unsynced` of the others. Returns the survivor as a
  // new engine.
  std::unique_ptr<MemoryEngine> crash(std::size_t keep_unsynced) const;
  std::size_t unsynced() const;
  // The next write or sync fails with this error (once).
  void fail_next(Error error);
  // All keys and values, for comparing two states.
  std::map<std::string, std::string> contents() const;

 private:
  using State = std::map<std::string, std::string, std::less<>>;
  static void apply(State& state, const std::vector<Write>& batch);
  mutable std::mutex mutex_;
  std::shared_ptr<State> state_;  // copied on write when a snapshot or cursor shares it
  State synced_;
  std::vector<std::vector<Write>> unsynced_;
  std::optional<Error> next_failure_;
};

}  // namespace tidemill::storage
