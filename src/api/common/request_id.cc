#include "api/common/request_id.h"

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

// The lowest forty bits as eight characters of 0-9A-V.
std::uint64_t eight_digits(std::uint64_t bits) {
  bits = (bits & 0xfffff) | (bits & 0xfffff00000) << 12;
  bits = (bits & 0x000003ff000003ff) | (bits & 0x000ffc00000ffc00) << 6;
  bits = (bits & 0x001f001f001f001f) | (bits & 0x03e003e003e003e0) << 3;
  const std::uint64_t letters = (bits + 0x7676767676767676) >> 7 & 0x0101010101010101;  // of the bytes above nine
  return bits + 0x3030303030303030 + letters * ('A' - '9' - 1);
}

}  // namespace

std::uint64_t RequestIds::next() { return mix(seed_ ^ count_.fetch_add(1, std::memory_order_relaxed)); }

LongId RequestIds::long_id() {
  LongId id;
  char* const text = id.bytes.data();
  std::uint64_t word = next();
  for (std::size_t at = 0; at < id.bytes.size(); at += 8) {
    // Eight characters of five bits each; the other bits of the word are not used.
    const auto digits = eight_digits(word);
    std::memcpy(text + at, &digits, 8);
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
