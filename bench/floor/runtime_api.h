// The floor of functions: a Runtime API server that has nothing to do but to hand the next event to the one environment
// that polls, and to take its answer. The time between the two is what no invocation with the same bootstrap can beat.
#pragma once

#include <string>

namespace tidemill::bench {

struct RuntimeApiOptions {
  std::string listen, payload;
  double warmup_s = 1, seconds = 3;
};
// Prints "ready edge=http://HOST:PORT" for AWS_LAMBDA_RUNTIME_API, waits for one environment, then measures and prints
// the one line of results.
int serve_runtime_api(const RuntimeApiOptions& options);

}  // namespace tidemill::bench
