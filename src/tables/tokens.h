// Client tokens of transactions: which are being worked on (in memory), and which are done (stored with the transaction
// itself).
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "storage/store.h"

namespace tidemill::tables {

class Tokens {
 public:
  // A token that is being worked on; free again when destroyed.
  class Use {
   public:
    Use() = default;
    Use(Tokens& owner, std::string key) : owner_(&owner), key_(std::move(key)) {}
    Use(Use&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), key_(std::move(other.key_)) {}
    Use& operator=(Use&& other) noexcept {
      release();
      owner_ = std::exchange(other.owner_, nullptr);
      key_ = std::move(other.key_);
      return *this;
    }
    ~Use() { release(); }
    explicit operator bool() const { return owner_ != nullptr; }
    const std::string& key() const { return key_; }

   private:
    void release();
    Tokens* owner_ = nullptr;
    std::string key_;
  };
  // Nothing when someone is working on it. Any thread.
  Use take(std::string_view account, std::string_view token);

  enum class Known : unsigned char { kNo, kSame, kOther };
  // What a token that lives `life_ms` at most was used for, when it has not expired.
  static Known look_up(const storage::Store& store, const Use& use, std::string_view fingerprint, std::int64_t now_ms,
                       std::int64_t life_ms);
  static void remember(const Use& use, std::string_view fingerprint, std::int64_t expires_ms, storage::Mutation& batch);
  // Erases the generations in which all have expired. Any thread.
  static void sweep(storage::Store& store, std::int64_t now_ms);

 private:
  Use take(std::string key);
  std::mutex mutex_;
  std::set<std::string, std::less<>> in_use_;  // guarded by mutex_
};

}  // namespace tidemill::tables
