"""What the machine and the load generator can do: the other rows are worth no more than this one."""
from harness import load
from harness.arithmetic import Goal
from harness.row import Row, interleaved


def generator(bench):
    row = Row("load-generator", "GetItem requests to a constant answer, 64 connections", "The measure itself",
              [Goal("ops_s", "floor (constant)", at_least=100_000)])
    server = bench.fleet.get("floor (constant)")
    return [interleaved(row, bench.rounds, {
        "floor (constant)": lambda: load.http(server, "get", connections=64, seconds=bench.seconds, warmup=bench.warmup)})]


ROWS = {"load-generator": generator}
