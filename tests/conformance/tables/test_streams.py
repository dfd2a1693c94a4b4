"""DynamoDB Streams."""
import re
import time

import pytest

from .conftest import wait_active, wait_gone
from .wire import L, M, N, NS, S, SS


class Reader:
    """Reads a table's stream from the start."""

    def __init__(self, wire, table, kind="TRIM_HORIZON", arn=None):
        self.wire = wire
        self.arn = arn or wire.ok("DescribeTable", TableName=table)["Table"]["LatestStreamArn"]
        self.shards = wire.ok("DescribeStream", StreamArn=self.arn)["StreamDescription"]["Shards"]
        self.iterators = [wire.ok("GetShardIterator", StreamArn=self.arn, ShardId=one["ShardId"], ShardIteratorType=kind)["ShardIterator"]
                          for one in self.shards]

    def read(self, count=None, seconds=10):
        """Until `count` records came, or until a read of all shards brings nothing."""
        records, deadline = [], time.monotonic() + seconds
        while time.monotonic() < deadline:
            came = 0
            for i, iterator in enumerate(self.iterators):
                if iterator is None:
                    continue
                answer = self.wire.ok("GetRecords", ShardIterator=iterator)
                records += answer["Records"]
                came += len(answer["Records"])
                self.iterators[i] = answer.get("NextShardIterator")
            if len(records) >= count if count is not None else came == 0:
                break
        return records


@pytest.fixture
def streamed(wire, make_table):
    def make(view="NEW_AND_OLD_IMAGES", keys=("p:S",), **more):
        return make_table(*keys, StreamSpecification={"StreamEnabled": True, "StreamViewType": view}, **more)

    return make


@pytest.fixture(scope="module")
def shared(wire, make_table):
    return make_table("p:S", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})


def names(records):
    return [one["eventName"] for one in records]


@pytest.mark.parametrize("view", ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"])
def test_STR_01_STR_16_views(wire, streamed, view):
    table = streamed(view)
    described = wire.ok("DescribeTable", TableName=table)["Table"]
    assert described["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": view}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}", described["LatestStreamLabel"])
    assert described["LatestStreamArn"] == f"{described['TableArn']}/stream/{described['LatestStreamLabel']}"
    one = {"p": S("x")}
    wire.ok("PutItem", TableName=table, Item=one)
    wire.ok("UpdateItem", TableName=table, Key=one, UpdateExpression="SET a = :a", ExpressionAttributeValues={":a": N(1)})
    wire.ok("DeleteItem", TableName=table, Key=one)
    records = Reader(wire, table).read(3)
    assert names(records) == ["INSERT", "MODIFY", "REMOVE"]
    new, old = "NEW" in view, "OLD" in view
    images = [(one["dynamodb"].get("NewImage"), one["dynamodb"].get("OldImage")) for one in records]
    full = {**one, "a": N(1)}
    want = [(one, None), (full, one), (None, full)]
    assert images == [(a if new else None, b if old else None) for a, b in want]
    assert all(record["dynamodb"]["Keys"] == one and record["dynamodb"]["StreamViewType"] == view for record in records)


def test_STR_02_STR_03_lists(wire, shared, streamed):
    other = streamed()
    arn = wire.ok("DescribeTable", TableName=shared)["Table"]["LatestStreamArn"]
    assert wire.ok("ListStreams", TableName=shared) == {"Streams": [{"StreamArn": arn, "StreamLabel": arn.split("/")[-1], "TableName": shared}]}
    assert wire.ok("ListStreams", TableName="not-there")["Streams"] == []
    found, start = [], {}
    while True:
        answer = wire.ok("ListStreams", Limit=1, **start)
        found += answer["Streams"]
        if "LastEvaluatedStreamArn" not in answer:
            break
        assert answer["LastEvaluatedStreamArn"] == answer["Streams"][-1]["StreamArn"]
        start = {"ExclusiveStartStreamArn": answer["LastEvaluatedStreamArn"]}
    assert {shared, other} <= {one["TableName"] for one in found} and len({one["StreamArn"] for one in found}) == len(found)
    assert "LastEvaluatedStreamArn" not in wire.ok("ListStreams", Limit=100)


