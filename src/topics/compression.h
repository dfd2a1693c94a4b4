// The four codecs of record batches. Batches are stored as their producer compressed them; this is for the readers
// inside the program (event source mappings, the console) and for batches that the program itself makes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "topics/errors.h"

namespace tidemill::topics {

enum class Codec : unsigned char { kNone = 0, kGzip = 1, kSnappy = 2, kLz4 = 3, kZstd = 4 };

// kUnsupportedCompressionType for an unknown codec; kCorruptMessage when the bytes do not decode or would exceed
// `max_bytes`. Snappy is read in both framings in use: raw (librdkafka) and xerial (Java), told apart by the latter's
// magic.
Result<std::string> decompress(Codec codec, std::string_view bytes, std::size_t max_bytes);

std::string compress(Codec codec, std::string_view bytes);

}  // namespace tidemill::topics
