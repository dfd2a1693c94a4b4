// Digests of bytes that come in parts, and checksums that can be continued and joined.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidemill {

std::string sha1(std::string_view bytes);                             // 20 bytes
std::string hmac_sha1(std::string_view key, std::string_view bytes);  // 20 bytes

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

// The checksum of what had the checksum `before` and of the bytes behind it. crc32c (digest.h) does so by itself.
std::uint32_t crc32_more(std::uint32_t before, std::string_view bytes);
std::uint64_t crc64nvme(std::string_view bytes, std::uint64_t before = 0);
// The checksum of `a` and `b` in a row, from theirs and b's length.
std::uint32_t crc32_combined(std::uint32_t a, std::uint32_t b, std::uint64_t b_bytes);
std::uint32_t crc32c_combined(std::uint32_t a, std::uint32_t b, std::uint64_t b_bytes);
std::uint64_t crc64nvme_combined(std::uint64_t a, std::uint64_t b, std::uint64_t b_bytes);

}  // namespace tidemill
