#include "transfers/compression.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>

#include "base/assert.h"

namespace tidemill::transfers {

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  const int ready = deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  TM_ASSERT(ready == Z_OK);
  std::string out(deflateBound(&stream, bytes.size()) + 32, '\0');
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

struct Inflater::State {
  std::string input;
  std::size_t at = 0;
  bool ended = true;  // between streams or frames
  z_stream zlib{};
  ZSTD_DStream* zstd = nullptr;
};

Inflater::Inflater(Compression compression) : compression_(compression), state_(std::make_unique<State>()) {
  if (compression == Compression::kGzip) {
    const int ready = inflateInit2(&state_->zlib, 15 + 16);
    TM_ASSERT(ready == Z_OK);
  }
  if (compression == Compression::kZstd) {
    state_->zstd = ZSTD_createDStream();
    TM_ASSERT(state_->zstd != nullptr);
    ZSTD_DCtx_setParameter(state_->zstd, ZSTD_d_windowLogMax, 27);
  }
}

Inflater::~Inflater() {
  if (compression_ == Compression::kGzip) inflateEnd(&state_->zlib);
  if (compression_ == Compression::kZstd) ZSTD_freeDStream(state_->zstd);
}

void Inflater::feed(std::string_view bytes) {
  auto& s = *state_;
  s.input.erase(0, s.at);
  s.at = 0;
  s.input += bytes;
}

bool Inflater::whole() const { return state_->ended && state_->at == state_->input.size(); }

tidemill::Result<bool> Inflater::take(std::string& out, std::size_t max) {
  auto& s = *state_;
  if (compression_ == Compression::kNone) {
    const auto n = std::min(max, s.input.size() - s.at);
    out.append(s.input, s.at, n);
    s.at += n;
    return n > 0;
  }
  const auto before = out.size();
  out.resize(before + max);
  std::size_t made = 0;
  while (made < max && (s.at < s.input.size() || !s.ended)) {
    const auto at_before = s.at;
    const auto made_before = made;
    if (compression_ == Compression::kGzip) {
      if (s.ended) {
        inflateReset(&s.zlib);
        s.ended = false;
      }
      s.zlib.next_in = reinterpret_cast<Bytef*>(s.input.data() + s.at);
      s.zlib.avail_in = static_cast<uInt>(s.input.size() - s.at);
      s.zlib.next_out = reinterpret_cast<Bytef*>(out.data() + before + made);
      s.zlib.avail_out = static_cast<uInt>(max - made);
      const int result = inflate(&s.zlib, Z_NO_FLUSH);
      s.at = s.input.size() - s.zlib.avail_in;
      made = max - s.zlib.avail_out;
      s.ended = result == Z_STREAM_END;
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
        out.resize(before);
        return tidemill::fail(tidemill::Errc::kInvalidArgument, "the object is no gzip");
      }
    } else {
      ZSTD_inBuffer in{s.input.data(), s.input.size(), s.at};
      ZSTD_outBuffer to{out.data() + before, max, made};
      const auto left = ZSTD_decompressStream(s.zstd, &to, &in);
      s.at = in.pos;
      made = to.pos;
      if (ZSTD_isError(left) != 0) {
        out.resize(before);
        return tidemill::fail(tidemill::Errc::kInvalidArgument, "the object is no zstd");
      }
      s.ended = left == 0;
    }
    if (s.at == at_before && made == made_before) break;  // needs more
  }
  out.resize(before + made);
  return made > 0;
}

}  // namespace tidemill::transfers
