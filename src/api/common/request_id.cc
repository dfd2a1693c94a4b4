#include "api/common/request_id.h"

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
  static constexpr char kAlphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
  std::string id(52, '0');
  std::uint64_t word = next();
  for (std::size_t at = 0; at < id.size();) {
    for (auto bits = word; at < id.size(); bits >>= 5) {
      id[at++] = kAlphabet[bits & 31];
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
