#include "topics/compression.h"

#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "base/assert.h"
#include "base/bytes.h"

namespace tidemill::topics {
namespace {

constexpr std::size_t kFirstOutput = 16 * 1024;
constexpr std::string_view kXerialMagic("\x82SNAPPY\0", 8);
constexpr std::size_t kXerialHeader = 16;  // magic, version, oldest compatible version

std::unexpected<Error> broken(std::string_view codec) {
  return fail(Errc::kCorruptMessage,
              "The " + std::string(codec) + " compressed records of the batch cannot be decoded.");
}
std::unexpected<Error> too_large(std::size_t max_bytes) {
  return fail(Errc::kCorruptMessage,
              "The records of the batch exceed " + std::to_string(max_bytes) + " bytes when decompressed.");
}

// Doubles `out` up to `max_bytes`; false when it is there already.
bool grow(std::string& out, std::size_t max_bytes) {
  if (out.size() >= max_bytes) return false;
  out.resize(std::min(max_bytes, std::max(kFirstOutput, out.size() * 2)));
  return true;
}

Result<std::string> gunzip(std::string_view bytes, std::size_t max_bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return broken("gzip");
  std::unique_ptr<z_stream, decltype(&inflateEnd)> guard(&stream, &inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  std::size_t used = 0;
  for (;;) {
    if (used == out.size() && !grow(out, max_bytes)) return too_large(max_bytes);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    stream.avail_out = static_cast<uInt>(out.size() - used);
    const int rc = inflate(&stream, Z_NO_FLUSH);
    used = out.size() - stream.avail_out;
    if (rc == Z_STREAM_END) {
      // A gzip file may have several members one after the other.
      if (stream.avail_in == 0) break;
      if (inflateReset(&stream) != Z_OK) return broken("gzip");
      continue;
    }
    if (rc != Z_OK && rc != Z_BUF_ERROR) return broken("gzip");
    if (stream.avail_in == 0 && stream.avail_out != 0) return broken("gzip");
  }
  out.resize(used);
  return out;
}

Status append_raw_snappy(std::string& out, std::string_view block, std::size_t max_bytes) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(block.data(), block.size(), &size)) return broken("snappy");
  if (size > max_bytes - out.size()) return too_large(max_bytes);
  // No byte of snappy input yields more than 64 bytes of output (a copy element), so a larger claim is a lie told to
  // take memory.
  if (size / 64 > block.size()) return broken("snappy");
  const std::size_t at = out.size();
  out.resize(at + size);
  if (!snappy::RawUncompress(block.data(), block.size(), out.data() + at)) return broken("snappy");
  return {};
}

Result<std::string> unsnappy(std::string_view bytes, std::size_t max_bytes) {
  std::string out;
  if (!bytes.starts_with(kXerialMagic)) {
    TM_CHECK(append_raw_snappy(out, bytes, max_bytes));
    return out;
  }
  if (bytes.size() < kXerialHeader) return broken("snappy");
  bytes.remove_prefix(kXerialHeader);
  while (!bytes.empty()) {
    if (bytes.size() < 4) return broken("snappy");
    const auto size = load_be<std::uint32_t>(bytes.data());
    bytes.remove_prefix(4);
    if (size > bytes.size()) return broken("snappy");
    TM_CHECK(append_raw_snappy(out, bytes.substr(0, size), max_bytes));
    bytes.remove_prefix(size);
  }
  return out;
}

Result<std::string> unlz4(std::string_view bytes, std::size_t max_bytes) {
  LZ4F_dctx* raw = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&raw, LZ4F_VERSION))) return broken("lz4");
  std::unique_ptr<LZ4F_dctx, decltype(&LZ4F_freeDecompressionContext)> context(raw, &LZ4F_freeDecompressionContext);
  std::string out;
  std::size_t used = 0;
  std::size_t more = 1;
  while (more != 0) {
    if (used == out.size() && !grow(out, max_bytes)) return too_large(max_bytes);
    std::size_t written = out.size() - used;
    std::size_t taken = bytes.size();
    more = LZ4F_decompress(context.get(), out.data() + used, &written, bytes.data(), &taken, nullptr);
    if (LZ4F_isError(more)) return broken("lz4");
    used += written;
    bytes.remove_prefix(taken);
    if (more != 0 && taken == 0 && written == 0) return broken("lz4");
  }
  out.resize(used);
  return out;
}

Result<std::string> unzstd(std::string_view bytes, std::size_t max_bytes) {
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  std::string out;
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer to{nullptr, 0, 0};
  for (;;) {
    if (to.pos == out.size() && !grow(out, max_bytes)) return too_large(max_bytes);
    to.dst = out.data();
    to.size = out.size();
    const std::size_t in_before = in.pos, out_before = to.pos;
    const std::size_t rc = ZSTD_decompressStream(context.get(), &to, &in);
    if (ZSTD_isError(rc)) return broken("zstd");
    if (rc == 0 && in.pos == in.size) break;
    if (in.pos == in_before && to.pos == out_before) return broken("zstd");
  }
  out.resize(to.pos);
  return out;
}

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  TM_ASSERT(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  TM_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

Result<std::string> decompress(Codec codec, std::string_view bytes, std::size_t max_bytes) {
  switch (codec) {
    case Codec::kNone:
      if (bytes.size() > max_bytes) return too_large(max_bytes);
      return std::string(bytes);
    case Codec::kGzip: return gunzip(bytes, max_bytes);
    case Codec::kSnappy: return unsnappy(bytes, max_bytes);
    case Codec::kLz4: return unlz4(bytes, max_bytes);
    case Codec::kZstd: return unzstd(bytes, max_bytes);
  }
  return fail(Errc::kUnsupportedCompressionType, "Unknown compression codec.");
}

std::string compress(Codec codec, std::string_view bytes) {
  std::string out;
  switch (codec) {
    case Codec::kNone: return std::string(bytes);
    case Codec::kGzip: return gzip(bytes);
    case Codec::kSnappy: snappy::Compress(bytes.data(), bytes.size(), &out); return out;
    case Codec::kLz4: {
      out.resize(LZ4F_compressFrameBound(bytes.size(), nullptr));
      const std::size_t size = LZ4F_compressFrame(out.data(), out.size(), bytes.data(), bytes.size(), nullptr);
      TM_ASSERT(!LZ4F_isError(size));
      out.resize(size);
      return out;
    }
    case Codec::kZstd: {
      out.resize(ZSTD_compressBound(bytes.size()));
      const std::size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), ZSTD_CLEVEL_DEFAULT);
      TM_ASSERT(!ZSTD_isError(size));
      out.resize(size);
      return out;
    }
  }
  TM_ASSERT(!"unknown codec");
}

}  // namespace tidemill::topics
