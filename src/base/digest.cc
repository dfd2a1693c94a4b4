// SHA-256 and MD5 by OpenSSL's direct functions: the general ones look the algorithm up at every call, and their states
// cannot be copied like values.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <zlib.h>

#include <array>
#include <bit>
#include <cstring>

#include "base/assert.h"
#include "base/bytes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tidemill {
namespace {

std::string digest(const EVP_MD* kind, std::string_view bytes) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  const int ok =
      EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), &size, kind, nullptr);
  TM_ASSERT(ok == 1);
  out.resize(size);
  return out;
}

using Sha256Digest = std::array<char, SHA256_DIGEST_LENGTH>;

Sha256Digest finish(SHA256_CTX& state, std::string_view bytes) {
  Sha256Digest out;
  SHA256_Update(&state, bytes.data(), bytes.size());
  SHA256_Final(reinterpret_cast<unsigned char*>(out.data()), &state);
  return out;
}

Sha256Digest sha256_digest(std::string_view bytes) {
  SHA256_CTX state;
  SHA256_Init(&state);
  return finish(state, bytes);
}

std::string_view view(const Sha256Digest& digest) { return {digest.data(), digest.size()}; }

constexpr std::array<std::uint32_t, 256> castagnoli_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? c >> 1 ^ 0x82F63B78U : c >> 1;
    table[i] = c;
  }
  return table;
}
constexpr auto kCastagnoli = castagnoli_table();

std::uint32_t crc32c_table(std::uint32_t crc, std::string_view bytes) {
  for (const char c : bytes) crc = kCastagnoli[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ crc >> 8;
  return crc;
}

#if defined(__x86_64__)
// Three lanes side by side hide the latency of the instruction; then the first two are moved to where the third ends.
// The bytes behind a lane multiply its checksum by a power of x, modulo the polynomial.
constexpr std::size_t kLaneBytes = 256;

constexpr std::uint32_t times_x(std::uint32_t reflected) {
  return reflected >> 1 ^ ((reflected & 1) != 0 ? 0x82F63B78U : 0U);
}
// What _mm_crc32_u64 makes of a product with it is the checksum `bytes` further on: the product lies one bit low, and
// the instruction itself moves it by 32 bits.
constexpr std::uint32_t further_on(std::size_t bytes) {
  std::uint32_t power = 1U << 31;  // x^0
  for (std::size_t i = 0; i < bytes * 8 - 33; ++i) power = times_x(power);
  return power;
}

__attribute__((target("sse4.2,pclmul"))) std::uint32_t moved(std::uint64_t lane, std::uint32_t by) {
  const auto product =
      _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<long long>(lane)), _mm_cvtsi32_si128(static_cast<int>(by)), 0);
  return static_cast<std::uint32_t>(_mm_crc32_u64(0, static_cast<std::uint64_t>(_mm_cvtsi128_si64(product))));
}

__attribute__((target("sse4.2,pclmul"))) std::uint32_t crc32c_instruction(std::uint32_t crc, std::string_view bytes) {
  std::uint64_t wide = crc;
  constexpr auto kOne = further_on(kLaneBytes), kTwo = further_on(2 * kLaneBytes);
  for (; bytes.size() >= 3 * kLaneBytes; bytes.remove_prefix(3 * kLaneBytes)) {
    std::uint64_t second = 0, third = 0;
    for (std::size_t i = 0; i < kLaneBytes; i += 8) {
      std::uint64_t words[3];
      for (std::size_t lane = 0; lane < 3; ++lane) std::memcpy(&words[lane], bytes.data() + lane * kLaneBytes + i, 8);
      wide = _mm_crc32_u64(wide, words[0]);
      second = _mm_crc32_u64(second, words[1]);
      third = _mm_crc32_u64(third, words[2]);
    }
    wide = moved(wide, kTwo) ^ moved(second, kOne) ^ third;
  }
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = static_cast<std::uint32_t>(wide);
  for (const char c : bytes) crc = _mm_crc32_u8(crc, static_cast<unsigned char>(c));
  return crc;
}
#endif

#if defined(__x86_64__)
// Folding by carry-less multiplication: a message may be replaced by any other that is congruent to it modulo the
// polynomial, so sixteen bytes are moved `bits` further on by multiplying their halves with powers of x modulo it.
// Polynomials are bit-reflected in registers, as the checksums have them: the lowest bit is the highest power. A
// product of reflected polynomials lies one bit too low, for which the constants are shifted.
template <std::uint32_t polynomial>
class Folding {
 public:
  static constexpr std::size_t kBytesMin = 16;

