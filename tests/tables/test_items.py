"""Items through boto3, as a user's program writes and reads them. Names hold the ids of the conformance table where one is meant."""
import threading
from decimal import Decimal

import pytest
from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def db(server):
    return server.client("dynamodb")


@pytest.fixture
def table(db, unique):
    """A table with a hash and a range key, a global and a local index, and a stream."""
    name = unique("rows")
    db.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in (("p", "S"), ("c", "N"), ("g", "S"), ("l", "S"))],
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "c", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[{"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"},
                                                                    {"AttributeName": "c", "KeyType": "RANGE"}],
                                 "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["v"]}}],
        LocalSecondaryIndexes=[{"IndexName": "by-l", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"},
                                                                   {"AttributeName": "l", "KeyType": "RANGE"}],
                                "Projection": {"ProjectionType": "KEYS_ONLY"}}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    db.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    yield name
    db.delete_table(TableName=name)


def code_of(call):
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"], caught.value.response


def dynamo(value):
    return TypeSerializer().serialize(value)


def python(item):
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}


def test_TYP_01_ten_types_round_trip(db, table):
    item = {"p": "a", "c": Decimal(1), "s": "é\0", "n": Decimal("-1.5"), "b": Binary(b"\x00\xff"), "t": True, "f": False, "none": None,
            "list": [1, "x", [None]], "m": {"k": {"deep": Decimal("1E+2")}}, "ss": {"x", "y"}, "ns": {Decimal(1), Decimal("2.5")},
            "bs": {Binary(b"1"), Binary(b"2")}}
    db.put_item(TableName=table, Item={k: dynamo(v) for k, v in item.items()})
    got = python(db.get_item(TableName=table, Key={"p": {"S": "a"}, "c": {"N": "1"}})["Item"])
    assert got == {**item, "list": [Decimal(1), "x", [None]]}


@pytest.mark.parametrize("text,canonical", [("+1", "1"), ("01", "1"), ("1.0", "1"), ("1E3", "1000"), ("1e-3", "0.001"), ("-0", "0"),
                                            (".5", "0.5"), ("5.", "5"), ("1e125", "1" + "0" * 125)])
def test_TYP_11_numbers_are_canonical(db, table, text, canonical):
    db.put_item(TableName=table, Item={"p": {"S": "n"}, "c": {"N": "1"}, "v": {"N": text}})
    assert db.get_item(TableName=table, Key={"p": {"S": "n"}, "c": {"N": "1.0"}})["Item"]["v"] == {"N": canonical}


