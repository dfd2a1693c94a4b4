#include "expr/condition.h"

#include <gtest/gtest.h>

#include "expr/test_support.h"

namespace tidemill::expr {
namespace {

using test::evaluate;

constexpr std::string_view kItem =
    "{'s':{'S':'hello'},'n':{'N':'5'},'b':{'B':'AAEC'},'t':{'BOOL':true},'nul':{'NULL':true},"
    "'m':{'M':{'x':{'N':'1'},'y':{'M':{'z':{'S':'deep'}}}}},'l':{'L':[{'S':'a'},{'N':'2'},{'L':[{'N':'3'}]}]},"
    "'ss':{'SS':['a','b']},'ns':{'NS':['1','2']},'bs':{'BS':['AA==','/w==']},'n2':{'N':'7'},'dot.ted':{'S':'x'}}";

struct Case {
  std::string_view id, condition, values, want;
};

// NOLINTBEGIN
constexpr Case kTruth[] = {
    // EXP-01: every type equals itself
    {"EXP_01_S", "s = :v", "{':v':{'S':'hello'}}", "true"},
    {"EXP_01_N", "n = :v", "{':v':{'N':'5.0'}}", "true"},
    {"EXP_01_B", "b = :v", "{':v':{'B':'AAEC'}}", "true"},
    {"EXP_01_BOOL", "t = :v", "{':v':{'BOOL':true}}", "true"},
    {"EXP_01_NULL", "nul = :v", "{':v':{'NULL':true}}", "true"},
    {"EXP_01_M", "m = :v", "{':v':{'M':{'y':{'M':{'z':{'S':'deep'}}},'x':{'N':'1.0'}}}}", "true"},
    {"EXP_01_L", "l = :v", "{':v':{'L':[{'S':'a'},{'N':'2'},{'L':[{'N':'3'}]}]}}", "true"},
    {"EXP_01_SS", "ss = :v", "{':v':{'SS':['b','a']}}", "true"},
    {"TYP_24_NS_by_value", "ns = :v", "{':v':{'NS':['2.0','1e0']}}", "true"},
    {"EXP_01_BS", "bs = :v", "{':v':{'BS':['/w==','AA==']}}", "true"},
    {"EXP_02_other_type", "s = :v", "{':v':{'N':'5'}}", "false"},
    {"EXP_02_other_type_differs", "s <> :v", "{':v':{'N':'5'}}", "true"},
    {"EXP_03_missing_eq", "q = :v", "{':v':{'N':'5'}}", "false"},
    {"EXP_03_missing_ne", "q <> :v", "{':v':{'N':'5'}}", "true"},
    {"EXP_03_missing_lt", "q < :v", "{':v':{'N':'5'}}", "false"},
    {"EXP_03_missing_ge", "q >= :v", "{':v':{'N':'5'}}", "false"},
    {"EXP_03_missing_in", "q IN (:v)", "{':v':{'N':'5'}}", "false"},
    {"EXP_03_missing_between", "q BETWEEN :v AND :v", "{':v':{'N':'5'}}", "false"},
    {"EXP_04_missing_eq_missing", "q = r", "", "false"},
    {"EXP_04_missing_ne_missing", "q <> r", "", "true"},
    {"EXP_04_missing_lt_missing", "q < r", "", "false"},
    {"EXP_05_lt_N", "n < :v", "{':v':{'N':'10'}}", "true"},
    {"EXP_05_lt_S", "s < :v", "{':v':{'S':'help'}}", "true"},
    {"EXP_05_gt_B", "b > :v", "{':v':{'B':'AAEB'}}", "true"},
    {"EXP_05_le", "n <= :v", "{':v':{'N':'5'}}", "true"},
    {"EXP_05_ge", "n >= :v", "{':v':{'N':'5.1'}}", "false"},
    {"EXP_05_attributes", "n < n2", "", "true"},
    {"EXP_05_constant_left", ":v > n", "{':v':{'N':'6'}}", "true"},
    {"EXP_06_list_attribute", "l < :v", "{':v':{'S':'z'}}", "false"},
    {"EXP_07_between", "n BETWEEN :a AND :b", "{':a':{'N':'5'},':b':{'N':'5'}}", "true"},
    {"EXP_07_between_attributes", ":a BETWEEN n AND n2", "{':a':{'N':'6'}}", "true"},
    {"EXP_07_between_reversed_attributes", ":a BETWEEN n2 AND n", "{':a':{'N':'6'}}", "false"},
    {"EXP_10_in", "n IN (:a, :b)", "{':a':{'S':'5'},':b':{'N':'5'}}", "true"},
    {"EXP_10_in_none", "n IN (:a, s)", "{':a':{'S':'5'}}", "false"},
    {"EXP_10_in_list_type", "l IN (:a)", "{':a':{'L':[{'S':'a'},{'N':'2'},{'L':[{'N':'3'}]}]}}", "true"},
    {"EXP_13_exists", "attribute_exists(m.y.z)", "", "true"},
    {"EXP_13_exists_not", "attribute_exists(m.q)", "", "false"},
    {"EXP_13_not_exists", "attribute_not_exists (l[3])", "", "true"},
    {"EXP_15_type_S", "attribute_type(s, :t)", "{':t':{'S':'S'}}", "true"},
    {"EXP_15_type_N", "attribute_type(n, :t)", "{':t':{'S':'N'}}", "true"},
    {"EXP_15_type_B", "attribute_type(b, :t)", "{':t':{'S':'B'}}", "true"},
    {"EXP_15_type_BOOL", "attribute_type(t, :t)", "{':t':{'S':'BOOL'}}", "true"},
    {"EXP_15_type_NULL", "attribute_type(nul, :t)", "{':t':{'S':'NULL'}}", "true"},
    {"EXP_15_type_M", "attribute_type(m, :t)", "{':t':{'S':'M'}}", "true"},
    {"EXP_15_type_L", "attribute_type(l, :t)", "{':t':{'S':'L'}}", "true"},
    {"EXP_15_type_SS", "attribute_type(ss, :t)", "{':t':{'S':'SS'}}", "true"},
    {"EXP_15_type_NS", "attribute_type(ns, :t)", "{':t':{'S':'NS'}}", "true"},
    {"EXP_15_type_BS", "attribute_type(bs, :t)", "{':t':{'S':'BS'}}", "true"},
    {"EXP_15_type_wrong", "attribute_type(s, :t)", "{':t':{'S':'N'}}", "false"},
    {"EXP_15_type_missing", "attribute_type(q, :t)", "{':t':{'S':'N'}}", "false"},
    {"EXP_16_begins_S", "begins_with(s, :v)", "{':v':{'S':'hel'}}", "true"},
    {"EXP_16_begins_B", "begins_with(b, :v)", "{':v':{'B':'AAE='}}", "true"},
    {"EXP_16_begins_other", "begins_with(s, :v)", "{':v':{'B':'AAE='}}", "false"},
    {"EXP_16_begins_N_attribute", "begins_with(n, :v)", "{':v':{'S':'5'}}", "false"},
    {"EXP_17_contains_S", "contains(s, :v)", "{':v':{'S':'ell'}}", "true"},
    {"EXP_17_contains_B", "contains(b, :v)", "{':v':{'B':'AQI='}}", "true"},
    {"EXP_17_contains_SS", "contains(ss, :v)", "{':v':{'S':'b'}}", "true"},
    {"EXP_17_contains_NS", "contains(ns, :v)", "{':v':{'N':'2.0'}}", "true"},
    {"EXP_17_contains_BS", "contains(bs, :v)", "{':v':{'B':'/w=='}}", "true"},
    {"EXP_17_contains_L", "contains(l, :v)", "{':v':{'L':[{'N':'3'}]}}", "true"},
    {"EXP_17_contains_other", "contains(ss, :v)", "{':v':{'N':'1'}}", "false"},
    {"EXP_17_contains_in_constant", "contains(:v, s)", "{':v':{'SS':['hello','x']}}", "true"},
    {"EXP_20_size_S", "size(s) = :v", "{':v':{'N':'5'}}", "true"},
    {"EXP_20_size_B", "size(b) = :v", "{':v':{'N':'3'}}", "true"},
    {"EXP_20_size_SS", "size(ss) = :v", "{':v':{'N':'2'}}", "true"},
    {"EXP_20_size_L", "size(l) = :v", "{':v':{'N':'3'}}", "true"},
    {"EXP_20_size_M", ":v = size(m)", "{':v':{'N':'2'}}", "true"},
    {"EXP_20_size_utf16", "size(:s) = :v", "{':s':{'S':'\xc3\xa9\xf0\x9f\x98\x80'},':v':{'N':'3'}}", "true"},
    {"EXP_20_size_of_number_attribute", "size(n) < :v", "{':v':{'N':'100'}}", "false"},
    {"EXP_20_size_missing", "size(q) < :v", "{':v':{'N':'100'}}", "false"},
    {"EXP_20_size_in", "size(ss) IN (:v, n)", "{':v':{'N':'2'}}", "true"},
    {"EXP_20_size_between", "size(ss) BETWEEN :v AND n", "{':v':{'N':'2'}}", "true"},
    {"EXP_25_and_before_or", "s = :h OR s = :x AND s = :x", "{':h':{'S':'hello'},':x':{'S':'x'}}", "true"},
    {"EXP_25_or_parentheses", "(s = :h OR s = :x) AND s = :x", "{':h':{'S':'hello'},':x':{'S':'x'}}", "false"},
    {"EXP_25_not_before_and", "NOT s = :x AND s = :h", "{':h':{'S':'hello'},':x':{'S':'x'}}", "true"},
    {"EXP_25_not_parentheses", "NOT (s = :h AND n = n2)", "{':h':{'S':'hello'}}", "true"},
    {"EXP_25_not_not", "NOT NOT attribute_exists(s)", "", "true"},
    {"EXP_25_and_in_between", "n BETWEEN :a AND :b AND attribute_exists(s)", "{':a':{'N':'1'},':b':{'N':'9'}}", "true"},
    {"EXP_26_keyword_case", "attribute_exists(s) aNd nOt attribute_exists(q) oR n in (:v) And n bEtween :v and :v",
     "{':v':{'N':'1'}}", "true"},
    {"EXP_27_single_parentheses", "(s) = (:h)", "{':h':{'S':'hello'}}", "true"},
    {"EXP_27_around_all", "(attribute_exists(s))", "", "true"},
    {"EXP_31_nested", "m.y.z = :v", "{':v':{'S':'deep'}}", "true"},
    {"EXP_31_index", "l[2][0] = :v", "{':v':{'N':'3'}}", "true"},
    {"EXP_31_blanks", " l [ 2 ] [0] =\t:v\r\n", "{':v':{'N':'3'}}", "true"},
    {"EXP_31_scalar_has_no_members", "s.x <> :v", "{':v':{'N':'3'}}", "true"},
    {"EXP_36_leading_zeros", "l[002][0] = :v", "{':v':{'N':'3'}}", "true"},
};

constexpr Case kErrors[] = {
    {"EXP_06_list_constant", "s < :v", "{':v':{'L':[]}}",
     "Incorrect operand type for operator or function; operator or function: <, operand type: L"},
    {"EXP_06_bool_constant", "s >= :v", "{':v':{'BOOL':true}}",
     "Incorrect operand type for operator or function; operator or function: >=, operand type: BOOL"},
    {"EXP_06_between_set", "s BETWEEN :v AND :v", "{':v':{'SS':['a']}}",
     "Incorrect operand type for operator or function; operator or function: BETWEEN, operand type: SS"},
    {"EXP_08_between_types", "n BETWEEN :a AND :b", "{':a':{'N':'1'},':b':{'S':'a'}}",
     "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: "
     "{N:1}, upper bound operand: AttributeValue: {S:a}"},
    {"EXP_09_between_order", "s BETWEEN :b AND :a", "{':a':{'S':'a'},':b':{'S':'b'}}",
     "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: "
     "AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}"},
    {"EXP_11_in_empty", "s IN ()", "", "Syntax error; token: \")\", near: \"()\""},
    {"EXP_14_exists_value", "attribute_exists(:v)", "{':v':{'S':'a'}}",
     "Operator or function requires a document path; operator or function: attribute_exists"},
    {"EXP_14_not_exists_size", "attribute_not_exists(size(a))", "",
     "Operator or function requires a document path; operator or function: attribute_not_exists"},
    {"EXP_15_unknown_type", "attribute_type(s, :v)", "{':v':{'S':'Q'}}",
     "Invalid attribute type name found; type: Q, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"},
    {"EXP_15_type_number", "attribute_type(s, :v)", "{':v':{'N':'1'}}",
     "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: N"},
    {"EXP_15_type_path", "attribute_type(s, n)", "",
     "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: "
     "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"},
    {"EXP_16_begins_number", "begins_with(s, :v)", "{':v':{'N':'1'}}",
     "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"},
    {"EXP_18_contains_same", "contains(s, s)", "",
     "The first operand must be distinct from the remaining operands for this operator or function; operator: "
     "contains, first operand: [s]"},
    {"EXP_19_equals_same", "m.x[0] = m.x[0]", "",
     "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first "
     "operand: [m, x, [0]]"},
    {"EXP_21_size_alone", "size(s)", "",
     "The function is not allowed to be used this way in an expression; function: size"},
    {"EXP_21_size_in_and", "attribute_exists(s) AND size(s)", "",
     "The function is not allowed to be used this way in an expression; function: size"},
    {"EXP_21_size_not", "NOT size(s)", "",
     "The function is not allowed to be used this way in an expression; function: size"},
    {"EXP_21_size_number", "size(:v) = :v", "{':v':{'N':'1'}}",
     "Incorrect operand type for operator or function; operator or function: size, operand type: N"},
    {"EXP_21_size_of_size", "size(size(s)) = :v", "{':v':{'N':'1'}}",
     "Incorrect operand type for operator or function; operator or function: size, operand type: N"},
    {"EXP_22_function_operand", "attribute_exists(s) < :v", "{':v':{'N':'1'}}",
     "The function is not allowed to be used this way in an expression; function: attribute_exists"},
    {"EXP_22_function_argument", "contains(s, begins_with(a, b))", "",
     "The function is not allowed to be used this way in an expression; function: begins_with"},
    {"EXP_23_unknown", "f(s)", "", "Invalid function name; function: f"},
    {"EXP_23_upper_case", "SIZE(s) = :v", "{':v':{'N':'1'}}", "Invalid function name; function: SIZE"},
    {"EXP_24_if_not_exists", "if_not_exists(s, :v)", "{':v':{'N':'1'}}",
     "The function is not allowed in a condition expression; function: if_not_exists"},
    {"EXP_24_list_append", "s = list_append(s, :v)", "{':v':{'L':[]}}",
     "The function is not allowed in a condition expression; function: list_append"},
    {"EXP_27_redundant", "((s = :v))", "{':v':{'N':'1'}}", "The expression has redundant parentheses;"},
    {"EXP_27_redundant_operand", "((s)) = :v", "{':v':{'N':'1'}}", "The expression has redundant parentheses;"},
    {"EXP_27_redundant_function", "((attribute_exists(s)))", "", "The expression has redundant parentheses;"},
    {"EXP_28_reserved", "data = :v", "{':v':{'N':'1'}}",
     "Attribute name is a reserved keyword; reserved keyword: data"},
    {"EXP_28_reserved_nested", "a.Name = :v", "{':v':{'N':'1'}}",
     "Attribute name is a reserved keyword; reserved keyword: Name"},
    {"EXP_29_undefined_value", "s = :q", "",
     "An expression attribute value used in expression is not defined; attribute value: :q"},
    {"EXP_29_undefined_name", "#q = :v", "{':v':{'N':'1'}}",
     "An expression attribute name used in the document path is not defined; attribute name: #q"},
    {"EXP_29_value_before_count", "contains(:q)", "",
     "An expression attribute value used in expression is not defined; attribute value: :q"},
    {"EXP_30_count", "contains(s)", "",
     "Incorrect number of operands for operator or function; operator or function: contains, number of operands: 1"},
    {"EXP_30_count_exists", "attribute_exists(s, n)", "",
     "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of "
     "operands: 2"},
    {"EXP_35_bang", "s != :v", "{':v':{'N':'1'}}", "Syntax error; token: \"!\", near: \"s !=\""},
    {"EXP_35_double_equal", "s == :v", "{':v':{'N':'1'}}", "Syntax error; token: \"=\", near: \"== :v\""},
    {"EXP_35_end", "s =", "", "Syntax error; token: \"<EOF>\", near: \"=\""},
    {"EXP_35_operand_alone", "s", "", "Syntax error; token: \"<EOF>\", near: \"s\""},
    {"EXP_35_operand_and", "s AND n = n2", "", "Syntax error; token: \"AND\", near: \"s AND n\""},
    {"EXP_35_condition_compared", "(s = n) = n2", "", "Syntax error; token: \"=\", near: \") = n2\""},
    {"EXP_35_open", "(s = n", "", "Syntax error; token: \"<EOF>\", near: \"n\""},
    {"EXP_35_words", "s n", "", "Syntax error; token: \"n\", near: \"s n\""},
    {"EXP_35_empty_call", "attribute_exists()", "", "Syntax error; token: \")\", near: \"()\""},
    {"EXP_36_large_index", "l[99999999999] = :v", "{':v':{'N':'1'}}",
     "List index is not within the allowable range; index: [99999999999]"},
    {"EXP_36_negative_index", "l[-1] = :v", "{':v':{'N':'1'}}", "Syntax error; token: \"-\", near: \"[-1\""},
    {"EXP_38_underscore", "_a = :v", "{':v':{'N':'1'}}", "Syntax error; token: \"_\", near: \"_a\""},
    {"EXP_38_digit", "1a = :v", "{':v':{'N':'1'}}", "Syntax error; token: \"1\", near: \"1a\""},
    {"EXP_empty", "", "", "The expression can not be empty;"},
    {"EXP_blank", " \t\n", "", "The expression can not be empty;"},
    {"EXP_order_syntax_before_names", "#q = :v s", "{':v':{'N':'1'}}", "Syntax error; token: \"s\", near: \":v s\""},
    {"EXP_order_first_condition_first", "contains(s, s) AND #q = n", "",
     "The first operand must be distinct from the remaining operands for this operator or function; operator: "
     "contains, first operand: [s]"},
};
// NOLINTEND

TEST(Conditions, Truth) {
  for (const auto& c : kTruth) EXPECT_EQ(evaluate(c.condition, kItem, c.values), c.want) << c.id << ": " << c.condition;
}

TEST(Conditions, Errors) {
  for (const auto& c : kErrors) {
    EXPECT_EQ(evaluate(c.condition, kItem, c.values), "Invalid ConditionExpression: " + std::string(c.want))
        << c.id << ": " << c.condition;
  }
}

TEST(Conditions, EXP_31_ReferencesAndDots) {
  EXPECT_EQ(evaluate("#d = :v", kItem, "{':v':{'S':'x'}}", "{'#d':'dot.ted'}"), "true");
  EXPECT_EQ(evaluate("#m.#y.z = :v", kItem, "{':v':{'S':'deep'}}", "{'#m':'m','#y':'y'}"), "true");
  EXPECT_EQ(evaluate("#1 = :_", kItem, "{':_':{'S':'hello'}}", "{'#1':'s'}"), "true");
}

TEST(Conditions, EXP_12_InOperands) {
  const auto in = [](int count) {
    std::string list = ":v";
    for (int i = 1; i < count; ++i) list += ", :v";
    return evaluate("n IN (" + list + ")", kItem, "{':v':{'N':'5'}}");
  };
  EXPECT_EQ(in(99), "true");
  EXPECT_EQ(in(100),
            "Invalid ConditionExpression: The IN operator is provided with too many operands; number of operands: 101");
}

TEST(Conditions, EXP_32_Size) {
  const std::string condition = "n = :v";
  EXPECT_EQ(evaluate(condition + std::string(4096 - condition.size(), ' '), kItem, "{':v':{'N':'5'}}"), "true");
  EXPECT_EQ(
      evaluate(condition + std::string(4097 - condition.size(), ' '), kItem, "{':v':{'N':'5'}}"),
      "Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 4097");
  EXPECT_EQ(
      evaluate(std::string(5000, '!'), kItem),
      "Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 5000");
}

TEST(Conditions, EXP_33_Operators) {
  const auto chain = [](int comparisons) {
    std::string text = "q=:v";
    for (int i = 1; i < comparisons; ++i) text += " OR q=:v";
    return evaluate(text, kItem, "{':v':{'N':'5'}}");
  };
  EXPECT_EQ(chain(150), "false");  // 299
  EXPECT_EQ(evaluate(
                "NOT " +
                    [] {
                      std::string text = "q=:v";
                      for (int i = 1; i < 150; ++i) text += " OR q=:v";
                      return text;
                    }(),
                kItem, "{':v':{'N':'5'}}"),
            "true");  // 300
  EXPECT_EQ(chain(151), "Invalid ConditionExpression: The expression contains too many operators; operator count: 301");
}

TEST(Conditions, EXP_34_DeepTextsDoNotExhaustTheStack) {
  EXPECT_EQ(evaluate(std::string(4096, '('), kItem),
            "Invalid ConditionExpression: The expression has redundant parentheses;");
  std::string nots;
  for (int i = 0; i < 1000; ++i) nots += "NOT ";
  EXPECT_EQ(evaluate(nots + "n=n2", kItem),
            "Invalid ConditionExpression: The expression contains too many operators; operator count: 1001");
  std::string calls;
  for (int i = 0; i < 700; ++i) calls += "size(";
  EXPECT_NE(evaluate(calls + "a" + std::string(700, ')') + " = n", kItem).find("Invalid ConditionExpression: "),
            std::string::npos);
  std::string nested = "n=n2";
  for (int i = 0; i < 140; ++i) nested = "NOT (" + nested + ")";
  EXPECT_EQ(evaluate(nested, kItem), "false");
}

TEST(Conditions, EXP_37_PathElements) {
  std::string path = "a";
  for (int i = 1; i < 32; ++i) path += ".b";
  EXPECT_EQ(evaluate("attribute_exists(" + path + ")", kItem), "false");
  EXPECT_EQ(evaluate("attribute_exists(" + path + "[0])", kItem),
            "Invalid ConditionExpression: The document path has too many nesting levels; nesting levels: 33");
}

TEST(Conditions, EXP_42_MissingItem) {
  EXPECT_EQ(evaluate("attribute_not_exists(p)", "{}"), "true");
  EXPECT_EQ(evaluate("attribute_exists(p)", "{}"), "false");
}

TEST(Conditions, EveryReservedWordIsRefusedInAnyCase) {
  for (const char* word : {"abort", "Zone", "CONVERT", "Size", "status", "TTL", "localtimestamp"}) {
    EXPECT_EQ(
        evaluate(std::string("x.") + word + " = y", kItem),
        "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: " + std::string(word));
  }
  EXPECT_EQ(evaluate("statuses <> nametag", kItem), "true");
}

TEST(Conditions, ParametersNameThemselves) {
  const auto read = test::read("{'FilterExpression':'a ='}", Use::kScan);
  EXPECT_EQ(read.error().message, "Invalid FilterExpression: Syntax error; token: \"<EOF>\", near: \"=\"");
}

TEST(Cache, KeepsParsedTextsAndIsBounded) {
  Cache cache(2);
  const auto first = *cache.condition("a = :v");
  EXPECT_EQ(*cache.condition("a = :v"), first);
  (void)cache.condition("b = :v");
  (void)cache.condition("c = :v");
  EXPECT_LE(cache.size(), 2U);
  EXPECT_FALSE(cache.condition("="));
}

}  // namespace
}  // namespace tidemill::expr
