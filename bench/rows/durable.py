"""Puts that are on disk before they are answered: 64 connections."""
import itertools

from harness import load
from harness.arithmetic import Goal
from harness.fleet import ITEMS
from harness.row import Row, interleaved
from harness.servers import program

_numbers = itertools.count(1)


def group_commit(bench):
    """RocksDB alone: 64 threads, each waiting for its synced write."""
    folder = bench.scratch(f"group-commit-{next(_numbers)}")
    return load.run([program("tidemill_floor"), "group-commit", "--data-dir", folder, "--threads", 64, "--seconds", bench.seconds])


def durable(bench):
    row = Row("put-durable", "PutItem, durable, 64 connections", "Durable writes", [
        Goal("ops_s", "Tidemill", of="floor", at_least=1.2), Goal("cpu_us", "Tidemill", of="floor", at_most=0.65),
        Goal("ops_s", "Tidemill", of="DynamoDB Local on disk", at_least=25)])
    subjects = {"floor": lambda: group_commit(bench)}
    for name, server in (("Tidemill", "Tidemill durable"), ("DynamoDB Local on disk", "DynamoDB Local on disk")):
        if running := bench.fleet.table(server, "load", filled=False):
            subjects[name] = lambda running=running: load.http(running, "put", table="load", items=ITEMS, connections=64,
                                                               seconds=bench.seconds, warmup=bench.warmup)
    return [interleaved(row, bench.rounds, subjects)]


ROWS = {"put-durable": durable}