def test_UPD_36_update_is_atomic_under_concurrent_increments(server, db, table):
    key = {"p": {"S": "counter"}, "c": {"N": "0"}}
    seen, lock = [], threading.Lock()

    def work():
        client = server.client("dynamodb")
        for _ in range(25):
            answer = client.update_item(TableName=table, Key=key, UpdateExpression="ADD v :one", ReturnValues="UPDATED_NEW",
                                        ExpressionAttributeValues={":one": {"N": "1"}})
            with lock:
                seen.append(int(answer["Attributes"]["v"]["N"]))

    threads = [threading.Thread(target=work) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert sorted(seen) == list(range(1, 201))


def test_EXP_40_failed_condition_shows_the_old_item(db, table):
    db.put_item(TableName=table, Item={"p": {"S": "a"}, "c": {"N": "1"}, "v": {"S": "old"}})
    code, message, response = code_of(lambda: db.put_item(
        TableName=table, Item={"p": {"S": "a"}, "c": {"N": "1"}}, ConditionExpression="attribute_not_exists(p)",
        ReturnValuesOnConditionCheckFailure="ALL_OLD"))
    assert (code, message) == ("ConditionalCheckFailedException", "The conditional request failed")
    assert response["Item"]["v"] == {"S": "old"}


def test_QRY_05_pages_join_to_the_full_read(db, table):
    for i in range(30):
        db.put_item(TableName=table, Item={"p": {"S": "a"}, "c": {"N": str(i)}})
    pages = db.get_paginator("query").paginate(TableName=table, KeyConditionExpression="p = :p AND c >= :c",
                                               ExpressionAttributeValues={":p": {"S": "a"}, ":c": {"N": "3"}},
                                               PaginationConfig={"PageSize": 4})
    assert [int(item["c"]["N"]) for page in pages for item in page["Items"]] == list(range(3, 30))


def test_QRY_08_page_stops_at_one_megabyte(db, table):
    for i in range(12):
        db.put_item(TableName=table, Item={"p": {"S": "big"}, "c": {"N": str(i)}, "v": {"S": "x" * 102400}})
    page = db.query(TableName=table, KeyConditionExpression="p = :p", ExpressionAttributeValues={":p": {"S": "big"}}, Select="COUNT")
    assert 10 <= page["Count"] <= 11 and page["LastEvaluatedKey"]["c"] == {"N": str(page["Count"] - 1)}
    rest = db.query(TableName=table, KeyConditionExpression="p = :p", ExpressionAttributeValues={":p": {"S": "big"}}, Select="COUNT",
                    ExclusiveStartKey=page["LastEvaluatedKey"])
    assert page["Count"] + rest["Count"] == 12


def test_IDX_02_index_follows_its_items(db, table):
    def entries(g):
        return [python(item) for item in db.query(TableName=table, IndexName="by-g", KeyConditionExpression="g = :g",
                                                  ExpressionAttributeValues={":g": {"S": g}})["Items"]]

    db.put_item(TableName=table, Item={"p": {"S": "a"}, "c": {"N": "1"}, "g": {"S": "x"}, "v": {"N": "1"}, "w": {"N": "2"}})
    assert entries("x") == [{"p": "a", "c": 1, "g": "x", "v": 1}]
    db.update_item(TableName=table, Key={"p": {"S": "a"}, "c": {"N": "1"}}, UpdateExpression="SET g = :y, v = :two",
                   ExpressionAttributeValues={":y": {"S": "y"}, ":two": {"N": "2"}})
    assert entries("x") == [] and entries("y") == [{"p": "a", "c": 1, "g": "y", "v": 2}]
    db.update_item(TableName=table, Key={"p": {"S": "a"}, "c": {"N": "1"}}, UpdateExpression="REMOVE g")
    assert entries("y") == []


def test_SCN_05_parallel_segments_are_disjoint_and_complete(db, table):
    want = {(str(i % 17), i) for i in range(100)}
    for p, c in want:
        db.put_item(TableName=table, Item={"p": {"S": p}, "c": {"N": str(c)}})
    for total in (1, 2, 7, 64):
        got = [(item["p"]["S"], int(item["c"]["N"])) for segment in range(total)
               for page in db.get_paginator("scan").paginate(TableName=table, Segment=segment, TotalSegments=total)
               for item in page["Items"]]
        assert len(got) == 100 and set(got) == want


def test_BAT_01_09_batches(db, table, unique):
    keys = [{"p": {"S": "b"}, "c": {"N": str(i)}} for i in range(25)]
    assert db.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": key}} for key in keys]})["UnprocessedItems"] == {}
    got = db.batch_get_item(RequestItems={table: {"Keys": keys + [{"p": {"S": "missing"}, "c": {"N": "1"}}]}})
    assert len(got["Responses"][table]) == 25 and got["UnprocessedKeys"] == {}
    code, message, _ = code_of(lambda: db.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": keys[0]}}] * 2}))
    assert (code, message) == ("ValidationException", "Provided list of item keys contains duplicates")


def test_BAT_10_26_writes_are_a_constraint_error(db, table):
    writes = [{"PutRequest": {"Item": {"p": {"S": "b"}, "c": {"N": str(i)}}}} for i in range(26)]
    code, message, _ = code_of(lambda: db.batch_write_item(RequestItems={table: writes}))
    assert code == "ValidationException"
    assert "Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]" in message


def test_TXN_02_one_failed_condition_cancels_all(db, table):
    db.put_item(TableName=table, Item={"p": {"S": "a"}, "c": {"N": "1"}})
    code, message, response = code_of(lambda: db.transact_write_items(TransactItems=[
        {"Put": {"TableName": table, "Item": {"p": {"S": "new"}, "c": {"N": "1"}}}},
        {"ConditionCheck": {"TableName": table, "Key": {"p": {"S": "a"}, "c": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(p)"}}]))
    assert code == "TransactionCanceledException"
    assert [reason["Code"] for reason in response["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
    assert "Item" not in db.get_item(TableName=table, Key={"p": {"S": "new"}, "c": {"N": "1"}})


def test_TXN_24_concurrent_transfers_keep_the_sum(server, db, table):
    accounts = [{"p": {"S": f"account{i}"}, "c": {"N": "0"}} for i in range(4)]
    for key in accounts:
        db.put_item(TableName=table, Item={**key, "v": {"N": "100"}})

    def work(seed):
        client = server.client("dynamodb")
        for n in range(20):
            source, target = accounts[(seed + n) % 4], accounts[(seed + 3 * n + 1) % 4]
            if source == target:
                continue
            client.transact_write_items(TransactItems=[
                {"Update": {"TableName": table, "Key": source, "UpdateExpression": "ADD v :m", "ExpressionAttributeValues": {":m": {"N": "-7"}}}},
                {"Update": {"TableName": table, "Key": target, "UpdateExpression": "ADD v :m", "ExpressionAttributeValues": {":m": {"N": "7"}}}}])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    [t.start() for t in threads]
    while any(t.is_alive() for t in threads):
        got = db.transact_get_items(TransactItems=[{"Get": {"TableName": table, "Key": key}} for key in accounts])
        assert sum(int(one["Item"]["v"]["N"]) for one in got["Responses"]) == 400
    [t.join() for t in threads]


def test_SIZ_01_item_of_400_kib_is_the_limit(db, table):
    item = {"p": {"S": "s"}, "c": {"N": "1"}}
    base = len("p") + 1 + len("c") + 2 + len("v")
    db.put_item(TableName=table, Item={**item, "v": {"S": "x" * (409600 - base)}})
    code, message, _ = code_of(lambda: db.put_item(TableName=table, Item={**item, "v": {"S": "x" * (409601 - base)}}))
    assert (code, message) == ("ValidationException", "Item size has exceeded the maximum allowed size")


def test_CTL_32_items_and_tables_survive_kill_and_restart(make_server):
    own = make_server()
    db = own.client("dynamodb")
    db.create_table(TableName="things", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
                    KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
                    StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    for i in range(50):
        db.put_item(TableName="things", Item={"p": {"S": str(i)}})
    own.kill9()
    own.start()
    db = own.client("dynamodb")
    assert db.scan(TableName="things", Select="COUNT")["Count"] == 50
    assert db.describe_table(TableName="things")["Table"]["ItemCount"] == 50
    streams = own.client("dynamodbstreams")
    arn = db.describe_table(TableName="things")["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    assert len(streams.get_records(ShardIterator=iterator)["Records"]) == 50
