#include "load/keys.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/flags.h"

namespace tidemill::bench {
namespace {

constexpr double kTheta = 0.99;

double zeta(std::uint64_t n) {
  double sum = 0;
  for (std::uint64_t i = 1; i <= n; ++i) sum += 1 / std::pow(static_cast<double>(i), kTheta);
  return sum;
}

// Neighbours in popularity must not be neighbours in the table.
std::uint64_t scattered(std::uint64_t rank) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (int i = 0; i < 8; ++i) hash = (hash ^ (rank >> (8 * i) & 0xff)) * 1099511628211ULL;
  return hash;
}

}  // namespace

Keys::Keys(const std::string& kind, std::uint64_t items, std::uint64_t seed)
    : kind_(kind == "sequence"  ? Kind::kSequence
            : kind == "uniform" ? Kind::kUniform
                                : Kind::kZipf),
      items_(std::max<std::uint64_t>(items, 1)),
      random_(seed) {
  if (kind_ == Kind::kZipf && kind != "zipf") die("keys are sequence, uniform or zipf, not " + kind);
  if (kind_ != Kind::kZipf) return;
  // Gray and others, "Quickly generating billion-record synthetic databases", 1994.
  const auto n = static_cast<double>(items_);
  zeta_ = zeta(items_);
  alpha_ = 1 / (1 - kTheta);
  eta_ = (1 - std::pow(2 / n, 1 - kTheta)) / (1 - zeta(std::min<std::uint64_t>(items_, 2)) / zeta_);
}

std::uint64_t Keys::next(std::uint64_t taken) {
  switch (kind_) {
    case Kind::kSequence: return std::exchange(at_, at_ + taken) % items_;
    case Kind::kUniform: return random_() % items_;
    case Kind::kZipf: return scattered(zipf()) % items_;
  }
  return 0;
}

std::uint64_t Keys::zipf() {
  const double u = static_cast<double>(random_() >> 11) * 0x1p-53;
  if (u * zeta_ < 1) return 0;
  if (u * zeta_ < 1 + std::pow(0.5, kTheta)) return 1;
  return static_cast<std::uint64_t>(static_cast<double>(items_) * std::pow(eta_ * u - eta_ + 1, alpha_));
}

}  // namespace tidemill::bench
