// A mutex for what is held for microseconds: who finds it taken looks again for a while before it sleeps. Two loops
// that write would else put each other to sleep and wake each other at every turn, which costs more than the write.
#pragma once

#include <mutex>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tidemill::storage {

class SpinMutex {
 public:
  void lock() {
    for (int look = 0; look < kLooks; ++look) {
      if (mutex_.try_lock()) return;
      for (int i = 0; i < kPauses; ++i) pause();
    }
    mutex_.lock();
  }
  void unlock() { mutex_.unlock(); }

 private:
  // Some 50 microseconds in all: longer than a batch is written, shorter than what a holder without a processor lacks.
  static constexpr int kLooks = 600, kPauses = 8;
  static void pause() {
#if defined(__x86_64__)
    _mm_pause();
#endif
  }
  std::mutex mutex_;
};

}  // namespace tidemill::storage
