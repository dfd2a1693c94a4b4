// Which partition a record goes to when the program itself produces it: as Kafka's own clients place it, so that
// functions and Java producers agree on where a key lives.
#pragma once

#include <cstdint>
#include <string_view>

namespace tidemill::topics {

std::int32_t murmur2(std::string_view bytes);

inline std::int32_t partition_of_key(std::string_view key, std::int32_t partitions) {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

}  // namespace tidemill::topics
