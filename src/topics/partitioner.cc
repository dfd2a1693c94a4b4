#include "topics/partitioner.h"

namespace tidemill::topics {

std::int32_t murmur2(std::string_view bytes) {
  constexpr std::uint32_t kMultiplier = 0x5bd1e995, kSeed = 0x9747b28c;
  constexpr int kShift = 24;
  const auto byte = [&bytes](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
  };
  std::uint32_t h = kSeed ^ static_cast<std::uint32_t>(bytes.size());
  std::size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    std::uint32_t k = byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24;
    k *= kMultiplier;
    k ^= k >> kShift;
    k *= kMultiplier;
    h = h * kMultiplier ^ k;
  }
  if (const std::size_t rest = bytes.size() - i; rest > 0) {
    if (rest == 3) h ^= byte(i + 2) << 16;
    if (rest >= 2) h ^= byte(i + 1) << 8;
    h ^= byte(i);
    h *= kMultiplier;
  }
  h ^= h >> 13;
  h *= kMultiplier;
  h ^= h >> 15;
  return static_cast<std::int32_t>(h);
}

}  // namespace tidemill::topics
