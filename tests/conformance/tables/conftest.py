"""Tables that the tests of this folder share, and a report by section at the end. Each test uses partition keys of its own.

The cases can be pointed elsewhere: TIDEMILL_CONFORMANCE_PEER=dynamodb-local, or TIDEMILL_CONFORMANCE_ENDPOINT=URL. What needs our
own process (restarts, options) skips there.
"""
import collections
import itertools
import os
import re
import time

import pytest

from support import peers

from .wire import Wire, S

_numbers = itertools.count(1)

SECTIONS = {"WIR": "Wire", "SIG": "Signatures", "TYP": "Types and numbers", "SIZ": "Sizes", "KEY": "Keys", "VAL": "Validation",
            "EXP": "Condition expressions", "UPD": "Update expressions", "LEG": "Legacy parameters", "RET": "Return values, projections",
            "QRY": "Query", "SCN": "Scan", "IDX": "Secondary indexes", "BAT": "Batches", "TXN": "Transactions", "CAP": "Capacity",
            "TTL": "Time to live", "CTL": "Control plane", "STR": "Streams", "PQL": "PartiQL"}
_outcomes = collections.defaultdict(collections.Counter)


def pytest_runtest_logreport(report):
    """Counts a test in every section whose rows its name holds."""
    if "conformance/tables" not in report.nodeid or not (report.when == "call" or report.outcome != "passed"):
        return
    rows = set(re.findall(r"(?<![A-Z])([A-Z]{3})_[0-9]{2}", report.nodeid)) & SECTIONS.keys()
    for section in rows or {"other"}:
        _outcomes[section][report.outcome] += 1


def pytest_terminal_summary(terminalreporter):
    if not _outcomes:
        return
    terminalreporter.section("conformance of tables, by section")
    terminalreporter.write_line(f"{'section':<34}{'passed':>8}{'failed':>8}{'skipped':>8}")
    total = collections.Counter()
    for section in [*SECTIONS, "other"]:
        counts = _outcomes.get(section)
        if not counts:
            continue
        total.update(counts)
        name = f"{section} {SECTIONS[section]}" if section in SECTIONS else "random programs, histories, all operations"
        terminalreporter.write_line(f"{name[:33]:<34}{counts['passed']:>8}{counts['failed']:>8}{counts['skipped']:>8}")
    terminalreporter.write_line(f"{'all (a test may be in two sections)':<34}{total['passed']:>7}{total['failed']:>8}{total['skipped']:>8}")


@pytest.fixture(scope="session")
def subject_server(request, tmp_path_factory):
    """What the cases are run against: our server, or a peer."""
    peer = peers.choose(os.environ.get("TIDEMILL_CONFORMANCE_PEER"), os.environ.get("TIDEMILL_CONFORMANCE_ENDPOINT"),
                        tmp_path_factory.mktemp("peer"))
    if peer is None:
        yield request.getfixturevalue("server")
        return
    yield peer
    peer.close()


@pytest.fixture
def make_server(subject_server, make_server):
    """Servers of our own: there are none on a peer."""
    if isinstance(subject_server, peers.Peer):
        pytest.skip("starts servers of its own: not on a peer")
    return make_server


@pytest.fixture(scope="session")
def wire(subject_server):
    return Wire(subject_server)


@pytest.fixture(scope="session")
def ddb(subject_server):
    """boto3, which checks the crc32 of every answer."""
    return subject_server.client("dynamodb")


def schema(*keys):
    """schema("p:S", "c:N") -> KeySchema and AttributeDefinitions."""
    split = [key.split(":") for key in keys]
    return {"KeySchema": [{"AttributeName": name, "KeyType": kind} for (name, _), kind in zip(split, ["HASH", "RANGE"])],
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in split]}


def index(name, *keys, projection="ALL", include=None):
    shape = {"ProjectionType": projection}
    if include:
        shape["NonKeyAttributes"] = include
    return {"IndexName": name, "Projection": shape,
            "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ["HASH", "RANGE"])]}


def wait_active(wire, name, seconds=20):
    deadline = time.monotonic() + seconds
    while True:
        table = wire.ok("DescribeTable", TableName=name)["Table"]
        indexes = table.get("GlobalSecondaryIndexes", [])
        if table["TableStatus"] == "ACTIVE" and all(one["IndexStatus"] == "ACTIVE" for one in indexes):
            return table
        assert time.monotonic() < deadline, table
        time.sleep(0.02)


def wait_gone(wire, name, seconds=20):
    deadline = time.monotonic() + seconds
    while wire.call("DescribeTable", {"TableName": name}).status == 200:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="session")
def make_table(wire):
    """Creates a table and waits for it. Names are unique; tables go when the session ends."""
    made = []

    def make(*keys, definitions=(), **more):
        name = f"conf-{os.getpid()}-{next(_numbers)}"
        shape = schema(*keys)
        shape["AttributeDefinitions"] += [dict(zip(("AttributeName", "AttributeType"), one.split(":"))) for one in definitions]
        wire.ok("CreateTable", TableName=name, BillingMode=more.pop("BillingMode", "PAY_PER_REQUEST"), **shape, **more)
        wait_active(wire, name)
        made.append(name)
        return name

    yield make
    for name in made:
        wire.call("DeleteTable", {"TableName": name})


@pytest.fixture(scope="session")
def hash_table(make_table):
    return make_table("p:S")


@pytest.fixture(scope="session")
def range_table(make_table):
    return make_table("p:S", "c:S")


@pytest.fixture(scope="session")
def number_table(make_table):
    return make_table("p:S", "c:N")


@pytest.fixture(scope="session")
def binary_table(make_table):
    return make_table("p:S", "c:B")


@pytest.fixture(scope="session")
def index_table(make_table):
    """p, c; global: gsi(g) ALL, keys(g, h) KEYS_ONLY, inc(h) INCLUDE x; local: lsi(l) KEYS_ONLY, lall(l) ALL."""
    return make_table("p:S", "c:S", definitions=("g:S", "h:N", "l:N"),
                      GlobalSecondaryIndexes=[index("gsi", "g"), index("keys", "g", "h", projection="KEYS_ONLY"),
                                              index("inc", "h", projection="INCLUDE", include=["x"])],
                      LocalSecondaryIndexes=[index("lsi", "p", "l", projection="KEYS_ONLY"), index("lall", "p", "l")])


@pytest.fixture
def key():
    """key() -> a partition key value that no other test uses."""
    return lambda prefix="k": f"{prefix}{os.getpid()}-{next(_numbers)}"


@pytest.fixture
def put(wire, hash_table, key):
    """put(a=S("x")) -> the key of a new item of the hash table with these attributes."""

    def put_item(table=None, **attributes):
        one = {"p": S(key())}
        wire.ok("PutItem", TableName=table or hash_table, Item={**one, **attributes})
        return one

    return put_item


@pytest.fixture
def get(wire, hash_table):
    """get(key) -> the item without its partition key, or None."""

    def get_item(one, table=None):
        item = wire.ok("GetItem", TableName=table or hash_table, Key=one, ConsistentRead=True).get("Item")
        return None if item is None else {name: value for name, value in item.items() if name not in one}

    return get_item
