#include "expr/legacy.h"

#include <gtest/gtest.h>

#include "expr/test_support.h"

namespace tidemill::expr {
namespace {

using test::quoted;

constexpr std::string_view kItem =
    "{'s':{'S':'hello'},'n':{'N':'5'},'b':{'B':'AAEC'},'l':{'L':[{'S':'a'}]},'ss':{'SS':['a','b']},'ns':{'NS':['1']},'"
    "a.b':{'S':'x'}}";

std::string evaluate(std::string_view map, bool expected, ConditionalOperator join = ConditionalOperator::kAnd) {
  const auto document = json::Document::parse(quoted(map));
  const auto condition =
      expected ? expected_condition(document->root(), join) : filter_condition(document->root(), join);
  if (!condition) return condition.error().message;
  if (!*condition) return "none";
  return (*condition)->matches(test::item_of(quoted(kItem))) ? "true" : "false";
}

struct Case {
  std::string_view id, map, want;
};

// NOLINTBEGIN
constexpr Case kFilters[] = {
    {"LEG_16_EQ", "{'s':{'ComparisonOperator':'EQ','AttributeValueList':[{'S':'hello'}]}}", "true"},
    {"LEG_16_EQ_other", "{'s':{'ComparisonOperator':'EQ','AttributeValueList':[{'N':'5'}]}}", "false"},
    {"LEG_16_EQ_set", "{'ss':{'ComparisonOperator':'EQ','AttributeValueList':[{'SS':['b','a']}]}}", "true"},
    {"LEG_16_EQ_missing", "{'q':{'ComparisonOperator':'EQ','AttributeValueList':[{'N':'5'}]}}", "false"},
    {"LEG_16_NE", "{'s':{'ComparisonOperator':'NE','AttributeValueList':[{'S':'x'}]}}", "true"},
    {"LEG_16_NE_missing", "{'q':{'ComparisonOperator':'NE','AttributeValueList':[{'S':'x'}]}}", "true"},
    {"LEG_16_NE_type", "{'s':{'ComparisonOperator':'NE','AttributeValueList':[{'N':'1'}]}}", "true"},
    {"LEG_16_LT", "{'n':{'ComparisonOperator':'LT','AttributeValueList':[{'N':'10'}]}}", "true"},
    {"LEG_16_LE", "{'n':{'ComparisonOperator':'LE','AttributeValueList':[{'N':'5'}]}}", "true"},
    {"LEG_16_GT", "{'n':{'ComparisonOperator':'GT','AttributeValueList':[{'N':'5'}]}}", "false"},
    {"LEG_16_GE", "{'n':{'ComparisonOperator':'GE','AttributeValueList':[{'N':'5'}]}}", "true"},
    {"LEG_16_GE_missing", "{'q':{'ComparisonOperator':'GE','AttributeValueList':[{'N':'5'}]}}", "false"},
    {"LEG_16_BETWEEN", "{'n':{'ComparisonOperator':'BETWEEN','AttributeValueList':[{'N':'5'},{'N':'6'}]}}", "true"},
    {"LEG_16_BEGINS", "{'s':{'ComparisonOperator':'BEGINS_WITH','AttributeValueList':[{'S':'he'}]}}", "true"},
    {"LEG_16_CONTAINS", "{'s':{'ComparisonOperator':'CONTAINS','AttributeValueList':[{'S':'ell'}]}}", "true"},
    {"LEG_16_CONTAINS_set", "{'ns':{'ComparisonOperator':'CONTAINS','AttributeValueList':[{'N':'1.0'}]}}", "true"},
    {"LEG_16_CONTAINS_list", "{'l':{'ComparisonOperator':'CONTAINS','AttributeValueList':[{'S':'a'}]}}", "true"},
    {"LEG_16_NOT_CONTAINS", "{'s':{'ComparisonOperator':'NOT_CONTAINS','AttributeValueList':[{'S':'x'}]}}", "true"},
    {"LEG_16_NOT_CONTAINS_false", "{'s':{'ComparisonOperator':'NOT_CONTAINS','AttributeValueList':[{'S':'ell'}]}}",
     "false"},
    {"LEG_17_missing", "{'q':{'ComparisonOperator':'NOT_CONTAINS','AttributeValueList':[{'S':'x'}]}}", "false"},
    {"LEG_16_NOT_CONTAINS_type", "{'n':{'ComparisonOperator':'NOT_CONTAINS','AttributeValueList':[{'S':'x'}]}}",
     "false"},
    {"LEG_16_IN", "{'n':{'ComparisonOperator':'IN','AttributeValueList':[{'N':'4'},{'N':'5'}]}}", "true"},
    {"LEG_16_NULL", "{'q':{'ComparisonOperator':'NULL'}}", "true"},
    {"LEG_16_NOT_NULL", "{'s':{'ComparisonOperator':'NOT_NULL','AttributeValueList':[]}}", "true"},
    {"LEG_18", "{'n':{'ComparisonOperator':'IN','AttributeValueList':[{'N':'4'},{'S':'5'}]}}",
     "One or more parameter values were invalid: AttributeValues inside AttributeValueList must be of same type"},
    {"LEG_19_EQ", "{'n':{'ComparisonOperator':'EQ','AttributeValueList':[{'N':'4'},{'N':'5'}]}}",
     "One or more parameter values were invalid: Invalid number of argument(s) for the EQ ComparisonOperator"},
    {"LEG_19_none", "{'n':{'ComparisonOperator':'GT'}}",
     "One or more parameter values were invalid: Invalid number of argument(s) for the GT ComparisonOperator"},
    {"LEG_19_NULL", "{'n':{'ComparisonOperator':'NULL','AttributeValueList':[{'N':'4'}]}}",
     "One or more parameter values were invalid: Invalid number of argument(s) for the NULL ComparisonOperator"},
    {"LEG_19_BETWEEN", "{'n':{'ComparisonOperator':'BETWEEN','AttributeValueList':[{'N':'4'}]}}",
     "One or more parameter values were invalid: Invalid number of argument(s) for the BETWEEN ComparisonOperator"},
    {"LEG_19_IN", "{'n':{'ComparisonOperator':'IN','AttributeValueList':[]}}",
     "One or more parameter values were invalid: Invalid number of argument(s) for the IN ComparisonOperator"},
    {"LEG_20", "{'n':{'ComparisonOperator':'BETWEEN','AttributeValueList':[{'N':'4'},{'N':'3'}]}}",
     "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"},
    {"LEG_21", "{'n':{'ComparisonOperator':'GT','AttributeValueList':[{'L':[]}]}}",
     "One or more parameter values were invalid: ComparisonOperator GT is not valid for L AttributeValue type"},
    {"LEG_21_BEGINS", "{'n':{'ComparisonOperator':'BEGINS_WITH','AttributeValueList':[{'N':'1'}]}}",
     "One or more parameter values were invalid: ComparisonOperator BEGINS_WITH is not valid for N AttributeValue "
     "type"},
    {"LEG_11_dot", "{'a.b':{'ComparisonOperator':'EQ','AttributeValueList':[{'S':'x'}]}}", "true"},
    {"value_error", "{'n':{'ComparisonOperator':'EQ','AttributeValueList':[{}]}}",
     "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
    {"empty", "{}", "none"},
};

constexpr Case kExpected[] = {
    {"LEG_14_value", "{'s':{'Value':{'S':'hello'}}}", "true"},
    {"LEG_14_other", "{'s':{'Value':{'S':'x'}}}", "false"},
    {"LEG_14_missing", "{'q':{'Value':{'S':'x'}}}", "false"},
    {"LEG_15_absent", "{'q':{'Exists':false}}", "true"},
    {"LEG_15_present", "{'s':{'Exists':false}}", "false"},
    {"LEG_15_exists_value", "{'s':{'Exists':true,'Value':{'S':'hello'}}}", "true"},
    {"LEG_15_true_without", "{'s':{'Exists':true}}",
     "One or more parameter values were invalid: Value must be provided when Exists is true for Attribute: s"},
    {"LEG_15_null_without", "{'s':{}}",
     "One or more parameter values were invalid: Value must be provided when Exists is null for Attribute: s"},
    {"LEG_15_false_with", "{'s':{'Exists':false,'Value':{'S':'x'}}}",
     "One or more parameter values were invalid: Value cannot be used when Exists is false for Attribute: s"},
    {"LEG_15_both", "{'s':{'Value':{'S':'x'},'AttributeValueList':[{'S':'x'}]}}",
     "One or more parameter values were invalid: Value and AttributeValueList cannot be used together for Attribute: "
     "s"},
    {"LEG_15_exists_operator", "{'s':{'Exists':true,'ComparisonOperator':'EQ','AttributeValueList':[{'S':'x'}]}}",
     "One or more parameter values were invalid: Exists and ComparisonOperator cannot be used together for Attribute: "
     "s"},
    {"LEG_15_operator_alone", "{'s':{'ComparisonOperator':'LT'}}",
     "One or more parameter values were invalid: Value or AttributeValueList must be used with ComparisonOperator: LT "
     "for Attribute: s"},
    {"LEG_15_list_alone", "{'s':{'AttributeValueList':[{'S':'x'}]}}",
     "One or more parameter values were invalid: AttributeValueList can only be used with a ComparisonOperator for "
     "Attribute: s"},
    {"LEG_16_value_operator", "{'n':{'ComparisonOperator':'LT','Value':{'N':'6'}}}", "true"},
    {"LEG_16_NULL", "{'q':{'ComparisonOperator':'NULL'}}", "true"},
};
// NOLINTEND

TEST(Legacy, Filters) {
  for (const auto& c : kFilters) EXPECT_EQ(evaluate(c.map, false), c.want) << c.id;
}

TEST(Legacy, Expected) {
  for (const auto& c : kExpected) EXPECT_EQ(evaluate(c.map, true), c.want) << c.id;
}

TEST(Legacy, LEG_22_ConditionalOperator) {
  const std::string_view map = "{'s':{'Value':{'S':'x'}},'n':{'Value':{'N':'5'}}}";
  EXPECT_EQ(evaluate(map, true, ConditionalOperator::kAnd), "false");
  EXPECT_EQ(evaluate(map, true, ConditionalOperator::kOr), "true");
}

TEST(Legacy, LEG_23_ConditionalOperatorAlone) {
  const auto check = [](std::string_view body) {
    const auto document = json::Document::parse(quoted(body));
    const auto status = check_conditional_operator(document->root());
    return status ? "ok" : status.error().message;
  };
  EXPECT_EQ(check("{'ConditionalOperator':'OR'}"), "ConditionalOperator cannot be used without Filter or Expected");
  EXPECT_EQ(check("{'ConditionalOperator':'OR','Expected':{}}"),
            "ConditionalOperator cannot be used without Filter or Expected");
  EXPECT_EQ(check("{'ConditionalOperator':'OR','Expected':{'a':{}}}"), "ok");
  EXPECT_EQ(check("{}"), "ok");
}

std::string updated(std::string_view updates, std::string_view old) {
  const auto document = json::Document::parse(quoted(updates));
  const auto update = attribute_updates(document->root());
  if (!update) return update.error().message;
  const auto key = test::item_of(R"({"p":{"S":"k"}})");
  const auto before = old.empty() ? item::Item() : test::item_of(quoted(old));
  const auto result = update->apply(old.empty() ? nullptr : &before, key);
  if (!result) return result.error().message;
  return *result ? item::to_json(**result) : "nothing";
}

TEST(Legacy, LEG_01_To_LEG_11_AttributeUpdates) {
  // NOLINTBEGIN
  static constexpr struct {
    std::string_view id, updates, old, want;
  } kCases[] = {
      {"LEG_01", "{'a':{'Value':{'N':'1'}}}", "{'p':{'S':'k'}}", "{'a':{'N':'1'},'p':{'S':'k'}}"},
      {"LEG_02", "{'a':{'Action':'PUT'}}", "{}",
       "One or more parameter values were invalid: Only DELETE action is allowed when no attribute value is specified"},
      {"LEG_02_add", "{'a':{'Action':'ADD'}}", "{}",
       "One or more parameter values were invalid: Only DELETE action is allowed when no attribute value is specified"},
      {"LEG_03_N", "{'a':{'Action':'ADD','Value':{'N':'1'}}}", "{'a':{'N':'2'}}", "{'a':{'N':'3'}}"},
      {"LEG_03_N_new", "{'a':{'Action':'ADD','Value':{'N':'1'}}}", "", "{'a':{'N':'1'},'p':{'S':'k'}}"},
      {"LEG_03_SS", "{'a':{'Action':'ADD','Value':{'SS':['b']}}}", "{'a':{'SS':['a']}}", "{'a':{'SS':['a','b']}}"},
      {"LEG_03_NS", "{'a':{'Action':'ADD','Value':{'NS':['1.0','2']}}}", "{'a':{'NS':['1']}}",
       "{'a':{'NS':['1','2']}}"},
      {"LEG_03_BS", "{'a':{'Action':'ADD','Value':{'BS':['AA==']}}}", "{}", "{'a':{'BS':['AA==']}}"},
      {"LEG_03_L", "{'a':{'Action':'ADD','Value':{'L':[{'S':'b'}]}}}", "{'a':{'L':[{'S':'a'}]}}",
       "{'a':{'L':[{'S':'a'},{'S':'b'}]}}"},
      {"LEG_04_S", "{'a':{'Action':'ADD','Value':{'S':'1'}}}", "{}",
       "One or more parameter values were invalid: ADD action is not supported for the type S"},
      {"LEG_04_BOOL", "{'a':{'Action':'ADD','Value':{'BOOL':true}}}", "{}",
       "One or more parameter values were invalid: ADD action is not supported for the type BOOL"},
      {"LEG_05", "{'a':{'Action':'ADD','Value':{'N':'1'}}}", "{'a':{'S':'x'}}",
       "Type mismatch for attribute to update"},
      {"LEG_06_attribute", "{'a':{'Action':'DELETE'}}", "{'a':{'S':'x'},'b':{'S':'y'}}", "{'b':{'S':'y'}}"},
      {"LEG_06_elements", "{'a':{'Action':'DELETE','Value':{'SS':['x']}}}", "{'a':{'SS':['x','y']}}",
       "{'a':{'SS':['y']}}"},
      {"LEG_06_emptied", "{'a':{'Action':'DELETE','Value':{'SS':['x']}}}", "{'a':{'SS':['x']}}", "{}"},
      {"LEG_06_mismatch", "{'a':{'Action':'DELETE','Value':{'SS':['x']}}}", "{'a':{'NS':['1']}}",
       "Type mismatch for attribute to update"},
      {"LEG_07", "{'a':{'Action':'DELETE','Value':{'N':'1'}}}", "{}",
       "One or more parameter values were invalid: DELETE action with value is not supported for the type N"},
      {"LEG_09", "{}", "", "{'p':{'S':'k'}}"},
      {"LEG_10", "{'a':{'Action':'DELETE'}}", "", "nothing"},
      {"LEG_11", "{'a.b':{'Value':{'N':'1'}}}", "{'a':{'M':{}}}", "{'a':{'M':{}},'a.b':{'N':'1'}}"},
  };
  // NOLINTEND
  for (const auto& c : kCases) {
    EXPECT_EQ(updated(c.updates, c.old), c.want.starts_with('{') ? quoted(c.want) : std::string(c.want)) << c.id;
  }
}

TEST(Legacy, LEG_27_LEG_28_KeyConditions) {
  const auto terms = [](std::string_view map) {
    const auto document = json::Document::parse(quoted(map));
    return legacy_key_terms(document->root());
  };
  const KeySchema schema{.hash = {{"h", item::Type::kString}}, .range = {{"r", item::Type::kString}}};
  const auto good = terms(
      "{'r':{'ComparisonOperator':'BEGINS_WITH','AttributeValueList':[{'S':'x'}]},'h':{'ComparisonOperator':'EQ','"
      "AttributeValueList':[{'S':'y'}]}}");
  const auto range = match_keys(*good, schema);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->range->op, KeyOp::kBeginsWith);
  const auto bad = terms("{'h':{'ComparisonOperator':'NOT_NULL'}}");
  EXPECT_EQ(match_keys(*bad, schema).error().message, "Attempted conditional constraint is not an indexable operation");
}

TEST(Legacy, LEG_30_VAL_21_AttributesToGet) {
  const auto document = json::Document::parse(R"([["a.b","c"],["a","b","a"]])");
  const auto projection = attributes_to_get(document->root().elements()[0]);
  EXPECT_EQ(item::to_json(projection->apply(test::item_of(quoted(kItem)))), R"({"a.b":{"S":"x"}})");
  EXPECT_EQ(attributes_to_get(document->root().elements()[1]).error().message,
            "One or more parameter values were invalid: Duplicate value in attribute name: a");
}

}  // namespace
}  // namespace tidemill::expr
