"""What stays the same when there is more: more loops, more items (--big: ten million)."""
import os
import time

from harness import load, machine, servers
from harness.arithmetic import Goal
from harness.fleet import ITEMS, create_table
from harness.row import Row, interleaved
from rows.process import end, start_once
from support.server import free_port

TABLE = "Growth"
MANY = 10_000_000
SMALL_ITEM = 128
LONG_WARMUP_S = 20    # until a cache holds what is popular among ten million items


def loops(bench):
    running = {}
    try:
        for count, name in ((1, "one loop"), (2, "two loops")):
            running[name] = server = servers.Tidemill(bench.scratch(f"loops-{count}"), arguments=["--log-level", "warn", "--loops", count])
            create_table(server.client("dynamodb"), "load", ["pk"])
            load.http(server, "put", table="load", keys="sequence", items=ITEMS, count=ITEMS)
        rows = []
        for operation, name, title in (("get", "growth-loops", "GetItem, from one loop to two"),
                                       ("put", "growth-loops-put", "PutItem, from one loop to two")):
            row = Row(name, title, TABLE, [Goal("cpu_us", "two loops", of="one loop", at_most=1.15)])
            rows.append(interleaved(row, bench.rounds, {
                name: lambda server=server: load.http(server, operation, table="load", items=ITEMS, connections=16, seconds=bench.seconds,
                                                      warmup=bench.warmup) for name, server in running.items()}))
        return rows
    finally:
        for server in running.values():
            server.close()


def filled_floor(server, items):
    load.http(server, "put", table="load", keys="sequence", items=items, bytes=SMALL_ITEM, count=items, connections=16)


def filled(server, items):
    create_table(server.client("dynamodb"), "load", ["pk"])
    create_table(server.client("dynamodb"), "rows", ["pk", "sk"])
    load.http(server, "batch-write-25", table="load", keys="sequence", items=items, bytes=SMALL_ITEM, count=items // 25, connections=4)
    load.http(server, "put-row", table="rows", keys="sequence", items=ITEMS, count=ITEMS)


def many_items(bench):
    """Ten million items of 128 bytes: point operations, scans, and starts after a clean stop and after a kill. What more items
    cost the floor is shown beside it: the least that a walk through RocksDB grows by."""
    items = MANY if bench.big else 300_000
    name = "ten million items" if bench.big else "300,000 items"
    rows = []
    few, many = servers.Tidemill(bench.scratch("few")), servers.Tidemill(bench.scratch("many"))
    floors = [servers.floor_items(bench.scratch("floor-few")), servers.floor_items(bench.scratch("floor-many"))]
    try:
        filled(few, ITEMS)
        filled(many, items)
        for floor, count in zip(floors, (ITEMS, items)):
            filled_floor(floor, count)
        for server in (many, floors[1]) if bench.big else ():
            load.http(server, "get", table="load", items=items, bytes=SMALL_ITEM, connections=16, seconds=1, warmup=LONG_WARMUP_S)
        for operation, title in (("get", "GetItem"), ("put", "PutItem")):
            row = Row(f"growth-items-{operation}", f"{title}, 128 bytes, from 10,000 items to many", TABLE,
                      [Goal("cpu_us", name, of="10,000 items", at_most=1.2)])
            rows.append(interleaved(row, bench.rounds, {
                subject: lambda server=server, count=count: load.http(server, operation, table="load", items=count, bytes=SMALL_ITEM,
                                                                      connections=16, seconds=bench.seconds, warmup=bench.warmup)
                for subject, server, count in (("10,000 items", few, ITEMS), (name, many, items),
                                               ("floor, 10,000 items", floors[0], ITEMS), (f"floor, {name}", floors[1], items))}))
        flat = Row("growth-reading", "Memory while Scan and Query read", TABLE, [Goal("rss_mb", "after reading", minus="before", at_most=16)])
        load.http(many, "scan", table="load", connections=4, seconds=bench.seconds, warmup=0)    # the cache fills once
        flat.add("before", machine.memory_mb(many.pid))
        for operation, table in (("scan", "load"), ("query", "rows")):
            load.http(many, operation, table=table, items=ITEMS, connections=16, seconds=2 * bench.seconds, warmup=0)
        flat.add("after reading", machine.memory_mb(many.pid))
        rows.append(flat)
        rows.append(restarts(bench, many, name))
    finally:
        for server in (few, many, *floors):
            server.close()
    return rows


def restarts(bench, server, name):
    row = Row("growth-start", f"Start with {name}", TABLE, [Goal("wall_ms", "after a clean stop", at_most=200), Goal("wall_ms", "after kill -9", at_most=1000)])
    row.notes.append("after kill -9 the log is replayed, at most 64 MB of it: the goal is 200 ms and that replay, taken as 800 ms")
    server.stop()
    port, process = free_port(), None
    for _ in range(bench.rounds):
        measures, process = start_once(server.folder, port, stop=False)
        row.add("after a clean stop", measures)
        create_load(port)
        end(process, kill=True)
        measures, process = start_once(server.folder, port, stop=False)
        row.add("after kill -9", measures)
        end(process)
    return row


def create_load(port):
    """30 MB or so of writes that only the log has."""
    load.run([servers.program("tidemill_load"), "--endpoint", f"127.0.0.1:{port}", "--op", "put", "--table", "load", "--count", 30_000])


ROWS = {"growth-loops": loops, "growth-items": many_items}
