"""Secondary indexes."""
import time

import pytest

from .conftest import index, wait_active
from .wire import N, S, SS

INVALID = "One or more parameter values were invalid: "
NOT_VALID = "One or more parameter values are not valid. "


def through(wire, table, name, condition, values, **more):
    return wire.ok("Query", TableName=table, IndexName=name, KeyConditionExpression=condition, ExpressionAttributeValues=values, **more)


def entries(wire, table, g, name="gsi"):
    """Global indexes may lag; ours are read after their write."""
    return through(wire, table, name, "g = :g", {":g": S(g)})["Items"]


def test_IDX_01_to_IDX_04_entries_follow_the_item(wire, index_table, key):
    one, g, g2 = {"p": S(key()), "c": S("x")}, key("g"), key("g")
    wire.ok("PutItem", TableName=index_table, Item={**one, "a": N(1)})
    assert entries(wire, index_table, g) == []
    update = dict(TableName=index_table, Key=one)
    wire.ok("UpdateItem", **update, UpdateExpression="SET g = :g", ExpressionAttributeValues={":g": S(g)})
    assert entries(wire, index_table, g) == [{**one, "a": N(1), "g": S(g)}]
    wire.ok("UpdateItem", **update, UpdateExpression="SET g = :g, a = :a", ExpressionAttributeValues={":g": S(g), ":a": N(2)})
    assert entries(wire, index_table, g) == [{**one, "a": N(2), "g": S(g)}]
    wire.ok("UpdateItem", **update, UpdateExpression="SET g = :g", ExpressionAttributeValues={":g": S(g2)})
    assert entries(wire, index_table, g) == [] and len(entries(wire, index_table, g2)) == 1
    wire.ok("UpdateItem", **update, UpdateExpression="REMOVE g")
    assert entries(wire, index_table, g2) == []
    wire.ok("PutItem", TableName=index_table, Item={**one, "g": S(g)})
    wire.ok("DeleteItem", TableName=index_table, Key=one)
    assert entries(wire, index_table, g) == []


def test_IDX_05_equal_index_keys(wire, index_table, key):
    g, p = key("g"), key()
    for c in "ab":
        wire.ok("PutItem", TableName=index_table, Item={"p": S(p), "c": S(c), "g": S(g)})
    assert [one["c"]["S"] for one in entries(wire, index_table, g)] == ["a", "b"]


def test_IDX_06_projections(wire, index_table, key):
    g, p = key("g"), S(key())
    item = {"p": p, "c": S("x"), "g": S(g), "h": N(987001), "l": N(1), "x": S("included"), "y": S("not")}
    wire.ok("PutItem", TableName=index_table, Item=item)
    assert entries(wire, index_table, g) == [item]
    assert entries(wire, index_table, g, "keys") == [{name: item[name] for name in "pcgh"}]
    assert through(wire, index_table, "inc", "h = :h", {":h": N(987001)})["Items"] == [{name: item[name] for name in "pchx"}]
    assert through(wire, index_table, "lsi", "p = :p", {":p": p})["Items"] == [{name: item[name] for name in "pcl"}]
    assert through(wire, index_table, "lall", "p = :p AND l = :l", {":p": p, ":l": N(1)})["Items"] == [item]


def test_IDX_07_key_names_in_the_projection(wire, make_table):
    table = make_table("p:S", definitions=("g:S",), GlobalSecondaryIndexes=[index("inc", "g", projection="INCLUDE", include=["p", "g", "x"])])
    wire.ok("PutItem", TableName=table, Item={"p": S("a"), "g": S("b"), "x": N(1), "y": N(2)})
    assert through(wire, table, "inc", "g = :g", {":g": S("b")})["Items"] == [{"p": S("a"), "g": S("b"), "x": N(1)}]


