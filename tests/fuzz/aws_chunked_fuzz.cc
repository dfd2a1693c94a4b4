// Any bytes as a body in aws-chunked: however they are cut, the same bytes come out, with the same end and trailers;
// with signatures nothing that is not signed is taken to its end.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "api/s3/chunked.h"
#include "base/assert.h"

using namespace tidemill;

namespace {

struct Read {
  std::string bytes;
  bool whole = false;
  s3::Trailers trailers;
  bool operator==(const Read&) const = default;
};

Read read(std::string_view in, std::size_t step, bool is_signed) {
  auto trailers = std::make_shared<s3::Trailers>();
  s3::AwsChunked body(is_signed, is_signed ? auth::SignedChunks({}, HmacSha256("key")) : auth::SignedChunks(),
                      trailers);
  Read out;
  for (std::size_t at = 0; at < in.size(); at += step) {
    if (!body.feed(in.substr(at, step), [&](std::string_view part) { out.bytes += part; })) return out;
  }
  out.whole = body.finish().has_value();
  out.trailers = *trailers;
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view in(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto at_once = read(in, std::max<std::size_t>(in.size(), 1), false);
  TM_ASSERT(read(in, 1 + data[0] % 16, false) == at_once);
  TM_ASSERT(at_once.bytes.size() <= in.size());
  TM_ASSERT(!read(in, 1 + data[0] % 16, true).whole);
  return 0;
}
