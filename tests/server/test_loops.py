"""Several event loops: the data plane on all of them, everything else at home, and nobody can tell but by the speed."""
import concurrent.futures
import datetime
import http.client
import itertools
import json
import os
import random
import socket
import threading
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

CLIENTS = 9   # three for each loop
DATE = "20250101T000000Z"


@pytest.fixture(scope="module")
def looped(tmp_path_factory):
    from support import server as servers
    with servers.serving(tmp_path_factory.mktemp("loops"), arguments=["--loops", 3]) as running:
        yield running


def make_table(server, name, **more):
    server.client("dynamodb").create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}], **more)
    return name


STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}


def at_once(work, count=CLIENTS):
    """work(i) in `count` threads; what they return."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


class Raw:
    """One connection that stays open."""

    def __init__(self, server):
        address = urlsplit(server.endpoint)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)

    def ask(self, method, path, body=None, **headers):
        self.connection.request(method, path, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = self.connection.getresponse()
        return response.status, response.headers, response.read()

    def dynamodb(self, operation, body):
        status, _, answer = self.ask("POST", "/", body, Content_Type="application/x-amz-json-1.0", X_Amz_Date=DATE,
                                     Authorization=signed("dynamodb"), X_Amz_Target=f"DynamoDB_20120810.{operation}")
        assert status == 200, answer
        return answer


def signed(service):
    return (f"AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/{service}/aws4_request, SignedHeaders=host, "
            f"Signature={'0' * 64}")


def thread_times(server):
    ticks = {}
    for task in Path(f"/proc/{server.process.pid}/task").iterdir():
        fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
        ticks[task.name] = int(fields[11]) + int(fields[12])
    return ticks


def test_connections_are_dealt_to_all_loops(looped, unique):
    table = make_table(looped, unique())
    before = thread_times(looped)
    deadline = time.monotonic() + 20

    def busy(_):
        raw = Raw(looped)
        while time.monotonic() < deadline:
            for _ in range(100):
                raw.dynamodb("GetItem", f'{{"TableName":"{table}","Key":{{"p":{{"S":"a"}}}}}}')
            if len(worked()) >= 3:
                return

    def worked():
        return [task for task, ticks in thread_times(looped).items() if ticks - before.get(task, 0) >= 5]

    at_once(busy, 6)
    assert len(worked()) >= 3


def test_counters_are_exact_and_their_stream_is_in_order(looped, unique):
    table = make_table(looped, unique(), **STREAM)
    counters, each = ["a", "b", "c"], 60

    def count(i):
        db = looped.client("dynamodb")
        for n in range(each):
            db.update_item(TableName=table, Key={"p": {"S": counters[(i + n) % 3]}}, UpdateExpression="ADD n :one",
                           ExpressionAttributeValues={":one": {"N": "1"}})

    at_once(count)
    db = looped.client("dynamodb")
    total = [int(db.get_item(TableName=table, Key={"p": {"S": one}})["Item"]["n"]["N"]) for one in counters]
    assert total == [CLIENTS * each // 3] * 3
    streams = looped.client("dynamodbstreams")
    arn = db.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    seen = {one: 0 for one in counters}
    while True:
        page = looped.client("dynamodbstreams").get_records(ShardIterator=iterator)   # each time on another loop
        for record in page["Records"]:
            change = record["dynamodb"]
            key = change["Keys"]["p"]["S"]
            assert int(change.get("OldImage", {"n": {"N": "0"}})["n"]["N"]) == seen[key]
            seen[key] = int(change["NewImage"]["n"]["N"])
        if not page["Records"]:
            break
        iterator = page["NextShardIterator"]
    assert list(seen.values()) == total


def test_shards_that_end_beside_writers_lose_nothing(looped, unique):
    table = make_table(looped, unique(), **STREAM)
    arn = looped.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    streams = looped.client("dynamodbstreams")
    each = 80

    def write(i):
        db = looped.client("dynamodb")
        for n in range(each):
            db.put_item(TableName=table, Item={"p": {"S": f"{i}-{n % 10}"}, "n": {"N": str(n)}})

    writing = threading.Thread(target=at_once, args=(write,))
    writing.start()
    for _ in range(3):
        status, _, body = looped.http("POST", "/_admin/streams/roll-over", json.dumps({"stream": arn}))
        assert status == 200, body
        shard = json.loads(body)["open"][0]
        status, _, body = looped.http("POST", "/_admin/streams/split", json.dumps({"stream": arn, "shard": shard}))
        assert status == 200, body
    writing.join()
    seen = {}
    shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    for shard in shards:   # parents come first
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while iterator:   # ends with the shard, and where it is open with what is there
            page = streams.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                image = record["dynamodb"]["NewImage"]
                seen.setdefault(image["p"]["S"], []).append(int(image["n"]["N"]))
            iterator = page.get("NextShardIterator") if page["Records"] else None
    assert len(seen) == CLIENTS * 10
    for key, numbers in seen.items():
        assert numbers == list(range(int(key.split("-")[1]), each, 10)), key


def test_transactions_are_serializable(looped, unique):
    table = make_table(looped, unique())
    accounts = [{"p": {"S": f"account-{i}"}} for i in range(4)]
    db = looped.client("dynamodb")
    for key in accounts:
        db.put_item(TableName=table, Item={**key, "v": {"N": "100"}})
    done = threading.Event()

    def transfer(i):
        client, chance = looped.client("dynamodb", retries={"max_attempts": 10, "mode": "standard"}), random.Random(i)
        for _ in range(40):
            source, target = chance.sample(accounts, 2)
            try:
                client.transact_write_items(TransactItems=[
                    {"Update": {"TableName": table, "Key": source, "UpdateExpression": "ADD v :m", "ConditionExpression": "v >= :n",
                                "ExpressionAttributeValues": {":m": {"N": "-7"}, ":n": {"N": "7"}}}},
                    {"Update": {"TableName": table, "Key": target, "UpdateExpression": "ADD v :m",
                                "ExpressionAttributeValues": {":m": {"N": "7"}}}}])
            except client.exceptions.TransactionCanceledException as canceled:
                assert {reason["Code"] for reason in canceled.response["CancellationReasons"]} <= {
                    "None", "ConditionalCheckFailed", "TransactionConflict"}

    def watch(_):
        client = looped.client("dynamodb", retries={"max_attempts": 10, "mode": "standard"})
        while not done.is_set():
            try:
                got = client.transact_get_items(TransactItems=[{"Get": {"TableName": table, "Key": key}} for key in accounts])
            except client.exceptions.TransactionCanceledException:
                continue
            values = [int(one["Item"]["v"]["N"]) for one in got["Responses"]]
            assert sum(values) == 400 and min(values) >= 0

    with concurrent.futures.ThreadPoolExecutor(3) as watchers:
        watching = [watchers.submit(watch, i) for i in range(3)]
        at_once(transfer, 6)
        done.set()
        for one in watching:
            one.result()


def test_tables_come_and_go_beside_their_writers(looped, unique):
    """The control plane at home, writers on all loops: who is answered has written, who is not sees no table."""
    name = unique()
    stop = threading.Event()

    def write(i):
        db, written = looped.client("dynamodb"), 0
        for n in itertools.count():
            if stop.is_set():
                return written
            try:
                db.put_item(TableName=name, Item={"p": {"S": f"{i}-{n}"}})
                written += 1
            except db.exceptions.ResourceNotFoundException:
                pass

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(write, i) for i in range(6)]
        db = looped.client("dynamodb")
        for turn in range(6):
            make_table(looped, name, **(STREAM if turn % 2 else {}))
            db.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
            db.update_table(TableName=name, AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
                            GlobalSecondaryIndexUpdates=[{"Create": {
                                "IndexName": "by-p", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
                                "Projection": {"ProjectionType": "ALL"}}}])
            deadline = time.monotonic() + 30
            while db.describe_table(TableName=name)["Table"]["GlobalSecondaryIndexes"][0]["IndexStatus"] != "ACTIVE":
                assert time.monotonic() < deadline
            db.delete_table(TableName=name)
        stop.set()
        assert sum(writer.result() for writer in writers) > 0
    assert name not in db.list_tables()["TableNames"]


def test_one_connection_may_ask_every_service(looped, unique):
    table, bucket = make_table(looped, unique()), unique("bucket")
    looped.client("s3").create_bucket(Bucket=bucket)

    def mixed(i):
        raw = Raw(looped)
        body = bytes([i]) * 300_000
        for turn in range(3):
            key = f"{i}-{turn}"
            raw.dynamodb("PutItem", f'{{"TableName":"{table}","Item":{{"p":{{"S":"{key}"}}}}}}')
            assert raw.ask("GET", "/_health")[0] == 200
            assert raw.ask("PUT", f"/{bucket}/{key}", body, X_Amz_Date=DATE, Authorization=signed("s3"), X_Amz_Content_Sha256="UNSIGNED-PAYLOAD")[0] == 200
            assert key.encode() in raw.dynamodb("GetItem", f'{{"TableName":"{table}","Key":{{"p":{{"S":"{key}"}}}}}}')
            assert raw.ask("GET", "/2015-03-31/functions", X_Amz_Date=DATE, Authorization=signed("lambda"))[0] == 200
            status, _, got = raw.ask("GET", f"/{bucket}/{key}", X_Amz_Date=DATE, Authorization=signed("s3"))
            assert status == 200 and got == body

    at_once(mixed)


def test_answers_keep_the_order_of_their_requests(looped, unique):
    table = make_table(looped, unique())
    body = f'{{"TableName":"{table}","Key":{{"p":{{"S":"a"}}}},"ReturnConsumedCapacity":"TOTAL"}}'
    get = (f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-amz-json-1.0\r\nAuthorization: {signed('dynamodb')}\r\n"
           f"X-Amz-Target: DynamoDB_20120810.GetItem\r\nX-Amz-Date: {DATE}\r\nContent-Length: {len(body)}\r\n\r\n{body}")
    describe = get.replace("GetItem", "DescribeTable")
    health = "GET /_health HTTP/1.1\r\nHost: x\r\n\r\n"
    address = urlsplit(looped.endpoint)
    for _ in range(6):
        with socket.create_connection((address.hostname, address.port), timeout=30) as client:
            sent = (get + describe + get + health + get + health).encode()
            client.sendall(sent[:-10])
            client.sendall(sent[-10:])
            got = b""
            while got.count(b"HTTP/1.1 200") < 6 or not got.endswith(b"}"):
                more = client.recv(65536)
                assert more, got
                got += more
        marks = [b"CapacityUnits", b'"Table":', b"CapacityUnits", b'"status"', b"CapacityUnits", b'"status"']
        answers = got.split(b"HTTP/1.1 200")[1:]
        assert [mark in answer for mark, answer in zip(marks, answers)] == [True] * 6


def test_large_objects_go_up_and_down_on_many_connections(looped, unique):
    bucket = unique("bucket")
    looped.client("s3").create_bucket(Bucket=bucket)

    def copy(i):
        s3, body = looped.client("s3"), os.urandom(5_000_000)
        s3.put_object(Bucket=bucket, Key=str(i), Body=body)
        assert s3.get_object(Bucket=bucket, Key=str(i))["Body"].read() == body

    at_once(copy, 4)


def test_functions_are_invoked_and_write_from_every_connection(looped, unique, zip_of):
    table, name = make_table(looped, unique(), **STREAM), unique("count")
    code = ("import boto3\n"
            "db = boto3.client('dynamodb')\n"
            "def handler(event, context):\n"
            f"    db.update_item(TableName='{table}', Key={{'p': {{'S': 'calls'}}}}, UpdateExpression='ADD n :one',\n"
            "                   ExpressionAttributeValues={':one': {'N': '1'}})\n"
            "    return event['i']\n")
    functions = looped.client("lambda")
    functions.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Code={"ZipFile": zip_of({"index.py": code})},
                              Role="arn:aws:iam::000000000000:role/any")

    def invoke(i):
        client = looped.client("lambda")
        for _ in range(5):
            assert client.invoke(FunctionName=name, Payload=f'{{"i": {i}}}')["Payload"].read() == str(i).encode()

    at_once(invoke, 4)
    got = looped.client("dynamodb").get_item(TableName=table, Key={"p": {"S": "calls"}})
    assert got["Item"]["n"]["N"] == "20"


def test_time_moves_on_every_loop(make_server):
    server = make_server(arguments=["--loops", 3, "--virtual-clock"])
    make_table(server, "things", **STREAM)
    raws = [Raw(server) for _ in range(6)]
    ask = '{"TableName":"things","Key":{"p":{"S":"a"}}}'

    def dates():
        out = []
        for raw in raws:
            _, headers, _ = raw.ask("POST", "/", ask, Content_Type="application/x-amz-json-1.0", X_Amz_Date=DATE,
                                    Authorization=signed("dynamodb"), X_Amz_Target="DynamoDB_20120810.GetItem")
            out.append(parsedate_to_datetime(headers["Date"]))
        return out

    before = dates()
    server.advance(hours=5)
    for old, new in zip(before, dates()):
        assert datetime.timedelta(hours=5) <= new - old < datetime.timedelta(hours=5, minutes=5)


def test_what_was_answered_survives_a_stop_and_a_kill_under_load(make_server):
    server = make_server(durability="durable", arguments=["--loops", 3])
    make_table(server, "things")
    for kill in (False, True):
        answered = [0] * CLIENTS

        def write(i):
            client = server.client("dynamodb", retries={"max_attempts": 0, "mode": "standard"}, read_timeout=10)
            try:
                for n in itertools.count(1):
                    client.put_item(TableName="things", Item={"p": {"S": f"{kill}-{i}-{n}"}})
                    answered[i] = n
            except Exception:   # the server is gone
                pass

        writers = [threading.Thread(target=write, args=(i,)) for i in range(CLIENTS)]
        [writer.start() for writer in writers]
        deadline = time.monotonic() + 20
        while min(answered) < 20:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        if kill:
            server.kill9()
        else:
            assert server.stop() == 0
        [writer.join() for writer in writers]
        server.start()
        db = server.client("dynamodb")
        kept = {item["p"]["S"] for page in db.get_paginator("scan").paginate(TableName="things", ConsistentRead=True) for item in page["Items"]}
        for i in range(CLIENTS):
            assert {f"{kill}-{i}-{n}" for n in range(1, answered[i] + 1)} <= kept


def test_loops_out_of_bounds_are_refused(make_server):
    from support.server import ServerFailed
    for count in (0, 65):
        with pytest.raises(ServerFailed, match=f"--loops takes a number from 1 to 64, not {count}"):
            make_server(arguments=["--loops", count])
