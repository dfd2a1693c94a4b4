"""Functions: warm invocations, what one environment can do, cold starts."""
import itertools
import json
import subprocess
import time

from harness import functions, load, machine, servers
from harness.arithmetic import Goal
from harness.fleet import create_table
from harness.row import Row, interleaved
from support.server import STATE, server_environment

TABLE = "Functions"
PAYLOAD = json.dumps({"order": "k00000001", "text": "x" * 200})
_numbers = itertools.count(1)


def warm(language, title):
    def run(bench):
        row = Row(f"invoke-{language}", f"Invoke, warm, {title}, one connection", TABLE,
                  [Goal("p50_us", "Tidemill", of="floor + one HTTP round trip", at_most=1.5)])
        server, constant = bench.fleet.get("Tidemill"), bench.fleet.get("floor (constant)")
        name = f"echo-{language}-{next(_numbers)}"
        functions.invoke(functions.create(server, name, language, functions.ECHO[language]), name, {})    # a warm one is measured
        options = {"table": name, "payload": PAYLOAD, "connections": 1, "seconds": bench.seconds, "warmup": max(1, bench.warmup)}
        interleaved(row, bench.rounds, {
            "Tidemill": lambda: load.http(server, "invoke", **options),
            "floor": lambda: functions.floor_runtime(bench.folder, language, options["warmup"], bench.seconds, PAYLOAD),
            "round trip": lambda: load.http(constant, "invoke", **options)})
        floor, trip = row.figures["floor"]["p50_us"], row.figures["round trip"]["p50_us"]
        row.figures["floor + one HTTP round trip"] = {"p50_us": [a + b for a, b in zip(floor, trip)]}
        return [row]
    return run


def drained(bench, server, number):
    """Invocations a second while a backlog of changes goes through one environment, one change at a time.
    The first of them warm its Node, as a second of invocations warms the floor's."""
    table, name = f"backlog-{number}", f"counter-{number}"
    warmup, wanted = (200, 1000) if bench.quick else (8000, 5000)
    all_of_them = warmup + wanted
    create_table(server.client("dynamodb"), table, ["pk"], "KEYS_ONLY")
    client = functions.create(server, name, "node", functions.RECORDER.replace("Number(record.dynamodb.NewImage.t.N)", "0"))
    functions.invoke(client, name, {"report": True})    # starts the one environment; asking it meanwhile would start another
    mapping = functions.map_stream(server, table, name, BatchSize=1, Enabled=False)
    load.http(server, "put", table=table, keys="sequence", bytes=100, items=all_of_them, connections=16, count=all_of_them)
    cpu_before = machine.cpu_ms(server.pid)
    client.update_event_source_mapping(UUID=mapping, Enabled=True)
    functions.wait_for_invocations(server, name, 1 + all_of_them)
    starts = sorted(at for _, at in functions.report(client, name, all_of_them))[warmup:]
    cpu_us = (machine.cpu_ms(server.pid) - cpu_before) * 1000 / all_of_them
    client.delete_event_source_mapping(UUID=mapping)
    client.delete_function(FunctionName=name)
    return {"ops_s": (len(starts) - 1) / ((starts[-1] - starts[0]) / 1e6), "cpu_us": cpu_us}


def one_environment(bench):
    row = Row("invoke-rate", "Invocations of one environment, Node, from a backlog of changes, one each", TABLE,
              [Goal("ops_s", "Tidemill", of="floor", at_least=0.8)])
    server = bench.fleet.get("Tidemill")
    return [interleaved(row, bench.rounds, {
        "Tidemill": lambda: drained(bench, server, next(_numbers)),
        "floor": lambda: functions.floor_runtime(bench.folder, "node", 1, bench.seconds, "{}")})]


SDK = {
    "python": "import boto3\ndef handler(event, context):\n    return 1\n",
    "python with a client": "import boto3\nclient = boto3.client('dynamodb')\ndef handler(event, context):\n    return 1\n",
    "node": "const { DynamoDBClient } = require('@aws-sdk/client-dynamodb');\nconst client = new DynamoDBClient({});\nexports.handler = async () => 1;\n",
}


def settle(server, patience_s=10):
    """Until the spares are ready: the server's children stay the same and use the processor no more."""
    deadline, before, quiet_since = time.monotonic() + patience_s, None, time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - quiet_since < 0.4:
        now = machine.children_cpu_ms(server.pid)
        if before is None or now.keys() != before.keys() or sum(now.values()) - sum(before.values()) > 2:
            quiet_since = time.monotonic()
        before = now
        time.sleep(0.05)


def first_invocation(server, what):
    language = what.split()[0]
    name = f"cold-{language}-{next(_numbers)}"
    client = functions.create(server, name, language, SDK[what])
    functions.invoke(client, "cold-connection", {})    # the client's connection is open, the server's caches are warm
    settle(server)
    began = time.monotonic()
    functions.invoke(client, name, {})
    took = (time.monotonic() - began) * 1000
    client.delete_function(FunctionName=name)
    return {"wall_ms": took}


def bare_node(bench):
    """What Node alone takes to load the same SDK."""
    script = bench.folder / "bare.js"
    script.write_text(SDK["node"])
    environment = {**server_environment(), "NODE_PATH": str(STATE / "runtimes" / "node_modules"), "AWS_REGION": "us-east-1"}
    began = time.monotonic()
    subprocess.run(["node", str(script)], check=True, env=environment, stderr=subprocess.DEVNULL)
    return {"wall_ms": (time.monotonic() - began) * 1000}


def cold_starts(bench):
    row = Row("cold-start", "First invocation of a function with the SDK, client included", TABLE,
              [Goal("wall_ms", "Python, spare", at_most=15), Goal("wall_ms", "Node, spare", at_most=15),
               Goal("wall_ms", "Node, no spare", of="bare Node", at_most=1.45)])
    spare = servers.Tidemill(bench.scratch("cold-spare"))
    none = servers.Tidemill(bench.scratch("cold-none"), arguments=["--log-level", "warn", "--spares", "0"])
    try:
        for server in (spare, none):
            functions.invoke(functions.create(server, "cold-connection", "node", functions.ECHO["node"]), "cold-connection", {})
        return [interleaved(row, max(bench.rounds, 1 if bench.quick else 5), {
            "Python, spare": lambda: first_invocation(spare, "python"), "Node, spare": lambda: first_invocation(spare, "node"),
            "Node, no spare": lambda: first_invocation(none, "node"), "Python, no spare": lambda: first_invocation(none, "python"),
            "Python, spare, a client made too": lambda: first_invocation(spare, "python with a client"),
            "bare Node": lambda: bare_node(bench)})]
    finally:
        spare.close()
        none.close()


ROWS = {"invoke-node": warm("node", "Node"), "invoke-python": warm("python", "Python"), "invoke-rate": one_environment, "cold-start": cold_starts}
