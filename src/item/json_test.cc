#include "item/json.h"

#include <gtest/gtest.h>

#include "item/messages.h"

namespace tidemill::item {
namespace {

std::string value_error(const std::string& text) {
  const auto document = json::Document::parse(text);
  EXPECT_TRUE(document) << text;
  const auto value = value_from_json(document->root());
  if (value) return "ok";
  return (value.error().code == Errc::kSerialization ? "shape: " : "") + value.error().message;
}

std::string item_round_trip(const std::string& text) {
  const auto document = json::Document::parse(text);
  EXPECT_TRUE(document) << text;
  const auto item = item_from_json(document->root());
  return item ? to_json(*item) : item.error().message;
}

TEST(ItemJson, TYP_01_AllTypesRoundTrip) {
  const std::string text =
      R"({"b":{"B":"AAEC"},"bs":{"BS":["AA==","/w=="]},"f":{"BOOL":false},"l":{"L":[{"S":"x"},{"M":{"y":{"N":"1"}}}]},)"
      R"("m":{"M":{}},"n":{"N":"-1.5"},"ns":{"NS":["1","2"]},"nul":{"NULL":true},"s":{"S":"a\"\u0000b"},"ss":{"SS":["","a"]},"t":{"BOOL":true}})";
  EXPECT_EQ(item_round_trip(text), text);
}

TEST(ItemJson, NullMembersAreAbsentAndUnknownOnesIgnored) {
  EXPECT_EQ(item_round_trip(R"({"a":{"S":"x","N":null,"Z":5},"b":null})"), R"({"a":{"S":"x"}})");
}

struct Case {
  std::string_view value, want;
};

TEST(ItemJson, TYP_02_To_TYP_08_ValueErrors) {
  static constexpr Case kCases[] = {
      {R"({})", messages::kEmptyValue},
      {R"({"Q":"a"})", messages::kEmptyValue},
      {R"({"S":"a","N":"1"})", messages::kSeveralTypes},
      {R"({"S":"a","N":"x"})", "The parameter cannot be converted to a numeric value: x"},
      {R"({"NULL":false})", messages::kNullIsFalse},
      {R"({"SS":[]})", "One or more parameter values were invalid: An string set  may not be empty"},
      {R"({"NS":[]})", "One or more parameter values were invalid: An number set  may not be empty"},
      {R"({"BS":[]})", "One or more parameter values were invalid: Binary sets should not be empty"},
      {R"({"SS":["a","b","a"]})",
       "One or more parameter values were invalid: Input collection [a, b, a] contains duplicates."},
      {R"({"NS":["1","1.0"]})", "Input collection contains duplicates"},
      {R"({"BS":["Yg==","Yg=="]})",
       "One or more parameter values were invalid: Input collection [Yg==, Yg==]of type BS contains duplicates."},
      {R"({"N":""})", "The parameter cannot be converted to a numeric value"},
      {R"({"NS":["b"]})", "The parameter cannot be converted to a numeric value: b"},
      {R"({"N":"1e126"})", messages::kOverflow},
      {R"({"L":[{"M":{"a":{}}}]})", messages::kEmptyValue},
      {R"({"S":""})", "ok"},
      {R"({"B":""})", "ok"},
      {R"({"SS":[""]})", "ok"},
      {R"({"BOOL":"YES"})", "ok"},
  };
  for (const auto& c : kCases) EXPECT_EQ(value_error(std::string(c.value)), c.want) << c.value;
}

TEST(ItemJson, WIR_29_To_WIR_31_ShapeErrors) {
  static constexpr Case kCases[] = {
      {R"({"S":true})", "shape: TRUE_VALUE cannot be converted to String"},
      {R"({"S":false})", "shape: FALSE_VALUE cannot be converted to String"},
      {R"({"N":3})", "shape: NUMBER_VALUE cannot be converted to String"},
      {R"({"N":3.5})", "shape: DECIMAL_VALUE cannot be converted to String"},
      {R"({"S":[]})", "shape: Unrecognized collection type class java.lang.String"},
      {R"({"S":{}})", "shape: Start of structure or map found where not expected"},
      {R"({"B":true})", "shape: only base-64-encoded strings are convertible to bytes"},
      {R"({"B":"abc"})", "shape: Base64 encoded length is expected a multiple of 4 bytes but found: 3"},
      {R"({"B":"YWI+"})", "ok"},
      {R"({"B":"YR=="})", "shape: Invalid last non-pad Base64 character dectected"},
      {R"({"B":[]})", "shape: Unrecognized collection type class java.nio.ByteBuffer"},
      {R"({"BOOL":1})", "shape: NUMBER_VALUE cannot be converted to Boolean"},
      {R"({"BOOL":"x"})", "shape: Unexpected token received from parser"},
      {R"({"BOOL":[]})", "shape: Unrecognized collection type class java.lang.Boolean"},
      {R"({"L":"x"})", "shape: Unexpected field type"},
      {R"({"L":{}})", "shape: Start of structure or map found where not expected"},
      {R"({"L":["x"]})", "shape: Unexpected field type"},
      {R"({"M":{"a":"x"}})", "shape: Unexpected value type in payload"},
      {R"({"M":[]})",
       "shape: Unrecognized collection type java.util.Map<java.lang.String, "
       "com.amazonaws.dynamodb.v20120810.AttributeValue>"},
      {R"([])", "shape: Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"},
      {R"("x")", "shape: Unexpected field type"},
      {R"({"SS":"x"})", "shape: Unexpected field type"},
      {R"({"SS":[1]})", "shape: NUMBER_VALUE cannot be converted to String"},
  };
  for (const auto& c : kCases) EXPECT_EQ(value_error(std::string(c.value)), c.want) << c.value;
}

TEST(ItemJson, TYP_25_DepthOf32) {
  const auto nested = [](int lists) {
    std::string text = R"({"S":"x"})";
    for (int i = 0; i < lists; ++i) text = (i % 2 == 0 ? R"({"L":[)" + text + "]}" : R"({"M":{"a":)" + text + "}}");
    return value_error(text);
  };
  EXPECT_EQ(nested(31), "ok");
  EXPECT_EQ(nested(32), messages::kTooDeep);
  EXPECT_EQ(nested(300), messages::kTooDeep);
}

TEST(ItemJson, TYP_27_TYP_28_Names) {
  EXPECT_EQ(item_round_trip(R"({"":{"S":"x"}})"), messages::kEmptyName);
  const std::string longest(65535, 'n');
  EXPECT_EQ(item_round_trip("{\"" + longest + "\":{\"S\":\"x\"}}"), "{\"" + longest + "\":{\"S\":\"x\"}}");
  EXPECT_EQ(item_round_trip("{\"" + longest + "n\":{\"S\":\"x\"}}"), messages::kNameTooLarge);
}

}  // namespace
}  // namespace tidemill::item
