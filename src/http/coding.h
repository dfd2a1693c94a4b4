// Content codings: gzip and deflate, in both directions, with a bound on what comes out.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::http {

enum class Coding : unsigned char { kIdentity, kGzip, kDeflate };

// Decodes a whole body; several gzip members in a row are legal. Errors: kInvalidArgument for corrupt or truncated
// data, kResourceExhausted when more than `max_bytes` come out, kUnsupported for another coding's name.
Result<std::string> decode_body(std::string_view coding, std::string_view body, std::size_t max_bytes);
std::string encode_body(Coding coding, std::string_view body);
// What the client prefers of gzip, deflate and identity, by Accept-Encoding's q-values.
Coding choose_coding(std::string_view accept_encoding);

}  // namespace tidemill::http
