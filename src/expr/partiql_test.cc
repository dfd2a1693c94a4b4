#include "expr/partiql.h"

#include <gtest/gtest.h>

#include "expr/test_support.h"

namespace tidemill::expr::partiql {
namespace {

using item::Type;

const KeySchema kKeys{.hash = {{"p", Type::kString}}, .range = {{"c", Type::kNumber}}};

std::string failure(std::string_view text, const std::vector<item::AttributeValue>& parameters = {}) {
  const auto statement = parse(text, parameters);
  return statement ? "ok" : statement.error().message;
}

TEST(PartiQl, PQL_17_NamesKeywordsAndSemicolons) {
  const auto statement = parse(R"(sElEcT "a""b", c.d[2]['e'] fRoM "my-table"."my.index" wHeRe p = 'it''s';)", {});
  ASSERT_TRUE(statement) << statement.error().message;
  EXPECT_EQ(statement->table, "my-table");
  EXPECT_EQ(statement->index, "my.index");
  EXPECT_EQ(to_string(statement->columns[0]), "[a\"b]");
  EXPECT_EQ(to_string(statement->columns[1]), "[c, d, [2], e]");
  EXPECT_EQ(statement->where->values()[0], item::AttributeValue("it's"));
}

TEST(PartiQl, PQL_02_ColumnNames) {
  const auto statement = parse("SELECT m.a, l[0], m.l[1][2], x FROM t", {});
  std::string names;
  for (const auto& column : statement->columns) names += column_name(column) + " ";
  EXPECT_EQ(names, "a l[0] l[1][2] x ");
}

TEST(PartiQl, PQL_03_LiteralsOfEveryType) {
  const auto statement =
      parse(R"(INSERT INTO t VALUE {'p': 'x', 'n': -1.5e2, 't': true, 'f': FALSE, 'z': null, 'l': [1, 'a', [2]],
                                  'm': {'k': {}}, 'ss': <<'b', 'a'>>, 'ns': <<1, 2.0>>, 'q': ?})",
            {item::AttributeValue(item::Binary{"bin"})});
  ASSERT_TRUE(statement) << statement.error().message;
  EXPECT_EQ(
      item::to_json(statement->item),
      R"({"f":{"BOOL":false},"l":{"L":[{"N":"1"},{"S":"a"},{"L":[{"N":"2"}]}]},"m":{"M":{"k":{"M":{}}}},"n":{"N":"-150"},)"
      R"("ns":{"NS":["1","2"]},"p":{"S":"x"},"q":{"B":"Ymlu"},"ss":{"SS":["a","b"]},"t":{"BOOL":true},"z":{"NULL":true}})");
}

std::string selected(std::string_view where, const KeySchema& schema = kKeys) {
  const auto statement = parse("SELECT * FROM t WHERE " + std::string(where), {});
  if (!statement) return statement.error().message;
  const auto selection = select(&*statement->where, schema);
  std::string out;
  for (const auto& term : selection.terms)
    out += term.attribute + std::to_string(static_cast<int>(term.op)) + item::to_json(term.values[0]) + " ";
  for (const auto& value : selection.partitions) out += "in " + item::to_json(value) + " ";
  return out + (selection.rest ? "rest" : "");
}

TEST(PartiQl, PQL_01_KeysAreFoundInTheWhereClause) {
  EXPECT_EQ(selected("p = 'x'"), R"(p0{"S":"x"} )");
  EXPECT_EQ(selected("c > 5 AND 'x' = p"), R"(p0{"S":"x"} c3{"N":"5"} )");
  EXPECT_EQ(selected("p = 'x' AND 5 > c AND a = 1"), R"(p0{"S":"x"} c1{"N":"5"} rest)");
  EXPECT_EQ(selected("p IN ['x', 'y', 'x'] AND c BETWEEN 1 AND 2"), R"(c5{"N":"1"} in {"S":"x"} in {"S":"y"} )");
  EXPECT_EQ(selected("p = 'x' OR p = 'y'"), "rest");
  EXPECT_EQ(selected("c = 5"), "rest");
  EXPECT_EQ(selected("p = 'x' AND (c = 5 OR a = 1)"), R"(p0{"S":"x"} rest)");
}

