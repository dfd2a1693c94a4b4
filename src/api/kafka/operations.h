// Bit masks of authorised operations, as Metadata and the Describe APIs answer them when asked.
#pragma once

#include <cstdint>

namespace tidemill::kafka {

// Bits: read 3, write 4, create 5, delete 6, alter 7, describe 8, cluster action 9, describe configs 10, alter configs
// 11, idempotent write 12.
inline constexpr std::int32_t kTopicOperations =
    1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 11;
inline constexpr std::int32_t kGroupOperations = 1 << 3 | 1 << 6 | 1 << 8;
inline constexpr std::int32_t kClusterOperations = 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12;

}  // namespace tidemill::kafka
