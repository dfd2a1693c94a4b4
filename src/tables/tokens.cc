#include "tables/tokens.h"

#include <vector>

#include "base/bytes.h"

namespace tidemill::tables {

using storage::Keyspace;

namespace {
constexpr std::string_view kByName = "tables/token/";       // + account/token -> expiry, fingerprint
constexpr std::string_view kByTime = "tables/token-time/";  // + expiry, account/token
constexpr std::size_t kSweepMax = 1000;
}  // namespace

void Tokens::Use::release() {
  if (owner_ == nullptr) return;
  const std::lock_guard lock(owner_->mutex_);
  owner_->in_use_.erase(key_);
  owner_ = nullptr;
}

Tokens::Use Tokens::take(std::string_view account, std::string_view token) {
  return take(std::string(account) + "/" + std::string(token));
}

Tokens::Use Tokens::take(std::string key) {
  const std::lock_guard lock(mutex_);
  if (!in_use_.insert(key).second) return {};
  return Use(*this, std::move(key));
}

Tokens::Known Tokens::look_up(const storage::Store& store, const Use& use, std::string_view fingerprint,
                              std::int64_t now_ms) {
  const auto stored = store.get(Keyspace::kMeta, std::string(kByName) + use.key());
  if (!stored || !*stored || (*stored)->size() < 8) return Known::kNo;
  if (load_be<std::int64_t>((*stored)->data()) <= now_ms) return Known::kNo;
  return std::string_view(**stored).substr(8) == fingerprint ? Known::kSame : Known::kOther;
}

void Tokens::remember(const Use& use, std::string_view fingerprint, std::int64_t expires_ms, storage::Mutation& batch) {
  std::string value, by_time(kByTime);
  append_be(value, expires_ms);
  value += fingerprint;
  append_be(by_time, expires_ms);
  by_time += use.key();
  batch.put(Keyspace::kMeta, std::string(kByName) + use.key(), value);
  batch.put(Keyspace::kMeta, by_time, std::string_view());
}

void Tokens::sweep(storage::Store& store, std::int64_t now_ms) {
  std::string to(kByTime);
  append_be(to, now_ms);
  storage::Mutation batch;
  std::vector<Use> uses;  // until the batch is written
  const auto cursor = store.cursor(Keyspace::kMeta, {std::string(kByTime), to});
  for (; cursor->valid() && batch.size() < kSweepMax; cursor->next()) {
    const auto key = cursor->key();
    auto use = take(std::string(key.substr(kByTime.size() + 8)));
    if (!use) continue;
    batch.erase(Keyspace::kMeta, key);
    // The name may have been used again since: then its row has a later expiry and stays.
    const std::string name = std::string(kByName) + use.key();
    uses.push_back(std::move(use));
    const auto stored = store.get(Keyspace::kMeta, name);
    if (stored && *stored && (*stored)->size() >= 8 && load_be<std::int64_t>((*stored)->data()) <= now_ms) {
      batch.erase(Keyspace::kMeta, name);
    }
  }
  if (!batch.empty()) store.write(std::move(batch));
}

}  // namespace tidemill::tables