def test_IDX_08_IDX_12_consistent_reads(wire, index_table, key):
    wire.invalid("Query", "Consistent reads are not supported on global secondary indexes", TableName=index_table, IndexName="gsi",
                 KeyConditionExpression="g = :g", ExpressionAttributeValues={":g": S("x")}, ConsistentRead=True)
    p = S(key())
    wire.ok("PutItem", TableName=index_table, Item={"p": p, "c": S("x"), "l": N(1)})
    assert through(wire, index_table, "lsi", "p = :p", {":p": p}, ConsistentRead=True)["Count"] == 1


def test_IDX_09_unprojected_attribute(wire, index_table):
    wire.invalid("Query", INVALID + "Global secondary index keys does not project [zz]", TableName=index_table, IndexName="keys",
                 KeyConditionExpression="g = :g", ExpressionAttributeValues={":g": S("x")}, ProjectionExpression="zz")


def test_IDX_10_IDX_11_local_indexes_fetch(wire, index_table, key):
    item = {"p": S(key()), "c": S("x"), "l": N(1), "y": S("fetched")}
    wire.ok("PutItem", TableName=index_table, Item=item)
    values = {":p": item["p"]}
    assert through(wire, index_table, "lsi", "p = :p", values, ProjectionExpression="y")["Items"] == [{"y": S("fetched")}]
    assert through(wire, index_table, "lsi", "p = :p", values, Select="ALL_ATTRIBUTES")["Items"] == [item]


def test_IDX_13_IDX_14_IDX_17_wrong_types(wire, index_table, key):
    one = {"p": S(key()), "c": S("x")}
    for bad, kind in ((N(1), "N"), ({"NULL": True}, "NULL"), (SS("a"), "SS")):
        text = INVALID + f"Type mismatch for Index Key g Expected: S Actual: {kind} IndexName: gsi"
        wire.invalid("PutItem", text, TableName=index_table, Item={**one, "g": bad})
        wire.invalid("UpdateItem", text, TableName=index_table, Key=one, UpdateExpression="SET g = :g", ExpressionAttributeValues={":g": bad})
        other = {"p": S(key()), "c": S("y")}
        wire.invalid("BatchWriteItem", text, RequestItems={index_table: [{"PutRequest": {"Item": other}}, {"PutRequest": {"Item": {**one, "g": bad}}}]})
        assert "Item" not in wire.ok("GetItem", TableName=index_table, Key=other)
        answer = wire.fails("TransactWriteItems", TransactItems=[{"Put": {"TableName": index_table, "Item": {**one, "g": bad}}}])
        assert answer.code == "TransactionCanceledException"
        assert answer.json["CancellationReasons"] == [{"Code": "ValidationError", "Message": text}]
    assert "Item" not in wire.ok("GetItem", TableName=index_table, Key=one)


def test_IDX_15_empty_index_keys(wire, index_table, key):
    one = {"p": S(key()), "c": S("x")}
    wire.invalid("PutItem", NOT_VALID + "A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot "
                 "contain an empty string value. IndexName: gsi, IndexKey: g", TableName=index_table, Item={**one, "g": S("")})
    wire.invalid("UpdateItem", NOT_VALID + "The update expression attempted to update a secondary index key to a value that is not supported. The "
                 "AttributeValue for a key attribute cannot contain an empty string value.", TableName=index_table, Key=one,
                 UpdateExpression="SET g = :g", ExpressionAttributeValues={":g": S("")})


def test_IDX_13_of_several_indexes_the_first_by_name_is_told(wire, make_table, key):
    # The local one comes first in the table's definition.
    table = make_table("p:S", "c:S", definitions=("g:S",), LocalSecondaryIndexes=[index("one-local", "p", "g")],
                       GlobalSecondaryIndexes=[index("two", "g"), index("all-g", "g")])
    one = {"p": S(key()), "c": S("x")}
    text = INVALID + "Type mismatch for Index Key g Expected: S Actual: N IndexName: all-g"
    wire.invalid("PutItem", text, TableName=table, Item={**one, "g": N(1)})
    wire.invalid("UpdateItem", text, TableName=table, Key=one, UpdateExpression="SET g = :g", ExpressionAttributeValues={":g": N(1)})
    wire.invalid("PutItem", NOT_VALID + "A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot "
                 "contain an empty string value. IndexName: all-g, IndexKey: g", TableName=table, Item={**one, "g": S("")})


