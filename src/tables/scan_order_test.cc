#include "tables/scan_order.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "item/number.h"

namespace tidemill::tables {
namespace {

std::uint64_t hash_of(KeyType type, item::AttributeValue value) {
  return scan_hash({{.name = "p", .type = type}}, item::Item::from({{"p", std::move(value)}}));
}

TEST(ScanOrder, IsThatOfMd5) {
  for (std::size_t size = 0; size < 200; ++size) {
    const std::string bytes(size, static_cast<char>(size));
    EXPECT_EQ(md5_prefix(bytes), load_be<std::uint64_t>(md5(bytes).data())) << size;
  }
  EXPECT_EQ(hash_of(KeyType::kString, item::AttributeValue("A")), 0x0cb5bbe48b872698U);
  EXPECT_EQ(hash_of(KeyType::kBinary, item::Binary{"B"}), 0x2a5fbc3cb26c0b3eU);
}

TEST(ScanOrder, TakesNumbersAsBase100Digits) {
  const auto same = [](std::string_view number, std::string_view bytes) {
    EXPECT_EQ(hash_of(KeyType::kNumber, *item::Number::parse(number)), md5_prefix("Outliers" + std::string(bytes)))
        << number;
  };
  same("0", "\x80");
  same("1", "\xc1\x02");
  same("10", "\xc1\x0b");
  same("-1", "\x3e\x64\x66");
  same("123", "\xc2\x02\x18");
  same("0.5", "\xc0\x33");
  same("99999999999999999999999999999999999999", "\xd3" + std::string(19, 'd'));
  same("-0.0123", "\x3f\x64\x4e\x66");
  same("12345678901234567890123456789012345678e1",
       "\xd4\x02\x18\x2e\x44\x5a\x02\x18\x2e\x44\x5a\x02\x18\x2e\x44\x5a\x02\x18\x2e\x44\x51");
}

}  // namespace
}  // namespace tidemill::tables
