"""PartiQL."""
import re

import pytest

from .wire import L, M, N, NS, S, SS, constraints


MUST_NAME_KEY = "Select statements within BatchExecuteStatement must specify the primary key in the where clause."


@pytest.fixture(scope="module")
def table(wire, make_table):
    """p0..p4 with c = 0..4 each; an index on g."""
    name = make_table("p:S", "c:N", definitions=("g:S",), GlobalSecondaryIndexes=[
        {"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}])
    for p in range(5):
        wire.ok("BatchWriteItem", RequestItems={name: [{"PutRequest": {"Item": item(p, c)}} for c in range(5)]})
    return name


def item(p, c):
    return {"p": S(f"p{p}"), "c": N(c), "g": S(f"g{c}"), "a": N(p * 10 + c), "m": M(x=N(p), y=L(N(c), S("z")))}


@pytest.fixture
def run(wire):
    def execute(statement, *parameters, **more):
        return wire.ok("ExecuteStatement", Statement=statement, **({"Parameters": list(parameters)} if parameters else {}), **more)

    return execute


@pytest.fixture
def refuse(wire):
    def execute(code, text, statement, *parameters, **more):
        body = dict(Statement=statement, **({"Parameters": list(parameters)} if parameters else {}), **more)
        return wire.refuses("ExecuteStatement", code, text, **body)

    return execute


def keys(answer):
    return [(one["p"]["S"], int(one["c"]["N"])) for one in answer["Items"]]


def test_PQL_01_select(run, table):
    t = f'"{table}"'
    assert run(f"SELECT * FROM {t} WHERE p = 'p1' AND c = 2") == {"Items": [item(1, 2)]}
    assert keys(run(f"SELECT * FROM {t} WHERE p = 'p1'")) == [("p1", c) for c in range(5)]
    assert keys(run(f"SELECT * FROM {t} WHERE p = 'p1' AND c > 2")) == [("p1", 3), ("p1", 4)]
    assert keys(run(f"SELECT * FROM {t} WHERE p = 'p1' AND c BETWEEN 1 AND 2 AND a <> 11")) == [("p1", 2)]
    assert keys(run(f"SELECT * FROM {t} WHERE p IN ['p1', 'p3'] AND c = 0")) == [("p1", 0), ("p3", 0)]
    assert keys(run(f"SELECT * FROM {t} WHERE p = 'p1' AND (c = 1 OR c = 3)")) == [("p1", 1), ("p1", 3)]
    assert sorted(keys(run(f"SELECT * FROM {t} WHERE a = 23 OR a = 41"))) == [("p2", 3), ("p4", 1)]
    assert len(run(f"SELECT * FROM {t}")["Items"]) == 25
    assert sorted(keys(run(f"SELECT * FROM {t}.\"by-g\" WHERE g = 'g3'"))) == [(f"p{p}", 3) for p in range(5)]
    assert run(f"SELECT * FROM {t} WHERE p = 'none'") == {"Items": []}


def test_PQL_02_columns(run, table):
    where = f"FROM \"{table}\" WHERE p = 'p1' AND c = 2"
    assert run(f"SELECT a, q {where}")["Items"] == [{"a": N(12)}]
    assert run(f"SELECT m.x, m.y[1] {where}")["Items"] == [{"x": N(1), "y[1]": S("z")}]
    assert run(f"SELECT m.y {where}")["Items"] == [{"y": L(N(2), S("z"))}]
    assert run(f"SELECT q {where}")["Items"] == [{}]


@pytest.mark.parametrize("value", [S("it's"), N("1.5"), {"B": "AAEC"}, {"BOOL": True}, {"NULL": True}, L(N(1), S("x")), M(k=N(1)), SS("a", "b"), NS(1, 2),
                                   {"BS": ["AA=="]}])
def test_PQL_03_parameters(run, get, hash_table, key, value):
    p = S(key())
    run(f"INSERT INTO \"{hash_table}\" VALUE {{'p': ?, 'v': ?}}", p, value)
    assert get({"p": p}) == {"v": value}
    assert run(f'SELECT * FROM "{hash_table}" WHERE p = ? AND v = ?', p, value)["Items"] == [{"p": p, "v": value}]


def test_PQL_04_insert(run, refuse, get, hash_table, range_table, key):
    p = key()
    assert run(f"INSERT INTO \"{hash_table}\" VALUE {{'p': '{p}', 'l': [1, 'a'], 'm': {{'k': <<1, 2>>}}}}") == {"Items": []}
    assert get({"p": S(p)}) == {"l": L(N(1), S("a")), "m": M(k=NS(1, 2))}
    refuse("DuplicateItemException", "Duplicate primary key exists in table", f"INSERT INTO \"{hash_table}\" VALUE {{'p': '{p}'}}")
    refuse("ValidationException", "Key attribute should be present in the item: Key p", f"INSERT INTO \"{hash_table}\" VALUE {{'q': 'x'}}")
    refuse("ValidationException", "Key attribute's data type should match its data type in table's schema: Key c",
           f"INSERT INTO \"{range_table}\" VALUE {{'p': 'x', 'c': 5}}")


def test_PQL_05_PQL_09_update(run, put, get, hash_table):
    one = put(a=N(1), l=L(N(1)), s=SS("x"), m=M(k=N(1)))
    where = f"WHERE p = '{one['p']['S']}'"
    t = f'UPDATE "{hash_table}"'
    assert run(f"{t} SET a = a + 1 SET m.k = 'new' REMOVE l {where}") == {"Items": []}
    assert get(one) == {"a": N(2), "s": SS("x"), "m": M(k=S("new"))}
    assert run(f"{t} SET a = 5 {where} RETURNING ALL OLD *")["Items"][0]["a"] == N(2)
    assert run(f"{t} SET a = 6 {where} RETURNING ALL NEW *")["Items"] == [{**one, **get(one)}]
    assert run(f"{t} SET a = 7 {where} RETURNING MODIFIED OLD *")["Items"] == [{"a": N(6)}]
    assert run(f"{t} SET a = 8 {where} RETURNING MODIFIED NEW *")["Items"] == [{"a": N(8)}]
    run(f"{t} SET s = set_add(s, <<'y'>>) SET l = list_append(if_not_exists(l, []), [9]) SET b = if_not_exists(b, 3) {where}")
    assert get(one) == {"a": N(8), "s": SS("x", "y"), "l": L(N(9)), "b": N(3), "m": M(k=S("new"))}
    run(f"{t} SET s = set_delete(s, <<'x'>>) REMOVE m REMOVE b {where}")
    assert get(one) == {"a": N(8), "s": SS("y"), "l": L(N(9))}
    run(f"{t} SET a = a - 1, l[0] = 'x', b = 1 REMOVE s REMOVE none {where}")
    assert get(one) == {"a": N(7), "l": L(S("x")), "b": N(1)}


def test_PQL_06_update_of_a_missing_item(run, refuse, put, get, hash_table, key):
    p = key()
    failed = ("ConditionalCheckFailedException", "The conditional request failed")
    refuse(*failed, f"UPDATE \"{hash_table}\" SET a = 1 WHERE p = '{p}'")
    assert get({"p": S(p)}) is None
    one = put(a=N(1))
    answer = refuse(*failed, f"UPDATE \"{hash_table}\" SET a = 2 WHERE p = '{one['p']['S']}' AND a = 5",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert answer.json["Item"] == {**one, "a": N(1)}


def test_PQL_07_delete(run, refuse, put, get, hash_table, key):
    one = put(a=N(1))
    where = f"FROM \"{hash_table}\" WHERE p = '{one['p']['S']}'"
    refuse("ConditionalCheckFailedException", "The conditional request failed", f"DELETE {where} AND a = 2")
    refuse("ValidationException", "Invalid returning clause: RETURNING ALL NEW *. Only RETURNING ALL OLD * is allowed in DELETE statements.",
           f"DELETE {where} RETURNING ALL NEW *")
    assert run(f"DELETE {where} RETURNING ALL OLD *") == {"Items": [{**one, "a": N(1)}]}
    assert run(f"DELETE {where}") == {"Items": []} and get(one) is None
    assert run(f"DELETE {where} AND a = 2") == {"Items": []}, "what is not there is deleted with success"


def test_PQL_08_whole_keys(refuse, table):
    text = "Where clause does not contain a mandatory equality on all key attributes"
    for where in ("p = 'p1'", "c = 1", "p = 'p1' AND c > 1", "a = 1"):
        refuse("ValidationException", text, f'DELETE FROM "{table}" WHERE {where}')
        refuse("ValidationException", text, f'UPDATE "{table}" SET a = 1 WHERE {where}')
    refuse("ValidationException", text, f'DELETE FROM "{table}"')
    refuse("ValidationException", text, f'UPDATE "{table}" SET a = 1')


@pytest.mark.parametrize("condition,want", [
    ("q IS MISSING", True), ("a IS NOT MISSING", True), ("z IS NULL", True), ("a IS NOT NULL", True), ("a IN (1, 2)", True), ("a IN [3]", False),
    ("a BETWEEN 0 AND 1", True), ("begins_with(s, 'he')", True), ("contains(s, 'll')", True), ("size(s) = 5", True), ("attribute_type(s, 'S')", True),
    ("NOT a = 1", False), ("a != 1", False), ("a = 1 AND (s = 'x' OR s = 'hello')", True), ("m.k[0] = 7", True),
])
def test_PQL_10_conditions(run, put, hash_table, condition, want):
    one = put(a=N(1), s=S("hello"), z={"NULL": True}, m=M(k=L(N(7))))
    assert len(run(f"SELECT * FROM \"{hash_table}\" WHERE p = '{one['p']['S']}' AND {condition}")["Items"]) == want


def test_PQL_11_order(run, refuse, table):
    assert keys(run(f"SELECT * FROM \"{table}\" WHERE p = 'p1' ORDER BY c DESC")) == [("p1", c) for c in range(4, -1, -1)]
    assert keys(run(f"SELECT * FROM \"{table}\" WHERE p IN ['p1', 'p2'] AND c > 3 ORDER BY p DESC, c DESC")) == [("p2", 4), ("p1", 4)]
    refuse("ValidationException", "Must have WHERE clause in the statement when using ORDER BY clause.", f'SELECT * FROM "{table}" ORDER BY c')
    answer = refuse("ValidationException", re.compile("ORDER BY"), f"SELECT * FROM \"{table}\" WHERE p = 'p1' ORDER BY a")


def test_PQL_12_unsupported(refuse, table):
    statement = f'SELECT * FROM "{table}" LIMIT 5'
    refuse("ValidationException", f"Unsupported clause: LIMIT at 1:{statement.index('LIMIT') + 7}:1", statement)
    refuse("ValidationException", "Unsupported clause: GROUP BY", f'SELECT * FROM "{table}" GROUP BY a')
    refuse("ValidationException", "Unsupported token in expression: DISTINCT", f'SELECT DISTINCT a FROM "{table}"')
    refuse("ValidationException", "Only select from a single table or index is supported.", f'SELECT * FROM "{table}", other')
    refuse("ValidationException", "Duplicate identifiers in select clause: a", f'SELECT a, a FROM "{table}"')
    refuse("ValidationException", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m, x], "
           "path two: [m]", f'SELECT m, m.x FROM "{table}"')
    refuse("ValidationException", "RETURNING is not supported in INSERT", f"INSERT INTO \"{table}\" VALUE {{'p': 'x', 'c': 1}} RETURNING ALL OLD *")
    twice = f"INSERT INTO \"{table}\" VALUE {{'p': 'x', 'c': 1, 'p': 'y'}}"
    column = twice.rindex("'p'") + 1
    refuse("ValidationException", f"Duplicate keys in tuple. Key: p under root at 1:{column}:3", twice)
    empty = f"INSERT INTO \"{table}\" VALUE {{'p': 'x', 'c': 1, 'e': <<>>}}"
    refuse("ValidationException", f"Empty bags are not supported at 1:{empty.index('<<') + 1}:2", empty)
    refuse("ValidationException", "Aliasing is not supported", f'SELECT a AS b FROM "{table}"')
    refuse("ValidationException", "Statement wasn't well formed, can't be processed: Expected data manipulation", "HELLO")
    for bad in ("SELECT * FROM", f'SELECT * FROM "{table}" WHERE p', f'SELECT * FROM "{table}" WHERE p = \'x'):
        refuse("ValidationException", f"Statement wasn't well formed, can't be processed: {bad}", bad)
    refuse("ValidationException", "Number of parameters in request and statement don't match.", f'SELECT * FROM "{table}" WHERE p = ?')
    refuse("ValidationException", "EXISTS can only be used in ExecuteTransaction write requests.",
           f"EXISTS(SELECT * FROM \"{table}\" WHERE p = 'x' AND c = 1)")


@pytest.mark.parametrize("where,count", [("", 25), (" WHERE p = 'p1'", 5), (" WHERE p IN ['p1', 'p4', 'none', 'p2']", 15), (" WHERE p = 'p1' AND a > 12", 2)])
@pytest.mark.parametrize("limit", [1, 2, 7])
def test_PQL_13_pages(run, table, where, count, limit):
    statement = f'SELECT * FROM "{table}"{where}'
    seen, token = [], {}
    for _ in range(60):
        answer = run(statement, Limit=limit, **token)
        assert len(answer["Items"]) <= limit
        seen += keys(answer)
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert len(seen) == len(set(seen)) == count and sorted(seen) == sorted(keys(run(statement)))


def test_PQL_13_tokens_belong_to_their_statement(run, refuse, table):
    token = run(f'SELECT * FROM "{table}"', Limit=1)["NextToken"]
    for bad in (token, "nonsense", "AAAA"):
        refuse("ValidationException", "Invalid NextToken", f"SELECT * FROM \"{table}\" WHERE p = 'p1'", NextToken=bad)


def test_PQL_14_batches(wire, put, get, hash_table, table, key):
    one, p = put(a=N(1)), key()
    answer = wire.ok("BatchExecuteStatement", Statements=[
        {"Statement": f"SELECT a FROM \"{hash_table}\" WHERE p = '{one['p']['S']}'"},
        {"Statement": f'SELECT * FROM "{hash_table}" WHERE p = ?', "Parameters": [S(p)]},
        {"Statement": f"SELECT * FROM \"{table}\" WHERE p = 'p1'"}, {"Statement": "SELECT * FROM nowhere WHERE p = 'x'"}])["Responses"]
    assert answer[:2] == [{"TableName": hash_table, "Item": {"a": N(1)}}, {"TableName": hash_table}]
    assert answer[2]["Error"] == {"Code": "ValidationError", "Message": MUST_NAME_KEY}
    assert answer[3]["Error"] == {"Code": "ResourceNotFound", "Message": "Requested resource not found"}
    answer = wire.ok("BatchExecuteStatement", Statements=[
        {"Statement": f"INSERT INTO \"{hash_table}\" VALUE {{'p': '{p}'}}"}, {"Statement": f"INSERT INTO \"{hash_table}\" VALUE {{'p': '{one['p']['S']}'}}"},
        {"Statement": f"UPDATE \"{hash_table}\" SET a = 1 WHERE p = '{p}-missing'"}])["Responses"]
    assert answer[0] == {"TableName": hash_table} and get({"p": S(p)}) == {}
    assert [one["Error"]["Code"] for one in answer[1:]] == ["DuplicateItem", "ConditionalCheckFailed"]
    select, insert = f"SELECT * FROM \"{hash_table}\" WHERE p = 'x'", f"INSERT INTO \"{hash_table}\" VALUE {{'p': '{p}-2'}}"
    wire.invalid("BatchExecuteStatement", "Read and write requests together in the same batch is not supported.",
                 Statements=[{"Statement": select}, {"Statement": insert}])
    wire.invalid("BatchExecuteStatement", "Provided list of item keys contains duplicates", Statements=[{"Statement": select}] * 2)
    assert get({"p": S(f"{p}-2")}) is None
    assert wire.fails("BatchExecuteStatement", Statements=[{"Statement": select}] * 26).code == "ValidationException"


def test_PQL_15_transactions(wire, put, get, hash_table, key):
    one, two, p = put(a=N(1)), put(a=N(2)), key()
    t = f'"{hash_table}"'

    def transact(*statements, **more):
        return wire.call("ExecuteTransaction", {"TransactStatements": [{"Statement": one} for one in statements], **more})

    select = [f"SELECT * FROM {t} WHERE p = '{name}'" for name in (one["p"]["S"], f"{p}-none", two["p"]["S"])]
    assert transact(*select).json["Responses"] == [{"Item": {**one, "a": N(1)}}, {}, {"Item": {**two, "a": N(2)}}]
    exists = f"EXISTS(SELECT * FROM {t} WHERE p = '{one['p']['S']}' AND a = {{}})"
    insert, update = f"INSERT INTO {t} VALUE {{'p': '{p}'}}", f"UPDATE {t} SET a = 9 WHERE p = '{two['p']['S']}'"
    answer = transact(insert, update, exists.format(7))
    assert answer.code == "TransactionCanceledException" and [one["Code"] for one in answer.json["CancellationReasons"]] == ["None", "None", "ConditionalCheckFailed"]
    assert get({"p": S(p)}) is None and get(two) == {"a": N(2)}
    token = key("token")
    for _ in range(2):
        assert transact(insert, update, exists.format(1), ClientRequestToken=token).json == {"Responses": []}
    assert get({"p": S(p)}) == {} and get(two) == {"a": N(9)}
    answer = transact(insert)
    assert [one["Code"] for one in answer.json["CancellationReasons"]] == ["DuplicateItem"]
    answer = transact(update, f"EXISTS(SELECT * FROM {t} WHERE p = '{p}')")
    assert answer.message == "Validation failed in TransactStatements[1]: EXISTS() must contain a single item read with additional condition"
    answer = transact(f"SELECT * FROM {t}")
    assert answer.message == ("Validation failed in TransactStatements[0]: Select statements within ExecuteTransaction must specify the "
                              "primary key in the where clause.")
    answer = transact(select[0], insert)
    assert answer.message == "ExecuteTransaction API does not support both read and write operations in the same request."


def test_PQL_16_empty_parameters(wire, table):
    answer = wire.fails("ExecuteStatement", Statement=f'SELECT * FROM "{table}"', Parameters=[])
    assert answer.message == ("1 validation error detected: Value '[]' at 'parameters' failed to satisfy constraint: Member must have length greater than "
                              "or equal to 1")


def test_PQL_17_writing_style(run, make_table, wire):
    table = make_table("p:S")
    plain = "plain" + table.replace("-", "")
    wire.ok("CreateTable", TableName=plain, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}])
    run(f"insert into {plain} value {{'p': 'it''s'}};")
    assert run(f"SELECT\n*\tFROM {plain} where \"p\" = 'it''s' ;")["Items"] == [{"p": S("it's")}]
    wire.ok("DeleteTable", TableName=plain)


def test_PQL_18_unknown_names(refuse, table):
    refuse("ResourceNotFoundException", "Requested resource not found", "SELECT * FROM nowhere")
    refuse("ValidationException", "The table does not have the specified index", f"SELECT * FROM \"{table}\".\"nope\" WHERE g = 'x'")


def test_CAP_of_statements(run, table):
    assert run(f"SELECT * FROM \"{table}\" WHERE p = 'p1'", ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"] == {"TableName": table, "CapacityUnits": 0.5}
    answer = run(f"UPDATE \"{table}\" SET a = 12 WHERE p = 'p1' AND c = 2", ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"]["CapacityUnits"] >= 1.0


def test_PQL_every_write_reaches_the_stream(wire, make_table):
    name = make_table("p:S", "c:N", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    t = f'"{name}"'
    wire.ok("ExecuteStatement", Statement=f"INSERT INTO {t} VALUE {{'p': 'a', 'c': 1}}")
    wire.ok("ExecuteStatement", Statement=f"UPDATE {t} SET x = 1 WHERE p = 'a' AND c = 1")
    wire.ok("ExecuteStatement", Statement=f"UPDATE {t} SET x = 1 WHERE p = 'a' AND c = 1")
    wire.ok("BatchExecuteStatement", Statements=[{"Statement": f"INSERT INTO {t} VALUE {{'p': 'a', 'c': 2}}"},
                                                 {"Statement": f"INSERT INTO {t} VALUE {{'p': 'a', 'c': 1}}"}])
    wire.ok("ExecuteTransaction", TransactStatements=[{"Statement": f"DELETE FROM {t} WHERE p = 'a' AND c = 1"},
                                                      {"Statement": f"UPDATE {t} SET y = 2 WHERE p = 'a' AND c = 2"}])
    wire.ok("ExecuteStatement", Statement=f"DELETE FROM {t} WHERE p = 'a' AND c = 2")
    arn = wire.ok("DescribeTable", TableName=name)["Table"]["LatestStreamArn"]
    shard = wire.ok("DescribeStream", StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    at = wire.ok("GetShardIterator", StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    got = [(one["eventName"], one["dynamodb"]["Keys"]["c"]["N"]) for one in wire.ok("GetRecords", ShardIterator=at)["Records"]]
    assert sorted(got[:5]) == sorted([("INSERT", "1"), ("MODIFY", "1"), ("INSERT", "2"), ("REMOVE", "1"), ("MODIFY", "2")])
    assert got[:3] == [("INSERT", "1"), ("MODIFY", "1"), ("INSERT", "2")] and got[5:] == [("REMOVE", "2")]


@pytest.fixture(scope="module")
def indexed(wire, make_table):
    """s1, s2, s4 are in every index, s3 in none; no index but `all` holds `far`."""
    def index(name, *keys, projection="ALL", include=None):
        shape = {"ProjectionType": projection, **({"NonKeyAttributes": include} if include else {})}
        return {"IndexName": name, "Projection": shape,
                "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"))]}

    name = make_table("p:S", "c:S", definitions=("g:S", "l:S"),
                      GlobalSecondaryIndexes=[index("all", "g"), index("some", "g", projection="INCLUDE", include=["near"])],
                      LocalSecondaryIndexes=[index("keys", "p", "l", projection="KEYS_ONLY")])
    for c in ("s1", "s2", "s4"):
        wire.ok("PutItem", TableName=name, Item={"p": S("p"), "c": S(c), "g": S("x"), "l": S(c), "near": S("n" + c), "far": S("f" + c)})
    wire.ok("PutItem", TableName=name, Item={"p": S("p"), "c": S("s3"), "far": S("fs1")})
    return name


def cs(answer):
    return sorted(one["c"]["S"] for one in answer["Items"])


def test_PQL_01_an_index_filters_by_what_it_holds(run, refuse, indexed):
    """A SELECT whose keys narrow it may name only what the index holds; in another, what is not held is missing."""
    far = "One or more parameter values were invalid: Secondary index {} does not project one or more filter attributes: [far]"
    for where in ("far = 'fs1'", "NOT far = 'fs1'", "far IS MISSING", "far IS NOT MISSING", "begins_with(far, 'f')"):
        refuse("ValidationException", far.format("some"), f'SELECT p FROM "{indexed}"."some" WHERE g = \'x\' AND {where}')
        refuse("ValidationException", far.format("keys"), f'SELECT p FROM "{indexed}"."keys" WHERE p = \'p\' AND {where}')
    refuse("ValidationException", far.format("some"), f"SELECT p FROM \"{indexed}\".\"some\" WHERE g IN ['x', 'y'] AND far = 'fs1'")
    refuse("ValidationException", far.format("keys"), f"SELECT p FROM \"{indexed}\".\"keys\" WHERE p = 'p' AND l BETWEEN 's1' AND 's4' AND far = 'fs1'")
    assert cs(run(f"SELECT c FROM \"{indexed}\".\"some\" WHERE g = 'x' AND near = 'ns2'")) == ["s2"]
    assert cs(run(f"SELECT c FROM \"{indexed}\".\"all\" WHERE g = 'x' AND far = 'fs2'")) == ["s2"]
    for index in ("some", "keys"):
        assert cs(run(f"SELECT c FROM \"{indexed}\".\"{index}\" WHERE far = 'fs1'")) == []
        assert cs(run(f"SELECT c FROM \"{indexed}\".\"{index}\" WHERE NOT far = 'fs1'")) == ["s1", "s2", "s4"]
    assert cs(run(f"SELECT c FROM \"{indexed}\".\"some\" WHERE (g = 'x' AND far = 'fs1') OR near = 'ns4'")) == ["s4"]


def test_PQL_01_what_a_local_index_fetches(run, indexed):
    everything = run(f"SELECT far FROM \"{indexed}\".\"keys\" WHERE p = 'p'", ReturnConsumedCapacity="INDEXES")
    assert everything["Items"] == [{"far": S("fs1")}, {"far": S("fs2")}, {"far": S("fs4")}]
    # Without a key the filter sees the index, and yet every item is fetched and counts.
    nothing = run(f"SELECT far FROM \"{indexed}\".\"keys\" WHERE far = 'fs1'", ReturnConsumedCapacity="INDEXES")
    assert nothing["Items"] == [] and nothing["ConsumedCapacity"] == everything["ConsumedCapacity"]
    held = run(f"SELECT * FROM \"{indexed}\".\"keys\" WHERE p = 'p'", ReturnConsumedCapacity="INDEXES")
    assert held["Items"][0] == {"p": S("p"), "c": S("s1"), "l": S("s1")} and held["ConsumedCapacity"]["Table"] == {"CapacityUnits": 0.0}


def test_PQL_18_what_follows_a_table(wire, refuse, indexed):
    empty = "Path component cannot be an empty string"
    refuse("ValidationException", empty, 'SELECT * FROM ""')
    refuse("ValidationException", empty, f'SELECT * FROM "{indexed}".""')
    refuse("ValidationException", "A path may contain at most 2 components in the FROM clause", f'SELECT * FROM "{indexed}"."all"."more"')
    refuse("ValidationException", "Strongly consistent read is not supported on Global Secondary Indexes",
           f"SELECT * FROM \"{indexed}\".\"all\" WHERE g = 'x'", ConsistentRead=True)
    for index in ("all", "none"):
        refuse("ValidationException", "FROM clause may only contain a single table name",
               f"INSERT INTO \"{indexed}\".\"{index}\" VALUE {{'p': 'w', 'c': 'w'}}")
    of_index = "This operation is not supported on an index"
    refuse("ValidationException", of_index, f"UPDATE \"{indexed}\".\"all\" SET near = 'z' WHERE p = 'p' AND c = 's1'")
    refuse("ValidationException", of_index, f"DELETE FROM \"{indexed}\".\"all\" WHERE p = 'p' AND c = 's1'")
    for where in ("g = 'x'", "p = 'p' AND c = 's1' AND g = 'x'"):
        one = wire.ok("BatchExecuteStatement", Statements=[{"Statement": f'SELECT * FROM "{indexed}"."all" WHERE {where}'}])["Responses"][0]
        assert one == {"Error": {"Code": "ValidationError", "Message": MUST_NAME_KEY}}


def test_PQL_15_what_a_transaction_does_not_take(wire, get, put, hash_table, indexed):
    wire.invalid("ExecuteTransaction", "Validation failed in TransactStatements[0]: Reads on indices are not supported within transactions.",
                 TransactStatements=[{"Statement": f"SELECT * FROM \"{indexed}\".\"all\" WHERE g = 'x'"}])
    one = put(a=N(1))
    statements = [{"Statement": f"UPDATE \"{hash_table}\" SET a = 2 WHERE p = '{one['p']['S']}'{more}"} for more in ("", " RETURNING ALL NEW *")]
    wire.invalid("ExecuteTransaction", "Validation failed in TransactStatements[1]: RETURNING clause is not supported in ExecuteTransaction.",
                 TransactStatements=statements)
    assert get(one)["a"] == N(1)
