"""Rows that need hours: the server's time is moved (--virtual-clock)."""
import json

import json

import pytest

from support import server as servers

from .conftest import schema, wait_active
from .test_streams import Reader
from .wire import N, S, Wire


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    running = servers.Server(tmp_path_factory.mktemp("time"), arguments=["--virtual-clock"]).start()
    yield running
    running.close()


@pytest.fixture(scope="module")
def wire(moving):
    return Wire(moving)


@pytest.fixture
def table(wire, unique):
    def make(**more):
        name = unique("time")
        wire.ok("CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST", **schema("p:S", "c:N"), **more)
        wait_active(wire, name)
        return name

    return make


STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}


def put(wire, table, p, c=0, **attributes):
    wire.ok("PutItem", TableName=table, Item={"p": S(p), "c": N(c), **attributes})


def stream_of(wire, table):
    return wire.ok("DescribeTable", TableName=table)["Table"]["LatestStreamArn"]


def shards_of(wire, arn, **more):
    return wire.ok("DescribeStream", StreamArn=arn, **more)["StreamDescription"]["Shards"]


def iterator(wire, arn, shard, kind="TRIM_HORIZON", **more):
    return wire.ok("GetShardIterator", StreamArn=arn, ShardId=shard, ShardIteratorType=kind, **more)["ShardIterator"]


def numbers(records):
    return [int(one["dynamodb"]["NewImage"]["c"]["N"]) for one in records]


def read_to_the_end(wire, arn, shard):
    at, records = iterator(wire, arn, shard), []
    while at:
        page = wire.ok("GetRecords", ShardIterator=at)
        records += page["Records"]
        at = page.get("NextShardIterator")
        if at and not page["Records"]:
            break
    return records


def test_the_clock_is_told_moved_and_bounded(moving):
    before = moving.advance()
    after = moving.advance(minutes=10)
    assert 600_000 <= after["now_ms"] - before["now_ms"] < 660_000 and after["ahead_ms"] == before["ahead_ms"] + 600_000
    for bad in ("{}", "no", '{"advance_ms": -1}', '{"advance_ms": "1"}', '{"advance_ms": 1e30}'):
        assert moving.http("POST", "/_admin/clock", bad)[0] == 400
    assert moving.http("GET", "/_admin/clock")[0] == 200 and moving.http("DELETE", "/_admin/clock")[0] == 405


def test_without_the_setting_time_cannot_be_moved(server):
    assert server.http("POST", "/_admin/clock", '{"advance_ms": 1}')[0] != 200


def test_TXN_18_a_token_is_free_again_after_ten_minutes(moving, wire, table):
    name = table()

    def add(by):
        return wire.call("TransactWriteItems", {"ClientRequestToken": "the-token", "TransactItems": [{"Update": {
            "TableName": name, "Key": {"p": S("x"), "c": N(0)}, "UpdateExpression": "ADD n :n", "ExpressionAttributeValues": {":n": N(by)}}}]})

    def count():
        return wire.ok("GetItem", TableName=name, Key={"p": S("x"), "c": N(0)}, ConsistentRead=True)["Item"]["n"]

    assert add(1).status == 200 and add(1).status == 200 and count() == N(1)
    moving.advance(minutes=9)
    assert add(1).status == 200 and count() == N(1) and add(2).code == "IdempotentParameterMismatchException"
    moving.advance(minutes=2)
    assert add(2).status == 200 and count() == N(3)


