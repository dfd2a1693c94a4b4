#include "api/awsjson/shape.h"

#include <gtest/gtest.h>

namespace tidemill::awsjson {
namespace {

constexpr Shape kText{.type = Type::kString, .unconstrained = true};
constexpr Shape kBoolean{.type = Type::kBoolean};
constexpr Shape kCount{.type = Type::kInteger, .min = 1, .max = 10};
constexpr std::string_view kChoices[] = {"ONE", "TWO"};
constexpr Shape kChoice{.type = Type::kString, .values = kChoices};
constexpr Shape kName{
    .type = Type::kString, .min = 3, .max = 8, .pattern_text = "[a-zA-Z0-9_.-]+", .matches = is_resource_name};
constexpr Shape kAnything{.type = Type::kMap, .element = &kText, .unconstrained = true};
constexpr Shape kNamed{.type = Type::kMap, .element = &kName};
constexpr Shape kList{.type = Type::kList, .element = &kName, .min = 1, .max = 2};
constexpr Field kInnerFields[] = {{"Count", &kCount, true}};
constexpr Shape kInner{.type = Type::kStructure, .name = "Inner", .fields = kInnerFields};
constexpr Field kFields[] = {{"Name", &kName, true}, {"Text", &kText},     {"Flag", &kBoolean},
                             {"Count", &kCount},     {"Choice", &kChoice}, {"Any", &kAnything},
                             {"Named", &kNamed},     {"List", &kList},     {"Inner", &kInner}};
constexpr Shape kInput{.type = Type::kStructure, .name = "Input", .fields = kFields};

struct Case {
  const char* body;
  bool sound;
};
class Soundness : public testing::TestWithParam<Case> {};

TEST_P(Soundness, IsWhatBothChecksFindNothingIn) {
  const auto document = json::Document::parse(GetParam().body);
  ASSERT_TRUE(document);
  const auto& root = document->root();
  EXPECT_EQ(is_sound(kInput, root), GetParam().sound);
  if (is_sound(kInput, root)) {
    EXPECT_FALSE(check_types(kInput, root));
    EXPECT_FALSE(check_constraints(kInput, root));
  }
}

constexpr Case kCases[] = {
    {R"({"Name":"abc"})", true},
    {R"({"Name":"abc","Unknown":[1,{}]})", true},
    {R"({"Name":"abc","Text":"","Flag":true,"Count":10,"Choice":"TWO","Any":{"x":"y"},"Inner":{"Count":1}})", true},
    {R"({"Name":"abc","Text":null,"Inner":null})", true},
    {R"({"Name":"abc","Named":{"k":"abc"},"List":["abc"]})", true},
    {R"([])", false},
    {R"({})", false},
    {R"({"Name":null})", false},
    {R"({"Name":"ab"})", false},
    {R"({"Name":"abcdefghi"})", false},
    {R"({"Name":"a b"})", false},
    {R"({"Name":1})", false},
    {R"({"Name":"abc","Text":1})", false},
    {R"({"Name":"abc","Flag":1})", false},
    {R"({"Name":"abc","Count":0})", false},
    {R"({"Name":"abc","Count":11})", false},
    {R"({"Name":"abc","Count":"1"})", false},
    {R"({"Name":"abc","Choice":"THREE"})", false},
    {R"({"Name":"abc","Any":{"x":1}})", false},
    {R"({"Name":"abc","Named":{"k":"a"}})", false},
    {R"({"Name":"abc","List":[]})", false},
    {R"({"Name":"abc","List":["abc",null]})", false},
    {R"({"Name":"abc","Inner":{}})", false},
    {R"({"Name":"abc","Inner":{"Count":99}})", false},
    // The checks take these; whether the quick look does is its own affair, but it must not take the wrong ones.
    {R"({"Name":"abc","Name":"abcd"})", false},
    {R"({"Name":"abc","Name":"a b"})", false},
    {R"({"Name":"abc","Flag":"true"})", false},
};
INSTANTIATE_TEST_SUITE_P(Shapes, Soundness, testing::ValuesIn(kCases));

}  // namespace
}  // namespace tidemill::awsjson
