#include "base/checksums.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>

#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace tidemill {
namespace {

constexpr std::uint64_t kNvmePolynomial = 0x9A6C9329AC4BC9B5ULL;  // reflected

// Eight tables: table[k][b] is the effect of byte b with k more bytes behind it.
constexpr auto kNvme = [] {
  std::array<std::array<std::uint64_t, 256>, 8> table{};
  for (std::uint64_t i = 0; i < 256; ++i) {
    std::uint64_t c = i;
    for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? c >> 1 ^ kNvmePolynomial : c >> 1;
    table[0][i] = c;
  }
  for (std::size_t i = 0; i < 256; ++i)
    for (std::size_t k = 1; k < 8; ++k) table[k][i] = table[0][table[k - 1][i] & 0xff] ^ table[k - 1][i] >> 8;
  return table;
}();

// A checksum is linear over GF(2): bytes behind it move it by a matrix, whose powers are found by squaring.
template <class Crc>
using Matrix = std::array<Crc, sizeof(Crc) * 8>;

template <class Crc>
Crc times(const Matrix<Crc>& matrix, Crc vector) {
  Crc sum = 0;
  for (std::size_t i = 0; vector != 0; vector >>= 1, ++i)
    if ((vector & 1) != 0) sum ^= matrix[i];
  return sum;
}

template <class Crc>
Crc combined(Crc polynomial, Crc a, Crc b, std::uint64_t b_bytes) {
  Matrix<Crc> power{};  // of one zero bit
  power[0] = polynomial;
  for (std::size_t i = 1; i < power.size(); ++i) power[i] = Crc{1} << (i - 1);
  const auto square = [](const Matrix<Crc>& matrix) {
    Matrix<Crc> out{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = times(matrix, matrix[i]);
    return out;
  };
  for (int i = 0; i < 3; ++i) power = square(power);  // of one zero byte
  for (; b_bytes != 0; b_bytes >>= 1) {
    if ((b_bytes & 1) != 0) a = times(power, a);
    if (b_bytes > 1) power = square(power);
  }
  return a ^ b;
}

}  // namespace

std::string sha1(std::string_view bytes) {
  Digest digest(Digest::Kind::kSha1);
  digest.update(bytes);
  return digest.finish();
}

std::string hmac_sha1(std::string_view key, std::string_view bytes) {
  std::string out(20, '\0');
  unsigned size = 0;
  const auto* made =
      HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
           bytes.size(), reinterpret_cast<unsigned char*>(out.data()), &size);
  TM_ASSERT(made != nullptr && size == 20);
  return out;
}

Digest::Digest(Kind kind) : context_(EVP_MD_CTX_new()) {
  const auto* md = kind == Kind::kMd5 ? EVP_md5() : kind == Kind::kSha1 ? EVP_sha1() : EVP_sha256();
  const int ok = EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), md, nullptr);
  TM_ASSERT(ok == 1);
}
Digest::Digest(Digest&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
Digest::~Digest() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }
void Digest::update(std::string_view bytes) {
  const int ok = EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), bytes.data(), bytes.size());
  TM_ASSERT(ok == 1);
}
std::string Digest::finish() {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  const int ok =
      EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), reinterpret_cast<unsigned char*>(out.data()), &size);
  TM_ASSERT(ok == 1);
  out.resize(size);
  return out;
}

std::uint32_t crc32_more(std::uint32_t before, std::string_view bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_z(before, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

std::uint64_t crc64nvme(std::string_view bytes, std::uint64_t seed) {
  std::uint64_t crc = ~seed;
  if constexpr (std::endian::native == std::endian::little) {
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
      std::uint64_t word;
      std::memcpy(&word, bytes.data(), 8);
      word ^= crc;
      crc = 0;
      for (std::size_t k = 0; k < 8; ++k) crc ^= kNvme[7 - k][word >> (8 * k) & 0xff];
    }
  }
  for (const char c : bytes) crc = kNvme[0][(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ crc >> 8;
  return ~crc;
}

std::uint32_t crc32_combined(std::uint32_t a, std::uint32_t b, std::uint64_t b_bytes) {
  return combined<std::uint32_t>(0xEDB88320U, a, b, b_bytes);
}
std::uint32_t crc32c_combined(std::uint32_t a, std::uint32_t b, std::uint64_t b_bytes) {
  return combined<std::uint32_t>(0x82F63B78U, a, b, b_bytes);
}
std::uint64_t crc64nvme_combined(std::uint64_t a, std::uint64_t b, std::uint64_t b_bytes) {
  return combined<std::uint64_t>(kNvmePolynomial, a, b, b_bytes);
}

}  // namespace tidemill