  // Of at least kBytesMin bytes; without the inversions at either end.
  __attribute__((target("pclmul,sse4.1"))) static std::uint32_t crc(std::uint32_t before, std::string_view bytes) {
    const __m128i seed = _mm_cvtsi32_si128(static_cast<int>(before));
    __m128i rest = _mm_xor_si128(load(bytes.data()), seed);
    if (bytes.size() < 128) {
      bytes.remove_prefix(16);
    } else {
      __m128i lanes[4] = {rest, load(bytes.data() + 16), load(bytes.data() + 32), load(bytes.data() + 48)};
      bytes.remove_prefix(64);
      for (; bytes.size() >= 64; bytes.remove_prefix(64)) {
        for (int i = 0; i < 4; ++i) lanes[i] = folded<512>(lanes[i], load(bytes.data() + 16 * i));
      }
      rest = lanes[0];
      for (int i = 1; i < 4; ++i) rest = folded<128>(rest, lanes[i]);
    }
    return finished(rest, bytes);
  }

  // The same with registers of twice the width, of at least 256 bytes.
  __attribute__((target("vpclmulqdq,pclmul,avx2"))) static std::uint32_t crc_wide(std::uint32_t before,
                                                                                  std::string_view bytes) {
    __m256i lanes[4];
    for (int i = 0; i < 4; ++i) lanes[i] = load_wide(bytes.data() + 32 * i);
    lanes[0] = _mm256_xor_si256(lanes[0], _mm256_set_epi32(0, 0, 0, 0, 0, 0, 0, static_cast<int>(before)));
    bytes.remove_prefix(128);
    for (; bytes.size() >= 128; bytes.remove_prefix(128)) {
      for (int i = 0; i < 4; ++i) lanes[i] = folded_wide<1024>(lanes[i], load_wide(bytes.data() + 32 * i));
    }
    __m256i all = lanes[0];
    for (int i = 1; i < 4; ++i) all = folded_wide<256>(all, lanes[i]);
    const __m128i rest = folded<128>(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
    return finished(rest, bytes);
  }

 private:
  static constexpr std::uint32_t reflected(std::uint32_t value) {
    std::uint32_t out = 0;
    for (int i = 0; i < 32; ++i) out |= (value >> i & 1) << (31 - i);
    return out;
  }
  // x^bits modulo the polynomial.
  static constexpr long long power_of_x(int bits) {
    std::uint32_t rest = 1;
    for (int i = 0; i < bits; ++i) rest = (rest << 1) ^ ((rest >> 31) != 0 ? polynomial : 0U);
    return static_cast<long long>(reflected(rest)) << 1;
  }
  // The polynomial with its highest power, and x^64 divided by it: 33 bits each.
  static constexpr long long kPolynomial = static_cast<long long>(reflected(polynomial)) << 1 | 1;
  static constexpr long long quotient() {
    std::uint32_t rest = 0, low = 0;  // of the quotient; its x^32 is known
    rest = polynomial;
    for (int i = 31; i >= 0; --i) {
      const bool one = (rest >> 31) != 0;
      rest = (rest << 1) ^ (one ? polynomial : 0U);
      if (one) low |= 1U << i;
    }
    return static_cast<long long>(reflected(low)) << 1 | 1;
  }

  __attribute__((target("pclmul,sse4.1"))) static __m128i load(const char* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  }
  __attribute__((target("vpclmulqdq,pclmul,avx2"))) static __m256i load_wide(const char* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  template <int bits>
  __attribute__((target("pclmul,sse4.1"))) static __m128i folded(__m128i block, __m128i onto) {
    constexpr long long kFar = power_of_x(bits + 32), kNear = power_of_x(bits - 32);
    const __m128i powers = _mm_set_epi64x(kNear, kFar);
    const __m128i low = _mm_clmulepi64_si128(block, powers, 0x00), high = _mm_clmulepi64_si128(block, powers, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), onto);
  }
  template <int bits>
  __attribute__((target("vpclmulqdq,pclmul,avx2"))) static __m256i folded_wide(__m256i block, __m256i onto) {
    constexpr long long kFar = power_of_x(bits + 32), kNear = power_of_x(bits - 32);
    const __m256i powers = _mm256_set_epi64x(kNear, kFar, kNear, kFar);
    const __m256i low = _mm256_clmulepi64_epi128(block, powers, 0x00);
    const __m256i high = _mm256_clmulepi64_epi128(block, powers, 0x11);
    return _mm256_xor_si256(_mm256_xor_si256(low, high), onto);
  }

  // `rest` stands for all that came before the last `bytes`; sixteen bytes or more came before them.
  __attribute__((target("pclmul,sse4.1"))) static std::uint32_t finished(__m128i rest, std::string_view bytes) {
    for (; bytes.size() >= 16; bytes.remove_prefix(16)) rest = folded<128>(rest, load(bytes.data()));
    if (!bytes.empty()) {
      // Sixteen bytes and a few: those few of the sixteen that are first are moved onto the last sixteen.
      alignas(16) static constexpr auto kShifts = [] {
        std::array<char, 48> places;
        places.fill('\x80');  // nothing
        for (std::size_t i = 0; i < 16; ++i) places[16 + i] = static_cast<char>(i);
        return places;
      }();
      const __m128i to_end = load(kShifts.data() + bytes.size());
      const __m128i to_begin = load(kShifts.data() + 16 + bytes.size());
      const __m128i last = load(bytes.data() + bytes.size() - 16);
      rest = folded<128>(_mm_shuffle_epi8(rest, to_end),
                         _mm_blendv_epi8(_mm_shuffle_epi8(rest, to_begin), last, to_begin));
    }
    // From 128 bits to 64, with 32 zero bits behind them: the first 64 times x^96, then the first 32 of 96 times x^64.
    constexpr long long kFar = power_of_x(96), kNear = power_of_x(64);
    const __m128i powers = _mm_set_epi64x(kNear, kFar);
    const __m128i first32 = _mm_cvtsi32_si128(-1);
    rest = _mm_xor_si128(_mm_srli_si128(rest, 8), _mm_clmulepi64_si128(rest, powers, 0x00));
    rest = _mm_xor_si128(_mm_srli_si128(rest, 4), _mm_clmulepi64_si128(_mm_and_si128(rest, first32), powers, 0x10));
    // Barrett: what the polynomial goes into the first 32 bits, times the polynomial, cancels them.
    const __m128i division = _mm_set_epi64x(kPolynomial, quotient());
    __m128i times = _mm_clmulepi64_si128(_mm_and_si128(rest, first32), division, 0x00);
    times = _mm_clmulepi64_si128(_mm_and_si128(times, first32), division, 0x10);
    return static_cast<std::uint32_t>(_mm_extract_epi32(_mm_xor_si128(rest, times), 1));
  }
};

bool has_wide_multiplication() { return __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("avx2"); }
constexpr std::size_t kWideBytesMin = 256;
using Crc32 = Folding<0x04C11DB7>;
using Crc32c = Folding<0x1EDC6F41>;
#endif

}  // namespace