def test_STR_05_limits(wire, shared):
    arn = wire.ok("DescribeTable", TableName=shared)["Table"]["LatestStreamArn"]
    for limit in (0, 101):
        assert wire.fails("ListStreams", Limit=limit).code == "ValidationException"
        assert wire.fails("DescribeStream", StreamArn=arn, Limit=limit).code == "ValidationException"


def test_STR_06_description(wire, shared):
    arn = wire.ok("DescribeTable", TableName=shared)["Table"]["LatestStreamArn"]
    described = wire.ok("DescribeStream", StreamArn=arn)["StreamDescription"]
    assert (described["StreamArn"], described["StreamLabel"], described["StreamStatus"], described["StreamViewType"], described["TableName"]) == (
        arn, arn.split("/")[-1], "ENABLED", "NEW_AND_OLD_IMAGES", shared)
    assert described["KeySchema"] == [{"AttributeName": "p", "KeyType": "HASH"}] and isinstance(described["CreationRequestDateTime"], (int, float))
    shard = described["Shards"][0]
    assert re.fullmatch(r"shardId-\d{20}-[0-9a-f]{8}", shard["ShardId"]) and set(shard["SequenceNumberRange"]) == {"StartingSequenceNumber"}


def test_STR_07_arns(wire, shared):
    arn = wire.ok("DescribeTable", TableName=shared)["Table"]["LatestStreamArn"]
    assert wire.fails("DescribeStream", StreamArn="nonsense-nonsense-nonsense-nonsense-nonsense").code == "ValidationException"
    unknown = arn[:-23] + "2020-01-01T00:00:00.000"
    wire.refuses("DescribeStream", "ResourceNotFoundException", f"Requested resource not found: Stream: {unknown} not found", StreamArn=unknown)


def test_STR_09_STR_10_STR_11_STR_12_iterators(wire, streamed):
    table = streamed()
    for i in range(4):
        wire.ok("PutItem", TableName=table, Item={"p": S("x"), "i": N(i)})
    reader = Reader(wire, table)
    arn, shard = reader.arn, reader.shards[0]["ShardId"]
    records = reader.read(4)
    numbers = [one["dynamodb"]["SequenceNumber"] for one in records]

    def from_(kind, **more):
        iterator = wire.ok("GetShardIterator", StreamArn=arn, ShardId=shard, ShardIteratorType=kind, **more)["ShardIterator"]
        return [one["dynamodb"]["SequenceNumber"] for one in wire.ok("GetRecords", ShardIterator=iterator)["Records"]]

    assert from_("TRIM_HORIZON") == numbers and from_("LATEST") == []
    assert from_("AT_SEQUENCE_NUMBER", SequenceNumber=numbers[1]) == numbers[1:]
    assert from_("AFTER_SEQUENCE_NUMBER", SequenceNumber=numbers[1]) == numbers[2:]
    start = reader.shards[0]["SequenceNumberRange"]["StartingSequenceNumber"]
    assert from_("AT_SEQUENCE_NUMBER", SequenceNumber=start) == numbers

    def refused(**more):
        return wire.fails("GetShardIterator", **{"StreamArn": arn, "ShardId": shard, **more}).code

    assert refused(ShardIteratorType="AT_SEQUENCE_NUMBER") == "ValidationException"
    assert refused(ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber="dog") == "ValidationException"
    assert refused(ShardIteratorType="LATEST", SequenceNumber=numbers[1]) == "ValidationException"
    assert refused(ShardIteratorType="DOG") == "ValidationException"
    assert refused(ShardIteratorType="LATEST", ShardId="shardId-" + "0" * 20 + "-00000000") == "ResourceNotFoundException"
    assert refused(ShardIteratorType="LATEST", StreamArn=arn[:-23] + "2020-01-01T00:00:00.000") == "ResourceNotFoundException"


