#include "base/json.h"

#include <gtest/gtest.h>

namespace tidemill::json {
namespace {

struct RoundTrip {
  std::string_view name, in, out;
};
constexpr RoundTrip kRoundTrips[] = {
    {"Scalars", R"([null,true,false,1,-7,1.5,"x"])", R"([null,true,false,1,-7,1.5,"x"])"},
    {"NestedObject", R"({"a":{"b":[{}]}, "c":[]})", R"({"a":{"b":[{}]},"c":[]})"},
    {"Escapes", R"("\u0000\n\"\\é\ud83d\ude00")", "\"\\u0000\\n\\\"\\\\\xc3\xa9\xf0\x9f\x98\x80\""},
    {"WholeRealKeepsItsPoint", "[1.0,0.5]", "[1.0,0.5]"},
    {"IntegerBeyond64BitsBecomesADouble", "[123456789012345678901234567890]", "[1.2345678901234568e+29]"},
    {"OverflowingExponentIsClamped", "[1e999]", "[1.7976931348623157e+308]"},
};
class Texts : public testing::TestWithParam<RoundTrip> {};
TEST_P(Texts, ComeBackThroughNodeAndValue) {
  const auto document = Document::parse(GetParam().in);
  ASSERT_TRUE(document) << document.error().message;
  std::string from_node;
  Writer(from_node).value(document->root());
  EXPECT_EQ(from_node, GetParam().out);
  EXPECT_EQ(Value(document->root()).text(), GetParam().out);
}
INSTANTIATE_TEST_SUITE_P(Json, Texts, testing::ValuesIn(kRoundTrips),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Json, RefusesWhatIsNotJson) {
  for (const auto* text : {"", "{", "[1,]", "{\"a\" 1}", "nul", "\"\xff\"", "[1] 2", "01"}) {
    EXPECT_FALSE(Document::parse(text)) << text;
  }
}

TEST(Json, DeepNestingIsRefusedNotFollowed) {
  const std::string deep(200000, '[');
  const auto parsed = Document::parse(deep);
  ASSERT_FALSE(parsed);
  const std::string closed = std::string(2000, '[') + std::string(2000, ']');
  EXPECT_EQ(Document::parse(closed).error().code, Errc::kResourceExhausted);
}

TEST(Json, FindReturnsTheLastOfRepeatedNames) {
  const auto document = Document::parse(R"({"a":1,"b":null,"a":2})");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().find("a")->as_integer(), 2);
  EXPECT_NE(document->root().find("b"), nullptr);
  EXPECT_EQ(document->root().find_present("b"), nullptr);
  EXPECT_EQ(document->root().find("c"), nullptr);
}

TEST(Json, ADocumentMayBeMovedAndIsNullWithoutOne) {
  Document document;
  EXPECT_TRUE(document.root().is_null());
  const std::string text(10'000, 'x');
  auto parsed = Document::parse("[{\"a\":\"" + text + "\"},[1,2,3]]");
  ASSERT_TRUE(parsed);
  document = *std::move(parsed);
  const Document moved = std::move(document);
  EXPECT_EQ(moved.root().elements()[0].find("a")->as_string(), text);
  EXPECT_EQ(moved.root().elements()[1].elements().size(), 3U);
}

TEST(Json, WhatIsEmptyLiesSomewhereToo) {
  const auto text = Document::parse(R"("")");
  ASSERT_TRUE(text);
  EXPECT_NE(text->root().as_string().data(), nullptr);
  const auto containers = Document::parse("[{},[]]");
  ASSERT_TRUE(containers);
  EXPECT_TRUE(containers->root().elements()[0].members().empty());
  EXPECT_TRUE(Document::parse("{}")->root().members().empty());
}

TEST(Json, ObjectsAreEqualInAnyOrder) {
  EXPECT_EQ(*Value::parse(R"({"a":1,"b":[2]})"), *Value::parse(R"({"b":[2],"a":1})"));
  EXPECT_NE(*Value::parse(R"({"a":1})"), *Value::parse(R"({"a":2})"));
}

TEST(Json, PrettyTextIndentsByTwo) {
  EXPECT_EQ(Value::parse(R"({"a":[1,{}]})")->pretty_text(), "{\n  \"a\": [\n    1,\n    {}\n  ]\n}");
}

}  // namespace
}  // namespace tidemill::json