std::string sha256(std::string_view bytes) { return std::string(view(sha256_digest(bytes))); }
std::string sha256_hex(std::string_view bytes) { return to_hex(view(sha256_digest(bytes))); }
std::string md5(std::string_view bytes) {
  std::string out(MD5_DIGEST_LENGTH, '\0');
  MD5_CTX state;
  MD5_Init(&state);
  MD5_Update(&state, bytes.data(), bytes.size());
  MD5_Final(reinterpret_cast<unsigned char*>(out.data()), &state);
  return out;
}

HmacSha256::HmacSha256(std::string_view key) {
  static_assert(sizeof(State) == sizeof(SHA256_CTX) && alignof(State) == alignof(SHA256_CTX));
  std::array<unsigned char, SHA256_CBLOCK> block{};
  const std::string hashed = key.size() > block.size() ? sha256(key) : std::string(key);
  std::memcpy(block.data(), hashed.data(), hashed.size());
  const auto start = [&block](unsigned char pad) {
    for (auto& byte : block) byte ^= pad;
    SHA256_CTX state;
    SHA256_Init(&state);
    SHA256_Update(&state, block.data(), block.size());
    for (auto& byte : block) byte ^= pad;
    return std::bit_cast<State>(state);
  };
  inner_ = start(0x36);
  outer_ = start(0x5c);
}

std::string HmacSha256::mac(std::string_view bytes) const {
  auto inner = std::bit_cast<SHA256_CTX>(inner_), outer = std::bit_cast<SHA256_CTX>(outer_);
  return std::string(view(finish(outer, view(finish(inner, bytes)))));
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) { return HmacSha256(key).mac(bytes); }

std::string sha512(std::string_view bytes) { return digest(EVP_sha512(), bytes); }

std::string hmac_sha512(std::string_view key, std::string_view bytes) {
  std::string out(64, '\0');
  unsigned size = 0;
  const auto* made =
      HMAC(EVP_sha512(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
           bytes.size(), reinterpret_cast<unsigned char*>(out.data()), &size);
  TM_ASSERT(made != nullptr && size == 64);
  return out;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::uint32_t crc32(std::string_view bytes) {
#if defined(__x86_64__)
  if (bytes.size() >= kWideBytesMin && has_wide_multiplication()) return ~Crc32::crc_wide(~0U, bytes);
  if (bytes.size() >= Crc32::kBytesMin && __builtin_cpu_supports("pclmul")) return ~Crc32::crc(~0U, bytes);
#endif
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed) {
  const std::uint32_t crc = ~seed;
#if defined(__x86_64__)
  if (bytes.size() >= 2 * kWideBytesMin && has_wide_multiplication()) return ~Crc32c::crc_wide(crc, bytes);
  if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul")) return ~crc32c_instruction(crc, bytes);
#endif
  return ~crc32c_table(crc, bytes);
}

}  // namespace tidemill