std::string holds(std::string_view where, std::string_view item) {
  const auto statement = parse("SELECT * FROM t WHERE " + std::string(where), {});
  if (!statement) return statement.error().message;
  return statement->where->matches(test::item_of(test::quoted(item))) ? "true" : "false";
}

TEST(PartiQl, PQL_10_Conditions) {
  constexpr std::string_view kItem =
      "{'a':{'N':'1'},'s':{'S':'hello'},'z':{'NULL':true},'l':{'L':[{'N':'7'}]},'set':{'SS':['x']}}";
  EXPECT_EQ(holds("a IS NOT MISSING AND q IS MISSING", kItem), "true");
  EXPECT_EQ(holds("z IS NULL AND a IS NOT NULL", kItem), "true");
  EXPECT_EQ(holds("a IN (1, 2) AND a BETWEEN 0 AND 1", kItem), "true");
  EXPECT_EQ(holds("begins_with(s, 'he') AND contains(s, 'll') AND size(s) = 5", kItem), "true");
  EXPECT_EQ(holds("attribute_type(s, 'S') AND NOT contains(\"set\", 'y')", kItem), "true");
  EXPECT_EQ(holds("a != 1 OR l[0] <> 7", kItem), "false");
  EXPECT_EQ(holds("(a = 1 AND (s = 'x' OR s = 'hello'))", kItem), "true");
}

TEST(PartiQl, PQL_05_PQL_09_Updates) {
  const auto apply = [](std::string_view actions, std::string_view old) -> std::string {
    const auto statement = parse("UPDATE t " + std::string(actions) + " WHERE p = 'x'", {});
    if (!statement) return statement.error().message;
    const auto before = test::item_of(test::quoted(old));
    const auto result = statement->update->apply(&before, before);
    return result ? item::to_json(**result) : result.error().message;
  };
  EXPECT_EQ(apply("SET a = a + 1 SET b = 'x' REMOVE c", "{'a':{'N':'1'},'c':{'N':'1'}}"),
            R"({"a":{"N":"2"},"b":{"S":"x"}})");
  EXPECT_EQ(apply("SET l = list_append(l, [2]) SET q = if_not_exists(q, 5)", "{'l':{'L':[{'N':'1'}]}}"),
            R"({"l":{"L":[{"N":"1"},{"N":"2"}]},"q":{"N":"5"}})");
  EXPECT_EQ(
      apply("SET s = set_add(s, <<'b'>>) SET n = set_delete(n, <<1>>)", "{'s':{'SS':['a']},'n':{'NS':['1','2']}}"),
      R"({"n":{"NS":["2"]},"s":{"SS":["a","b"]}})");
  EXPECT_EQ(apply("SET m.x[0] = 5", "{'m':{'M':{'x':{'L':[{'N':'1'}]}}}}"), R"({"m":{"M":{"x":{"L":[{"N":"5"}]}}}})");
  EXPECT_EQ(parse("UPDATE t SET a = 1 WHERE p = 'x' RETURNING MODIFIED NEW *", {})->returning, Returning::kModifiedNew);
}

TEST(PartiQl, PQL_08_Targets) {
  const auto of = [](std::string_view where) {
    const auto statement = parse("DELETE FROM t WHERE " + std::string(where), {});
    const auto found = target(&*statement->where, kKeys);
    return found ? item::to_json(found->key) + (found->rest ? " rest" : "") : found.error().message;
  };
  EXPECT_EQ(of("c = 5 AND p = 'x'"), R"({"c":{"N":"5"},"p":{"S":"x"}})");
  EXPECT_EQ(of("c = 5 AND p = 'x' AND a = 1"), R"({"c":{"N":"5"},"p":{"S":"x"}} rest)");
  EXPECT_EQ(of("p = 'x'"), "Where clause does not contain a mandatory equality on all key attributes");
  EXPECT_EQ(of("p = 'x' AND c > 5"), "Where clause does not contain a mandatory equality on all key attributes");
}

