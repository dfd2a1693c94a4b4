// Randomness. The real source is the kernel's; the simulated one is a seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidemill::runtime {

class Random {
 public:
  virtual ~Random() = default;
  // Thread-safe. `size` unpredictable bytes.
  virtual std::string bytes(std::size_t size) = 0;

  std::uint64_t u64();
  std::uint64_t below(std::uint64_t bound);                       // uniform in [0, bound), bound > 0
  std::string uuid();                                             // version 4, lower case, with dashes
  std::string text(std::size_t size, std::string_view alphabet);  // uniform characters of the alphabet
};

}  // namespace tidemill::runtime
