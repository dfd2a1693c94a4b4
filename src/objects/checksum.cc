#include "objects/checksum.h"

#include <utility>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/digest.h"

namespace tidemill::objects {
namespace {

std::uint32_t as_u32(std::string_view value) { return load_be<std::uint32_t>(value.data()); }

std::string raw_u32(std::uint32_t value) {
  std::string out;
  append_be(out, value);
  return out;
}

std::string raw_u64(std::uint64_t value) {
  std::string out;
  append_be(out, value);
  return out;
}

}  // namespace

std::string_view wire_name(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kCrc64nvme: return "CRC64NVME";
    case Algorithm::kCrc32: return "CRC32";
    case Algorithm::kCrc32c: return "CRC32C";
    case Algorithm::kSha1: return "SHA1";
    case Algorithm::kSha256: return "SHA256";
  }
  std::unreachable();
}

std::optional<Algorithm> parse_algorithm(std::string_view name) {
  for (const auto algorithm :
       {Algorithm::kCrc64nvme, Algorithm::kCrc32, Algorithm::kCrc32c, Algorithm::kSha1, Algorithm::kSha256})
    if (wire_name(algorithm) == name) return algorithm;
  return std::nullopt;
}

std::size_t digest_bytes(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kCrc64nvme: return 8;
    case Algorithm::kCrc32:
    case Algorithm::kCrc32c: return 4;
    case Algorithm::kSha1: return 20;
    case Algorithm::kSha256: return 32;
  }
  std::unreachable();
}

std::string Checksum::text() const {
  std::string out = to_base64(value);
  if (parts > 0) out += "-" + std::to_string(parts);
  return out;
}

Checksummer::Checksummer(Algorithm algorithm) : algorithm_(algorithm) {
  if (algorithm == Algorithm::kSha1) digest_.emplace(Digest::Kind::kSha1);
  if (algorithm == Algorithm::kSha256) digest_.emplace(Digest::Kind::kSha256);
}

void Checksummer::update(std::string_view bytes) {
  switch (algorithm_) {
    case Algorithm::kCrc64nvme: crc_ = crc64nvme(bytes, crc_); return;
    case Algorithm::kCrc32: crc_ = crc32_more(static_cast<std::uint32_t>(crc_), bytes); return;
    case Algorithm::kCrc32c: crc_ = crc32c(bytes, static_cast<std::uint32_t>(crc_)); return;
    case Algorithm::kSha1:
    case Algorithm::kSha256: digest_->update(bytes); return;
  }
}

Checksum Checksummer::finish() {
  if (digest_) return {algorithm_, digest_->finish()};
  if (algorithm_ == Algorithm::kCrc64nvme) return {algorithm_, raw_u64(crc_)};
  return {algorithm_, raw_u32(static_cast<std::uint32_t>(crc_))};
}

Checksum combined(const Checksum& a, const Checksum& b, std::uint64_t b_bytes) {
  TM_ASSERT(a.algorithm == b.algorithm && is_crc(a.algorithm));
  if (a.algorithm == Algorithm::kCrc64nvme)
    return {a.algorithm, raw_u64(crc64nvme_combined(load_be<std::uint64_t>(a.value.data()),
                                                    load_be<std::uint64_t>(b.value.data()), b_bytes))};
  const auto combine = a.algorithm == Algorithm::kCrc32 ? crc32_combined : crc32c_combined;
  return {a.algorithm, raw_u32(combine(as_u32(a.value), as_u32(b.value), b_bytes))};
}

}  // namespace tidemill::objects
