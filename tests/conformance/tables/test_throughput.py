"""Throughput, quotas and item collections, on a server that enforces them and whose time can be moved."""
import json
import re

import pytest

from support import server as servers

from .conftest import index, schema, wait_active
from .wire import N, S, Wire

TABLE_TEXT = ("The level of configured provisioned throughput for the table was exceeded. "
              "Consider increasing your provisioning level with the UpdateTable API.")
INDEX_TEXT = ("The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. "
              "Consider increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API.")
EXCEEDED = "ProvisionedThroughputExceededException"


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    running = servers.Server(tmp_path_factory.mktemp("limited"), arguments=[
        "--virtual-clock", "--throughput", "enforced", "--item-collection-limit-mb", "1"]).start()
    yield running
    running.close()


@pytest.fixture(scope="module")
def wire(limited):
    return Wire(limited)


def units(read, write):
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


@pytest.fixture
def table(wire, unique):
    made = []

    def make(read=1, write=1, keys=("p:S",), definitions=(), wait=True, **more):
        name = unique("limited")
        shape = schema(*keys)
        shape["AttributeDefinitions"] += [dict(zip(("AttributeName", "AttributeType"), one.split(":"))) for one in definitions]
        billing = {} if "BillingMode" in more else {"ProvisionedThroughput": units(read, write)}
        wire.ok("CreateTable", TableName=name, **shape, **billing, **more)
        made.append(name)
        return name

    yield make
    for name in made:
        wire.call("DeleteTable", {"TableName": name})


def put(wire, table, p, **attributes):
    return wire.call("PutItem", {"TableName": table, "Item": {"p": S(p), **attributes}})


def arn(wire, table):
    return wire.ok("DescribeTable", TableName=table)["Table"]["TableArn"]


def exhaust_writes(wire, table, p="x", most=400):
    """Puts until one is refused; how many went."""
    for count in range(most):
        answer = put(wire, table, p)
        if answer.status == 400:
            assert answer.code == EXCEEDED, answer.body
            return count
        assert answer.status == 200
    raise AssertionError(f"{most} writes were not refused")


def test_writes_beyond_the_throughput_are_refused_and_recover(limited, wire, table):
    name = table(write=2)
    assert 2 <= exhaust_writes(wire, name) <= 20
    answer = put(wire, name, "x")
    assert (answer.code, answer.message) == (EXCEEDED, TABLE_TEXT)
    assert answer.json["ThrottlingReasons"] == [{"reason": "TableWriteProvisionedThroughputExceeded", "resource": arn(wire, name)}]
    # Reads have a bucket of their own.
    assert wire.ok("GetItem", TableName=name, Key={"p": S("x")})["Item"] == {"p": S("x")}
    limited.advance(seconds=10)
    assert 20 <= exhaust_writes(wire, name) <= 60


def test_unused_throughput_is_kept_for_five_minutes(limited, wire, table):
    name = table(write=1)
    limited.advance(hours=5)
    assert 300 <= exhaust_writes(wire, name) <= 380


def test_large_items_cost_what_they_weigh(limited, wire, table):
    name = table(write=5)
    limited.advance(seconds=20)
    assert put(wire, name, "x", a=S("x" * 90_000)).status == 200  # 88 units of about 105
    limited.advance(seconds=1)
    assert put(wire, name, "x", a=S("x" * 90_000)).status == 200  # into debt
    assert put(wire, name, "y").code == EXCEEDED
    limited.advance(seconds=10)
    assert put(wire, name, "y").code == EXCEEDED
    limited.advance(seconds=20)
    assert put(wire, name, "y").status == 200


