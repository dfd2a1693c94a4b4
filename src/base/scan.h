// Looks through text sixteen bytes at a time, with the compiler's own vectors (SSE2, NEON).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tidemill {

// The place of the first control character (below the blank) or of `a` or `b`; text.size() when there is none.
template <unsigned char a, unsigned char b = a>
inline std::size_t find_control_or(std::string_view text) {
  using Block = unsigned char __attribute__((vector_size(16)));
  std::size_t at = 0;
  for (; at + sizeof(Block) <= text.size(); at += sizeof(Block)) {
    Block block;
    std::memcpy(&block, text.data() + at, sizeof(block));
    const auto found = (block < 0x20) | (block == a) | (block == b);
    std::uint64_t halves[2];
    std::memcpy(halves, &found, sizeof(halves));
    if ((halves[0] | halves[1]) != 0) break;
  }
  for (; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x20 || c == a || c == b) break;
  }
  return at;
}

}  // namespace tidemill
