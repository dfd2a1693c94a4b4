// How patiently a mapping retries. Tests shorten these.
#pragma once

#include <cstddef>

#include "runtime/lull.h"

namespace tidemill::triggers {

struct Pace {
  runtime::Duration retry_first = std::chrono::seconds(1);
  runtime::Duration retry_max = std::chrono::seconds(60);
  runtime::Duration kafka_window = std::chrono::milliseconds(500);  // when MaximumBatchingWindowInSeconds was never set
  // Checkpoints of batches that follow each other closely are one write; a crash repeats what lies between.
  runtime::Lull::Times checkpoint_lull = {.quiet = std::chrono::milliseconds(1),
                                          .at_most = std::chrono::milliseconds(5)};
  std::size_t read_ahead = 64;                      // records, however small a batch is
  std::size_t payload_bytes_max = 6 * 1024 * 1024;  // of one event
  bool jitter = true;                               // a pause is between half and the whole of its step
};

// The pause before retry `n` (0 is the first): doubling from retry_first to retry_max.
inline runtime::Duration pause(const Pace& pace, int n) {
  runtime::Duration step = pace.retry_first;
  for (int i = 0; i < n && step < pace.retry_max; ++i) step *= 2;
  return step < pace.retry_max ? step : pace.retry_max;
}

}  // namespace tidemill::triggers
