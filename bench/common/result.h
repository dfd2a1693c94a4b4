// The one JSON line that a measuring program prints.
#pragma once

#include <string>

#include "common/histogram.h"

namespace tidemill::bench {

struct Measured {
  const Histogram& latency;
  double seconds = 0;
  double cpu_ns = 0;  // of the server; with count_cpu only
  bool count_cpu = false;
  std::uint64_t units = 0;  // messages when an operation carries several; 0: the operations themselves
  std::uint64_t errors = 0;
  std::string last_error;
};
void print(const Measured& measured);

}  // namespace tidemill::bench
