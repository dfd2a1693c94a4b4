// Request ids in the two forms that services give: 52 characters of 0-9A-Z (DynamoDB), and UUIDs (the rest).
// Unpredictable enough to be unique over restarts, cheap enough for every request: one seed from the kernel, then a
// mixed counter.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/random.h"

namespace tidemill::api {

struct LongId {
  std::array<char, 56> bytes;
  std::string_view text() const { return {bytes.data(), 52}; }
};

class RequestIds {
 public:
  explicit RequestIds(runtime::Random& random) : seed_(random.u64()), salt_(random.u64()) {}
  LongId long_id();
  std::string uuid();

 private:
  std::uint64_t next();
  const std::uint64_t seed_, salt_;
  std::atomic<std::uint64_t> count_ = 0;
};

}  // namespace tidemill::api
