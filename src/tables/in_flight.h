// Transactions on their way: which items they write or check, from the moment that they are written until they are
// answered. Whoever meets such an item really overlaps with the transaction and is refused, as the service does it;
// without an overlap nobody is. Isolation does not stand on this: the stripes give it.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "tables/rows.h"

namespace tidemill::tables {

class InFlight {
 public:
  // The items of one transaction; free again when destroyed.
  class Use {
   public:
    Use() = default;
    Use(Use&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), rows_(std::move(other.rows_)) {}
    Use& operator=(Use&& other) noexcept {
      release();
      owner_ = std::exchange(other.owner_, nullptr);
      rows_ = std::move(other.rows_);
      return *this;
    }
    ~Use() { release(); }

   private:
    friend class InFlight;
    void release() {
      if (owner_ != nullptr) std::exchange(owner_, nullptr)->leave(rows_);
    }
    InFlight* owner_ = nullptr;
    std::vector<std::string> rows_;
  };

  // Any thread; under the item's stripe. One load while no transaction is on its way.
  bool has(std::string_view row) const {
    if (count_.load(std::memory_order_acquire) == 0) return false;
    const std::lock_guard lock(mutex_);
    return rows_.contains(std::string(row));
  }
  // Under the stripes of all rows, none of which is in here.
  Use enter(const std::vector<RowKey>& rows) {
    Use use;
    use.owner_ = this;
    for (const auto& row : rows) use.rows_.push_back(row.bytes);
    const std::lock_guard lock(mutex_);
    rows_.insert(use.rows_.begin(), use.rows_.end());
    count_.store(rows_.size(), std::memory_order_release);
    return use;
  }

 private:
  void leave(const std::vector<std::string>& rows) {
    const std::lock_guard lock(mutex_);
    for (const auto& row : rows) rows_.erase(row);
    count_.store(rows_.size(), std::memory_order_release);
  }

  mutable std::mutex mutex_;
  std::unordered_set<std::string> rows_;  // guarded by mutex_
  std::atomic<std::size_t> count_ = 0;
};

inline constexpr std::string_view kConflictText = "Transaction is ongoing for the item";

}  // namespace tidemill::tables
