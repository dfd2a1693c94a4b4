#include "triggers/filter/pattern.h"

#include <gtest/gtest.h>

#include "triggers/filter/rule.h"

namespace tidemill::triggers {
namespace {

// A record as a table's stream gives it.
constexpr std::string_view kRecord =
    R"({"eventID":"e1","eventName":"INSERT","eventVersion":"1.1","eventSource":"aws:dynamodb",
  "awsRegion":"us-east-1","dynamodb":{"ApproximateCreationDateTime":1764085660.0,"Keys":{"id":{"S":"User#17"}},
  "NewImage":{"id":{"S":"User#17"},"count":{"N":"42"},"flag":{"BOOL":true},"none":{"NULL":true},"ip":{"S":"10.0.0.9"},
  "tags":{"SS":["red","green"]},"list":{"L":[{"M":{"a":{"S":"1"},"b":{"S":"2"}}},{"M":{"a":{"S":"3"},"b":{"S":"4"}}}]}},
  "SequenceNumber":"1","SizeBytes":27,"StreamViewType":"NEW_IMAGE"},"eventSourceARN":"arn"})";

struct Case {
  std::string_view name, pattern;
  bool want;
};
constexpr Case kCases[] = {
    {"EqualsString", R"({"eventName":["INSERT"]})", true},
    {"EqualsOneOf", R"({"eventName":["MODIFY","INSERT"]})", true},
    {"EqualsIsExact", R"({"eventName":["insert"]})", false},
    {"FieldsAreAnded", R"({"eventName":["INSERT"],"awsRegion":["eu-west-1"]})", false},
    {"FD62_WithTypeLetter", R"({"dynamodb":{"NewImage":{"id":{"S":["User#17"]}}}})", true},
    {"FD62_WithoutTypeLetter", R"({"dynamodb":{"NewImage":{"id":["User#17"]}}})", false},
    {"Bool", R"({"dynamodb":{"NewImage":{"flag":{"BOOL":[true]}}}})", true},
    {"BoolIsNoString", R"({"dynamodb":{"NewImage":{"flag":{"BOOL":["true"]}}}})", false},
    {"NumberEquals", R"({"dynamodb":{"SizeBytes":[27.0]}})", true},
    {"NumberIsNoString", R"({"dynamodb":{"SizeBytes":["27"]}})", false},
    {"FD63_Prefix", R"({"dynamodb":{"Keys":{"id":{"S":[{"prefix":"User#"}]}}}})", true},
    {"FD63_PrefixNot", R"({"dynamodb":{"Keys":{"id":{"S":[{"prefix":"user#"}]}}}})", false},
    {"PrefixIgnoreCase", R"({"dynamodb":{"Keys":{"id":{"S":[{"prefix":{"equals-ignore-case":"uSER#"}}]}}}})", true},
    {"FD63_Suffix", R"({"dynamodb":{"Keys":{"id":{"S":[{"suffix":"17"}]}}}})", true},
    {"SuffixIgnoreCase", R"({"eventName":[{"suffix":{"equals-ignore-case":"ert"}}]})", true},
    {"FD63_EqualsIgnoreCase", R"({"eventName":[{"equals-ignore-case":"insert"}]})", true},
    {"FD63_AnythingBut", R"({"eventName":[{"anything-but":"REMOVE"}]})", true},
    {"AnythingButSame", R"({"eventName":[{"anything-but":["INSERT","REMOVE"]}]})", false},
    {"AnythingButNumber", R"({"dynamodb":{"SizeBytes":[{"anything-but":[1,2]}]}})", true},
    {"AnythingButNeedsAValue", R"({"missing":[{"anything-but":"x"}]})", false},
    {"AnythingButPrefix", R"({"eventName":[{"anything-but":{"prefix":"INS"}}]})", false},
    {"AnythingButSuffixList", R"({"eventName":[{"anything-but":{"suffix":["FY","VE"]}}]})", true},
    {"AnythingButIgnoreCase", R"({"eventName":[{"anything-but":{"equals-ignore-case":["insert"]}}]})", false},
    {"AnythingButWildcard", R"({"eventName":[{"anything-but":{"wildcard":"I*T"}}]})", false},
    {"FD63_Wildcard", R"({"dynamodb":{"Keys":{"id":{"S":[{"wildcard":"U*#1*"}]}}}})", true},
    {"WildcardEscaped", R"({"dynamodb":{"Keys":{"id":{"S":[{"wildcard":"U\\*17"}]}}}})", false},
    {"FD64_NumericNeverMatchesN", R"({"dynamodb":{"NewImage":{"count":{"N":[{"numeric":[">",1]}]}}}})", false},
    {"FD64_NumericOnTime", R"({"dynamodb":{"ApproximateCreationDateTime":[{"numeric":[">",0]}]}})", true},
    {"NumericRange", R"({"dynamodb":{"SizeBytes":[{"numeric":[">=",27,"<",28]}]}})", true},
    {"NumericRangeOutside", R"({"dynamodb":{"SizeBytes":[{"numeric":[">",27,"<=",28]}]}})", false},
    {"NumericEquals", R"({"dynamodb":{"SizeBytes":[{"numeric":["=",27]}]}})", true},
    {"FD63_ExistsTrue", R"({"dynamodb":{"NewImage":{"count":{"N":[{"exists":true}]}}}})", true},
    {"ExistsTrueMissing", R"({"dynamodb":{"NewImage":{"other":{"N":[{"exists":true}]}}}})", false},
    {"ExistsTrueOnObject", R"({"dynamodb":{"NewImage":{"count":[{"exists":true}]}}})", false},
    {"FD65_ExistsFalseOnObject", R"({"dynamodb":{"NewImage":{"count":[{"exists":false}]}}})", true},
    {"ExistsFalseMissing", R"({"dynamodb":{"NewImage":{"other":[{"exists":false}]}}})", true},
    {"ExistsFalseDeepMissing", R"({"dynamodb":{"OldImage":{"other":{"S":[{"exists":false}]}}}})", true},
    {"ExistsFalsePresent", R"({"eventName":[{"exists":false}]})", false},
    {"Null", R"({"eventName":[null]})", false},
    {"Cidr", R"({"dynamodb":{"NewImage":{"ip":{"S":[{"cidr":"10.0.0.0/24"}]}}}})", true},
    {"CidrOutside", R"({"dynamodb":{"NewImage":{"ip":{"S":[{"cidr":"10.0.1.0/24"}]}}}})", false},
    {"ArrayAnyElement", R"({"dynamodb":{"NewImage":{"tags":{"SS":["green"]}}}})", true},
    {"ArrayNoElement", R"({"dynamodb":{"NewImage":{"tags":{"SS":["blue"]}}}})", false},
    {"ArrayOfObjectsTogether", R"({"dynamodb":{"NewImage":{"list":{"L":{"M":{"a":{"S":["1"]},"b":{"S":["2"]}}}}}}})",
     true},
    {"ArrayOfObjectsNotAcross", R"({"dynamodb":{"NewImage":{"list":{"L":{"M":{"a":{"S":["1"]},"b":{"S":["4"]}}}}}}})",
     false},
    {"FD66_Or", R"({"$or":[{"eventName":["REMOVE"]},{"awsRegion":["us-east-1"]}]})", true},
    {"OrNone", R"({"$or":[{"eventName":["REMOVE"]},{"awsRegion":["eu-west-1"]}]})", false},
    {"OrAndField", R"({"eventName":["REMOVE"],"$or":[{"awsRegion":["us-east-1"]},{"awsRegion":["x"]}]})", false},
    {"OrNested", R"({"dynamodb":{"$or":[{"SizeBytes":[1]},{"$or":[{"SizeBytes":[27]},{"SizeBytes":[2]}]}]}})", true},
    {"FD68_LastOfRepeated", R"({"eventName":["REMOVE"],"eventName":["INSERT"]})", true},
    {"FD68_FirstOfRepeatedDoesNotCount", R"({"eventName":["INSERT"],"eventName":["REMOVE"]})", false},
};
class Patterns : public testing::TestWithParam<Case> {};
TEST_P(Patterns, Match) {
  const auto pattern = FilterPattern::parse(GetParam().pattern);
  ASSERT_TRUE(pattern);
  const auto record = json::Document::parse(kRecord);
  ASSERT_TRUE(record);
  EXPECT_EQ(pattern->matches(record->root()), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, Patterns, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

constexpr std::string_view kInvalid[] = {
    "",
    "null",
    "\"simple string\"",
    "{",
    "[]",
    "{}",
    R"({"eventSource":"aws:sqs"})",
    R"({"eventSource":[]})",
    R"({"a":{}})",
    R"({"a":5})",
    R"({"a":null})",
    R"({"a":[[1]]})",
    R"({"a":[{}]})",
    R"({"a":[{"unknown":1}]})",
    R"({"a":[{"prefix":1}]})",
    R"({"a":[{"prefix":"x","suffix":"y"}]})",
    R"({"a":[{"prefix":{"wildcard":"x"}}]})",
    R"({"a":[{"exists":"true"}]})",
    R"({"a":[{"numeric":">"}]})",
    R"({"a":[{"numeric":[">"]}]})",
    R"({"a":[{"numeric":[">","1"]}]})",
    R"({"a":[{"numeric":["<",5,">",1]}]})",
    R"({"a":[{"numeric":[">",5,"<",1]}]})",
    R"({"a":[{"numeric":["!=",5]}]})",
    R"({"a":[{"anything-but":[]}]})",
    R"({"a":[{"anything-but":[1,"a"]}]})",
    R"({"a":[{"anything-but":{"numeric":[">",1]}}]})",
    R"({"a":[{"anything-but":{"prefix":[1]}}]})",
    R"({"a":[{"anything-but":true}]})",
    R"({"a":[{"wildcard":"a**b"}]})",
    R"({"a":[{"wildcard":"a\\b"}]})",
    R"({"a":[{"wildcard":"a\\"}]})",
    R"({"a":[{"cidr":"10.0.0.0"}]})",
    R"({"a":[{"cidr":"10.0.0.0/33"}]})",
    R"({"$or":[{"a":[1]}]})",
    R"({"$or":[{"a":[1]},{"prefix":["x"]}]})",
};
TEST(Pattern, FD_11_InvalidOnesAreRefusedWithOneText) {
  for (const auto text : kInvalid) {
    const auto pattern = FilterPattern::parse(text);
    ASSERT_FALSE(pattern) << text;
    EXPECT_EQ(pattern.error(), (Error{Errc::kInvalidParameter, "Invalid filter pattern definition."}));
  }
}

TEST(Filters, SeveralAreOred) {
  const auto filters = Filters::parse({R"({"eventName":["REMOVE"]})", R"({"eventName":["INSERT"]})"});
  ASSERT_TRUE(filters);
  EXPECT_TRUE(filters->pass(kRecord));
  EXPECT_FALSE(filters->pass(R"({"eventName":"MODIFY"})"));
  EXPECT_FALSE(filters->pass("no json"));
  EXPECT_TRUE(Filters::parse({})->pass("anything"));
}

TEST(Wildcard, EscapesAndRuns) {
  EXPECT_TRUE(filter_wildcard_match("a*c", "abbbc"));
  EXPECT_TRUE(filter_wildcard_match(R"(a\*c)", "a*c"));
  EXPECT_FALSE(filter_wildcard_match(R"(a\*c)", "abc"));
  EXPECT_TRUE(filter_wildcard_match(R"(a\\*)", R"(a\bc)"));
  EXPECT_TRUE(filter_wildcard_match("*", ""));
}

}  // namespace
}  // namespace tidemill::triggers