def test_STR_13_STR_37_events_of_all_writes(wire, streamed):
    table = streamed()
    put = lambda p, **more: {"PutRequest": {"Item": {"p": S(p), **more}}}
    wire.ok("BatchWriteItem", RequestItems={table: [put(f"b{i:02}") for i in range(25)]})
    wire.ok("BatchWriteItem", RequestItems={table: [put("b00", a=N(1)), {"DeleteRequest": {"Key": {"p": S("b01")}}}]})
    wire.ok("TransactWriteItems", TransactItems=[
        {"Put": {"TableName": table, "Item": {"p": S("t")}}},
        {"Update": {"TableName": table, "Key": {"p": S("b02")}, "UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": N(1)}}},
        {"Delete": {"TableName": table, "Key": {"p": S("b03")}}},
        {"ConditionCheck": {"TableName": table, "Key": {"p": S("b04")}, "ConditionExpression": "attribute_exists(p)"}}])
    records = Reader(wire, table).read(30)
    assert len(records) == 30 and names(records[:25]) == ["INSERT"] * 25
    events = {(one["eventName"], one["dynamodb"]["Keys"]["p"]["S"]) for one in records[25:]}
    assert events == {("MODIFY", "b00"), ("REMOVE", "b01"), ("INSERT", "t"), ("MODIFY", "b02"), ("REMOVE", "b03")}


def test_STR_14_STR_15_no_record_without_a_change(wire, streamed):
    table = streamed()
    item = {"p": S("x"), "m": M(a=N(1), b=L(N(2))), "s": SS("x", "y"), "n": NS(1, 2)}
    wire.ok("PutItem", TableName=table, Item=item)
    wire.ok("PutItem", TableName=table, Item={"n": NS("2.0", "1e0"), "s": SS("y", "x"), "m": M(b=L(N("2.0")), a=N(1)), "p": S("x")})
    update = dict(TableName=table, Key={"p": S("x")})
    wire.ok("UpdateItem", **update, UpdateExpression="SET m.a = :a", ExpressionAttributeValues={":a": N("1.0")})
    wire.ok("UpdateItem", **update, UpdateExpression="REMOVE q, m.q DELETE s :s", ExpressionAttributeValues={":s": SS("z")})
    wire.ok("UpdateItem", **update)
    wire.ok("UpdateItem", TableName=table, Key={"p": S("none")}, UpdateExpression="REMOVE a")
    wire.ok("DeleteItem", TableName=table, Key={"p": S("none")})
    wire.call("PutItem", {"TableName": table, "Item": {"p": S("x")}, "ConditionExpression": "attribute_not_exists(p)"})
    wire.call("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": table, "Item": {"p": S("y")}}}, {"ConditionCheck": {
        "TableName": table, "Key": {"p": S("z")}, "ConditionExpression": "attribute_exists(p)"}}]})
    wire.ok("PutItem", TableName=table, Item={"p": S("last")})
    records = Reader(wire, table).read(2)
    assert [(one["eventName"], one["dynamodb"]["Keys"]["p"]["S"]) for one in records] == [("INSERT", "x"), ("INSERT", "last")]


SIZES = [("1", 2), ("0", 1), ("99", 2), ("100", 2), ("123", 3), ("1000", 2), ("1.1", 3), ("0.01", 2), ("0.012", 3), ("-1", 3), ("100.5", 4),
         ("1000000.5", 6), ("9" * 38, 20), ("-" + "9" * 38, 21), ("1e125", 2), ("-0.5", 3)]


