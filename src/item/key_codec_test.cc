#include "item/key_codec.h"

#include <gtest/gtest.h>

#include <random>

#include "base/bytes.h"

namespace tidemill::item {
namespace {

using namespace std::string_literals;

AttributeValue number(std::string_view text) { return *Number::parse(text); }

// docs/formats/keys.md. These bytes are on users' disks: they never change.
TEST(KeyCodec, GoldenBytes) {
  EXPECT_EQ(to_hex(encode_key(AttributeValue("ab"))),
            "20"
            "6162"
            "0001");
  EXPECT_EQ(to_hex(encode_key(AttributeValue("a\0b"s))),
            "20"
            "6100ff62"
            "0001");
  EXPECT_EQ(to_hex(encode_key(AttributeValue(Binary{"\xff"}))),
            "30"
            "ff"
            "0001");
  EXPECT_EQ(to_hex(encode_key(number("0"))), "11");
  EXPECT_EQ(to_hex(encode_key(number("1"))),
            "12"
            "82"
            "0b"
            "00");
  EXPECT_EQ(to_hex(encode_key(number("-12.3"))),
            "10"
            "7c"
            "f2"
            "e0"
            "ff");
}

TEST(KeyCodec, KEY_16_TYP_32_BytesSortUnsignedAndShorterFirst) {
  const std::string ordered[] = {"",      "\0"s,   "\0\0"s, "\0\x01"s, "\0\xff"s, "\x01", "a", "a\0"s, "a\0\0"s,
                                 "a\0b"s, "a\x01", "ab",    "b",       "\x7f",    "\x80", "é", "\xff", "\xff\xff"};
  for (std::size_t i = 0; i < std::size(ordered); ++i) {
    for (std::size_t j = 0; j < std::size(ordered); ++j) {
      EXPECT_EQ(encode_key(AttributeValue(ordered[i])).compare(encode_key(AttributeValue(ordered[j]))) <=> 0, i <=> j)
          << i << " " << j;
    }
  }
}

TEST(KeyCodec, NoElementIsAPrefixOfAnother) {
  const std::string a = encode_key(AttributeValue("a"));
  EXPECT_FALSE(encode_key(AttributeValue("a\0b"s)).starts_with(a));
  EXPECT_FALSE(encode_key(number("12")).starts_with(encode_key(number("1"))));
}

TEST(KeyCodec, PrefixesCoverExactlyTheStringsThatBeginSo) {
  for (const auto& prefix : {""s, "a"s, "a\0"s, "\xff"s}) {
    std::string from;
    append_key_prefix(from, AttributeValue(prefix));
    for (const auto& text : {""s, "a"s, "a\0"s, "a\0\xff"s, "ab"s, "b"s, "\xff"s, "\xff\x01"s, "`\xff"s}) {
      EXPECT_EQ(encode_key(AttributeValue(text)).starts_with(from), text.starts_with(prefix))
          << to_hex(prefix) << " " << to_hex(text);
    }
  }
}

TEST(KeyCodec, TuplesSortLexicographicallyAndDecode) {
  std::mt19937 random(3);
  const auto text = [&random] {
    std::string s;
    for (auto n = random() % 4; n-- > 0;)
      s += "\0\x01\xff"
           "a"[random() % 4];
    return s;
  };
  for (int i = 0; i < 20000; ++i) {
    const std::pair a{text(), static_cast<std::int64_t>(random() % 5) - 2},
        b{text(), static_cast<std::int64_t>(random() % 5) - 2};
    const auto key = [](const auto& tuple) {
      std::string out;
      append_key(out, AttributeValue(tuple.first));
      append_key(out, AttributeValue(Number(tuple.second)));
      return out;
    };
    ASSERT_EQ(key(a).compare(key(b)) <=> 0, a <=> b);
    const auto bytes = key(a);
    std::string_view in = bytes;
    ASSERT_EQ(*take_key(in), AttributeValue(a.first));
    ASSERT_EQ(*take_key(in), AttributeValue(Number(a.second)));
  }
}

TEST(KeyCodec, DamagedKeysAreRefused) {
  for (const auto& bytes : {""s, "\x20"s,
                            "\x20"
                            "a\0"s,
                            "\x20"
                            "a\0\x02"s,
                            "\x12"s, "\x12\x82"s, "\x12\x82\x0b"s, "\x12\x82\0"s, "\x12\x82\xf0\0"s, "\x12\x82\x01\0"s,
                            "\x12\x82\x0b\x01\0"s, "\x40"s}) {
    std::string_view in = bytes;
    EXPECT_FALSE(take_key(in)) << to_hex(bytes);
  }
}

}  // namespace
}  // namespace tidemill::item
