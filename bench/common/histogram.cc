#include "common/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tidemill::bench {
namespace {

constexpr int kBits = 7;                       // 128 buckets for each power of two
constexpr std::uint64_t kLinear = 2 << kBits;  // up to here every value has its own
constexpr int kLargest = 43;                   // 2^43 ns are more than two hours; longer ones share the last bucket

std::size_t bucket_of(std::uint64_t value) {
  if (value < kLinear) return value;
  value = std::min(value, (std::uint64_t{1} << kLargest) - 1);
  const int shift = std::bit_width(value) - 1 - kBits;
  return (static_cast<std::size_t>(shift) << kBits) + (value >> shift);
}

// The largest value of a bucket.
std::uint64_t upper(std::size_t bucket) {
  if (bucket < kLinear) return bucket;
  const int shift = static_cast<int>(bucket >> kBits) - 1;
  const auto digits = (bucket & ((1 << kBits) - 1)) + (1 << kBits);
  return ((digits + 1) << shift) - 1;
}

}  // namespace

Histogram::Histogram() : buckets_(bucket_of(~std::uint64_t{0}) + 1) {}

void Histogram::record(std::int64_t nanoseconds) {
  nanoseconds = std::max<std::int64_t>(nanoseconds, 0);
  ++buckets_[bucket_of(static_cast<std::uint64_t>(nanoseconds))];
  ++count_;
  max_ = std::max(max_, nanoseconds);
}

void Histogram::clear() {
  std::ranges::fill(buckets_, 0);
  count_ = 0;
  max_ = 0;
}

std::int64_t Histogram::percentile(double share) const {
  if (count_ == 0) return 0;
  const auto wanted =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= wanted) return std::min(max_, static_cast<std::int64_t>(upper(i)));
  }
  return max_;
}

}  // namespace tidemill::bench
