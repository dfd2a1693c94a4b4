// The rules for names of buckets and keys.
#pragma once

#include <string_view>

namespace tidemill::objects {

// 3 to 63 of a-z 0-9 . -, begun and ended by a letter or digit, no two dots in a row, no IP address, and without the
// endings and beginnings that S3 keeps for itself.
bool is_bucket_name(std::string_view name);
constexpr std::size_t kKeyBytesMax = 1024;

}  // namespace tidemill::objects
