// Whatever the JSON parser accepts comes back the same through text.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill;
  const auto document = json::Document::parse({reinterpret_cast<const char*>(data), size}, {.max_depth = 64});
  if (!document) return 0;
  const json::Value value(document->root());
  const auto again = json::Value::parse(value.text(), {.max_depth = 64});
  if (!again || !(*again == value)) std::abort();
  return 0;
}