def test_reads_beyond_the_throughput_are_refused(limited, wire, table):
    name = table(read=1, write=1000)
    for i in range(10):
        assert put(wire, name, f"{i}", a=S("x" * 8000)).status == 200

    def until_refused(operation, **body):
        for _ in range(200):
            answer = wire.call(operation, {"TableName": name, **body})
            if answer.status == 400:
                return answer
        raise AssertionError("never refused")

    query = {"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": S("1")}}
    for operation, body in (("GetItem", {"Key": {"p": S("1")}, "ConsistentRead": True}), ("Query", query), ("Scan", {})):
        limited.advance(seconds=60)
        answer = until_refused(operation, **body)
        assert (answer.code, answer.message) == (EXCEEDED, TABLE_TEXT)
        assert answer.json["ThrottlingReasons"][0]["reason"] == "TableReadProvisionedThroughputExceeded"
    statement = wire.fails("ExecuteStatement", Statement=f'SELECT * FROM "{name}" WHERE p = \'1\'')
    assert statement.code == EXCEEDED
    answers = wire.ok("BatchExecuteStatement", Statements=[{"Statement": f'SELECT * FROM "{name}" WHERE p = \'1\''}])["Responses"]
    assert answers[0]["Error"]["Code"] == "ProvisionedThroughputExceeded"


def test_CAP_16_a_failed_condition_costs_what_the_item_weighs(limited, wire, table):
    name = table(write=1)
    limited.advance(seconds=100)
    assert put(wire, name, "x", a=S("x" * 9_500)).status == 200  # 10 units of about 100
    refused = {"TableName": name, "Item": {"p": S("x")}, "ConditionExpression": "attribute_not_exists(p)"}
    codes = [wire.call("PutItem", refused).code for _ in range(20)]
    assert codes == sorted(codes) and 8 <= codes.count("ConditionalCheckFailedException") <= 12 and codes[-1] == EXCEEDED


def test_a_write_waits_for_its_index(limited, wire, table):
    name = table(write=1000, definitions=("g:S",),
                 GlobalSecondaryIndexes=[{**index("by-g", "g"), "ProvisionedThroughput": units(1, 1)}])
    for i in range(30):
        answer = put(wire, name, f"{i}", g=S("x"))
        if answer.status == 400:
            break
    assert (answer.code, answer.message) == (EXCEEDED, INDEX_TEXT)
    assert answer.json["ThrottlingReasons"] == [{"reason": "IndexWriteProvisionedThroughputExceeded", "resource": arn(wire, name) + "/index/by-g"}]
    # What does not touch the index goes on.
    assert put(wire, name, "no-index").status == 200
    change = {"TableName": name, "Key": {"p": S("no-index")}, "UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": N(1)}}
    assert wire.call("UpdateItem", change).status == 200
    limited.advance(seconds=5)
    assert put(wire, name, "again", g=S("x")).status == 200


def test_batches_leave_out_what_is_throttled(limited, wire, table):
    name, free = table(write=1, read=1), table(write=1000, read=1000)
    asked = [{"PutRequest": {"Item": {"p": S(f"{i}")}}} for i in range(20)]
    other = [{"PutRequest": {"Item": {"p": S("x")}}}]
    answer = wire.ok("BatchWriteItem", RequestItems={name: asked, free: other}, ReturnConsumedCapacity="TOTAL")
    left = answer["UnprocessedItems"]
    assert set(left) == {name} and 0 < len(left[name]) <= 19 and all(one in asked for one in left[name])
    written = {one["p"]["S"] for one in wire.ok("Scan", TableName=name)["Items"]}
    assert written == {f"{i}" for i in range(20)} - {one["PutRequest"]["Item"]["p"]["S"] for one in left[name]}
    consumed = {one["TableName"]: one["CapacityUnits"] for one in answer["ConsumedCapacity"]}
    assert consumed == {name: len(written), free: 1}
    # When nothing at all can be done, the whole request is refused.
    wire.refuses("BatchWriteItem", EXCEEDED, TABLE_TEXT, RequestItems={name: asked})
    assert wire.ok("BatchWriteItem", RequestItems={name: asked, free: other})["UnprocessedItems"] == {name: asked}

    keys = [{"p": S(f"{i}")} for i in range(30)]
    read = wire.ok("BatchGetItem", RequestItems={name: {"Keys": keys, "ConsistentRead": True}, free: {"Keys": [{"p": S("x")}]}})
    left = read["UnprocessedKeys"]
    assert set(left) == {name} and left[name]["ConsistentRead"] is True and 0 < len(left[name]["Keys"]) < 30
    assert wire.call("BatchGetItem", {"RequestItems": {name: {"Keys": keys, "ConsistentRead": True}}}).code == EXCEEDED


