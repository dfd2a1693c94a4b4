// Any bytes as a stored item and as a key: what decodes is canonical, and the walks without a tree agree with the tree.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "item/encoding.h"
#include "item/json.h"
#include "item/key_codec.h"
#include "item/size.h"

using namespace tidemill;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string text;
  const bool walked = item::append_json_of_encoded(text, input).has_value();
  (void)item::decode_one(input, "a");
  if (const auto decoded = item::decode(input)) {
    TM_ASSERT(walked && text == item::to_json(*decoded));
    TM_ASSERT(*item::size_of_encoded(input) == item::size_of(*decoded));
    TM_ASSERT(*item::decode(item::encode(*decoded)) == *decoded);
  }
  std::string_view key = input;
  while (!key.empty()) {
    const auto before = key;
    const auto value = item::take_key(key);
    if (!value) break;
    TM_ASSERT(item::encode_key(*value) == before.substr(0, before.size() - key.size()));
  }
  return 0;
}
