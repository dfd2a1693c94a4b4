// The checksums that S3 keeps of an object, beside its ETag.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/checksums.h"

namespace tidemill::objects {

// The numbers are on disk.
enum class Algorithm : unsigned char { kCrc64nvme = 1, kCrc32 = 2, kCrc32c = 3, kSha1 = 4, kSha256 = 5 };

std::string_view wire_name(Algorithm algorithm);  // CRC64NVME
std::optional<Algorithm> parse_algorithm(std::string_view wire_name);
std::size_t digest_bytes(Algorithm algorithm);
// CRCs of parts give that of the whole; digests do not.
inline bool is_crc(Algorithm algorithm) { return algorithm <= Algorithm::kCrc32c; }

struct Checksum {
  Algorithm algorithm = Algorithm::kCrc64nvme;
  std::string value;         // raw, as long as the algorithm's digest
  std::uint32_t parts = 0;   // more than 0: of that many parts' checksums, not of the bytes
  std::string text() const;  // base64, with "-N" behind it when it is of N parts
  bool operator==(const Checksum&) const = default;
};

// Of bytes that come in parts.
class Checksummer {
 public:
  explicit Checksummer(Algorithm algorithm);
  void update(std::string_view bytes);
  Checksum finish();  // once

 private:
  const Algorithm algorithm_;
  std::uint64_t crc_ = 0;
  std::optional<Digest> digest_;
};

// Of a and b in a row; both of one CRC.
Checksum combined(const Checksum& a, const Checksum& b, std::uint64_t b_bytes);

}  // namespace tidemill::objects
