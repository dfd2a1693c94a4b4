#include "expr/key_condition.h"

#include <gtest/gtest.h>

#include "expr/test_support.h"

namespace tidemill::expr {
namespace {

using item::Type;

const KeySchema kHashRange{.hash = {{"h", Type::kString}}, .range = {{"r", Type::kNumber}}};

// The range as text, or the error's.
std::string outcome(std::string_view condition, std::string_view values, const KeySchema& schema = kHashRange) {
  const auto read = test::read("{'KeyConditionExpression':'" + std::string(condition) +
                                   "','ExpressionAttributeValues':" + std::string(values) + "}",
                               Use::kQuery);
  if (!read) return read.error().message;
  const auto terms = key_terms(*read->key_condition);
  if (!terms) return terms.error().message;
  const auto range = match_keys(*terms, schema);
  if (!range) return range.error().message;
  std::string out;
  for (const auto& value : range->hash) out += item::to_json(value);
  for (const auto& value : range->equal) out += " = " + item::to_json(value);
  if (range->range) {
    static constexpr std::string_view kOps[] = {"=", "<", "<=", ">", ">=", "between", "begins_with", "?"};
    out += " " + std::string(kOps[static_cast<std::size_t>(range->range->op)]);
    for (const auto& value : range->range->values) out += " " + item::to_json(value);
  }
  return out;
}

struct Case {
  std::string_view id, condition, want;
};

TEST(KeyConditions, QRY_01_To_QRY_03_Ranges) {
  const auto h = "{':h':{'S':'x'},':n':{'N':'1'}}";
  EXPECT_EQ(outcome("h = :h", "{':h':{'S':'x'}}"), R"({"S":"x"})");
  EXPECT_EQ(outcome("h = :h AND r = :n", h), R"({"S":"x"} = {"N":"1"})");
  EXPECT_EQ(outcome("h = :h AND r < :n", h), R"({"S":"x"} < {"N":"1"})");
  EXPECT_EQ(outcome("h = :h AND r <= :n", h), R"({"S":"x"} <= {"N":"1"})");
  EXPECT_EQ(outcome("h = :h AND r > :n", h), R"({"S":"x"} > {"N":"1"})");
  EXPECT_EQ(outcome("h = :h AND r >= :n", h), R"({"S":"x"} >= {"N":"1"})");
  EXPECT_EQ(outcome("h = :h AND r BETWEEN :n AND :m", "{':h':{'S':'x'},':n':{'N':'1'},':m':{'N':'2'}}"),
            R"({"S":"x"} between {"N":"1"} {"N":"2"})");
  EXPECT_EQ(outcome("(h = :h) AND (:n < r)", h), R"({"S":"x"} > {"N":"1"})");
  EXPECT_EQ(outcome(":n >= r AND :h = h", h), R"({"S":"x"} <= {"N":"1"})");
  const KeySchema text_range{.hash = {{"h", Type::kString}}, .range = {{"r", Type::kString}}};
  EXPECT_EQ(outcome("h = :h AND begins_with(r, :s)", "{':h':{'S':'x'},':s':{'S':'s'}}", text_range),
            R"({"S":"x"} begins_with {"S":"s"})");
}

TEST(KeyConditions, QRY_21_Shapes) {
  static constexpr Case kCases[] = {
      {"or", "h = :h OR r = :n", "Invalid operator used in KeyConditionExpression: OR"},
      {"not", "NOT h = :h AND r = :n", "Invalid operator used in KeyConditionExpression: NOT"},
      {"ne", "h <> :h AND r = :n", "Invalid operator used in KeyConditionExpression: <>"},
      {"in", "h IN (:h, :n)", "Invalid operator used in KeyConditionExpression: IN"},
      {"exists", "attribute_exists(h) AND h = :h AND r = :n",
       "Invalid operator used in KeyConditionExpression: attribute_exists"},
      {"contains", "contains(h, :h) AND r = :n", "Invalid operator used in KeyConditionExpression: contains"},
      {"size", "size(h) = :n AND r = :h", "KeyConditionExpressions cannot contain nested operations"},
      {"between_value", ":n BETWEEN r AND r AND h = :h",
       "Invalid condition in KeyConditionExpression: BETWEEN operator must have the key attribute as its first "
       "operand"},
      {"begins_value", "begins_with(:h, r) AND h = :n",
       "Invalid condition in KeyConditionExpression: begins_with operator must have the key attribute as its first "
       "operand"},
      {"two_names", "h = r AND x = :h AND y = :n",
       "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"},
      {"nested", "h.x = :h AND r = :n", "KeyConditionExpressions cannot have conditions on nested attributes"},
      {"no_name", ":h = :n", "Invalid condition in KeyConditionExpression: No key attribute specified"},
      {"twice", "h = :h AND h = :n", "KeyConditionExpressions must only contain one condition per key"},
      {"three", "h = :h AND r = :n AND x = :n", "Conditions can be of length 1 or 2 only"},
      {"missed_hash", "x = :h AND r = :n", "Query condition missed key schema element: h"},
      {"missed_range", "h = :h AND x = :n", "Query condition missed key schema element: r"},
      {"hash_inequality", "h > :h AND r = :n", "Query key condition not supported"},
      {"types", "h = :n AND r = :h",
       "One or more parameter values were invalid: Condition parameter type does not match schema type"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(outcome(c.condition, "{':h':{'S':'x'},':n':{'N':'1'}}"), c.want) << c.id;
  }
}

TEST(KeyConditions, QRY_27_QRY_28_HashOnlyAndEmptyKeys) {
  const KeySchema hash_only{.hash = {{"h", Type::kString}}, .range = {}};
  EXPECT_EQ(outcome("h = :h", "{':h':{'S':'x'}}", hash_only), R"({"S":"x"})");
  EXPECT_EQ(outcome("h = :h AND r = :n", "{':h':{'S':'x'},':n':{'N':'1'}}", hash_only),
            "Query key condition not supported");
  EXPECT_EQ(outcome("h = :h", "{':h':{'S':''}}"),
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            "empty string value. Key: h");
}

TEST(KeyConditions, IDX_29_SeveralHashAndRangeElements) {
  const KeySchema wide{.hash = {{"a", Type::kString}, {"b", Type::kString}},
                       .range = {{"c", Type::kString}, {"d", Type::kString}, {"e", Type::kString}}};
  const auto v = "{':v':{'S':'x'}}";
  EXPECT_EQ(outcome("a = :v AND b = :v", v, wide), R"({"S":"x"}{"S":"x"})");
  EXPECT_EQ(outcome("b = :v AND a = :v AND d > :v AND c = :v", v, wide),
            R"({"S":"x"}{"S":"x"} = {"S":"x"} > {"S":"x"})");
  EXPECT_EQ(outcome("a = :v", v, wide), "Query condition missed key schema element: b");
  EXPECT_EQ(outcome("a = :v AND b = :v AND d = :v", v, wide), "Query condition missed key schema element: c");
  EXPECT_EQ(outcome("a = :v AND b = :v AND c > :v AND d = :v", v, wide), "Query key condition not supported");
}

TEST(KeyConditions, TermsMatchValues) {
  const KeyTerm between{"r", KeyOp::kBetween, {test::value_of(R"({"N":"1"})"), test::value_of(R"({"N":"3"})")}};
  EXPECT_TRUE(matches(between, test::value_of(R"({"N":"3"})")));
  EXPECT_FALSE(matches(between, test::value_of(R"({"N":"3.1"})")));
  EXPECT_FALSE(matches(between, test::value_of(R"({"S":"2"})")));
}

}  // namespace
}  // namespace tidemill::expr
