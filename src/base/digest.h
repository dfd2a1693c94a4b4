// Digests and checksums. All results are raw bytes unless the name says otherwise.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidemill {

std::string sha256(std::string_view bytes);                             // 32 bytes
std::string sha256_hex(std::string_view bytes);                         // 64 characters
std::string hmac_sha256(std::string_view key, std::string_view bytes);  // 32 bytes
// A key whose two first blocks are hashed already: a MAC costs the message and two blocks more.
class HmacSha256 {
 public:
  explicit HmacSha256(std::string_view key);
  std::string mac(std::string_view bytes) const;  // 32 bytes

 private:
  using State = std::array<std::uint32_t, 28>;  // OpenSSL's SHA256_CTX
  State inner_, outer_;
};

std::string sha512(std::string_view bytes);                             // 64 bytes
std::string hmac_sha512(std::string_view key, std::string_view bytes);  // 64 bytes
std::string md5(std::string_view bytes);                                // 16 bytes
bool equal_constant_time(std::string_view a, std::string_view b);       // for secrets of one length

std::uint32_t crc32(std::string_view bytes);                           // IEEE 802.3, as x-amz-crc32 and gzip use it
std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);  // Castagnoli, as Kafka's record batches use it

}  // namespace tidemill
