"""The programs that measure do what their figures claim: schedules, signatures, every operation, the floors."""
import asyncio
import threading
import time

import pytest

from harness import functions, load, servers
from harness.fleet import TABLES, create_table
from harness.servers import program
from support.server import ACCESS_KEY_ID, SECRET_ACCESS_KEY


class StallingServer:
    """Answers at once, but for one request that holds up everybody."""

    def __init__(self, stall_at, stall_s):
        self.seen, self.stall_at, self.stall_s = 0, stall_at, stall_s
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.server.sockets[0].getsockname()[1]
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    async def serve(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
                await reader.readexactly(length)
                self.seen += 1
                if self.seen == self.stall_at:
                    time.sleep(self.stall_s)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        except asyncio.IncompleteReadError:
            writer.close()

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)


@pytest.fixture
def stalling():
    server = StallingServer(stall_at=100, stall_s=0.6)
    yield server
    server.close()


def http(address, operation, **options):
    return load.run([program("tidemill_load"), "--endpoint", address, "--op", operation, *load.flags(options)])


def test_a_stall_counts_for_every_request_that_was_due_in_it(stalling):
    measured = http(stalling.address, "get", rate=200, count=400, connections=4)
    assert measured["operations"] == 400
    # 120 of 400 were due while nobody was answered; a generator that waits for its answers would count four.
    assert measured["p99_us"] > 500_000
    assert http(stalling.address, "get", count=400, connections=4)["p99_us"] < 500_000


def test_a_rate_is_kept(stalling):
    began = time.monotonic()
    http(stalling.address, "get", rate=500, count=250, connections=4)
    assert time.monotonic() - began >= 249 / 500


@pytest.fixture(scope="module")
def tables(server):
    client = server.client("dynamodb")
    for name in ("bench-load", "bench-rows"):
        create_table(client, name, TABLES[name.removeprefix("bench-")]["key"])
    http(server.endpoint.removeprefix("http://"), "put", table="bench-load", keys="sequence", items=100, count=100)
    http(server.endpoint.removeprefix("http://"), "put-row", table="bench-rows", keys="sequence", items=100, count=100)
    yield client
    for name in ("bench-load", "bench-rows"):
        client.delete_table(TableName=name)


def test_a_sequence_writes_each_item_once_and_of_the_size_asked_for(server, tables):
    assert tables.scan(TableName="bench-load", Select="COUNT")["Count"] == 100
    item = tables.get_item(TableName="bench-load", Key={"pk": {"S": "k00000042"}})["Item"]
    size = sum(len(name) for name in item) + len(item["pk"]["S"]) + len(item["data"]["S"]) + len(item["c"]["N"]) // 2 + 1
    assert size == pytest.approx(1024, abs=8)
    rows = tables.query(TableName="bench-rows", KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "p00000004"}})
    assert [row["sk"]["S"] for row in rows["Items"]] == [f"r{i}" for i in range(10)]


@pytest.mark.parametrize("operation, table", [
    ("put", "load"), ("get", "load"), ("update", "load"), ("query", "rows"), ("scan", "load"), ("batch-write-25", "load"),
    ("transact-write-2", "load"), ("put-stamped", "load")])
@pytest.mark.parametrize("sdk", ["boto3", "js"])
def test_every_operation_is_answered(server, tables, operation, table, sdk):
    measured = http(server.endpoint.removeprefix("http://"), operation, table=f"bench-{table}", items=90, count=40, connections=4, sdk=sdk)
    assert (measured["operations"], measured["errors"]) == (40, 0)


def test_signatures_are_true(make_server):
    server = make_server(iam="on")
    create_table(server.client("dynamodb"), "load", ["pk"])
    address = server.endpoint.removeprefix("http://")
    assert http(address, "put", count=50, sign=f"{ACCESS_KEY_ID}:{SECRET_ACCESS_KEY}")["errors"] == 0
    with pytest.raises(load.LoadFailed, match="InvalidSignatureException"):
        http(address, "put", count=5, sign=f"{ACCESS_KEY_ID}:another")


def test_the_floor_of_items_keeps_what_it_was_sent(tmp_path):
    floor = servers.floor_items(tmp_path / "floor")
    try:
        http(floor.address, "put", keys="sequence", items=20, count=20)
        http(floor.address, "put-row", keys="sequence", items=20, count=20)
        client = floor.client("dynamodb")
        assert client.get_item(TableName="load", Key={"pk": {"S": "k00000007"}})["Item"]["pk"] == {"S": "k00000007"}
        rows = client.query(TableName="rows", KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "p00000001"}})
        assert [row["sk"]["S"] for row in rows["Items"]] == [f"r{i}" for i in range(10)]
    finally:
        floor.close()


@pytest.mark.parametrize("language", ["node", "python"])
def test_the_floor_of_functions_runs_our_bootstraps(tmp_path, language):
    measured = functions.floor_runtime(tmp_path, language, 0.1, 0.3, '{"a": 1}')
    assert measured["operations"] > 10 and measured["p50_us"] > 0


def test_group_commit_counts_its_writes(tmp_path):
    measured = load.run([program("tidemill_floor"), "group-commit", "--data-dir", tmp_path, "--threads", 8, "--seconds", 0.3])
    assert measured["operations"] > 8 and measured["cpu_us"] > 0


def test_the_broker_load_produces_and_fetches(server, unique):
    from confluent_kafka.admin import AdminClient, NewTopic
    admin, topic, address = AdminClient({"bootstrap.servers": server.kafka}), unique("bench"), server.kafka
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(20)
    produced = load.broker("produce", address, server.process.pid, topic=topic, batch=10, in_flight=2, seconds=0.3, warmup=0)
    assert produced["operations"] > 1 and produced["ops_s"] > produced["operations"]
    admin.create_topics([NewTopic(f"{topic}-2", 1, 1)])[f"{topic}-2"].result(20)
    travelled = load.broker("end-to-end", address, server.process.pid, topic=f"{topic}-2", rate=200, seconds=0.5, warmup=0)
    assert 80 <= travelled["operations"] <= 110
