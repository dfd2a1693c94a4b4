#include "api/common/request_id.h"

#include <array>
#include <cstring>

#include "base/bytes.h"

namespace tidemill::api {
namespace {

// The finalizer of SplitMix64: a bijection, so distinct counters give distinct numbers.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace

std::uint64_t RequestIds::next() { return mix(seed_ ^ count_.fetch_add(1, std::memory_order_relaxed)); }

std::string RequestIds::long_id() {
  static constexpr auto kPairs = [] {
    constexpr char kAlphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
    std::array<char, 2048> pairs{};
    for (std::size_t i = 0; i < 1024; ++i) {
      pairs[2 * i] = kAlphabet[i & 31];
      pairs[2 * i + 1] = kAlphabet[i >> 5];
    }
    return pairs;
  }();
  std::string id(52, '0');
  std::uint64_t word = next();
  for (std::size_t at = 0; at < id.size();) {
    // Sixty of a word's bits; what is left of it is not used.
    for (auto bits = word; at < id.size(); bits >>= 10) {
      std::memcpy(id.data() + at, kPairs.data() + 2 * (bits & 1023), 2);
      at += 2;
      if (at % 12 == 0) break;
    }
    word = mix(word ^ salt_);
  }
  return id;
}

std::string RequestIds::uuid() {
  std::string raw;
  const auto high = next();
  append_be(raw, high);
  append_be(raw, mix(high ^ salt_));
  raw[6] = static_cast<char>((raw[6] & 0x0f) | 0x40);
  raw[8] = static_cast<char>((raw[8] & 0x3f) | 0x80);
  auto hex = to_hex(raw);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) hex.insert(at, "-");
  return hex;
}

}  // namespace tidemill::api
