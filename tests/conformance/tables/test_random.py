"""Random programs against the model of model/: every answer, every page, the counts and the stream must be the model's.

TIDEMILL_MODEL_SEEDS=n runs n programs for each table (default 12); TIDEMILL_MODEL_SEED=s runs that one alone, as a failure asks.
"""
import itertools
import os
import random
import time

import pytest

from .model import values
from .model.program import Difference, Program
from .model.table import Index, Table

SEEDS = int(os.environ.get("TIDEMILL_MODEL_SEEDS", "12"))
ONLY = os.environ.get("TIDEMILL_MODEL_SEED")
STEPS = int(os.environ.get("TIDEMILL_MODEL_STEPS", "120"))
_numbers = itertools.count(1)

# Keys, types of all key attributes, indexes.
SHAPES = {
    "text": (["p", "c"], {"p": "S", "c": "S", "g": "S", "h": "N", "l": "N"},
             [Index("all", "g"), Index("keys", "g", "h", "KEYS_ONLY"), Index("some", "h", "c", "INCLUDE", ("at1", "atm")),
              Index("local", "p", "l", local=True), Index("slim", "p", "l", "KEYS_ONLY", local=True)]),
    "numbers": (["p", "c"], {"p": "N", "c": "N", "g": "N", "b": "B"},
                [Index("all", "g", "c"), Index("bytes", "b", "g", "INCLUDE", ("atl",))]),
    "bytes": (["p", "c"], {"p": "S", "c": "B"}, []),
    "plain": (["p"], {"p": "S", "g": "S"}, [Index("all", "g", "p")]),
}


def definition(table):
    def schema(keys):
        return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(keys, ("HASH", "RANGE"))]

    body = {"TableName": table.name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": schema(table.keys),
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in table.types.items()],
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}
    for index in table.indexes:
        shape = {"IndexName": index.name, "KeySchema": schema(index.keys), "Projection": {"ProjectionType": index.projection}}
        if index.include:
            shape["Projection"]["NonKeyAttributes"] = list(index.include)
        body.setdefault("LocalSecondaryIndexes" if index.local else "GlobalSecondaryIndexes", []).append(shape)
    return body


def records_of(wire, name):
    arn = wire.ok("DescribeTable", TableName=name)["Table"]["LatestStreamArn"]
    records = []
    for shard in wire.ok("DescribeStream", StreamArn=arn)["StreamDescription"]["Shards"]:
        at = wire.ok("GetShardIterator", StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while at is not None:
            page = wire.ok("GetRecords", ShardIterator=at)
            records += page["Records"]
            at = page.get("NextShardIterator") if page["Records"] else None
    return records


def expect_stream(program, wire, table):
    """Per item the records in the order of its changes; between items any order."""
    got, wanted = {}, {}
    for record in records_of(wire, table.name):
        change = record["dynamodb"]
        old, new = change.get("OldImage"), change.get("NewImage")
        size = sum(values.item_size(one) for one in (change["Keys"], old, new) if one is not None)
        program.expect(change["SizeBytes"] == size, f"SizeBytes: the model says {size}", record)
        got.setdefault(table.place_of(change["Keys"]), []).append(
            (record["eventName"], *(None if one is None else values.answered(one) for one in (change["Keys"], old, new))))
    for event, key, old, new in table.log:
        wanted.setdefault(table.place_of(key), []).append(
            (event, *(None if one is None else values.normal_item(one) for one in (key, old, new))))
    program.expect(got.keys() == wanted.keys(), f"items in the stream: {len(wanted)}", list(got))
    for place, records in wanted.items():
        program.expect(got[place] == records, f"the stream of {place}: the model says {records}", got[place])


def expect_counts(program, wire, table):
    shown = wire.ok("DescribeTable", TableName=table.name)["Table"]
    wanted = [("table", table.entries(), shown["ItemCount"], shown["TableSizeBytes"])]
    by_name = {one["IndexName"]: one for kind in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes") for one in shown.get(kind, [])}
    for index in table.indexes:
        one = by_name[index.name]
        wanted.append((index.name, table.entries(index), one["ItemCount"], one["IndexSizeBytes"]))
    for name, entries, count, size in wanted:
        right = len(entries), sum(values.item_size(one) for one in entries)
        program.expect((count, size) == right, f"count and size of {name}: the model says {right}", (count, size))


def run(wire, shape, seed):
    keys, types, indexes = SHAPES[shape]
    table = Table(f"model-{shape}-{os.getpid()}-{next(_numbers)}", keys, types, indexes)
    wire.ok("CreateTable", **definition(table))
    deadline = time.monotonic() + 20
    while wire.ok("DescribeTable", TableName=table.name)["Table"]["TableStatus"] != "ACTIVE":
        assert time.monotonic() < deadline

    def call(operation, body):
        answer = wire.call(operation, body)
        return answer.status, answer.json

    program = Program(random.Random(f"{shape} {seed}"), table, call)
    try:
        program.run(STEPS)
        expect_stream(program, wire, table)
        expect_counts(program, wire, table)
    except Difference as difference:
        pytest.fail(f"{difference}\nagain with: TIDEMILL_MODEL_SEED={seed} ./dev pytest tests/conformance/tables/test_random.py -k {shape}")
    finally:
        wire.call("DeleteTable", {"TableName": table.name})


@pytest.mark.parametrize("shape", SHAPES)
def test_random_programs_end_as_the_model_says(wire, shape):
    for seed in [ONLY] if ONLY is not None else range(SEEDS):
        run(wire, shape, seed)