def test_STR_17_SIZ_02_to_SIZ_06_size_bytes(wire, streamed):
    table = streamed()
    values = [(N(text), size) for text, size in SIZES]
    values += [(S("é"), 2), ({"B": "AAEC"}, 3), ({"BOOL": True}, 1), ({"NULL": True}, 1), (L(), 3), (M(), 3), (L(S("ab"), N(1)), 3 + 3 + 3),
               (M(k=S("ab")), 3 + 1 + 1 + 2), (SS("a", "bc"), 3), (NS(1, -123), 6), ({"BS": ["AA==", "AAE="]}, 3)]
    for i, (value, _) in enumerate(values):
        wire.ok("PutItem", TableName=table, Item={"p": S(f"{i:03}"), "é": value})
    records = Reader(wire, table).read(len(values))
    for record, (value, size) in zip(records, values):
        keys = 1 + 3
        assert record["dynamodb"]["SizeBytes"] == keys + keys + 2 + size, value
    wire.ok("PutItem", TableName=table, Item={"p": S("000")})
    last = Reader(wire, table).read(len(values) + 1)[-1]
    assert last["dynamodb"]["SizeBytes"] == 4 + 4 + (4 + 2 + 2)


def test_STR_18_STR_20_shape_of_records(wire, streamed):
    table = streamed()
    for i in range(3):
        wire.ok("PutItem", TableName=table, Item={"p": S("x"), "i": N(i)})
    records = Reader(wire, table).read(3)
    for one in records:
        assert set(one) == {"eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "dynamodb"}
        assert (one["eventVersion"], one["eventSource"], one["awsRegion"]) == ("1.1", "aws:dynamodb", "us-east-1")
        created = one["dynamodb"]["ApproximateCreationDateTime"]
        assert created == int(created) and abs(created - time.time()) < 60
    assert set(records[1]["dynamodb"]) == {"ApproximateCreationDateTime", "Keys", "NewImage", "OldImage", "SequenceNumber", "SizeBytes", "StreamViewType"}
    assert len({one["eventID"] for one in records}) == 3
    numbers = [one["dynamodb"]["SequenceNumber"] for one in records]
    assert all(re.fullmatch(r"\d{21,40}", one) for one in numbers) and len({len(one) for one in numbers}) == 1 and numbers == sorted(numbers)


def test_STR_21_STR_22_STR_23_reading(wire, streamed):
    table = streamed()
    for i in range(12):
        wire.ok("PutItem", TableName=table, Item={"p": S("x"), "i": N(i), "a": S("x" * 100000)})
    reader = Reader(wire, table)
    first = wire.ok("GetRecords", ShardIterator=reader.iterators[0], Limit=2)
    assert len(first["Records"]) == 2
    again = wire.ok("GetRecords", ShardIterator=reader.iterators[0])
    assert 4 <= len(again["Records"]) <= 7  # a record holds two images: one megabyte ends the page
    rest = reader.read(12)
    assert [int(one["dynamodb"]["NewImage"]["i"]["N"]) for one in rest] == list(range(12))
    for _ in range(3):
        answer = wire.ok("GetRecords", ShardIterator=reader.iterators[0])
        assert answer["Records"] == [] and answer["NextShardIterator"]
        reader.iterators[0] = answer["NextShardIterator"]
    for limit in (0, -1, 1001):
        refused = wire.fails("GetRecords", ShardIterator=reader.iterators[0], Limit=limit)
        assert refused.code == "ValidationException" and "imit" in refused.message
    assert wire.fails("GetRecords", ShardIterator="garbage").code == "ValidationException"


def stream(wire, table, on, view="NEW_IMAGE"):
    specification = {"StreamEnabled": True, "StreamViewType": view} if on else {"StreamEnabled": False}
    return wire.call("UpdateTable", {"TableName": table, "StreamSpecification": specification})


def test_STR_24_to_STR_28_disabling_and_enabling(wire, streamed):
    table = streamed()
    assert stream(wire, table, True).code == "ValidationException"
    assert stream(wire, table, True, "NEW_AND_OLD_IMAGES").code == "ValidationException"
    wire.ok("PutItem", TableName=table, Item={"p": S("x")})
    reader = Reader(wire, table)
    old = reader.arn
    assert stream(wire, table, False).status == 200
    described = wait_active(wire, table)
    assert "StreamSpecification" not in described and described["LatestStreamArn"] == old
    assert stream(wire, table, False).code == "ValidationException"
    status = wire.ok("DescribeStream", StreamArn=old)["StreamDescription"]
    assert status["StreamStatus"] == "DISABLED" and all("EndingSequenceNumber" in one["SequenceNumberRange"] for one in status["Shards"])
    assert old in [one["StreamArn"] for one in wire.ok("ListStreams", TableName=table)["Streams"]]
    records = []
    for iterator in reader.iterators:
        while iterator:
            answer = wire.ok("GetRecords", ShardIterator=iterator)
            records += answer["Records"]
            assert answer.get("NextShardIterator", "") is not None
            iterator = answer.get("NextShardIterator")
    assert names(records) == ["INSERT"]
    wire.ok("PutItem", TableName=table, Item={"p": S("unseen")})
    time.sleep(0.002)
    assert stream(wire, table, True).status == 200
    described = wait_active(wire, table)
    assert described["LatestStreamArn"] != old
    assert Reader(wire, table).read() == []
    assert names(Reader(wire, table, arn=old).read(1)) == ["INSERT"]
    wire.ok("PutItem", TableName=table, Item={"p": S("seen")})
    assert [one["dynamodb"]["Keys"]["p"] for one in Reader(wire, table).read(1)] == [S("seen")]


def test_STR_04_STR_33_streams_outlive_their_tables(wire, streamed):
    table = streamed()
    wire.ok("PutItem", TableName=table, Item={"p": S("x")})
    reader = Reader(wire, table)
    wire.ok("DeleteTable", TableName=table)
    wait_gone(wire, table)
    assert wire.ok("DescribeStream", StreamArn=reader.arn)["StreamDescription"]["StreamStatus"] == "DISABLED"
    assert names(Reader(wire, None, arn=reader.arn).read(1)) == ["INSERT"]
    assert reader.arn in [one["StreamArn"] for one in wire.ok("ListStreams", TableName=table)["Streams"]]
    wire.ok("ListStreams", ExclusiveStartStreamArn=reader.arn)


def test_STR_19_STR_35_items_keep_their_order_and_are_seen_at_once(wire, streamed):
    table = streamed()
    reader = Reader(wire, table)
    for i in range(40):
        wire.ok("PutItem", TableName=table, Item={"p": S(f"{i % 4}"), "i": N(i)})
        assert [int(one["dynamodb"]["NewImage"]["i"]["N"]) for one in reader.read(1, seconds=2)] == [i]


def test_STR_34_records_survive_kill_9(make_server):
    from .wire import Wire

    server = make_server()
    wire = Wire(server)
    wire.ok("CreateTable", TableName="crash", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    wait_active(wire, "crash")
    for i in range(100):
        wire.ok("PutItem", TableName="crash", Item={"p": S(f"{i:03}")})
    server.restart(kill=True)
    items = wire.ok("Scan", TableName="crash")["Items"]
    assert len(items) == 100
    assert [one["dynamodb"]["Keys"]["p"]["S"] for one in Reader(wire, "crash").read(100)] == [f"{i:03}" for i in range(100)]


def test_STR_36_tags_keep_the_arn(wire, streamed):
    table = streamed()
    before = wire.ok("DescribeTable", TableName=table)["Table"]
    wire.call("TagResource", {"ResourceArn": before["TableArn"], "Tags": [{"Key": "a", "Value": "b"}]})
    assert wire.ok("DescribeTable", TableName=table)["Table"]["LatestStreamArn"] == before["LatestStreamArn"]


def test_STR_38_transactions_over_two_tables(wire, streamed, hash_table, key):
    table = streamed()
    wire.ok("TransactWriteItems", TransactItems=[{"Put": {"TableName": hash_table, "Item": {"p": S(key())}}},
                                                 {"Put": {"TableName": table, "Item": {"p": S("x")}}}])
    assert [one["dynamodb"]["Keys"] for one in Reader(wire, table).read(1)] == [{"p": S("x")}]
