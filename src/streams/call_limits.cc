#include "streams/call_limits.h"

#include <fmt/format.h>

namespace tidemill::streams {
namespace {
constexpr std::size_t kBucketsMax = 4096;  // shards come and go: beyond it all start afresh
}

Status CallLimits::admit(std::string_view what, double per_second) {
  if (!limited_) return {};
  const std::lock_guard lock(mutex_);
  const auto now = clock_.now();
  auto at = buckets_.find(what);
  if (at == buckets_.end()) {
    if (buckets_.size() >= kBucketsMax) buckets_.clear();
    at = buckets_.emplace(std::string(what), tables::TokenBucket{}).first;
    at->second.configure(per_second, per_second, now);
  }
  if (!at->second.has(1, now))
    return fail(Errc::kLimitExceeded,
                fmt::format("Subscriber limit exceeded: at most {} calls a second for {}", per_second, what));
  at->second.take(1, now);
  return {};
}

}  // namespace tidemill::streams
