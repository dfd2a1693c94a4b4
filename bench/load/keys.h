// Which item a request is about: in sequence, evenly, or as popularity goes (zipf, exponent 0.99, popular keys spread
// over the table).
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace tidemill::bench {

class Keys {
 public:
  Keys(const std::string& kind, std::uint64_t items, std::uint64_t seed);
  // In sequence, the next `taken` keys belong to the caller.
  std::uint64_t next(std::uint64_t taken = 1);

 private:
  std::uint64_t zipf();

  enum class Kind : unsigned char { kSequence, kUniform, kZipf };
  const Kind kind_;
  const std::uint64_t items_;
  std::uint64_t at_ = 0;
  std::mt19937_64 random_;
  double zeta_ = 0, eta_ = 0, alpha_ = 0;
};

}  // namespace tidemill::bench