def test_transactions_are_cancelled_when_throttled(limited, wire, table):
    name = table(write=1, read=1)
    exhaust_writes(wire, name)
    answer = wire.fails("TransactWriteItems", TransactItems=[{"Put": {"TableName": name, "Item": {"p": S("t")}}}])
    assert answer.code == "TransactionCanceledException"
    assert answer.json["CancellationReasons"] == [{"Code": "ProvisionedThroughputExceeded", "Message": TABLE_TEXT}]
    assert "[ProvisionedThroughputExceeded]" in answer.message
    for _ in range(10):
        read = wire.call("TransactGetItems", {"TransactItems": [{"Get": {"TableName": name, "Key": {"p": S("x")}}}]})
        if read.status == 400:
            break
    assert read.json["CancellationReasons"][0]["Code"] == "ProvisionedThroughputExceeded"


def test_on_demand_tables_have_a_maximum_if_asked(limited, wire, table):
    name = table(BillingMode="PAY_PER_REQUEST", OnDemandThroughput={"MaxReadRequestUnits": 1, "MaxWriteRequestUnits": 1})
    for _ in range(20):
        answer = put(wire, name, "x")
        if answer.status == 400:
            break
    assert answer.json["__type"] == "com.amazon.coral.availability#ThrottlingException"
    assert answer.message.startswith("Throughput exceeds the current capacity of your table or index.")
    assert answer.json["throttlingReasons"] == [{"reason": "TableWriteMaxOnDemandThroughputExceeded", "resource": arn(wire, name)}]
    cancelled = wire.fails("TransactWriteItems", TransactItems=[{"Put": {"TableName": name, "Item": {"p": S("t")}}}])
    assert cancelled.json["CancellationReasons"][0]["Code"] == "ThrottlingError"
    free = table(BillingMode="PAY_PER_REQUEST")
    assert all(put(wire, free, "x").status == 200 for _ in range(100))


def test_a_key_range_has_a_limit_of_its_own(limited, wire, table):
    name = table(BillingMode="PAY_PER_REQUEST")
    big = S("x" * 390_000)  # 381 units: three of them are more than a second of one key
    answers = [put(wire, name, "hot", a=big) for _ in range(10)]
    refused = [one for one in answers if one.status == 400]
    assert [one.status for one in answers[:3]] == [200, 200, 200] and refused
    assert refused[0].json["throttlingReasons"][0]["reason"] == "TableWriteKeyRangeThroughputExceeded"
    assert put(wire, name, "cold").status == 200
    limited.advance(seconds=2)
    assert put(wire, name, "hot").status == 200


def test_throughput_follows_its_settings(limited, wire, table):
    name = table(write=1)
    exhaust_writes(wire, name)
    wire.ok("UpdateTable", TableName=name, ProvisionedThroughput=units(1, 100))
    limited.advance(seconds=1)
    assert exhaust_writes(wire, name) >= 90


