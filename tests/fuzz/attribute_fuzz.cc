// Any text as an item in DynamoDB's JSON: what reads comes back the same through JSON and through its stored form, and
// has one size in both.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "item/encoding.h"
#include "item/json.h"
#include "item/size.h"

using namespace tidemill;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = json::Document::parse({reinterpret_cast<const char*>(data), size}, {.max_depth = 80});
  if (!document) return 0;
  (void)item::value_from_json(document->root());
  const auto read = item::item_from_json(document->root());
  if (!read) return 0;
  const auto text = item::to_json(*read);
  const auto again = json::Document::parse(text, {.max_depth = 80});
  TM_ASSERT(again);
  const auto same = item::item_from_json(again->root());
  TM_ASSERT(same && *same == *read);
  const auto stored = item::encode(*read);
  TM_ASSERT(*item::decode(stored) == *read);
  TM_ASSERT(*item::size_of_encoded(stored) == item::size_of(*read));
  std::string walked;
  TM_ASSERT(item::append_json_of_encoded(walked, stored) && walked == text);
  return 0;
}
