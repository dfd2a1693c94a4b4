#include "http/coding.h"

#include <zlib.h>

#include <charconv>

#include "base/assert.h"
#include "http/message.h"

namespace tidemill::http {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// `window`: 15 + 16 reads gzip, 15 zlib, -15 raw deflate.
Result<std::string> inflate_all(std::string_view in, int window, bool members, std::size_t max_bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, window) != Z_OK) return fail(Errc::kInternal, "zlib cannot start");
  struct End {
    z_stream& s;
    ~End() { inflateEnd(&s); }
  } const end{stream};
  std::string out;
  char buffer[32 << 10];
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof(buffer);
    const int status = inflate(&stream, Z_NO_FLUSH);
    out.append(buffer, sizeof(buffer) - stream.avail_out);
    if (out.size() > max_bytes) return fail(Errc::kResourceExhausted, "the decoded body is too large");
    if (status == Z_STREAM_END) {
      if (stream.avail_in == 0) return out;
      if (!members || inflateReset(&stream) != Z_OK)
        return fail(Errc::kInvalidArgument, "bytes behind the compressed body");
      continue;
    }
    if (status != Z_OK || (stream.avail_in == 0 && stream.avail_out != 0)) {
      return fail(Errc::kInvalidArgument, "the compressed body is corrupt or truncated");
    }
  }
}

}  // namespace

Result<std::string> decode_body(std::string_view coding, std::string_view body, std::size_t max_bytes) {
  coding = trimmed(coding);
  if (coding.empty() || equal_ignoring_case(coding, "identity")) return std::string(body);
  if (equal_ignoring_case(coding, "gzip") || equal_ignoring_case(coding, "x-gzip")) {
    return inflate_all(body, 15 + 16, true, max_bytes);
  }
  if (equal_ignoring_case(coding, "deflate")) {
    auto zlib = inflate_all(body, 15, false, max_bytes);
    if (zlib || zlib.error().code == Errc::kResourceExhausted) return zlib;
    return inflate_all(body, -15, false, max_bytes);  // many senders mean raw deflate
  }
  return fail(Errc::kUnsupported, "unknown content coding: " + std::string(coding));
}

std::string encode_body(Coding coding, std::string_view body) {
  if (coding == Coding::kIdentity) return std::string(body);
  z_stream stream{};
  const int window = coding == Coding::kGzip ? 15 + 16 : 15;
  TM_ASSERT(deflateInit2(&stream, 5, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, static_cast<uLong>(body.size())) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  TM_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Coding choose_coding(std::string_view accept) {
  if (accept == "identity") return Coding::kIdentity;  // what SDKs send
  double gzip = -1, deflate = -1, identity = -1, any = -1;
  while (!accept.empty()) {
    const auto comma = accept.find(',');
    auto part = trimmed(accept.substr(0, comma));
    accept = comma == accept.npos ? std::string_view() : accept.substr(comma + 1);
    double q = 1;
    const auto semicolon = part.find(';');
    const auto name = trimmed(part.substr(0, semicolon));
    if (semicolon != part.npos) {
      const auto parameter = trimmed(part.substr(semicolon + 1));
      if (parameter.starts_with("q=")) std::from_chars(parameter.data() + 2, parameter.data() + parameter.size(), q);
    }
    if (equal_ignoring_case(name, "gzip"))
      gzip = q;
    else if (equal_ignoring_case(name, "deflate"))
      deflate = q;
    else if (equal_ignoring_case(name, "identity"))
      identity = q;
    else if (name == "*")
      any = q;
  }
  if (gzip < 0) gzip = any < 0 ? 0 : any;
  if (deflate < 0) deflate = any < 0 ? 0 : any;
  if (identity < 0) identity = 0;  // without a q-value of its own it is the fallback
  if (gzip > 0 && gzip >= deflate && gzip >= identity) return Coding::kGzip;
  if (deflate > 0 && deflate >= identity) return Coding::kDeflate;
  return Coding::kIdentity;
}

}  // namespace tidemill::http
