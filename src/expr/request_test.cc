#include "expr/request.h"

#include <gtest/gtest.h>

#include "expr/test_support.h"

namespace tidemill::expr {
namespace {

std::string outcome(std::string_view body, Use use) {
  const auto read = test::read(body, use);
  return read ? "ok" : (read.error().counted ? "counted: " : "") + read.error().message;
}

struct Case {
  std::string_view id;
  Use use;
  std::string_view body, want;
};

// NOLINTBEGIN
constexpr Case kCases[] = {
    {"VAL_11", Use::kGet, "{'ExpressionAttributeNames':{'#a':'a'}}",
     "ExpressionAttributeNames can only be specified when using expressions"},
    {"VAL_12_put", Use::kWrite, "{'ExpressionAttributeValues':{':a':{'N':'1'}}}",
     "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"},
    {"VAL_12_update", Use::kUpdate, "{'ExpressionAttributeValues':{':a':{'N':'1'}}}",
     "ExpressionAttributeValues can only be specified when using expressions: UpdateExpression and ConditionExpression "
     "are null"},
    {"VAL_12_query", Use::kQuery, "{'ExpressionAttributeValues':{':a':{'N':'1'}}}",
     "ExpressionAttributeValues can only be specified when using expressions: FilterExpression and "
     "KeyConditionExpression are null"},
    {"VAL_12_scan", Use::kScan, "{'ProjectionExpression':'a','ExpressionAttributeValues':{':a':{'N':'1'}}}",
     "ExpressionAttributeValues can only be specified when using expressions: FilterExpression is null"},
    {"VAL_13_names", Use::kGet, "{'ProjectionExpression':'a','ExpressionAttributeNames':{}}",
     "counted: ExpressionAttributeNames must not be empty"},
    {"VAL_13_values", Use::kScan, "{'FilterExpression':'a = b','ExpressionAttributeValues':{}}",
     "counted: ExpressionAttributeValues must not be empty"},
    {"VAL_14_name", Use::kGet, "{'ProjectionExpression':'a','ExpressionAttributeNames':{'a':'a'}}",
     "ExpressionAttributeNames contains invalid key: Syntax error; key: \"a\""},
    {"VAL_14_name_mark", Use::kGet, "{'ProjectionExpression':'a','ExpressionAttributeNames':{'#':'a'}}",
     "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#\""},
    {"VAL_14_value", Use::kScan, "{'FilterExpression':'a = :a','ExpressionAttributeValues':{'a':{'N':'1'}}}",
     "ExpressionAttributeValues contains invalid key: Syntax error; key: \"a\""},
    {"VAL_15", Use::kScan, "{'FilterExpression':'a = :b','ExpressionAttributeValues':{':b':{}}}",
     "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must contain exactly one of "
     "the supported datatypes for key :b"},
    {"VAL_15_number", Use::kScan, "{'FilterExpression':'a = :b','ExpressionAttributeValues':{':b':{'N':'x'}}}",
     "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for "
     "key :b"},
    {"TYP_28_name", Use::kGet, "{'ProjectionExpression':'#a','ExpressionAttributeNames':{'#a':''}}",
     "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a"},
    {"VAL_16_names", Use::kGet, "{'ProjectionExpression':'#a','ExpressionAttributeNames':{'#a':'a','#b':'b','#c':'c'}}",
     "counted: Value provided in ExpressionAttributeNames unused in expressions: keys: {#b, #c}"},
    {"VAL_16_values", Use::kScan,
     "{'FilterExpression':'a = :a','ExpressionAttributeValues':{':a':{'N':'1'},':b':{'N':'1'}}}",
     "counted: Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}"},
    {"VAL_16_any_expression", Use::kQuery,
     "{'ProjectionExpression':'#p','FilterExpression':'#f = :f','KeyConditionExpression':'#k = "
     ":k','ExpressionAttributeNames':{'#p':'p','#f':'f','#k':'k'},'ExpressionAttributeValues':{':f':{'N':'1'},':k':{'N'"
     ":'1'}}}",
     "ok"},
    {"RET_15_overlap", Use::kGet, "{'ProjectionExpression':'a, b, a'}",
     "counted: Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of "
     "these paths; path one: [a], path two: [a]"},
    {"RET_15_conflict", Use::kGet, "{'ProjectionExpression':'a.b, a[0]'}",
     "Invalid ProjectionExpression: Two document paths conflict with each other; must remove or rewrite one of these "
     "paths; path one: [a, b], path two: [a, [0]]"},
    {"projection_syntax", Use::kGet, "{'ProjectionExpression':'a,'}",
     "Invalid ProjectionExpression: Syntax error; token: \"<EOF>\", near: \",\""},
    {"projection_empty", Use::kGet, "{'ProjectionExpression':''}",
     "counted: Invalid ProjectionExpression: The expression can not be empty;"},
    {"projection_reserved", Use::kGet, "{'ProjectionExpression':'a.name'}",
     "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: name"},
    {"unknown_members", Use::kGet, "{'ConditionExpression':'!!','ProjectionExpression':'a'}", "ok"},
    {"update_before_condition", Use::kUpdate, "{'ConditionExpression':'!','UpdateExpression':'!'}",
     "Invalid UpdateExpression: Syntax error; token: \"!\", near: \"!\""},
};
// NOLINTEND

TEST(Request, Table) {
  for (const auto& c : kCases) {
    EXPECT_EQ(outcome(c.body, c.use), c.want) << c.id;
  }
}

TEST(Request, VAL_09_VAL_10_Mixing) {
  const auto mixed = [](std::string_view body, Use use) {
    const auto document = json::Document::parse(test::quoted(body));
    const auto status = check_not_mixed(document->root(), use);
    return status ? "ok" : status.error().message;
  };
  EXPECT_EQ(mixed("{'KeyConditions':{},'QueryFilter':{},'ConditionalOperator':'AND','AttributesToGet':['a'],'"
                  "KeyConditionExpression':'a','"
                  "FilterExpression':'b','ProjectionExpression':'c'}",
                  Use::kQuery),
            "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
            "{AttributesToGet, QueryFilter, ConditionalOperator, KeyConditions} Expression parameters: "
            "{ProjectionExpression, "
            "FilterExpression, KeyConditionExpression}");
  EXPECT_EQ(mixed("{'KeyConditions':{},'FilterExpression':'b'}", Use::kQuery), "ok");
  EXPECT_EQ(
      mixed("{'AttributeUpdates':{},'Expected':{},'UpdateExpression':'b','ConditionExpression':'b'}", Use::kUpdate),
      "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
      "{AttributeUpdates, Expected} Expression parameters: {UpdateExpression, ConditionExpression}");
  EXPECT_EQ(mixed("{'AttributesToGet':['a']}", Use::kGet), "ok");
}

TEST(Projection, RET_12_KeepsTheHierarchyAndCompactsLists) {
  const auto read = test::read("{'ProjectionExpression':'l[2], l[0].x, m.y.z, q, m.a'}", Use::kGet);
  const auto item =
      test::item_of(test::quoted("{'l':{'L':[{'M':{'x':{'N':'0'},'y':{'N':'9'}}},{'N':'1'},{'N':'2'}]},'m':{'M':{'y':{'"
                                 "M':{'z':{'S':'d'},'w':{'S':'e'}}},"
                                 "'b':{'N':'1'}}},'o':{'N':'1'}}"));
  EXPECT_EQ(item::to_json(read->projection->apply(item)),
            R"({"l":{"L":[{"M":{"x":{"N":"0"}}},{"N":"2"}]},"m":{"M":{"y":{"M":{"z":{"S":"d"}}}}}})");
  EXPECT_EQ(read->projection->names(), (std::vector<std::string_view>{"l", "m", "q"}));
}

TEST(Projection, RET_13_NothingPresentIsEmpty) {
  const auto read = test::read("{'ProjectionExpression':'q, m.q, l[7]'}", Use::kGet);
  EXPECT_EQ(item::to_json(read->projection->apply(test::item_of(R"({"m":{"M":{}},"l":{"L":[]}})"))), "{}");
}

}  // namespace
}  // namespace tidemill::expr