def test_decreases_are_limited_within_a_day(limited, wire, table):
    name = table(write=100)
    # From the start of a UTC day, so that the test does not run into the next one.
    now = limited.advance()["now_ms"] // 1000
    limited.advance(seconds=86400 - now % 86400 + 60)

    def set_to(write):
        return wire.call("UpdateTable", {"TableName": name, "ProvisionedThroughput": units(1, write)})

    for i in range(4):
        assert set_to(99 - i).status == 200
    told = wire.ok("DescribeTable", TableName=name)["Table"]["ProvisionedThroughput"]
    assert told["NumberOfDecreasesToday"] == 4 and "LastDecreaseDateTime" in told
    refused = set_to(50)
    assert refused.code == "LimitExceededException"
    date = r"\w+day, \w+ \d+, \d{4} at \d+:\d\d:\d\d [AP]M Coordinated Universal Time"
    assert re.fullmatch("Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the first 4 decreases, "
                        "each subsequent decrease in the same UTC day can be performed at most once every 3600 seconds. "
                        f"Number of decreases today: 4. Last decrease at {date}. Next decrease can be made at {date}", refused.message)
    assert set_to(200).status == 200  # more is always possible
    limited.advance(hours=1)
    assert set_to(50).status == 200 and set_to(49).code == "LimitExceededException"
    limited.advance(hours=23)
    assert wire.ok("DescribeTable", TableName=name)["Table"]["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 0
    assert set_to(49).status == 200


def test_on_demand_is_switched_on_four_times_a_day_at_most(limited, wire, table):
    name = table()
    for _ in range(4):
        wire.ok("UpdateTable", TableName=name, BillingMode="PAY_PER_REQUEST")
        wire.ok("UpdateTable", TableName=name, BillingMode="PROVISIONED", ProvisionedThroughput=units(1, 1))
        limited.advance(hours=1)
    again = {"TableName": name, "BillingMode": "PAY_PER_REQUEST"}
    answer = wire.fails("UpdateTable", **again)
    assert answer.code == "LimitExceededException" and "Update to PayPerRequest mode" in answer.message
    limited.advance(hours=21)
    wire.ok("UpdateTable", **again)


def test_TTL_03_a_setting_changes_once_an_hour(limited, wire, table):
    name = table()

    def set_to(enabled):
        return wire.call("UpdateTimeToLive", {"TableName": name, "TimeToLiveSpecification": {"Enabled": enabled, "AttributeName": "ttl"}})

    assert set_to(True).status == 200
    assert set_to(False).message == "Time to live has been modified multiple times within a fixed interval"
    limited.advance(minutes=61)
    assert set_to(False).status == 200


def test_quotas_of_tables_and_of_the_account(limited, wire, table, unique):
    limits = wire.ok("DescribeLimits")
    assert limits["TableMaxWriteCapacityUnits"] == 40000 and limits["AccountMaxWriteCapacityUnits"] == 80000
    too_much = wire.fails("CreateTable", TableName=unique("limited"), ProvisionedThroughput=units(1, 40001), **schema("p:S"))
    assert too_much.code == "LimitExceededException" and "40000" in too_much.message
    name = table(write=40000)
    table(write=39000)
    over = wire.fails("CreateTable", TableName=unique("limited"), ProvisionedThroughput=units(1, 2000), **schema("p:S"))
    assert over.code == "LimitExceededException" and "80000" in over.message
    assert wire.fails("UpdateTable", TableName=name, ProvisionedThroughput=units(1, 40001)).code == "LimitExceededException"
    assert wire.ok("DescribeTable", TableName=name)["Table"]["ProvisionedThroughput"]["WriteCapacityUnits"] == 40000


def test_calls_of_the_streams_api_are_limited(limited, wire, table):
    name = table(StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    stream = wire.ok("DescribeTable", TableName=name)["Table"]["LatestStreamArn"]
    shard = wire.ok("DescribeStream", StreamArn=stream)["StreamDescription"]["Shards"][0]["ShardId"]
    at = wire.ok("GetShardIterator", StreamArn=stream, ShardId=shard, ShardIteratorType="LATEST")["ShardIterator"]
    for operation, body in (("ListStreams", {}), ("DescribeStream", {"StreamArn": stream}), ("GetRecords", {"ShardIterator": at})):
        answers = [wire.call(operation, body) for _ in range(100)]
        refused = [one for one in answers if one.status == 400]
        assert answers[0].status == 200 and refused and {one.code for one in refused} == {"LimitExceededException"}
        limited.advance(seconds=1)
        assert wire.call(operation, body).status == 200


# ---- item collections ----------------------------------------------------------------------------------------------
@pytest.fixture
def collection(table):
    return table(BillingMode="PAY_PER_REQUEST", keys=("p:S", "c:N"), definitions=("l:N",),
                 LocalSecondaryIndexes=[index("by-l", "p", "l", projection="KEYS_ONLY")])


def member(p, c, size=0, **more):
    return {"p": S(p), "c": N(c), "a": S("x" * size), **more}


def test_a_collection_has_a_limit(limited, wire, collection):
    for c in range(3):
        wire.ok("PutItem", TableName=collection, Item=member("full", c, 300_000))
    limited.advance(seconds=5)
    text = "Collection size exceeded."
    refused = "ItemCollectionSizeLimitExceededException"
    wire.refuses("PutItem", refused, text, TableName=collection, Item=member("full", 3, 300_000))
    wire.refuses("UpdateItem", refused, text, TableName=collection, Key={"p": S("full"), "c": N(4)}, UpdateExpression="SET a = :a",
                 ExpressionAttributeValues={":a": S("x" * 300_000)})
    wire.refuses("BatchWriteItem", refused, text, RequestItems={collection: [
        {"PutRequest": {"Item": member("full", 5, 300_000)}}, {"PutRequest": {"Item": member("other", 5)}}]})
    assert "Item" not in wire.ok("GetItem", TableName=collection, Key={"p": S("other"), "c": N(5)})
    answer = wire.fails("TransactWriteItems", TransactItems=[{"Put": {"TableName": collection, "Item": member("other", 6)}},
                                                             {"Put": {"TableName": collection, "Item": member("full", 6, 300_000)}}])
    assert answer.json["CancellationReasons"] == [{"Code": "None"}, {"Code": "ItemCollectionSizeLimitExceeded", "Message": text}]
    # Other collections, what shrinks, and deletions go on; then there is room again.
    wire.ok("PutItem", TableName=collection, Item=member("free", 1, 300_000))
    wire.ok("PutItem", TableName=collection, Item=member("full", 0, 10))
    wire.ok("DeleteItem", TableName=collection, Key={"p": S("full"), "c": N(1)})
    limited.advance(seconds=5)
    wire.ok("PutItem", TableName=collection, Item=member("full", 3, 300_000))


def test_collections_keep_their_size_over_a_crash_and_count_index_entries(limited, wire, collection):
    wire.ok("PutItem", TableName=collection, Item=member("x", 1, 390_000, l=N(1)))
    wire.ok("PutItem", TableName=collection, Item=member("x", 2, 390_000))
    limited.restart(kill=True)
    wire.ok("PutItem", TableName=collection, Item=member("x", 3, 260_000))
    limited.advance(seconds=5)
    # 1048576 - 1040000 and the small attributes are left; entries of the index count, too.
    metrics = wire.ok("PutItem", TableName=collection, Item=member("x", 4, 8_000), ReturnItemCollectionMetrics="SIZE")["ItemCollectionMetrics"]
    assert metrics == {"ItemCollectionKey": {"p": S("x")}, "SizeEstimateRangeGB": [0.0, 1.0]}
    wire.refuses("PutItem", "ItemCollectionSizeLimitExceededException", "Collection size exceeded.", TableName=collection,
                 Item=member("x", 5, 600))
    for c in range(1, 5):
        wire.ok("DeleteItem", TableName=collection, Key={"p": S("x"), "c": N(c)})
        limited.advance(seconds=1)
    limited.advance(seconds=5)
    for c in range(2):
        wire.ok("PutItem", TableName=collection, Item=member("x", c, 390_000, l=N(c)))


def test_tables_without_local_indexes_have_no_such_limit(limited, wire, table):
    name = table(BillingMode="PAY_PER_REQUEST", keys=("p:S", "c:N"))
    for c in range(4):
        limited.advance(seconds=1)
        wire.ok("PutItem", TableName=name, Item=member("x", c, 390_000))
    assert json.loads(wire.call("PutItem", {"TableName": name, "Item": member("x", 9), "ReturnItemCollectionMetrics": "SIZE"}).body) == {}
