#include "base/zip.h"

#include <zlib.h>

#include <cstdint>
#include <utility>

#include "base/assert.h"
#include "base/digest.h"

namespace tidemill {
namespace {

void put16(std::string& out, std::uint32_t value) {
  out += static_cast<char>(value & 0xff);
  out += static_cast<char>((value >> 8) & 0xff);
}
void put32(std::string& out, std::uint32_t value) {
  put16(out, value & 0xffff);
  put16(out, value >> 16);
}

std::string deflate_raw(std::string_view bytes) {
  z_stream stream{};
  const int begun = deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  TM_ASSERT(begun == Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int ended = deflate(&stream, Z_FINISH);
  TM_ASSERT(ended == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

constexpr std::uint32_t kDate = (0 << 9) | (1 << 5) | 1;  // 1980-01-01, the first that the format has
constexpr std::uint32_t kUtf8Names = 1 << 11;
constexpr std::uint32_t kMadeByUnix = 3 << 8 | 20;

}  // namespace

void ZipWriter::add(std::string_view name, std::string_view bytes, bool executable) {
  add_entry(name, bytes, executable ? 0100755 : 0100644);
}
void ZipWriter::add_link(std::string_view name, std::string_view target) { add_entry(name, target, 0120777); }

void ZipWriter::add_entry(std::string_view name, std::string_view bytes, std::uint32_t unix_mode) {
  TM_ASSERT(bytes.size() < 0xffffffffU && name.size() < 0xffffU && out_.size() < 0xffffffffU && entries_ < 0xffffU);
  const auto packed = deflate_raw(bytes);
  const bool stored = packed.size() >= bytes.size();
  const std::string_view body = stored ? bytes : std::string_view(packed);
  const auto offset = static_cast<std::uint32_t>(out_.size());
  std::string common;  // what the two headers share
  put16(common, 20);
  put16(common, kUtf8Names);
  put16(common, stored ? 0 : 8);
  put16(common, 0);
  put16(common, kDate);
  put32(common, crc32(bytes));
  put32(common, static_cast<std::uint32_t>(body.size()));
  put32(common, static_cast<std::uint32_t>(bytes.size()));
  put16(common, static_cast<std::uint32_t>(name.size()));
  put16(common, 0);

  put32(out_, 0x04034b50);
  out_ += common;
  out_ += name;
  out_ += body;

  put32(directory_, 0x02014b50);
  put16(directory_, kMadeByUnix);
  directory_ += common;
  put16(directory_, 0);  // comment
  put16(directory_, 0);  // disk
  put16(directory_, 0);  // internal attributes
  put32(directory_, unix_mode << 16);
  put32(directory_, offset);
  directory_ += name;
  ++entries_;
}

std::string ZipWriter::finish() {
  const auto offset = static_cast<std::uint32_t>(out_.size());
  out_ += directory_;
  put32(out_, 0x06054b50);
  put16(out_, 0);
  put16(out_, 0);
  put16(out_, static_cast<std::uint32_t>(entries_));
  put16(out_, static_cast<std::uint32_t>(entries_));
  put32(out_, static_cast<std::uint32_t>(directory_.size()));
  put32(out_, offset);
  put16(out_, 0);
  directory_.clear();
  entries_ = 0;
  return std::exchange(out_, {});
}

}  // namespace tidemill
