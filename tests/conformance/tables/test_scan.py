"""Scan."""
import base64
import hashlib

import pytest

from .wire import N, S

STARTING = "The provided starting key is invalid: "


@pytest.fixture(scope="module")
def table(wire, make_table):
    """20 partitions of 5 items."""
    name = make_table("p:S", "c:N", definitions=("g:S", "l:N"),
                      GlobalSecondaryIndexes=[{"IndexName": "gsi", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                                               "Projection": {"ProjectionType": "KEYS_ONLY"}}],
                      LocalSecondaryIndexes=[{"IndexName": "lsi", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"},
                                                                               {"AttributeName": "l", "KeyType": "RANGE"}],
                                              "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a"]}}])
    for p in range(20):
        requests = [{"PutRequest": {"Item": {"p": S(f"p{p}"), "c": N(c), "g": S(f"g{c}"), "l": N(-c), "a": S("x"), "b": S("y")}}} for c in range(5)]
        wire.ok("BatchWriteItem", RequestItems={name: requests})
    return name


def keys(answer):
    return [(one["p"]["S"], int(one["c"]["N"])) for one in answer["Items"]]


def pages(wire, **body):
    start = {}
    while True:
        answer = wire.ok("Scan", **body, **start)
        yield answer
        if "LastEvaluatedKey" not in answer:
            return
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


EVERYTHING = {(f"p{p}", c) for p in range(20) for c in range(5)}


def test_SCN_01_SCN_03_everything_once_and_in_order(wire, table):
    found = keys(wire.ok("Scan", TableName=table))
    assert len(found) == 100 and set(found) == EVERYTHING
    for p in range(20):
        own = [i for i, one in enumerate(found) if one[0] == f"p{p}"]
        assert own == list(range(own[0], own[0] + 5)) and [found[i][1] for i in own] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("limit", [1, 7, 33, 100])
def test_SCN_02_pages(wire, table, limit):
    whole = keys(wire.ok("Scan", TableName=table))
    seen = []
    for page in pages(wire, TableName=table, Limit=limit):
        assert page["ScannedCount"] <= limit
        seen += keys(page)
    assert seen == whole


def test_SCN_04_stable_over_restarts(wire, table):
    before = keys(wire.ok("Scan", TableName=table))
    assert keys(wire.ok("Scan", TableName=table)) == before
    wire.server.restart()
    assert keys(wire.ok("Scan", TableName=table)) == before


@pytest.mark.parametrize("total", [1, 2, 7, 64])
def test_SCN_05_SCN_06_segments(wire, table, total):
    parts = [keys(wire.ok("Scan", TableName=table, Segment=s, TotalSegments=total)) for s in range(total)]
    assert sum(len(part) for part in parts) == 100 and set().union(*parts) == EVERYTHING
    assert parts == [keys(wire.ok("Scan", TableName=table, Segment=s, TotalSegments=total)) for s in range(total)]
    if total == 7:
        paged = [key for page in pages(wire, TableName=table, Segment=3, TotalSegments=7, Limit=2) for key in keys(page)]
        assert paged == parts[3]


def test_SCN_07_segment_arguments(wire, table):
    wire.invalid("Scan", "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
                 TableName=table, Segment=0)
    wire.invalid("Scan", "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
                 TableName=table, TotalSegments=1)
    wire.invalid("Scan", "The Segment parameter is zero-based and must be less than parameter TotalSegments", TableName=table, Segment=1, TotalSegments=1)


def test_SCN_08_start_key_of_another_segment(wire, table):
    parts = [keys(wire.ok("Scan", TableName=table, Segment=s, TotalSegments=2)) for s in range(2)]
    p, c = parts[1][0]
    wire.invalid("Scan", STARTING + "Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: 2 Segment: 0",
                 TableName=table, Segment=0, TotalSegments=2, ExclusiveStartKey={"p": S(p), "c": N(c)})


