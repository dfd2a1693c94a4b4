"""The process: its start, its memory, its size."""
import http.client
import subprocess
import time
from pathlib import Path

from harness import load, machine, servers
from harness.arithmetic import Goal
from harness.fleet import create_table
from harness.row import Row, interleaved
from support.server import binary, free_port, server_environment

TABLE = "The process"


def start_once(folder, port, stop=True, patience_s=60):
    """From the fork to the first answer; the processor time until then. Returns (measures, process)."""
    command = [binary(), "dev", "--data-dir", folder / "data", "--listen", f"127.0.0.1:{port}", "--kafka-listen", f"127.0.0.1:{free_port()}",
               "--log-level", "warn"]
    with (folder / "server.log").open("ab") as log:
        began = time.monotonic()
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                   cwd=folder, env=server_environment(), start_new_session=True)
    if not process.stdout.readline().startswith(b"ready"):
        raise RuntimeError(f"the server did not start: {(folder / 'server.log').read_text()[-2000:]}")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience_s)
    connection.request("GET", "/", headers={"Accept": "application/json"})
    connection.getresponse().read()
    measures = {"wall_ms": (time.monotonic() - began) * 1000, "cpu_ms": machine.cpu_ms(process.pid)}
    connection.close()
    if stop:
        end(process)
    return measures, process


def end(process, kill=False):
    process.kill() if kill else process.terminate()
    process.wait(30)
    process.stdout.close()


def start(bench):
    row = Row("start", "From exec to the first answer, everything on", TABLE,
              [Goal("wall_ms", "Tidemill", at_most=30), Goal("cpu_ms", "Tidemill", at_most=15)])
    folder, port = bench.scratch("start"), free_port()
    start_once(folder, port)    # makes the data directory
    return [interleaved(row, bench.rounds * 5, {
        "Tidemill": lambda: start_once(folder, port)[0], "new data directory": lambda: start_once(_fresh(bench), port)[0]})]


def _fresh(bench):
    folder = bench.folder / f"start-{time.monotonic_ns()}"
    folder.mkdir()
    return folder


def memory(bench):
    """One visit: memory is the same each time, and what it grows by is what is asked."""
    row = Row("memory", "Memory of the server, idle, with 100,000 items of 1 KB, after workloads", TABLE,
              [Goal("rss_mb", "idle", at_most=20), Goal("rss_mb", "100,000 items", at_most=100), Goal("rss_mb", "after workloads", at_most=200)])
    server = servers.Tidemill(bench.scratch("memory"))
    try:
        time.sleep(2)     # what a start leaves behind
        row.add("idle", machine.memory_mb(server.pid))
        items = 10_000 if bench.quick else 100_000
        create_table(server.client("dynamodb"), "load", ["pk"], "NEW_AND_OLD_IMAGES")
        load.http(server, "put", table="load", keys="sequence", items=items, count=items)
        row.add("100,000 items", machine.memory_mb(server.pid))
        create_table(server.client("dynamodb"), "rows", ["pk", "sk"])
        load.http(server, "put-row", table="rows", keys="sequence", items=10_000, count=10_000)
        for operation, table in (("get", "load"), ("put", "load"), ("update", "load"), ("query", "rows"), ("scan", "load"),
                                 ("batch-write-25", "load"), ("transact-write-2", "load")):
            load.http(server, operation, table=table, items=10_000, connections=64, seconds=bench.seconds, warmup=0)
        row.add("after workloads", machine.memory_mb(server.pid))
    finally:
        server.close()
    return [row]


def size(bench):
    row = Row("size", "The one binary, stripped", TABLE, [Goal("mb", "Tidemill", at_most=16)])
    stripped = bench.folder / "stripped"
    subprocess.run(["strip", "-o", str(stripped), str(binary())], check=True)
    row.add("Tidemill", {"mb": Path(stripped).stat().st_size / 2**20})
    return [row]


ROWS = {"start": start, "memory": memory, "size": size}