def test_IDX_16_oversized_index_keys(wire, index_table, key):
    answer = wire.fails("PutItem", TableName=index_table, Item={"p": S(key()), "c": S("x"), "g": S("g" * 2049)})
    assert answer.code == "ValidationException" and "2048" in answer.message


def create(name, *keys, **more):
    return {"Create": index(name, *keys, **more)}


def update_table(wire, table, *changes, definitions=()):
    split = [dict(zip(("AttributeName", "AttributeType"), one.split(":"))) for one in definitions]
    return wire.call("UpdateTable", {"TableName": table, "GlobalSecondaryIndexUpdates": list(changes),
                                     **({"AttributeDefinitions": split} if split else {})})


def test_IDX_18_IDX_19_IDX_22_life_of_an_index(wire, make_table):
    table = make_table("p:S")
    for p, g in (("a", S("x")), ("b", N(1)), ("c", S("")), ("d", S("g" * 2049)), ("e", S("x"))):
        wire.ok("PutItem", TableName=table, Item={"p": S(p), "g": g})
    wire.ok("PutItem", TableName=table, Item={"p": S("f")})
    answer = update_table(wire, table, create("late", "g"), definitions=["p:S", "g:S"])
    assert answer.status == 200, answer.body
    described = answer.json["TableDescription"]
    assert described["TableStatus"] == "UPDATING"
    entry = described["GlobalSecondaryIndexes"][0]
    assert (entry["IndexName"], entry["IndexStatus"], entry["Backfilling"]) == ("late", "CREATING", True)
    described = wait_active(wire, table)
    assert "Backfilling" not in described["GlobalSecondaryIndexes"][0]
    found = through(wire, table, "late", "g = :g", {":g": S("x")})["Items"]
    assert sorted(one["p"]["S"] for one in found) == ["a", "e"]
    assert wire.ok("Scan", TableName=table, IndexName="late")["Count"] == 2
    wire.invalid("PutItem", INVALID + "Type mismatch for Index Key g Expected: S Actual: N IndexName: late", TableName=table,
                 Item={"p": S("z"), "g": N(1)})
    answer = update_table(wire, table, {"Delete": {"IndexName": "late"}})
    assert answer.status == 200, answer.body
    deadline = time.monotonic() + 10
    while wire.ok("DescribeTable", TableName=table)["Table"].get("GlobalSecondaryIndexes"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    wait_active(wire, table)
    wire.ok("PutItem", TableName=table, Item={"p": S("z"), "g": N(1)})
    wire.invalid("Query", "The table does not have the specified index: late", TableName=table, IndexName="late", KeyConditionExpression="g = :g",
                 ExpressionAttributeValues={":g": S("x")})


def test_IDX_21_to_IDX_26_bad_changes(wire, make_table):
    table = make_table("p:S", definitions=("g:S",), GlobalSecondaryIndexes=[index("gsi", "g")])
    answer = update_table(wire, table, create("one", "x"), create("two", "y"), definitions=["x:S", "y:S"])
    assert answer.code == "LimitExceededException"
    assert answer.message == "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
    assert update_table(wire, table, {"Delete": {"IndexName": "nope"}}).code == "ResourceNotFoundException"
    answer = update_table(wire, table, create("gsi", "x"), definitions=["x:S"])
    assert answer.code == "ValidationException" and "already exists" in answer.message
    answer = update_table(wire, table, create("other", "g"), definitions=["g:N"])
    assert answer.code == "ValidationException" and "Attributes cannot be redefined" in answer.message
    answer = update_table(wire, table, create("other", "x"))
    assert answer.code == "ValidationException" and "AttributeDefinitions" in answer.message
    answer = update_table(wire, table, {})
    assert answer.message.endswith("One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete "
                                   "must not be null")


def test_IDX_27_pages_of_an_index(wire, index_table, key):
    g, p = key("g"), key()
    for c in "abcde":
        wire.ok("PutItem", TableName=index_table, Item={"p": S(p), "c": S(c), "g": S(g)})
    seen, start = [], {}
    while True:
        answer = through(wire, index_table, "gsi", "g = :g", {":g": S(g)}, Limit=2, **start)
        seen += [one["c"]["S"] for one in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            break
        assert set(answer["LastEvaluatedKey"]) == {"p", "c", "g"}
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    assert seen == list("abcde")


@pytest.fixture(scope="module")
def wide(make_table):
    keys = [{"AttributeName": f"h{i}", "KeyType": "HASH"} for i in range(4)] + [{"AttributeName": f"r{i}", "KeyType": "RANGE"} for i in range(4)]
    return make_table("p:S", definitions=[f"h{i}:S" for i in range(4)] + [f"r{i}:N" for i in range(4)],
                      GlobalSecondaryIndexes=[{"IndexName": "wide", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}])


def test_IDX_28_multi_attribute_keys_are_described(wire, wide):
    described = wire.ok("DescribeTable", TableName=wide)["Table"]["GlobalSecondaryIndexes"][0]["KeySchema"]
    assert [(one["AttributeName"], one["KeyType"]) for one in described] == [(f"h{i}", "HASH") for i in range(4)] + [(f"r{i}", "RANGE") for i in range(4)]


def test_IDX_29_IDX_30_multi_attribute_queries(wire, wide):
    fixed = {f"h{i}": S("x") for i in range(4)}
    for n in range(8):
        bits = {f"r{i}": N(n >> (2 - i) & 1 if i < 3 else 0) for i in range(4)}
        wire.ok("PutItem", TableName=wide, Item={"p": S(f"{n}"), **fixed, **bits})
    wire.ok("PutItem", TableName=wide, Item={"p": S("sparse"), **fixed, "r0": N(0)})
    every = " AND ".join(f"h{i} = :h" for i in range(4))
    values = {":h": S("x")}

    def found(condition, more):
        answer = through(wire, wide, "wide", every + condition, {**values, **more})
        return [one["p"]["S"] for one in answer["Items"]]

    assert found("", {}) == [str(n) for n in range(8)]
    assert found(" AND r0 = :a", {":a": N(1)}) == ["4", "5", "6", "7"]
    assert found(" AND r0 = :a AND r1 > :b", {":a": N(1), ":b": N(0)}) == ["6", "7"]
    answer = wire.fails("Query", TableName=wide, IndexName="wide", KeyConditionExpression="h0 = :h", ExpressionAttributeValues=values)
    assert answer.message == "Query condition missed key schema element: h1"
    answer = wire.fails("Query", TableName=wide, IndexName="wide", KeyConditionExpression=every + " AND r1 = :a",
                        ExpressionAttributeValues={**values, ":a": N(1)})
    assert answer.message == "Query condition missed key schema element: r0"
    answer = through(wire, wide, "wide", every, values, Limit=1)
    assert set(answer["LastEvaluatedKey"]) == {"p", *(f"h{i}" for i in range(4)), *(f"r{i}" for i in range(4))}


def test_IDX_31_IDX_32_arns_and_lists(wire, index_table):
    described = wire.ok("DescribeTable", TableName=index_table)["Table"]
    for one in described["GlobalSecondaryIndexes"] + described["LocalSecondaryIndexes"]:
        assert one["IndexArn"] == f"{described['TableArn']}/index/{one['IndexName']}"
    names = wire.ok("ListTables")["TableNames"]
    assert index_table in names and "gsi" not in names
