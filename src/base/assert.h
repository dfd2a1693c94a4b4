// Invariants. A broken invariant is a bug in the program, never something a client can cause: the process says where
// and stops.
#pragma once

namespace tidemill {

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace tidemill

#define TM_ASSERT(condition)                                        \
  do {                                                              \
    if (!(condition)) [[unlikely]]                                  \
      ::tidemill::assertion_failed(#condition, __FILE__, __LINE__); \
  } while (false)
