"""Tables that are large for a server's memory. TIDEMILL_BIG_MB makes them larger (48 MB)."""
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.waiting import wait_until

MB = int(os.environ.get("TIDEMILL_BIG_MB", "48"))
ITEM = 40_000


def resident_mb(server):
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def disk_mb(server):
    return sum(path.stat().st_size for path in server.data_dir.rglob("*") if path.is_file()) / 1e6


def create(db, name, **more):
    db.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
                    AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}], **more)


def fill(db, name, megabytes):
    """Items that do not compress; how many."""
    count = megabytes * 1_000_000 // ITEM

    def batch(first):
        db.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": {
            "p": {"S": f"{i}"}, "g": {"S": f"g{i % 7}"}, "a": {"B": os.urandom(ITEM)}}}} for i in range(first, min(first + 25, count))]})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(batch, range(0, count, 25)))
    return count


@pytest.fixture
def own_server(make_server):
    return make_server(arguments=["--block-cache-mb", "8"])


def test_a_scan_of_a_large_table_keeps_memory_flat(own_server, unique):
    db, name = own_server.client("dynamodb"), unique("big")
    create(db, name)
    count = fill(db, name, MB)
    own_server.restart()  # what the writes took is given back
    db = own_server.client("dynamodb")

    def scan():
        found, pages, start = 0, 0, {}
        while True:
            page = db.scan(TableName=name, **start)
            found, pages = found + page["Count"], pages + 1
            if "LastEvaluatedKey" not in page:
                return found, pages
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    db.scan(TableName=name, Limit=25)
    before = resident_mb(own_server)
    found, pages = scan()
    assert found == count and pages >= MB * 0.9
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: scan()[0], range(4))) == {count}
    grown = resident_mb(own_server) - before
    assert grown < 8 + 32, f"{grown:.0f} MB more after reading {MB} MB five times"


def test_deleting_a_large_table_is_quick_and_gives_the_space_back(own_server, unique):
    db, name, kept = own_server.client("dynamodb"), unique("big"), unique("kept")
    create(db, kept)
    db.put_item(TableName=kept, Item={"p": {"S": "x"}})
    create(db, name)
    fill(db, name, MB)
    full = disk_mb(own_server)
    assert full > MB * 0.9
    began = time.monotonic()
    db.delete_table(TableName=name)
    assert time.monotonic() - began < 2
    # The log of writes goes when all that it holds is in files: something must be written for that, and here it is.
    wait_until(lambda: disk_mb(own_server) < full / 2, 30, what="half of the space back")
    create(db, name)
    assert db.scan(TableName=name)["Count"] == 0 and db.scan(TableName=kept)["Count"] == 1


def test_an_index_is_built_beside_writes_and_over_a_crash(own_server, unique):
    db, name = own_server.client("dynamodb"), unique("big")
    create(db, name)
    items = {f"{i}": f"g{i % 5}" for i in range(6000)}
    keys = list(items)

    def put_many(batch):
        db.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": {"p": {"S": p}, "g": {"S": items[p]}}}} for p in batch]})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put_many, (keys[i:i + 25] for i in range(0, len(keys), 25))))
    stop, written = threading.Event(), []

    def write():
        client, n = own_server.client("dynamodb", retries={"max_attempts": 0}), 0
        while not stop.is_set():
            p, g = f"{(n * 37) % 6500}", f"h{n % 3}"
            try:
                if n % 5 == 4:
                    client.delete_item(TableName=name, Key={"p": {"S": p}})
                else:
                    client.put_item(TableName=name, Item={"p": {"S": p}, "g": {"S": g}})
            except Exception:  # the server is being killed
                return
            n += 1
            written.append(p)

    writer = threading.Thread(target=write)
    writer.start()
    db.update_table(TableName=name, AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in "pg"],
                    GlobalSecondaryIndexUpdates=[{"Create": {"IndexName": "by-g", "Projection": {"ProjectionType": "ALL"},
                                                             "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}}])
    own_server.restart(kill=True)
    writer.join(20)
    written.clear()
    db = own_server.client("dynamodb")
    stop.clear()
    writer = threading.Thread(target=write)
    writer.start()

    def active():
        index = db.describe_table(TableName=name)["Table"]["GlobalSecondaryIndexes"][0]
        return index["IndexStatus"] == "ACTIVE"

    wait_until(lambda: active() and len(written) >= 100, 60)
    stop.set()
    writer.join(20)

    def everything(**more):
        out = []
        for page in db.get_paginator("scan").paginate(TableName=name, **more):
            out += [(one["p"]["S"], one["g"]["S"]) for one in page["Items"]]
        return sorted(out)

    assert everything(IndexName="by-g") == everything()
    told = db.describe_table(TableName=name)["Table"]
    wait_until(lambda: db.describe_table(TableName=name)["Table"]["ItemCount"] == len(everything()), 20)
    assert told["GlobalSecondaryIndexes"][0]["ItemCount"] == len(everything())