def test_TTL_04_an_item_expires_when_its_time_comes(moving, wire, table):
    name = table()
    wire.ok("UpdateTimeToLive", TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
    now = moving.advance()["now_ms"] // 1000
    put(wire, name, "soon", ttl=N(now + 3600))
    put(wire, name, "later", ttl=N(now + 36000))
    moving.advance(minutes=59)
    assert wire.ok("Scan", TableName=name)["Count"] == 2
    moving.advance(minutes=2)
    assert [one["p"]["S"] for one in wire.ok("Scan", TableName=name)["Items"]] == ["later"]


def test_STR_30_an_iterator_lives_fifteen_minutes(moving, wire, table):
    name = table(**STREAM)
    arn = stream_of(wire, name)
    at = iterator(wire, arn, shards_of(wire, arn)[0]["ShardId"])
    put(wire, name, "x", 1)
    moving.advance(minutes=14)
    assert numbers(wire.ok("GetRecords", ShardIterator=at)["Records"]) == [1]
    moving.advance(minutes=2)
    answer = wire.fails("GetRecords", ShardIterator=at)
    assert answer.code == "ExpiredIteratorException"
    assert answer.message.startswith("Iterator expired. The iterator was created at time ") and answer.message.endswith(
        "which is further in the future than the tolerated delay of 900000 milliseconds.")


def test_STR_31_records_go_after_a_day(moving, wire, table):
    name = table(**STREAM)
    arn = stream_of(wire, name)
    shard = shards_of(wire, arn)[0]["ShardId"]
    put(wire, name, "old", 1)
    first = wire.ok("GetRecords", ShardIterator=iterator(wire, arn, shard))["Records"][0]["dynamodb"]["SequenceNumber"]
    moving.advance(hours=3)
    put(wire, name, "young", 2)
    moving.advance(hours=21, minutes=10)
    gone = "The data you are trying to access has been trimmed"
    assert numbers(read_to_the_end(wire, arn, shard)) == [2]
    wire.refuses("GetShardIterator", "TrimmedDataAccessException", gone, StreamArn=arn, ShardId=shard, ShardIteratorType="AT_SEQUENCE_NUMBER",
                 SequenceNumber=first)
    at = iterator(wire, arn, shard)
    moving.advance(minutes=14)
    assert numbers(wire.ok("GetRecords", ShardIterator=at)["Records"]) == [2]


def test_STR_31_a_position_that_was_trimmed_meanwhile(moving, wire, table):
    name = table(**STREAM)
    arn = stream_of(wire, name)
    put(wire, name, "old", 1)
    moving.advance(hours=23, minutes=55)
    at = iterator(wire, arn, shards_of(wire, arn)[0]["ShardId"])
    put(wire, name, "young", 2)
    moving.advance(minutes=10)
    wire.refuses("GetRecords", "TrimmedDataAccessException", "The data you are trying to access has been trimmed", ShardIterator=at)


def test_STR_08_STR_32_shards_roll_over_and_keep_order(moving, wire, table):
    name = table(**STREAM)
    arn = stream_of(wire, name)
    for c in range(6):
        put(wire, name, "x", c)
        if c % 2:
            moving.advance(hours=4, minutes=1)
    shards = shards_of(wire, arn)
    assert len(shards) == 4 and [one["ShardId"] for one in shards] == sorted(one["ShardId"] for one in shards)
    assert "ParentShardId" not in shards[0] and [one["ParentShardId"] for one in shards[1:]] == [one["ShardId"] for one in shards[:-1]]
    ranges = [one["SequenceNumberRange"] for one in shards]
    assert all("EndingSequenceNumber" in one for one in ranges[:3]) and "EndingSequenceNumber" not in ranges[3]
    assert [numbers(read_to_the_end(wire, arn, one["ShardId"])) for one in shards] == [[0, 1], [2, 3], [4, 5], []]
    # A closed shard ends; the bounds of its range are positions in it.
    second = shards[1]["ShardId"]
    begin, end = ranges[1]["StartingSequenceNumber"], ranges[1]["EndingSequenceNumber"]
    page = wire.ok("GetRecords", ShardIterator=iterator(wire, arn, second, "AT_SEQUENCE_NUMBER", SequenceNumber=begin))
    assert numbers(page["Records"]) == [2, 3] and "NextShardIterator" not in page
    page = wire.ok("GetRecords", ShardIterator=iterator(wire, arn, second, "AFTER_SEQUENCE_NUMBER", SequenceNumber=end))
    assert page == {"Records": []}
    assert wire.ok("GetRecords", ShardIterator=iterator(wire, arn, second, "LATEST")) == {"Records": []}
    # CHILD_SHARDS
    children = shards_of(wire, arn, ShardFilter={"Type": "CHILD_SHARDS", "ShardId": second})
    assert [one["ShardId"] for one in children] == [shards[2]["ShardId"]]
    assert shards_of(wire, arn, ShardFilter={"Type": "CHILD_SHARDS", "ShardId": shards[3]["ShardId"]}) == []
    for bad in ({"Type": "CHILD_SHARDS"}, {"ShardId": second}, {"Type": "OTHER", "ShardId": second},
                {"Type": "CHILD_SHARDS", "ShardId": "not-a-shard-id-of-twenty-eight-characters"}):
        answer = wire.fails("DescribeStream", StreamArn=arn, ShardFilter=bad)
        assert answer.code == "ValidationException" and "shardFilter" in answer.message, bad
    # Closed shards go a day after their end.
    moving.advance(hours=24, minutes=2)
    left = shards_of(wire, arn)
    assert [one["ShardId"] for one in left] == [shards[3]["ShardId"]] and left[0]["ParentShardId"] == shards[2]["ShardId"]


def test_STR_25_STR_33_a_stream_outlives_its_end_by_a_day(moving, wire, table):
    disabled, deleted = table(**STREAM), table(**STREAM)
    arns = [stream_of(wire, disabled), stream_of(wire, deleted)]
    for name in (disabled, deleted):
        put(wire, name, "x", 1)
    wire.ok("UpdateTable", TableName=disabled, StreamSpecification={"StreamEnabled": False})
    wire.ok("DeleteTable", TableName=deleted)
    moving.advance(hours=23)
    for arn in arns:
        described = wire.ok("DescribeStream", StreamArn=arn)["StreamDescription"]
        assert described["StreamStatus"] == "DISABLED" and numbers(read_to_the_end(wire, arn, described["Shards"][0]["ShardId"])) == [1]
    moving.advance(hours=1, minutes=2)
    for arn in arns:
        wire.refuses("DescribeStream", "ResourceNotFoundException", f"Requested resource not found: Stream: {arn} not found", StreamArn=arn)


def test_STR_32_a_reader_of_all_shards_sees_one_order(moving, wire, table):
    name = table(**STREAM)
    for c in range(5):
        put(wire, name, f"k{c % 2}", c)
        moving.advance(hours=4, minutes=5)
    records = Reader(wire, name).read(5)
    assert numbers(records) == [0, 1, 2, 3, 4]
    sequence = [int(one["dynamodb"]["SequenceNumber"]) for one in records]
    assert sequence == sorted(sequence)


# ---- several shards ------------------------------------------------------------------------------------------------
def split(moving, arn, shard, status=200):
    answer = moving.http("POST", "/_admin/streams/split", json.dumps({"stream": arn, "shard": shard}))
    assert answer[0] == status, answer
    return json.loads(answer[2])


def test_a_table_may_begin_with_several_shards(wire, table):
    name = table(**STREAM, Tags=[{"Key": "tidemill:slots", "Value": "4"}])
    arn = stream_of(wire, name)
    shards = shards_of(wire, arn)
    assert len(shards) == 4 and all("ParentShardId" not in one for one in shards)
    for c in range(3):
        for p in range(40):
            put(wire, name, f"k{p}", c)
    of_shard = [read_to_the_end(wire, arn, one["ShardId"]) for one in shards]
    keys = [{one["dynamodb"]["Keys"]["p"]["S"] for one in records} for records in of_shard]
    assert all(keys) and sum(map(len, keys)) == 40 and sum(map(len, of_shard)) == 120
    for records in of_shard:
        for p in {one["dynamodb"]["Keys"]["p"]["S"] for one in records}:
            assert numbers([one for one in records if one["dynamodb"]["Keys"]["p"]["S"] == p]) == [0, 1, 2]
    for bad in ("0", "65", "x", ""):
        answer = wire.fails("TagResource", ResourceArn=wire.ok("DescribeTable", TableName=name)["Table"]["TableArn"],
                            Tags=[{"Key": "tidemill:slots", "Value": bad}])
        assert "tidemill:slots" in answer.message


def test_a_busy_shard_is_split(make_server):
    server = make_server(arguments=["--virtual-clock", "--stream-split-records", "2"])
    wire = Wire(server)

    def made(name):
        wire.ok("CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST", **schema("p:S", "c:N"), **STREAM)
        wait_active(wire, name)
        return stream_of(wire, name)

    def write(name, keys, c):
        for i in range(150):
            put(wire, name, f"k{i % keys}", c * 1000 + i)

    busy, one_key, quiet = made("busy"), made("one-key"), made("quiet")
    server.advance(minutes=1, seconds=1)
    for c in range(2):
        for name, keys in (("busy", 10), ("one-key", 1)):
            write(name, keys, c)
        put(wire, "quiet", "x", c)
        server.advance(minutes=1)
    shards = shards_of(wire, busy)
    # Split after the first minute, and what its halves took after the second: a half that got most of it, or none.
    assert len(shards) >= 3 and {one.get("ParentShardId") for one in shards} >= {None, shards[0]["ShardId"]}
    assert len(shards_of(wire, one_key)) == len(shards_of(wire, quiet)) == 1
    got = Reader(wire, "busy").read(300)
    for p in range(10):
        of_key = [one for one in got if one["dynamodb"]["Keys"]["p"]["S"] == f"k{p}"]
        assert sorted(numbers(of_key)) == [c * 1000 + i for c in range(2) for i in range(150) if i % 10 == p]
    assert len(got) == 300


def test_STR_19_STR_32_a_shard_is_split(moving, wire, table):
    name = table(**STREAM)
    arn = stream_of(wire, name)
    parent = shards_of(wire, arn)[0]["ShardId"]

    def write(c):
        for p in range(16):
            put(wire, name, f"k{p}", c)

    write(0)
    open_ = split(moving, arn, parent)["open"]
    write(1)
    moving.restart(kill=True)
    write(2)
    shards = {one["ShardId"]: one for one in shards_of(wire, arn)}
    assert set(shards) == {parent, *open_} and len(open_) == 2 and all(shards[one]["ParentShardId"] == parent < one for one in open_)
    assert "EndingSequenceNumber" in shards[parent]["SequenceNumberRange"]
    assert {one["ShardId"] for one in shards_of(wire, arn, ShardFilter={"Type": "CHILD_SHARDS", "ShardId": parent})} == set(open_)
    assert set(numbers(read_to_the_end(wire, arn, parent))) == {0}
    children = [read_to_the_end(wire, arn, one) for one in open_]
    keys = [{one["dynamodb"]["Keys"]["p"]["S"] for one in records} for records in children]
    assert all(keys) and not keys[0] & keys[1] and len(keys[0] | keys[1]) == 16
    last = max(int(one["dynamodb"]["SequenceNumber"]) for one in read_to_the_end(wire, arn, parent))
    for records in children:
        assert min(int(one["dynamodb"]["SequenceNumber"]) for one in records) > last
        for p in {one["dynamodb"]["Keys"]["p"]["S"] for one in records}:
            assert numbers([one for one in records if one["dynamodb"]["Keys"]["p"]["S"] == p]) == [1, 2]
    # A child may be split again, a closed shard may not; what is not there is told.
    grand = split(moving, arn, open_[0])["open"]
    assert len(grand) == 3 and open_[1] in grand
    assert "closed" in split(moving, arn, parent, 409)["message"]
    split(moving, arn, "shardId-00000000000000000000-00000000", 404)
    split(moving, arn + "x", parent, 404)
    # Rolling over goes on per shard.
    moving.http("POST", "/_admin/streams/roll-over", json.dumps({"stream": arn}))
    write(3)
    shards = {one["ShardId"]: one for one in shards_of(wire, arn)}
    open_now = [one for one in shards.values() if "EndingSequenceNumber" not in one["SequenceNumberRange"]]
    assert {one["ParentShardId"] for one in open_now} == set(grand)
    assert sum(len(read_to_the_end(wire, arn, one["ShardId"])) for one in open_now) == 16
    # The last reader of all this is the end of the stream.
    wire.ok("UpdateTable", TableName=name, StreamSpecification={"StreamEnabled": False})
    assert all("EndingSequenceNumber" in one["SequenceNumberRange"] for one in shards_of(wire, arn))
