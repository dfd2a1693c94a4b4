// The head of a request, read in one pass and strictly: by RFC 9112 without its concessions (bare LF, folded headers, a
// blank before the colon, a length together with chunks, signs or lists in lengths).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/message.h"

namespace tidemill::http {

struct Head {
  Request request;  // without its body
  bool chunked = false;
  std::uint64_t length = 0;  // Content-Length, 0 when there is none
  bool operator==(const Head&) const;
};

// `text` ends with the first empty line. Gives 0, or the status to refuse the request with: 400, 417, 431, 501, 505.
int read_head(std::string_view text, std::size_t headers_max, Head& head);
// The same of a text that may go on behind the head, or break off in it: the size of the head, or 0 when it is not
// whole or not good.
std::size_t read_head_before(std::string_view text, std::size_t headers_max, Head& head);

// The second opinion, for tests and the fuzzer: what Boost.Beast's parser makes of a head that keeps to our stricter
// rules; nothing when it refuses it.
std::optional<Head> read_head_with_beast(std::string_view text);

}  // namespace tidemill::http
