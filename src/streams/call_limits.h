// How often the Streams API may be called, when the server was told to limit throughput: lists and descriptions as the
// service publishes it; reads of a shard as two readers that call five times a second.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "runtime/time.h"
#include "streams/error.h"
#include "tables/throughput.h"

namespace tidemill::streams {

class CallLimits {
 public:
  CallLimits(const runtime::Clock& clock, bool limited) : clock_(clock), limited_(limited) {}
  // Errors: kLimitExceeded. Any thread.
  Status list() { return admit("ListStreams", 5); }
  Status describe() { return admit("DescribeStream", 10); }
  Status read(std::string_view shard) { return admit(shard, 10); }

 private:
  Status admit(std::string_view what, double per_second);

  const runtime::Clock& clock_;
  const bool limited_;
  std::mutex mutex_;
  std::map<std::string, tables::TokenBucket, std::less<>> buckets_;  // guarded by mutex_; bounded
};

}  // namespace tidemill::streams
