#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace tidemill {

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "tidemill: assertion failed: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace tidemill
