#include "item/encoding.h"

#include <gtest/gtest.h>

#include <random>

#include "base/bytes.h"
#include "item/json.h"
#include "item/size.h"

namespace tidemill::item {
namespace {

Item item_of(std::string_view json_text) {
  const auto document = json::Document::parse(json_text);
  return *item_from_json(document->root());
}

constexpr std::string_view kEverything =
    R"({"b":{"B":"AAEC"},"bs":{"BS":["AA==","/w=="]},"f":{"BOOL":false},"l":{"L":[{"S":"x"},{"M":{"y":{"N":"1"}}}]},)"
    R"("m":{"M":{}},"n":{"N":"-1.5"},"ns":{"NS":["-7","1000"]},"nul":{"NULL":true},"s":{"S":"a"},"ss":{"SS":["","a"]},"t":{"BOOL":true}})";

// docs/formats/item.md, format 1. These bytes are on users' disks: a change here is a new format.
TEST(ItemEncoding, GoldenBytes) {
  EXPECT_EQ(to_hex(encode(Item())), "0100");
  EXPECT_EQ(to_hex(encode(item_of(R"({"a":{"S":"hi"}})"))),
            "01"
            "01"
            "0161"
            "01"
            "026869");
  EXPECT_EQ(to_hex(encode(item_of(R"({"n":{"N":"-1.5"}})"))),
            "01"
            "01"
            "016e"
            "02"
            "03"
            "0f");
  EXPECT_EQ(to_hex(encode(item_of(R"({"n":{"N":"1000"}})"))),
            "01"
            "01"
            "016e"
            "02"
            "0c"
            "01");
  EXPECT_EQ(to_hex(encode(item_of(kEverything))),
            "01"
            "0b"
            "0162"
            "03"
            "03000102"
            "026273"
            "0b"
            "05"
            "02"
            "0100"
            "01ff"
            "0166"
            "04"
            "016c"
            "08"
            "0c"
            "02"
            "010178"
            "07"
            "06"
            "01"
            "0179"
            "020001"
            "016d"
            "07"
            "01"
            "00"
            "016e"
            "02"
            "030f"
            "026e73"
            "0a"
            "05"
            "02"
            "0107"
            "0c01"
            "036e756c"
            "06"
            "0173"
            "01"
            "0161"
            "027373"
            "09"
            "04"
            "02"
            "00"
            "0161"
            "0174"
            "05");
}

TEST(ItemEncoding, DecodesWhatItEncodes) {
  const auto item = item_of(kEverything);
  const auto bytes = encode(item);
  EXPECT_EQ(*decode(bytes), item);
  std::string json_text;
  EXPECT_EQ(append_json_of_encoded(json_text, bytes).value_or(0), size_of(item));
  EXPECT_EQ(json_text, kEverything);
  EXPECT_EQ(*size_of_encoded(bytes), size_of(item));
}

TEST(ItemEncoding, EqualItemsHaveEqualBytes) {
  EXPECT_EQ(encode(item_of(R"({"a":{"NS":["1","2.0"]},"b":{"S":"x"}})")),
            encode(item_of(R"({"b":{"S":"x"},"a":{"NS":["2","1e0"]}})")));
}

TEST(ItemEncoding, LargeNumbersRoundTrip) {
  for (const char* text :
       {"99999999999999999999999999999999999999", "-1e-130", "99999999999999999999999999999999999999e88", "0",
        "-0.00000000000000000000000000000000000001"}) {
    const Item item = Item::from({{"n", AttributeValue(*Number::parse(text))}});
    EXPECT_EQ(*decode(encode(item)), item) << text;
    EXPECT_EQ(*size_of_encoded(encode(item)), size_of(item)) << text;
    std::string written;
    EXPECT_EQ(*append_json_of_encoded(written, encode(item)), size_of(item)) << text;
  }
}

TEST(ItemEncoding, JsonOfTextsOfEveryLengthIsThatOfTheTree) {
  for (std::size_t length = 0; length < 300; ++length) {
    std::string text(length, 'x');
    const auto expect_same = [&text] {
      const auto item = Item::from({{text, "name"}, {"text", text}, {"n", Number(7)}});
      std::string written = "before";
      EXPECT_EQ(*append_json_of_encoded(written, encode(item)), size_of(item));
      EXPECT_EQ(written, "before" + to_json(item)) << text;
    };
    expect_same();
    for (std::size_t at = 0; at < length; at += 7) {
      text[at] = "\"\\\n\x01"[at % 4];
      expect_same();
    }
  }
}

TEST(ItemEncoding, JsonOfTheLongestNumbersHasRoom) {
  std::vector<item::AttributeValue> numbers;
  for (const char* text : {"-1e-130", "-99999999999999999999999999999999999999e-130", "1e125", "-1.5"})
    numbers.insert(numbers.end(), 50, AttributeValue(*Number::parse(text)));
  const auto item = Item::from({{"l", AttributeValue(List(numbers))}});
  std::string written;
  EXPECT_EQ(*append_json_of_encoded(written, encode(item)), size_of(item));
  EXPECT_EQ(written, to_json(item));
}

TEST(ItemEncoding, ReadsSingleAttributes) {
  const auto bytes = encode(item_of(kEverything));
  EXPECT_EQ(decode_one(bytes, "n")->value(), AttributeValue(*Number::parse("-1.5")));
  EXPECT_EQ(*decode_one(bytes, "nope"), std::nullopt);
  const std::string_view names[] = {"t", "m", "absent"};
  EXPECT_EQ(to_json(*decode_some(bytes, names)), R"({"m":{"M":{}},"t":{"BOOL":true}})");
}

TEST(ItemEncoding, ValuesCanBeLaidOneAfterTheOther) {
  std::string out;
  append_encoded_value(out, AttributeValue("x"));
  append_encoded_value(out, AttributeValue(true));
  std::string_view in = out;
  EXPECT_EQ(*take_encoded_value(in), AttributeValue("x"));
  EXPECT_EQ(*take_encoded_value(in), AttributeValue(true));
  EXPECT_TRUE(in.empty());
}

TEST(ItemEncoding, DamagedBytesAreRefusedOrDecodeToACanonicalItem) {
  const auto bytes = encode(item_of(kEverything));
  std::mt19937 random(7);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(decode(std::string_view(bytes).substr(0, cut))) << cut;
    std::string out = "kept";
    EXPECT_FALSE(append_json_of_encoded(out, std::string_view(bytes).substr(0, cut)));
    EXPECT_EQ(out, "kept");
  }
  for (int i = 0; i < 50000; ++i) {
    auto damaged = bytes;
    for (std::uint32_t k = 0; k <= random() % 3; ++k) damaged[random() % damaged.size()] = static_cast<char>(random());
    if (const auto item = decode(damaged)) {
      ASSERT_EQ(*decode(encode(*item)), *item) << to_hex(damaged);
    }
    std::string out;
    (void)append_json_of_encoded(out, damaged);
    (void)size_of_encoded(damaged);
    (void)decode_one(damaged, "ss");
  }
}

TEST(ItemEncoding, HostileDepthAndCountsAreRefused) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep = std::string("\x08\x7f\x01", 3) + deep.substr(0, 200);
  EXPECT_FALSE(
      decode("\x01\x01\x01"
             "a" +
             deep));
  EXPECT_FALSE(decode(std::string("\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10)));
}

}  // namespace
}  // namespace tidemill::item
