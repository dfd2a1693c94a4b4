#include "item/attribute_value.h"

#include <gtest/gtest.h>

#include "item/size.h"

namespace tidemill::item {
namespace {

Number number(std::string_view text) { return *Number::parse(text); }

TEST(AttributeValue, TYP_31_SetsAreEqualInAnyOrderAtAnyDepth) {
  const AttributeValue a(List{AttributeValue(StringSet::from({"x", "y"}))});
  const AttributeValue b(List{AttributeValue(StringSet::from({"y", "x"}))});
  EXPECT_EQ(a, b);
  EXPECT_EQ(AttributeValue(NumberSet::from({number("1.0"), number("2")})),
            AttributeValue(NumberSet::from({number("2e0"), number("1")})));
  EXPECT_NE(AttributeValue("1"), AttributeValue(number("1")));
  EXPECT_NE(AttributeValue(List{AttributeValue("a"), AttributeValue("b")}),
            AttributeValue(List{AttributeValue("b"), AttributeValue("a")}));
}

TEST(AttributeValue, MapsKeepNamesInOrderAndTheLastOfARepeatedName) {
  auto map = Map::from({{"b", AttributeValue("1")}, {"a", AttributeValue("2")}, {"b", AttributeValue("3")}});
  ASSERT_EQ(map.size(), 2U);
  EXPECT_EQ(map.begin()->name, "a");
  EXPECT_EQ(*map.find("b"), AttributeValue("3"));
  EXPECT_EQ(map.find("c"), nullptr);
  map.set("aa", AttributeValue(true));
  map.set("a", AttributeValue(false));
  EXPECT_EQ(map.size(), 3U);
  EXPECT_EQ(*map.find("a"), AttributeValue(false));
  EXPECT_TRUE(map.erase("aa"));
  EXPECT_FALSE(map.erase("aa"));
}

TEST(AttributeValue, SetsUniteAndSubtract) {
  auto set = StringSet::from({"a", "c"});
  set.insert_all(StringSet::from({"b", "c"}));
  EXPECT_EQ(set, StringSet::from({"a", "b", "c"}));
  set.erase_all(StringSet::from({"a", "z"}));
  EXPECT_EQ(set, StringSet::from({"b", "c"}));
  EXPECT_TRUE(set.contains("b"));
  EXPECT_FALSE(set.contains("a"));
}

TEST(AttributeValue, BinariesCompareUnsigned) {
  const auto set = BinarySet::from({{"\x80"}, {"\x7f"}});
  EXPECT_EQ(set.begin()->bytes, "\x7f");
}

TEST(AttributeValue, DescribesItselfAsTheServiceDoes) {
  EXPECT_EQ(describe(AttributeValue("a")), "AttributeValue: {S:a}");
  EXPECT_EQ(describe(AttributeValue(number("1.0"))), "AttributeValue: {N:1}");
  EXPECT_EQ(describe(AttributeValue(Binary{"abc"})), "AttributeValue: {B:YWJj}");
  EXPECT_EQ(describe(AttributeValue(StringSet::from({"b", "a"}))), "AttributeValue: {SS:[a, b]}");
}

TEST(AttributeValue, CountsDepth) {
  AttributeValue value("x");
  for (int i = 0; i < 31; ++i) value = AttributeValue(List{value});
  EXPECT_EQ(depth(value), 32);
}

TEST(Size, SIZ_02_SIZ_04_SIZ_05_SIZ_06_FollowTheTable) {
  EXPECT_EQ(size_of(AttributeValue("é")), 2U);
  EXPECT_EQ(size_of(AttributeValue(Binary{"abc"})), 3U);
  EXPECT_EQ(size_of(AttributeValue(true)), 1U);
  EXPECT_EQ(size_of(AttributeValue(Null{})), 1U);
  EXPECT_EQ(size_of(AttributeValue(List{})), 3U);
  EXPECT_EQ(size_of(AttributeValue(Map())), 3U);
  EXPECT_EQ(size_of(AttributeValue(List{AttributeValue("ab"), AttributeValue(Null{})})), 3U + 3U + 2U);
  EXPECT_EQ(size_of(AttributeValue(Map::from({{"k", AttributeValue("ab")}}))), 3U + 1U + 1U + 2U);
  EXPECT_EQ(size_of(AttributeValue(StringSet::from({"a", "bc"}))), 3U);
  EXPECT_EQ(size_of(AttributeValue(NumberSet::from({number("1"), number("-123")}))), 2U + 4U);
  EXPECT_EQ(size_of(Item::from({{"é", AttributeValue("a")}, {"n", AttributeValue(number("100.5"))}})), 3U + 5U);
}

}  // namespace
}  // namespace tidemill::item
