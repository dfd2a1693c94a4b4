#include "tables/scan_order.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

namespace tidemill::tables {
namespace {

constexpr std::uint32_t rotated(std::uint32_t value, int bits) { return value << bits | value >> (32 - bits); }

// RFC 1321: the constants are the whole parts of 2^32 * |sin(i + 1)|.
const std::array<std::uint32_t, 64> kMd5Constants = [] {
  std::array<std::uint32_t, 64> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = static_cast<std::uint32_t>(std::floor(std::ldexp(std::fabs(std::sin(static_cast<double>(i + 1))), 32)));
  }
  return table;
}();

constexpr int kMd5Shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

// Step `i` of the 64; the four variables change their parts from step to step instead of their places.
template <std::size_t i>
void md5_step(std::array<std::uint32_t, 4>& state, const std::array<std::uint32_t, 16>& words) {
  constexpr std::size_t round = i / 16;
  std::uint32_t& a = state[(64 - i) % 4];
  const std::uint32_t b = state[(65 - i) % 4], c = state[(66 - i) % 4], d = state[(67 - i) % 4];
  constexpr std::size_t kFactor[] = {1, 5, 3, 7}, kOffset[] = {0, 1, 5, 0};
  // `b` is the last to be known: all that does not need it comes first.
  std::uint32_t sum = a + kMd5Constants[i] + words[(kFactor[round] * i + kOffset[round]) % 16];
  if constexpr (round == 0) sum += d ^ (b & (c ^ d));
  if constexpr (round == 1) sum = (sum + (~d & c)) + (d & b);
  if constexpr (round == 2) sum += (c ^ d) ^ b;
  if constexpr (round == 3) sum += c ^ (b | ~d);
  a = b + rotated(sum, kMd5Shifts[round][i % 4]);
}

void md5_block(std::array<std::uint32_t, 4>& state, const char* block) {
  std::array<std::uint32_t, 16> words{};
  std::memcpy(words.data(), block, sizeof(words));
  if constexpr (std::endian::native == std::endian::big) {
    for (auto& word : words) word = __builtin_bswap32(word);
  }
  auto mixed = state;
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    (md5_step<i>(mixed, words), ...);
  }(std::make_index_sequence<64>());
  for (std::size_t i = 0; i < 4; ++i) state[i] += mixed[i];
}

// A number as base-100 digits behind their exponent, ordered by bytes: the exponent of 100 plus 193, digits plus one;
// of a negative number the complements, closed by 102 when there is room.
void append_hundreds(std::string& out, const item::Number& number) {
  if (number.is_zero()) {
    out += static_cast<char>(0x80);
    return;
  }
  // Pairs of digits are aligned to the decimal point.
  auto coefficient = number.coefficient();
  std::array<unsigned char, 21> pairs{};
  std::size_t count = 0;
  if (number.exponent() % 2 != 0) {
    pairs[count++] = static_cast<unsigned char>(coefficient % 10 * 10);
    coefficient /= 10;
  }
  for (; coefficient != 0; coefficient /= 100) pairs[count++] = static_cast<unsigned char>(coefficient % 100);
  std::size_t last = 0;  // trailing zero pairs are not written
  while (pairs[last] == 0) ++last;
  const int leading = number.leading_exponent();
  const int power = leading >= 0 ? leading / 2 : -((1 - leading) / 2);
  const auto first = static_cast<unsigned char>(power + 193);
  const bool negative = number.is_negative();
  out += static_cast<char>(negative ? ~first : first);
  for (std::size_t i = count; i-- > last;) out += static_cast<char>(negative ? 101 - pairs[i] : pairs[i] + 1);
  if (negative && count - last < 20) out += static_cast<char>(102);
}

}  // namespace

std::uint64_t md5_prefix(std::string_view bytes) {
  std::array<std::uint32_t, 4> state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  std::size_t at = 0;
  for (; bytes.size() - at >= 64; at += 64) md5_block(state, bytes.data() + at);
  // The rest, a one bit, zeros, and the length in bits: one block or two.
  std::array<char, 128> tail{};
  const std::size_t rest = bytes.size() - at;
  bytes.copy(tail.data(), rest, at);
  tail[rest] = static_cast<char>(0x80);
  const std::size_t size = rest < 56 ? 64 : 128;
  std::uint64_t bits = static_cast<std::uint64_t>(bytes.size()) * 8;
  for (std::size_t i = size - 8; i < size; ++i, bits >>= 8) tail[i] = static_cast<char>(bits & 0xff);
  for (std::size_t i = 0; i < size; i += 64) md5_block(state, tail.data() + i);
  const auto swapped = [](std::uint32_t value) { return __builtin_bswap32(value); };
  return static_cast<std::uint64_t>(swapped(state[0])) << 32 | swapped(state[1]);
}

std::uint64_t scan_hash(const std::vector<KeyAttribute>& hash, const item::Item& item) {
  constexpr std::string_view kBefore = "Outliers";
  if (hash.size() == 1 && hash[0].type == KeyType::kString) {
    // The most frequent; short ones need no memory of their own.
    const std::string& text = item.find(hash[0].name)->string();
    std::array<char, 256> bytes;
    if (kBefore.size() + text.size() <= bytes.size()) {
      kBefore.copy(bytes.data(), kBefore.size());
      text.copy(bytes.data() + kBefore.size(), text.size());
      return md5_prefix({bytes.data(), kBefore.size() + text.size()});
    }
  }
  std::string bytes(kBefore);
  for (const auto& key : hash) {
    const item::AttributeValue& value = *item.find(key.name);
    switch (key.type) {
      case KeyType::kString: bytes += value.string(); break;
      case KeyType::kBinary: bytes += value.binary(); break;
      case KeyType::kNumber: append_hundreds(bytes, value.number()); break;
    }
  }
  return md5_prefix(bytes);
}

}  // namespace tidemill::tables
