"""Operations on tables, over the wire: 16 connections, items of 1 KB, popular keys (zipf), one request under way on each."""
from dataclasses import dataclass, field

from harness import load
from harness.arithmetic import Goal
from harness.fleet import ITEMS
from harness.row import Row, interleaved

TABLE = "Items: 16 connections, 1 KB"
JIT_SECONDS = 4    # before the first visit: compilers of the peers' languages must have seen the code


@dataclass(frozen=True)
class Visit:
    """One column: which server, which operation, on which table."""
    name: str
    operation: str
    table: str = "load"
    server: str = ""
    options: dict = field(default_factory=dict)

    @property
    def server_name(self):
        return self.server or self.name


def cpu(subject, **limits):
    return Goal("cpu_us", subject, **limits)


def against_peers(dynalite=None, local=None):
    """How many times our processor time the peers need."""
    goals = []
    if dynalite:
        goals.append(cpu("dynalite", of="Tidemill", at_least=dynalite))
    if local:
        goals.append(cpu("DynamoDB Local", of="Tidemill", at_least=local))
    return goals


def everywhere(operation, table="load", floor=True, dynalite=True):
    names = ["Tidemill", *(["floor"] if floor else []), *(["dynalite"] if dynalite else []), "DynamoDB Local"]
    return [Visit(name, operation, table) for name in names]


BENCHMARKS = [
    Row("get", "GetItem", TABLE, [cpu("Tidemill", of="floor", at_most=1.25), *against_peers(6, 9)]),
    Row("put", "PutItem, relaxed", TABLE, [cpu("Tidemill", of="floor", at_most=1.3), *against_peers(4.5, 10)]),
    Row("update", "UpdateItem SET c = c + :1", TABLE, [cpu("Tidemill", of="Tidemill put", at_most=1.5), *against_peers(5, 13)]),
    Row("query", "Query of ten items of 1 KB", TABLE, [cpu("Tidemill", of="floor", at_most=1.6), *against_peers(10, 10)]),
    Row("batch-write", "BatchWriteItem of 25", TABLE, against_peers(local=7)),
    Row("transact-write", "TransactWriteItems of 2", TABLE, against_peers(local=14)),
    Row("put-stream", "PutItem with a stream of NEW_AND_OLD_IMAGES", TABLE, [cpu("Tidemill", of="Tidemill put", at_most=1.7)]),
    Row("get-signed", "GetItem with signatures enforced", TABLE, [cpu("Tidemill signed", minus="Tidemill", at_most=2.5)]),
]

own_put = Visit("Tidemill put", "put", server="Tidemill")
VISITS = {
    "get": everywhere("get"),
    "put": everywhere("put"),
    "update": [*everywhere("update", floor=False), own_put],
    "query": everywhere("query", table="rows"),
    "batch-write": everywhere("batch-write-25", floor=False, dynalite=False),
    "transact-write": everywhere("transact-write-2", floor=False, dynalite=False),
    "put-stream": [Visit("Tidemill", "put", "streamed"), own_put],
    "get-signed": [Visit("Tidemill signed", "get"), Visit("Tidemill", "get")],
}


def visit(bench, one, seconds=None):
    server = bench.fleet.table(one.server_name, one.table)
    return load.http(server, one.operation, table=one.table, items=ITEMS, connections=16, seconds=seconds or bench.seconds,
                     warmup=0 if seconds else bench.warmup, signed=one.server_name.endswith("signed"), **one.options)


def measure(template):
    def run(bench):
        row = Row(template.name, template.title, template.table, template.goals)
        present = [one for one in VISITS[row.name] if bench.fleet.table(one.server_name, one.table)]
        for one in present:
            if one.name in ("dynalite", "DynamoDB Local") and not bench.quick:
                visit(bench, one, seconds=JIT_SECONDS)
        return [interleaved(row, bench.rounds, {one.name: lambda one=one: visit(bench, one) for one in present})]
    return run


ROWS = {row.name: measure(row) for row in BENCHMARKS}
