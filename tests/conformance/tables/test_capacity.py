"""Consumed capacity."""
import pytest

from .wire import N, S


def units(answer):
    return answer["ConsumedCapacity"]["CapacityUnits"]


def test_CAP_01_CAP_02_CAP_03_get(wire, put, hash_table, key):
    p = key()
    edge = {"p": S(p)}
    wire.ok("PutItem", TableName=hash_table, Item={**edge, "a": S("x" * (4096 - 2 - len(p)))})
    larger = put(a=S("x" * 4096))

    def cost(one, **more):
        return units(wire.ok("GetItem", TableName=hash_table, Key=one, ReturnConsumedCapacity="TOTAL", **more))

    assert (cost(edge), cost(edge, ConsistentRead=True)) == (0.5, 1.0)
    assert (cost(larger), cost(larger, ConsistentRead=True)) == (1.0, 2.0)
    assert cost(larger, ProjectionExpression="p") == 1.0
    assert (cost({"p": S(key())}), cost({"p": S(key())}, ConsistentRead=True)) == (0.5, 1.0)


def test_CAP_04_CAP_05_CAP_06_writes(wire, hash_table, key):
    one, small, large = {"p": S(key())}, S("x"), S("x" * 3000)
    capacity = dict(TableName=hash_table, ReturnConsumedCapacity="TOTAL")
    put = lambda value: units(wire.ok("PutItem", Item={**one, "a": value}, **capacity))
    assert [put(small), put(large), put(small), put(small)] == [1.0, 3.0, 3.0, 1.0]
    update = lambda value: units(wire.ok("UpdateItem", Key=one, UpdateExpression="SET a = :a", ExpressionAttributeValues={":a": value}, **capacity))
    assert [update(large), update(large), update(small), update(small)] == [3.0, 3.0, 3.0, 1.0]
    update(large)
    delete = lambda: units(wire.ok("DeleteItem", Key=one, **capacity))
    assert [delete(), delete()] == [3.0, 1.0]


def test_CAP_07_CAP_08_query_and_scan(wire, make_table, key):
    table = make_table("p:S", "c:N")
    for c in range(10):
        wire.ok("PutItem", TableName=table, Item={"p": S("x"), "c": N(c), "a": S("x" * 1000)})
    query = dict(TableName=table, KeyConditionExpression="p = :p", ExpressionAttributeValues={":p": S("x")}, ReturnConsumedCapacity="TOTAL")
    assert units(wire.ok("Query", **query)) == 1.5
    assert units(wire.ok("Query", ConsistentRead=True, **query)) == 3.0
    assert units(wire.ok("Query", Select="COUNT", **query)) == 1.5
    assert units(wire.ok("Query", **{**query, "ExpressionAttributeValues": {":p": S("none")}})) == 0.5
    assert units(wire.ok("Scan", TableName=table, ReturnConsumedCapacity="TOTAL")) == 1.5


def test_CAP_09_CAP_10_CAP_14_index_writes(wire, index_table, key):
    one = {"p": S(key()), "c": S("x")}

    def update(expression, **values):
        return wire.ok("UpdateItem", TableName=index_table, Key=one, UpdateExpression=expression, ReturnConsumedCapacity="INDEXES",
                       ExpressionAttributeValues={f":{name}": value for name, value in values.items()})["ConsumedCapacity"]

    plain = wire.ok("PutItem", TableName=index_table, Item=one, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    assert plain == {"TableName": index_table, "CapacityUnits": 1.0, "Table": {"CapacityUnits": 1.0}}
    unit, two = {"CapacityUnits": 1.0}, {"CapacityUnits": 2.0}
    assert update("SET g = :g", g=S("cap1")) == {"TableName": index_table, "CapacityUnits": 2.0, "Table": unit, "GlobalSecondaryIndexes": {"gsi": unit}}
    assert update("SET g = :g", g=S("cap2"))["GlobalSecondaryIndexes"] == {"gsi": two}
    touched = update("SET l = :l", l=N(1))
    assert touched["LocalSecondaryIndexes"] == {"lsi": unit, "lall": unit} and touched["GlobalSecondaryIndexes"] == {"gsi": unit}
    touched = update("SET zz = :z", z=N(1))
    assert touched["LocalSecondaryIndexes"] == {"lall": unit} and touched["GlobalSecondaryIndexes"] == {"gsi": unit}
    assert touched["CapacityUnits"] == 3.0
    total = wire.ok("PutItem", TableName=index_table, Item={**one, "g": S("cap3")}, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert set(total) == {"TableName", "CapacityUnits"}


def test_CAP_11_CAP_12_index_reads(wire, index_table, key):
    p, g = S(key()), S(key("g"))
    for c in "ab":
        wire.ok("PutItem", TableName=index_table, Item={"p": p, "c": S(c), "g": g, "l": N(1), "a": S("x" * 5000)})
    body = dict(TableName=index_table, ReturnConsumedCapacity="INDEXES")
    answer = wire.ok("Query", IndexName="gsi", KeyConditionExpression="g = :g", ExpressionAttributeValues={":g": g}, **body)
    assert answer["ConsumedCapacity"] == {"TableName": index_table, "CapacityUnits": 1.5, "Table": {"CapacityUnits": 0.0},
                                          "GlobalSecondaryIndexes": {"gsi": {"CapacityUnits": 1.5}}}
    answer = wire.ok("Query", IndexName="lsi", KeyConditionExpression="p = :p", ExpressionAttributeValues={":p": p}, Select="ALL_ATTRIBUTES", **body)
    assert answer["ConsumedCapacity"] == {"TableName": index_table, "CapacityUnits": 2.5, "Table": {"CapacityUnits": 2.0},
                                          "LocalSecondaryIndexes": {"lsi": {"CapacityUnits": 0.5}}}


def test_CAP_13_CAP_15_batches(wire, put, hash_table, range_table, key):
    one = put(a=S("x" * 5000))
    request = {hash_table: {"Keys": [one, {"p": S(key())}]}, range_table: {"Keys": [{"p": S("x"), "c": S("y")}], "ConsistentRead": True}}
    answer = wire.ok("BatchGetItem", RequestItems=request, ReturnConsumedCapacity="TOTAL")
    assert sorted((c["TableName"], c["CapacityUnits"]) for c in answer["ConsumedCapacity"]) == sorted([(hash_table, 1.5), (range_table, 1.0)])
    assert "ConsumedCapacity" not in wire.ok("BatchGetItem", RequestItems=request)
    writes = {hash_table: [{"PutRequest": {"Item": {"p": S(key()), "a": S("x" * 1500)}}}, {"DeleteRequest": {"Key": one}}]}
    answer = wire.ok("BatchWriteItem", RequestItems=writes, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == [{"TableName": hash_table, "CapacityUnits": 7.0}]
    assert "ConsumedCapacity" not in wire.ok("PutItem", TableName=hash_table, Item={"p": S(key())}, ReturnConsumedCapacity="NONE")