TEST(PartiQl, PQL_12_Errors) {
  EXPECT_EQ(failure("SELECT * FROM t LIMIT 5"), "Unsupported clause: LIMIT at 1:23:1");
  EXPECT_EQ(failure("SELECT a AS b FROM t"), "Aliasing is not supported");
  EXPECT_EQ(failure("SELECT * FROM t ORDER BY p"),
            "Must have WHERE clause in the statement when using ORDER BY clause.");
  EXPECT_EQ(failure("SELECT * FROM t WHERE p = ?"), "Number of parameters in request and statement don't match.");
  EXPECT_EQ(failure("DELETE FROM t WHERE p = 'x' RETURNING ALL NEW *"),
            "Invalid returning clause: RETURNING ALL NEW *. Only RETURNING ALL OLD * is allowed in DELETE statements.");
  for (const char* text : {"", "HELLO", "SELECTED * FROM t"}) {
    EXPECT_EQ(failure(text), "Statement wasn't well formed, can't be processed: Expected data manipulation");
  }
  EXPECT_EQ(failure("SELECT * FROM \"\""), "Path component cannot be an empty string");
  EXPECT_EQ(failure("SELECT * FROM t.i.more"), "A path may contain at most 2 components in the FROM clause");
  EXPECT_EQ(failure("INSERT INTO t.i VALUE {'a': 1}"), "FROM clause may only contain a single table name");
  for (const char* text :
       {"SELECT", "SELECT * FROM", "SELECT * FROM t WHERE", "SELECT * FROM t WHERE p",
        "SELECT * FROM t WHERE p = ", "INSERT INTO t VALUE 5", "UPDATE t WHERE p = 'x'", "SELECT * FROM t WHERE p = 'x",
        "SELECT * FROM t WHERE p = 'x' extra", "INSERT INTO t VALUE {'a': <<1, 'b'>>}", "SELECT * FROM t WHERE f(p)"}) {
    EXPECT_EQ(failure(text), "Statement wasn't well formed, can't be processed: " + std::string(text));
  }
  EXPECT_EQ(failure("SELECT * FROM t WHERE p = " + std::string(4000, '[')),
            "Statement wasn't well formed, can't be processed: SELECT * FROM t WHERE p = " + std::string(4000, '['));
}

TEST(PartiQl, SubjectsAreToldWithoutParameters) {
  EXPECT_EQ(subject("SELECT a, b FROM \"t\".\"i\" WHERE x = ?")->index, "i");
  EXPECT_EQ(subject("update t set a = ?")->kind, Kind::kUpdate);
  EXPECT_EQ(subject("INSERT INTO \"x\" VALUE ?")->table, "x");
  EXPECT_EQ(subject("EXISTS(SELECT * FROM y WHERE a = ?)")->table, "y");
  EXPECT_FALSE(subject("FROM t"));
}

TEST(PartiQl, ConditionsOnExistence) {
  const auto statement = parse("DELETE FROM t WHERE p = 'x' AND c = 1 AND a = 1", {});
  auto found = target(&*statement->where, kKeys);
  const auto condition = and_exists(std::move(found->rest), "p");
  EXPECT_TRUE(condition.matches(test::item_of(R"({"p":{"S":"x"},"a":{"N":"1"}})")));
  EXPECT_FALSE(condition.matches(test::item_of(R"({"a":{"N":"1"}})")));
  EXPECT_TRUE(and_exists(std::nullopt, "p", true).matches(item::Item()));
}

}  // namespace
}  // namespace tidemill::expr::partiql
