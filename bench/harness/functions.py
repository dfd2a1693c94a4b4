"""Functions of the benchmarks: made, mapped, and asked what they have seen."""
import json
import re
import subprocess
import time
import urllib.request
from pathlib import Path
from statistics import median

from support.archives import zip_of
from support.server import ROOT, server_environment

from .servers import program

ROLE = "arn:aws:iam::000000000000:role/bench"
RUNTIMES = {"node": ("nodejs22.x", "index.handler", "index.js"), "python": ("python3.11", "index.handler", "index.py"),
            "native": ("provided.al2023", "bootstrap", "bootstrap")}
ECHO = {"node": "exports.handler = async (event) => event;\n", "python": "def handler(event, context):\n    return event\n"}

# Remembers when its handler started, in microseconds, beside the time that each record carries.
RECORDER = """
const seen = [];
exports.handler = async (event) => {
  const at = (performance.timeOrigin + performance.now()) * 1000;
  if (event.report) return seen.splice(0);
  for (const record of event.Records || [{}]) seen.push([record.dynamodb ? Number(record.dynamodb.NewImage.t.N) : 0, Math.round(at)]);
  return null;
};
"""


def create(server, name, language, source, wait=True, **options):
    """`source`: text, or the path of an executable."""
    runtime, handler, file = RUNTIMES[language]
    client = server.client("lambda")
    code = source.read_bytes() if isinstance(source, Path) else source
    client.create_function(FunctionName=name, Runtime=runtime, Role=ROLE, Handler=handler, Timeout=60, MemorySize=512,
                           Code={"ZipFile": zip_of({file: code})}, **options)
    if wait:
        client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
    return client


def invoke(client, name, event, patience_s=30):
    """The answer; a function that is busy (its concurrency is reserved) is asked again."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
            break
        except client.exceptions.TooManyRequestsException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    payload = answer["Payload"].read()
    if answer.get("FunctionError"):
        raise RuntimeError(f"{name}: {payload.decode(errors='replace')}")
    return json.loads(payload)


def report(client, name, wanted, patience_s=60, every_s=0.2):
    """What the function has remembered, once it is `wanted` entries; asked every so often, which costs it an invocation."""
    seen, deadline = [], time.monotonic() + patience_s
    while len(seen) < wanted:
        time.sleep(every_s)
        seen += invoke(client, name, {"report": True})
        if len(seen) < wanted and time.monotonic() > deadline:
            raise RuntimeError(f"{name} has seen {len(seen)} of {wanted}")
    return seen


def wait_for_invocations(server, name, wanted, patience_s=60):
    """Until the server has counted so many, without an invocation of our own."""
    pattern = re.compile(rf'^tidemill_invocations_total{{function="{re.escape(name)}"}} (\d+)', re.MULTILINE)
    deadline = time.monotonic() + patience_s
    while True:
        with urllib.request.urlopen(f"http://{server.address}/metrics") as answer:
            counted = pattern.search(answer.read().decode())
        if counted and int(counted.group(1)) >= wanted:
            return
        if time.monotonic() > deadline:
            raise RuntimeError(f"{name} was invoked {counted.group(1) if counted else 0} times instead of {wanted}")
        time.sleep(0.1)


def percentiles(values):
    ordered = sorted(values)
    at = lambda share: ordered[min(len(ordered) - 1, int(share * len(ordered)))]
    return {"operations": len(ordered), "p50_us": median(ordered), "p99_us": at(0.99), "p999_us": at(0.999)}


def map_stream(server, table, function, **options):
    stream = server.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    mapping = server.client("lambda").create_event_source_mapping(
        EventSourceArn=stream, FunctionName=function, StartingPosition="LATEST", **options)
    return _settled(server, mapping)


def map_topic(server, topic, function):
    """Without the half second for which topics are gathered unless told."""
    return _settled(server, server.client("lambda").create_event_source_mapping(
        FunctionName=function, Topics=[topic], StartingPosition="TRIM_HORIZON", MaximumBatchingWindowInSeconds=0,
        SelfManagedEventSource={"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [server.kafka]}}))


def _settled(server, mapping):
    client = server.client("lambda")
    while client.get_event_source_mapping(UUID=mapping["UUID"])["State"] not in ("Enabled", "Disabled"):
        time.sleep(0.05)
    return mapping["UUID"]


def floor_runtime(folder, language, warmup, seconds, payload):
    """Our bootstrap with the same handler, driven by a Runtime API server that does nothing else."""
    task = folder / f"task-{language}"
    task.mkdir(parents=True, exist_ok=True)
    (task / RUNTIMES[language][2]).write_text(ECHO[language])
    command = [program("tidemill_floor"), "runtime-api", "--seconds", seconds, "--warmup", warmup, "--payload", payload]
    floor = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
    try:
        address = re.search(r"edge=http://(\S+)", floor.stdout.readline()).group(1)
        environment = {**server_environment(), "AWS_LAMBDA_RUNTIME_API": address, "_HANDLER": "index.handler", "LAMBDA_TASK_ROOT": str(task),
                       "AWS_LAMBDA_FUNCTION_NAME": "floor", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                       "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/floor", "AWS_LAMBDA_LOG_STREAM_NAME": "floor", "AWS_REGION": "us-east-1"}
        bootstrap = ["node", ROOT / "runtimes/node/bootstrap.js"] if language == "node" else \
            [environment["TIDEMILL_PYTHON"], ROOT / "runtimes/python/bootstrap.py"]
        runtime = subprocess.Popen([str(part) for part in bootstrap], cwd=task, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            line = floor.stdout.read().strip().splitlines()[-1]
        finally:
            runtime.kill()
            runtime.wait()
    finally:
        floor.kill()
        floor.wait()
    return json.loads(line)
