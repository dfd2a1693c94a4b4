// If-Match and its kin, and byte ranges.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "api/s3/error.h"
#include "http/message.h"
#include "objects/record.h"

namespace tidemill::s3 {

// Headers named prefix + "If-Match" and so on. Error: 412, or 304 when `unchanged` may be answered so.
Status check_preconditions(const http::Headers& headers, std::string_view prefix, const objects::Object& object,
                           bool unchanged);

struct ByteRange {
  std::uint64_t begin = 0, end = 0;  // half open
  bool operator==(const ByteRange&) const = default;
};
// What a Range header asks of `size` bytes; nothing when it is to be ignored. Error: InvalidRange.
Result<std::optional<ByteRange>> parse_range(std::string_view header, std::uint64_t size);

}  // namespace tidemill::s3
