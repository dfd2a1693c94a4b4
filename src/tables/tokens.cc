#include "tables/tokens.h"

#include "base/bytes.h"

namespace tidemill::tables {

using storage::Keyspace;

namespace {
// + generation, account/token -> expiry, fingerprint. A generation is the time in which its tokens expire; they go
// together, so that none needs a row that says when.
constexpr std::string_view kTokens = "tables/tokens/";
constexpr std::string_view kFirst = "tables/token-";  // before it: rows of tokens as older versions wrote them
constexpr std::int64_t kGenerationMs = 10LL * 60 * 1000;

std::string generation_key(std::int64_t time_ms) {
  std::string key(kTokens);
  append_be(key, time_ms / kGenerationMs);
  return key;
}
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
                              std::int64_t now_ms, std::int64_t life_ms) {
  for (auto time_ms = now_ms; time_ms / kGenerationMs <= (now_ms + life_ms) / kGenerationMs; time_ms += kGenerationMs) {
    const auto stored = store.get(Keyspace::kMeta, generation_key(time_ms) + use.key());
    if (!stored || !*stored || (*stored)->size() < 8) continue;
    if (load_be<std::int64_t>((*stored)->data()) <= now_ms) continue;
    return std::string_view(**stored).substr(8) == fingerprint ? Known::kSame : Known::kOther;
  }
  return Known::kNo;
}

void Tokens::remember(const Use& use, std::string_view fingerprint, std::int64_t expires_ms, storage::Mutation& batch) {
  std::string value;
  append_be(value, expires_ms);
  value += fingerprint;
  batch.put(Keyspace::kMeta, generation_key(expires_ms) + use.key(), std::move(value));
}

void Tokens::sweep(storage::Store& store, std::int64_t now_ms) {
  const storage::Range expired{std::string(kFirst), generation_key(now_ms)};
  if (!store.cursor(Keyspace::kMeta, expired)->valid()) return;
  storage::Mutation batch;
  batch.erase_range(Keyspace::kMeta, expired.from, expired.to);
  store.write(std::move(batch));
}

}  // namespace tidemill::tables
