#include "runtime/random.h"

#include <cstring>

#include "base/assert.h"
#include "base/bytes.h"

namespace tidemill::runtime {

std::uint64_t Random::u64() {
  const auto raw = bytes(8);
  std::uint64_t value;
  std::memcpy(&value, raw.data(), 8);
  return value;
}

std::uint64_t Random::below(std::uint64_t bound) {
  TM_ASSERT(bound > 0);
  const std::uint64_t limit = ~0ULL - ~0ULL % bound;  // values at or above it would favour small remainders
  for (;;) {
    if (const auto value = u64(); value < limit) return value % bound;
  }
}

std::string Random::uuid() {
  auto raw = bytes(16);
  raw[6] = static_cast<char>((raw[6] & 0x0f) | 0x40);
  raw[8] = static_cast<char>((raw[8] & 0x3f) | 0x80);
  auto hex = to_hex(raw);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) hex.insert(at, "-");
  return hex;
}

std::string Random::text(std::size_t size, std::string_view alphabet) {
  std::string out;
  out.reserve(size);
  while (out.size() < size) {
    for (const char c : bytes(size * 2)) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte >= 256 / alphabet.size() * alphabet.size()) continue;
      out += alphabet[byte % alphabet.size()];
      if (out.size() == size) break;
    }
  }
  return out;
}

}  // namespace tidemill::runtime
