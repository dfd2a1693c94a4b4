// Digests and checksums. All results are raw bytes unless the name says otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidemill {

std::string sha256(std::string_view bytes);                             // 32 bytes
std::string sha256_hex(std::string_view bytes);                         // 64 characters
std::string hmac_sha256(std::string_view key, std::string_view bytes);  // 32 bytes
std::string sha512(std::string_view bytes);                             // 64 bytes
std::string hmac_sha512(std::string_view key, std::string_view bytes);  // 64 bytes
std::string md5(std::string_view bytes);                                // 16 bytes
std::string sha1(std::string_view bytes);                               // 20 bytes
std::string hmac_sha1(std::string_view key, std::string_view bytes);    // 20 bytes
bool equal_constant_time(std::string_view a, std::string_view b);       // for secrets of one length

// A digest of bytes that come in parts.
class Digest {
 public:
  enum class Kind : unsigned char { kMd5, kSha1, kSha256 };
  explicit Digest(Kind kind);
  Digest(Digest&& other) noexcept;
  ~Digest();
  void update(std::string_view bytes);
  std::string finish();  // once

 private:
  void* context_;
};

// Each goes on from the checksum of what came before, when `seed` is given.
std::uint32_t crc32(std::string_view bytes, std::uint32_t seed = 0);   // IEEE 802.3, as x-amz-crc32 and gzip use it
std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);  // Castagnoli, as Kafka's record batches use it
std::uint64_t crc64nvme(std::string_view bytes, std::uint64_t seed = 0);
// The checksum of `a` and `b` in a row, from theirs and b's length.
std::uint32_t crc32_combined(std::uint32_t a, std::uint32_t b, std::uint64_t b_bytes);
std::uint32_t crc32c_combined(std::uint32_t a, std::uint32_t b, std::uint64_t b_bytes);
std::uint64_t crc64nvme_combined(std::uint64_t a, std::uint64_t b, std::uint64_t b_bytes);

}  // namespace tidemill
