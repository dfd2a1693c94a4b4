// Two texts as numbers, split at the first line break: what parses prints canonically, survives both encodings, and
// adds and orders consistently.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "item/encoding.h"
#include "item/key_codec.h"
#include "item/number.h"

using namespace tidemill;

namespace {

void check_round_trips(const item::Number& number) {
  TM_ASSERT(*item::Number::parse(number.text()) == number);
  const item::AttributeValue value(number);
  const auto key = item::encode_key(value);
  std::string_view in = key;
  TM_ASSERT(*item::take_key(in) == value && in.empty());
  std::string stored;
  item::append_encoded_value(stored, value);
  in = stored;
  TM_ASSERT(*item::take_encoded_value(in) == value && in.empty());
  TM_ASSERT(number.size() >= 1 && number.size() <= 22);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = input.find('\n');
  const auto a = item::Number::parse(input.substr(0, line));
  if (!a) return 0;
  check_round_trips(*a);
  if (line == input.npos) return 0;
  const auto b = item::Number::parse(input.substr(line + 1));
  if (!b) return 0;
  const auto order = *a <=> *b;
  TM_ASSERT(item::encode_key(*a).compare(item::encode_key(*b)) <=> 0 == order);
  if (const auto sum = item::Number::add(*a, *b)) {
    check_round_trips(*sum);
    TM_ASSERT(*item::Number::subtract(*sum, *b) == *a);
  }
  return 0;
}
