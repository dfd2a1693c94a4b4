#include "expr/update.h"

#include <gtest/gtest.h>

#include "expr/test_support.h"

namespace tidemill::expr {
namespace {

using test::quoted;
using test::update;

constexpr std::string_view kItem =
    "{'a':{'S':'x'},'n':{'N':'5'},'l':{'L':[{'N':'0'},{'N':'1'},{'N':'2'},{'N':'3'}]},'m':{'M':{'x':{'N':'1'},'y':{'L':"
    "[]}}},"
    "'ss':{'SS':['a','b']},'ns':{'NS':['1']},'p':{'S':'k'}}";

struct Case {
  std::string_view id, expression, old, values, want;
};

constexpr std::string_view kSmall = "{'a':{'S':'x'},'n':{'N':'5'},'p':{'S':'k'}}";
constexpr std::string_view kList = "{'l':{'L':[{'N':'0'},{'N':'1'},{'N':'2'},{'N':'3'}]},'p':{'S':'k'}}";
constexpr std::string_view kMap = "{'m':{'M':{'x':{'N':'1'}}},'p':{'S':'k'}}";
constexpr std::string_view kSet = "{'p':{'S':'k'},'ss':{'SS':['a','b']}}";

// NOLINTBEGIN
constexpr Case kCases[] = {
    {"UPD_01_merge", "SET b = :v, c = :v", kSmall, "{':v':{'N':'1'}}",
     "{'a':{'S':'x'},'b':{'N':'1'},'c':{'N':'1'},'n':{'N':'5'},'p':{'S':'k'}}"},
    {"UPD_02_copy", "SET b = a", kSmall, "", "{'a':{'S':'x'},'b':{'S':'x'},'n':{'N':'5'},'p':{'S':'k'}}"},
    {"UPD_02_missing", "SET b = q", kSmall, "",
     "The provided expression refers to an attribute that does not exist in the item"},
    {"UPD_03_pre_image", "SET a = :v, b = a REMOVE n", kSmall, "{':v':{'S':'new'}}",
     "{'a':{'S':'new'},'b':{'S':'x'},'p':{'S':'k'}}"},
    {"UPD_04_plus", "SET n = n + :v", kSmall, "{':v':{'N':'0.1'}}", "{'a':{'S':'x'},'n':{'N':'5.1'},'p':{'S':'k'}}"},
    {"UPD_04_minus", "SET n = :v - n", kSmall, "{':v':{'N':'2'}}", "{'a':{'S':'x'},'n':{'N':'-3'},'p':{'S':'k'}}"},
    {"UPD_04_constants", "SET n = :v + :v", kSmall, "{':v':{'N':'2'}}", "{'a':{'S':'x'},'n':{'N':'4'},'p':{'S':'k'}}"},
    {"UPD_05_three", "SET n = n + n + n", kSmall, "",
     "Invalid UpdateExpression: Syntax error; token: \"+\", near: \"n + n\""},
    {"UPD_06_constant_type", "SET n = n + :v", kSmall, "{':v':{'S':'2'}}",
     "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: +, operand "
     "type: S"},
    {"UPD_06_item_type", "SET n = n + a", kSmall, "", "An operand in the update expression has an incorrect data type"},
    {"UPD_07_append", "SET l = list_append(l, :v)", "{'l':{'L':[{'N':'0'}]},'p':{'S':'k'}}", "{':v':{'L':[{'S':'z'}]}}",
     "{'l':{'L':[{'N':'0'},{'S':'z'}]},'p':{'S':'k'}}"},
    {"UPD_07_prepend", "SET l = list_append(:v, l)", "{'l':{'L':[{'N':'0'}]},'p':{'S':'k'}}",
     "{':v':{'L':[{'S':'z'}]}}", "{'l':{'L':[{'S':'z'},{'N':'0'}]},'p':{'S':'k'}}"},
    {"UPD_07_empty", "SET l = list_append(:v, :v)", kSmall, "{':v':{'L':[]}}",
     "{'a':{'S':'x'},'l':{'L':[]},'n':{'N':'5'},'p':{'S':'k'}}"},
    {"UPD_08_count", "SET l = list_append(l)", kSmall, "",
     "Invalid UpdateExpression: Incorrect number of operands for operator or function; operator or function: "
     "list_append, number of operands: 1"},
    {"UPD_08_type", "SET l = list_append(l, :v)", kSmall, "{':v':{'S':'z'}}",
     "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: list_append, "
     "operand type: S"},
    {"UPD_08_item_type", "SET l = list_append(a, :v)", kSmall, "{':v':{'L':[]}}",
     "An operand in the update expression has an incorrect data type"},
    {"UPD_09_present", "SET a = if_not_exists(a, :v)", kSmall, "{':v':{'S':'z'}}",
     "{'a':{'S':'x'},'n':{'N':'5'},'p':{'S':'k'}}"},
    {"UPD_09_absent", "SET b = if_not_exists(b, :v)", kSmall, "{':v':{'S':'z'}}",
     "{'a':{'S':'x'},'b':{'S':'z'},'n':{'N':'5'},'p':{'S':'k'}}"},
    {"UPD_09_other", "SET b = if_not_exists(a, :v)", kSmall, "{':v':{'S':'z'}}",
     "{'a':{'S':'x'},'b':{'S':'x'},'n':{'N':'5'},'p':{'S':'k'}}"},
    {"UPD_09_no_item", "SET b = if_not_exists(b, :v)", "", "{':v':{'S':'z'}}", "{'b':{'S':'z'},'p':{'S':'k'}}"},
    {"UPD_09_path", "SET b = if_not_exists(:v, :v)", kSmall, "{':v':{'S':'z'}}",
     "Invalid UpdateExpression: Operator or function requires a document path; operator or function: if_not_exists"},
    {"UPD_10_nested", "SET l = list_append(if_not_exists(l, :v), :v)", "{'p':{'S':'k'}}", "{':v':{'L':[{'S':'z'}]}}",
     "{'l':{'L':[{'S':'z'},{'S':'z'}]},'p':{'S':'k'}}"},
    {"UPD_10_twice", "SET b = if_not_exists(q, if_not_exists(r, :v))", "{'p':{'S':'k'}}", "{':v':{'S':'z'}}",
     "{'b':{'S':'z'},'p':{'S':'k'}}"},
    {"UPD_10_sum", "SET n = if_not_exists(n, :v) + if_not_exists(q, :v)", "{'n':{'N':'5'},'p':{'S':'k'}}",
     "{':v':{'N':'1'}}", "{'n':{'N':'6'},'p':{'S':'k'}}"},
    {"UPD_10_list_append_nested", "SET l = list_append(list_append(l, :v), :v)", kSmall, "{':v':{'L':[]}}",
     "Invalid UpdateExpression: The function is not allowed to be used this way in an expression; function: "
     "list_append"},
    {"UPD_10_list_append_in_if", "SET l = if_not_exists(l, list_append(:v, :v))", kSmall, "{':v':{'L':[]}}",
     "Invalid UpdateExpression: The function is not allowed to be used this way in an expression; function: "
     "list_append"},
    {"UPD_11_sum_in_call", "SET n = if_not_exists(n, :v + :v)", kSmall, "{':v':{'N':'1'}}",
     "Invalid UpdateExpression: Syntax error; token: \"+\", near: \":v + :v\""},
    {"UPD_12_attribute", "REMOVE a", kSmall, "", "{'n':{'N':'5'},'p':{'S':'k'}}"},
    {"UPD_12_nested", "REMOVE m.x", kMap, "", "{'m':{'M':{}},'p':{'S':'k'}}"},
    {"UPD_12_element", "REMOVE l[0]", kList, "", "{'l':{'L':[{'N':'1'},{'N':'2'},{'N':'3'}]},'p':{'S':'k'}}"},
    {"UPD_13_beyond", "REMOVE l[9], l[4]", kList, "",
     "{'l':{'L':[{'N':'0'},{'N':'1'},{'N':'2'},{'N':'3'}]},'p':{'S':'k'}}"},
    {"UPD_14_positions", "REMOVE l[1], l[3]", kList, "", "{'l':{'L':[{'N':'0'},{'N':'2'}]},'p':{'S':'k'}}"},
    {"UPD_14_set_and_remove", "REMOVE l[1] SET l[3] = :v", kList, "{':v':{'S':'z'}}",
     "{'l':{'L':[{'N':'0'},{'N':'2'},{'S':'z'}]},'p':{'S':'k'}}"},
    {"UPD_15_append", "SET l[9] = :v", kList, "{':v':{'S':'z'}}",
     "{'l':{'L':[{'N':'0'},{'N':'1'},{'N':'2'},{'N':'3'},{'S':'z'}]},'p':{'S':'k'}}"},
    {"UPD_15_in_order", "SET l[84] = :a, l[37] = :b, l[0] = :c", kList,
     "{':a':{'S':'84'},':b':{'S':'37'},':c':{'S':'0'}}",
     "{'l':{'L':[{'S':'0'},{'N':'1'},{'N':'2'},{'N':'3'},{'S':'37'},{'S':'84'}]},'p':{'S':'k'}}"},
    {"UPD_15_append_and_remove", "SET l[9] = :v REMOVE l[0], l[4]", kList, "{':v':{'S':'z'}}",
     "{'l':{'L':[{'N':'1'},{'N':'2'},{'N':'3'},{'S':'z'}]},'p':{'S':'k'}}"},
    {"UPD_16_parent_missing", "SET q.x = :v", kMap, "{':v':{'S':'z'}}",
     "The document path provided in the update expression is invalid for update"},
    {"UPD_16_parent_scalar", "SET m.x.y = :v", kMap, "{':v':{'S':'z'}}",
     "The document path provided in the update expression is invalid for update"},
    {"UPD_16_index_of_map", "SET m[0] = :v", kMap, "{':v':{'S':'z'}}",
     "The document path provided in the update expression is invalid for update"},
    {"UPD_16_no_item", "SET q.x = :v", "", "{':v':{'S':'z'}}",
     "The document path provided in the update expression is invalid for update"},
    {"UPD_16_nested_set", "SET m.y = :v, m.x = :v", kMap, "{':v':{'S':'z'}}",
     "{'m':{'M':{'x':{'S':'z'},'y':{'S':'z'}}},'p':{'S':'k'}}"},
    {"UPD_17_parent_missing", "REMOVE q.x", kMap, "",
     "The document path provided in the update expression is invalid for update"},
    {"UPD_17_leaf_missing", "REMOVE m.q, z", kMap, "", "{'m':{'M':{'x':{'N':'1'}}},'p':{'S':'k'}}"},
    {"UPD_17_no_item", "REMOVE q.x", "", "", "nothing"},
    {"UPD_18_empty_list", "REMOVE l[0]", "{'l':{'L':[{'N':'0'}]},'p':{'S':'k'}}", "", "{'l':{'L':[]},'p':{'S':'k'}}"},
    {"UPD_19_new", "ADD c :v", "{'p':{'S':'k'}}", "{':v':{'N':'7'}}", "{'c':{'N':'7'},'p':{'S':'k'}}"},
    {"UPD_19_existing", "ADD n :v", "{'n':{'N':'5'},'p':{'S':'k'}}", "{':v':{'N':'-7'}}",
     "{'n':{'N':'-2'},'p':{'S':'k'}}"},
    {"UPD_19_no_item", "ADD n :v", "", "{':v':{'N':'7'}}", "{'n':{'N':'7'},'p':{'S':'k'}}"},
    {"UPD_20_union", "ADD ss :v", kSet, "{':v':{'SS':['b','c']}}", "{'p':{'S':'k'},'ss':{'SS':['a','b','c']}}"},
    {"UPD_20_new", "ADD q :v", "{'p':{'S':'k'}}", "{':v':{'NS':['2','1']}}", "{'p':{'S':'k'},'q':{'NS':['1','2']}}"},
    {"TYP_23_by_value", "ADD ns :v", "{'ns':{'NS':['1']},'p':{'S':'k'}}", "{':v':{'NS':['1.0']}}",
     "{'ns':{'NS':['1']},'p':{'S':'k'}}"},
    {"UPD_20_nested", "ADD m.x :v, m.q :v", kMap, "{':v':{'N':'1'}}",
     "{'m':{'M':{'q':{'N':'1'},'x':{'N':'2'}}},'p':{'S':'k'}}"},
    {"UPD_21_list", "ADD l :v", kList, "{':v':{'L':[]}}",
     "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: LIST, "
     "typeSet: ALLOWED_FOR_ADD_OPERAND"},
    {"UPD_21_string", "ADD l :v", kList, "{':v':{'S':'x'}}",
     "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: STRING, "
     "typeSet: ALLOWED_FOR_ADD_OPERAND"},
    {"UPD_22_mismatch", "ADD a :v", kSmall, "{':v':{'N':'1'}}",
     "An operand in the update expression has an incorrect data type"},
    {"UPD_22_set_mismatch", "ADD ss :v", kSet, "{':v':{'NS':['1']}}",
     "An operand in the update expression has an incorrect data type"},
    {"UPD_23_delete", "DELETE ss :v", kSet, "{':v':{'SS':['b','c']}}", "{'p':{'S':'k'},'ss':{'SS':['a']}}"},
    {"UPD_23_emptied", "DELETE ss :v", kSet, "{':v':{'SS':['a','b']}}", "{'p':{'S':'k'}}"},
    {"UPD_23_missing", "DELETE q :v", kSet, "{':v':{'SS':['a','b']}}", "{'p':{'S':'k'},'ss':{'SS':['a','b']}}"},
    {"UPD_24_constant", "DELETE ss :v", kSet, "{':v':{'N':'1'}}",
     "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: DELETE, operand type: "
     "NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND"},
    {"UPD_25_twice", "SET a = :v SET b = :v", kSmall, "{':v':{'N':'1'}}",
     "Invalid UpdateExpression: The \"SET\" section can only be used once in an update expression;"},
    {"UPD_26_equal", "SET a = :v REMOVE a", kSmall, "{':v':{'N':'1'}}",
     "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; "
     "path one: [a], path two: [a]"},
    {"UPD_26_prefix", "SET a = :v, a.b = :v", kSmall, "{':v':{'N':'1'}}",
     "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; "
     "path one: [a], path two: [a, b]"},
    {"UPD_27_conflict", "SET a.b = :v, a[1] = :v", kSmall, "{':v':{'N':'1'}}",
     "Invalid UpdateExpression: Two document paths conflict with each other; must remove or rewrite one of these "
     "paths; path one: [a, b], path two: [a, [1]]"},
    {"UPD_28_empty", "", kSmall, "", "Invalid UpdateExpression: The expression can not be empty;"},
    {"UPD_29_keyword", "HELLO a = :v", kSmall, "{':v':{'N':'1'}}",
     "Invalid UpdateExpression: Syntax error; token: \"HELLO\", near: \"HELLO a\""},
    {"UPD_29_add_path", "ADD a n", kSmall, "", "Invalid UpdateExpression: Syntax error; token: \"n\", near: \"a n\""},
    {"UPD_29_comma", "SET a = :v,", kSmall, "{':v':{'N':'1'}}",
     "Invalid UpdateExpression: Syntax error; token: \"<EOF>\", near: \",\""},
    {"UPD_30_case", "sEt\tb = :v\nremove\r\na Add n :v dElEtE ss :s", "{'a':{'S':'x'},'n':{'N':'5'},'p':{'S':'k'}}",
     "{':v':{'N':'1'},':s':{'SS':['x']}}", "{'b':{'N':'1'},'n':{'N':'6'},'p':{'S':'k'}}"},
    {"UPD_33_no_item", "REMOVE a DELETE ss :v", "", "{':v':{'SS':['x']}}", "nothing"},
    {"UPD_35_replace", "SET m = :v", kMap, "{':v':{'N':'1'}}", "{'m':{'N':'1'},'p':{'S':'k'}}"},
    {"TYP_19_precision", "SET n = n + :v", "{'n':{'N':'1e50'},'p':{'S':'k'}}", "{':v':{'N':'1'}}",
     "Number overflow. Attempting to store a number with magnitude larger than supported range"},
    {"TYP_20_range", "SET n = n + n", "{'n':{'N':'9e125'},'p':{'S':'k'}}", "",
     "Number overflow. Attempting to store a number with magnitude larger than supported range"},
    {"UPD_reserved", "SET data = :v", kSmall, "{':v':{'N':'1'}}",
     "Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: data"},
    {"UPD_forbidden_function", "SET b = size(a)", kSmall, "",
     "Invalid UpdateExpression: The function is not allowed in an update expression; function: size"},
    {"UPD_unknown_function", "SET b = f(a, b)", kSmall, "",
     "Invalid UpdateExpression: Invalid function name; function: f"},
    {"UPD_parentheses", "SET n = (n + :v)", "{'n':{'N':'5'},'p':{'S':'k'}}", "{':v':{'N':'1'}}",
     "{'n':{'N':'6'},'p':{'S':'k'}}"},
    {"UPD_undefined", "SET b = :q", kSmall, "",
     "Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: :q"},
    {"UPD_value_target", "SET :v = :v", kSmall, "{':v':{'N':'1'}}",
     "Invalid UpdateExpression: Syntax error; token: \":v\", near: \"SET :v =\""},
    {"UPD_index_reference", "SET l[:v] = :v", kSmall, "{':v':{'N':'1'}}",
     "Invalid UpdateExpression: Syntax error; token: \":v\", near: \"[:v]\""},
};
// NOLINTEND

TEST(Updates, Table) {
  for (const auto& c : kCases) {
    const bool is_item = c.want.starts_with('{');
    EXPECT_EQ(update(c.expression, c.old, c.values), is_item ? quoted(c.want) : std::string(c.want))
        << c.id << ": " << c.expression;
  }
}

TEST(Updates, OverlapIsJudgedAfterSubstitution) {
  EXPECT_EQ(update("SET #a = :v, #b = :v", kItem, "{':v':{'N':'1'}}", "{'#a':'x','#b':'x'}"),
            "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these "
            "paths; path "
            "one: [x], path two: [x]");
  EXPECT_EQ(update("SET #a = :v", "{'p':{'S':'k'}}", "{':v':{'N':'1'}}", "{'#a':'a.b'}"),
            R"({"a.b":{"N":"1"},"p":{"S":"k"}})");
}

TEST(Updates, NestedListsKeepOldPositions) {
  EXPECT_EQ(update("REMOVE l[0], l[1][0], l[1][2] SET l[1][1] = :v, l[1][9] = :v",
                   "{'l':{'L':[{'S':'x'},{'L':[{'N':'0'},{'N':'1'},{'N':'2'}]}]},'p':{'S':'k'}}", "{':v':{'S':'z'}}"),
            R"({"l":{"L":[{"L":[{"S":"z"},{"S":"z"}]}]},"p":{"S":"k"}})");
}

TEST(Updates, UPD_34_NothingToDoCreatesTheKey) {
  const auto key = test::item_of(R"({"p":{"S":"k"}})");
  const auto result = Update::literal({}).apply(nullptr, key);
  EXPECT_EQ(**result, key);
}

TEST(Updates, TooDeepResultsAreRefused) {
  std::string item = "{'N':'1'}";
  for (int i = 0; i < 31; ++i) item = "{'M':{'a':" + item + "}}";
  item = "{'a':" + item + ",'p':{'S':'k'}}";
  std::string path = "a";
  for (int i = 0; i < 31; ++i) path += ".a";
  EXPECT_NE(update("SET " + path + " = :v", item, "{':v':{'S':'z'}}").find("\"S\":\"z\""), std::string::npos);
  EXPECT_EQ(update("SET " + path + " = :v", item, "{':v':{'L':[{'S':'z'}]}}"),
            "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported "
            "limit");
}

TEST(Updates, EvaluationErrorsAreTold) {
  const auto read = test::read("{'UpdateExpression':'SET a = b'}", Use::kUpdate);
  const auto item = test::item_of("{}");
  EXPECT_EQ(read->update->apply(&item, item).error().code, Errc::kEvaluation);
}

TEST(Updates, DeepTextsDoNotExhaustTheStack) {
  EXPECT_EQ(update("SET a = " + std::string(4000, '('), kItem),
            "Invalid UpdateExpression: The expression has redundant parentheses;");
  std::string calls;
  for (int i = 0; i < 280; ++i) calls += "if_not_exists(";
  EXPECT_TRUE(update("SET a = " + calls, kItem).starts_with("Invalid UpdateExpression: "));
}

TEST(Updates, TellTargetsAndConstants) {
  const auto read = test::read(
      "{'UpdateExpression':'SET a.b = :v, c = d REMOVE e','ExpressionAttributeValues':{':v':{'N':'1'}}}", Use::kUpdate);
  const auto& actions = read->update->actions();
  ASSERT_EQ(actions.size(), 3U);
  EXPECT_EQ(to_string(actions[0].path), "[a, b]");
  EXPECT_EQ(*read->update->constant(actions[0]), test::value_of(R"({"N":"1"})"));
  EXPECT_EQ(read->update->constant(actions[1]), nullptr);
  EXPECT_EQ(read->update->constant(actions[2]), nullptr);
  EXPECT_EQ(read->update->operands().size(), 1U);
}

// UPDATED_OLD and UPDATED_NEW are projections of the old and the new item on the targets.
TEST(Updates, RET_05_To_RET_09_PartialResults) {
  const auto partial = [](std::string_view body, std::string_view old) {
    const auto read = test::read(body, Use::kUpdate);
    const auto before = test::item_of(quoted(old));
    const auto after = read->update->apply(&before, before);
    const Projection touched(read->update->targets());
    return item::to_json(touched.apply(before)) + " -> " + item::to_json(touched.apply(**after));
  };
  EXPECT_EQ(partial("{'UpdateExpression':'SET a = :v, b = :v','ExpressionAttributeValues':{':v':{'N':'1'}}}",
                    "{'a':{'N':'0'},'c':{'N':'9'}}"),
            R"({"a":{"N":"0"}} -> {"a":{"N":"1"},"b":{"N":"1"}})");
  EXPECT_EQ(partial("{'UpdateExpression':'SET m.x = :v','ExpressionAttributeValues':{':v':{'N':'1'}}}",
                    "{'m':{'M':{'x':{'N':'0'},'y':{'N':'9'}}}}"),
            R"({"m":{"M":{"x":{"N":"0"}}}} -> {"m":{"M":{"x":{"N":"1"}}}})");
  EXPECT_EQ(partial("{'UpdateExpression':'REMOVE a'}", "{'a':{'N':'0'}}"), R"({"a":{"N":"0"}} -> {})");
  EXPECT_EQ(partial("{'UpdateExpression':'SET l[100] = :v','ExpressionAttributeValues':{':v':{'N':'1'}}}",
                    "{'l':{'L':[{'N':'0'}]}}"),
            "{} -> {}");
  EXPECT_EQ(partial("{'UpdateExpression':'REMOVE l[1]'}", "{'l':{'L':[{'N':'0'},{'N':'1'},{'N':'2'}]}}"),
            R"({"l":{"L":[{"N":"1"}]}} -> {"l":{"L":[{"N":"2"}]}})");
  EXPECT_EQ(
      partial("{'UpdateExpression':'SET a = :v','ExpressionAttributeValues':{':v':{'N':'1'}}}", "{'a':{'N':'1'}}"),
      R"({"a":{"N":"1"}} -> {"a":{"N":"1"}})");
}

}  // namespace
}  // namespace tidemill::expr
