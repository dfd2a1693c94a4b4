"""Latency under a load that the server does not choose: 1,000 requests a second, on a schedule."""
from harness import load
from harness.arithmetic import Goal
from harness.fleet import ITEMS
from harness.row import Row, interleaved

# In each round, shorter instead: whether the scheduler keeps client and server on one processor is decided anew for each visit, and
# counts for more than what they do.
VISITS = 3


def at_a_rate(operation, title):
    def run(bench):
        row = Row(f"latency-{operation}", f"{title}, 1,000/s", "Latency at 1,000 requests/s",
                  [Goal("p50_us", "Tidemill", of="floor", at_most=1.2), Goal("p99_us", "Tidemill", of="floor", at_most=1.5)])
        return [interleaved(row, VISITS * bench.rounds, {
            name: lambda server=bench.fleet.table(name, "load"): load.http(server, operation, table="load", items=ITEMS, connections=16,
                                                                           rate=1000, seconds=2 * bench.seconds / VISITS, warmup=bench.warmup)
            for name in ("Tidemill", "floor")})]
    return run


ROWS = {"latency-get": at_a_rate("get", "GetItem"), "latency-put": at_a_rate("put", "PutItem")}