def test_SCN_09_bad_start_keys(wire, table):
    schema = STARTING + "The provided key element does not match the schema"
    for bad in ({"p": S("x")}, {"p": S("x"), "c": S("x")}, {"p": S("x"), "c": N(1), "d": N(1)}):
        wire.invalid("Scan", schema, TableName=table, ExclusiveStartKey=bad)
    wire.invalid("Scan", "The provided starting key is invalid", TableName=table, IndexName="gsi", ExclusiveStartKey={"p": S("x"), "c": N(1)})
    wire.invalid("Scan", STARTING + "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes", TableName=table,
                 ExclusiveStartKey={"p": {}, "c": N(1)})


def test_SCN_10_filters_may_name_keys(wire, table):
    answer = wire.ok("Scan", TableName=table, FilterExpression="p = :p AND c > :c", ExpressionAttributeValues={":p": S("p3"), ":c": N(2)})
    assert keys(answer) == [("p3", 3), ("p3", 4)] and (answer["Count"], answer["ScannedCount"]) == (2, 100)


def test_SCN_11_count(wire, table):
    answer = wire.ok("Scan", TableName=table, Select="COUNT", Limit=10)
    assert "Items" not in answer and answer["Count"] == 10 and "LastEvaluatedKey" in answer


def test_SCN_12_one_megabyte(wire, make_table):
    table = make_table("p:S")
    for i in range(15):
        wire.ok("PutItem", TableName=table, Item={"p": S(f"{i}"), "a": S("x" * 100000)})
    sizes = [page["Count"] for page in pages(wire, TableName=table)]
    assert sum(sizes) == 15 and 10 <= sizes[0] <= 12


def test_SCN_13_consistent_read_of_an_index(wire, table):
    wire.invalid("Scan", "Consistent reads are not supported on global secondary indexes", TableName=table, IndexName="gsi", ConsistentRead=True)
    assert wire.ok("Scan", TableName=table, IndexName="lsi", ConsistentRead=True)["Count"] == 100


def test_SCN_14_indexes(wire, table):
    answer = wire.ok("Scan", TableName=table, IndexName="gsi")
    assert answer["Count"] == 100 and all(set(one) == {"p", "c", "g"} for one in answer["Items"])
    answer = wire.ok("Scan", TableName=table, IndexName="lsi")
    assert answer["Count"] == 100 and all(set(one) == {"p", "c", "l", "a"} for one in answer["Items"])
    seen = [key for page in pages(wire, TableName=table, IndexName="gsi", Limit=9) for key in keys(page)]
    assert len(seen) == 100 and set(seen) == EVERYTHING


def test_SCN_partitions_come_in_the_order_seen_on_aws(wire, make_table):
    """By MD5, sort keys in order within; segments hold parts of that order."""
    for kind, order in (("S", "ABCDEFGHIJ"), ("N", ["0", "1", "-1", "10", "0.5", "1000", "-2.25"]), ("B", ["AA==", "gA==", "AQI="])):
        name = make_table(f"p:{kind}", "c:N")
        for p in order:
            wire.ok("BatchWriteItem", RequestItems={name: [{"PutRequest": {"Item": {"p": {kind: p}, "c": N(c)}}} for c in (2, 1)]})
        items = wire.ok("Scan", TableName=name)["Items"]
        assert [one["c"]["N"] for one in items] == ["1", "2"] * len(order)
        got = [one["p"][kind] for one in items[::2]]
        assert got == sorted(order, key=lambda p: hashlib.md5(b"Outliers" + key_bytes(kind, p)).digest())
        segments = [[one["p"][kind] for one in wire.ok("Scan", TableName=name, TotalSegments=3, Segment=s)["Items"][::2]] for s in range(3)]
        assert segments[0] + segments[1] + segments[2] == got


def key_bytes(kind, text):
    if kind == "S":
        return text.encode()
    if kind == "B":
        return base64.b64decode(text)
    return {"0": b"\x80", "1": b"\xc1\x02", "-1": b"\x3e\x64\x66", "10": b"\xc1\x0b", "0.5": b"\xc0\x33", "1000": b"\xc2\x0b",
            "-2.25": b"\x3e\x63\x4c\x66"}[text]
