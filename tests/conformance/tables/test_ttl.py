"""Time to live."""
import time

from .wire import N, S, constraints


def enable(wire, table, name="ttl", on=True):
    return wire.call("UpdateTimeToLive", {"TableName": table, "TimeToLiveSpecification": {"Enabled": on, "AttributeName": name}})


def described(wire, table):
    return wire.ok("DescribeTimeToLive", TableName=table)["TimeToLiveDescription"]


def test_TTL_01_TTL_02_TTL_03_settings(wire, make_table):
    table = make_table("p:S")
    assert described(wire, table) == {"TimeToLiveStatus": "DISABLED"}
    assert enable(wire, table, on=False).message == "TimeToLive is already disabled"
    assert enable(wire, table).json == {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "ttl"}}
    assert described(wire, table) == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
    assert enable(wire, table).message == "TimeToLive is already enabled"
    assert enable(wire, table, "other", on=False).message == "TimeToLive is active on a different AttributeName: current AttributeName is ttl"
    assert enable(wire, table, on=False).status == 200
    assert described(wire, table) == {"TimeToLiveStatus": "DISABLED"}


def test_TTL_04_to_TTL_07_expiry(wire, make_table):
    table = make_table("p:S", definitions=("g:S",), GlobalSecondaryIndexes=[
        {"IndexName": "gsi", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}])
    now = int(time.time())
    items = {"past": N(now - 100), "fraction": N(f"{now - 100}.5"), "exponent": N(f"{(now - 100) / 1e9:.9f}e9"), "future": N(now + 3600),
             "text": S(f"{now - 100}"), "ancient": N(now - 6 * 366 * 86400), "zero": N(0)}
    for p, ttl in items.items():
        wire.ok("PutItem", TableName=table, Item={"p": S(p), "ttl": ttl, "g": S("x")})
    wire.ok("PutItem", TableName=table, Item={"p": S("missing"), "g": S("x")})
    assert enable(wire, table).status == 200
    want = {"future", "text", "ancient", "zero", "missing"}
    deadline = time.monotonic() + 20
    while True:
        found = {one["p"]["S"] for one in wire.ok("Scan", TableName=table)["Items"]}
        if found == want or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    assert found == want
    index = wire.ok("Query", TableName=table, IndexName="gsi", KeyConditionExpression="g = :g", ExpressionAttributeValues={":g": S("x")})
    assert {one["p"]["S"] for one in index["Items"]} == want


def test_TTL_06_pushed_forward_items_survive(wire, make_table):
    table = make_table("p:S")
    assert enable(wire, table).status == 200
    soon = int(time.time()) + 2
    wire.ok("PutItem", TableName=table, Item={"p": S("a"), "ttl": N(soon)})
    wire.ok("PutItem", TableName=table, Item={"p": S("b"), "ttl": N(soon)})
    wire.ok("UpdateItem", TableName=table, Key={"p": S("a")}, UpdateExpression="SET #t = :t", ExpressionAttributeNames={"#t": "ttl"},
            ExpressionAttributeValues={":t": N(soon + 3600)})
    deadline = time.monotonic() + 20
    while "Item" in wire.ok("GetItem", TableName=table, Key={"p": S("b")}) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "Item" not in wire.ok("GetItem", TableName=table, Key={"p": S("b")})
    assert "Item" in wire.ok("GetItem", TableName=table, Key={"p": S("a")})


def test_TTL_08_record_of_an_expiry(wire, make_table):
    table = make_table("p:S", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    item = {"p": S("a"), "ttl": N(int(time.time()) - 100)}
    wire.ok("PutItem", TableName=table, Item=item)
    assert enable(wire, table).status == 200
    arn = wire.ok("DescribeTable", TableName=table)["Table"]["LatestStreamArn"]
    shard = wire.ok("DescribeStream", StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = wire.ok("GetShardIterator", StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    records, deadline = [], time.monotonic() + 20
    while len(records) < 2 and time.monotonic() < deadline:
        answer = wire.ok("GetRecords", ShardIterator=iterator)
        records += answer["Records"]
        iterator = answer["NextShardIterator"]
        time.sleep(0.05)
    assert [one["eventName"] for one in records] == ["INSERT", "REMOVE"]
    assert records[1]["userIdentity"] == {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
    assert records[1]["dynamodb"]["OldImage"] == item and "userIdentity" not in records[0]


def test_TTL_09_index_key_as_ttl(wire, make_table):
    table = make_table("p:S", "c:N", definitions=("g:N",), GlobalSecondaryIndexes=[
        {"IndexName": "gsi", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}])
    assert enable(wire, table, "g").status == 200
    wire.ok("PutItem", TableName=table, Item={"p": S("a"), "c": N(1), "g": N(int(time.time()) - 100)})
    deadline = time.monotonic() + 20
    while wire.ok("Scan", TableName=table)["Count"] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert wire.ok("Scan", TableName=table)["Count"] == 0 and wire.ok("Scan", TableName=table, IndexName="gsi")["Count"] == 0


def test_TTL_10_attribute_name(wire, hash_table):
    for bad in ("", "x" * 256):
        answer = enable(wire, hash_table, bad)
        assert answer.status == 400 and constraints(answer.message)[0] == 1
