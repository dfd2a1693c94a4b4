"""From a put to the handler of the function that its table's stream triggers."""
import itertools
import json
import threading
import time

from harness import functions, load
from harness.arithmetic import Goal
from harness.fleet import create_table
from harness.row import Row, interleaved

TABLE = "Functions"
RATE = 1000
VISITS = 2    # in each round, half as long: as for latencies, where the scheduler lays the processes is decided anew for each
_numbers = itertools.count(1)


def puts(bench, server, table, seconds):
    """Puts at the rate, each with the time at which it was due; how many."""
    count = int(RATE * seconds)
    load.http(server, "put-stamped", table=table, rate=RATE, count=count, items=10_000, connections=16)
    return count


def to_handler(bench, server, table, name, client):
    count = puts(bench, server, table, max(1.0, bench.seconds / VISITS))
    seen = functions.report(client, name, count)
    return functions.percentiles([at - due for due, at in seen][count // 10:])


class RecordsLoop(threading.Thread):
    """Reads a stream as fast as it is answered, with the SDK, and remembers how old each record was."""

    def __init__(self, server, stream):
        super().__init__(daemon=True)
        self.client = server.client("dynamodbstreams")
        shard = self.client.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][-1]["ShardId"]
        self.iterator = self.client.get_shard_iterator(StreamArn=stream, ShardId=shard, ShardIteratorType="LATEST")["ShardIterator"]
        self.seen, self.stopped = [], threading.Event()

    def run(self):
        while not self.stopped.is_set() and self.iterator:
            answer = self.client.get_records(ShardIterator=self.iterator)
            at = time.time() * 1e6
            self.seen += [at - int(record["dynamodb"]["NewImage"]["t"]["N"]) for record in answer["Records"]]
            self.iterator = answer.get("NextShardIterator")


def by_loop(bench, server, table):
    stream = server.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    reader = RecordsLoop(server, stream)
    reader.start()
    count = puts(bench, server, table, max(1.0, bench.seconds / VISITS))
    deadline = time.monotonic() + 30
    while len(reader.seen) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    reader.stopped.set()
    reader.join()
    return functions.percentiles(reader.seen[len(reader.seen) // 10:])


def put_to_handler(bench):
    row = Row("put-to-handler", "From when a put was due until its handler started, Node, 1,000 puts/s", TABLE,
              [Goal("p50_us", "Tidemill", of="warm invoke", at_most=1.5),
               Goal("p99_us", "Tidemill", of="Tidemill", of_measure="p50_us", at_most=20),
               Goal("p50_us", "GetRecords loop on DynamoDB Local", of="Tidemill", at_least=30)])
    server = bench.fleet.get("Tidemill")
    number = next(_numbers)
    table, name = f"stamped-{number}", f"recorder-{number}"
    create_table(server.client("dynamodb"), table, ["pk"], "NEW_IMAGE")
    client = functions.create(server, name, "node", functions.RECORDER)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    functions.map_stream(server, table, name)
    functions.invoke(client, name, {"report": True})
    echo = f"warm-{number}"
    functions.create(server, echo, "node", functions.ECHO["node"])
    subjects = {
        "Tidemill": lambda: to_handler(bench, server, table, name, client),
        "warm invoke": lambda: load.http(server, "invoke", table=echo, payload=json.dumps({"text": "x" * 1024}), connections=1,
                                         seconds=bench.seconds / VISITS, warmup=max(1, bench.warmup))}
    if local := bench.fleet.get("DynamoDB Local"):
        create_table(local.client("dynamodb"), table, ["pk"], "NEW_IMAGE")
        subjects["GetRecords loop on DynamoDB Local"] = lambda: by_loop(bench, local, table)
    return [interleaved(row, VISITS * bench.rounds, subjects)]


ROWS = {"put-to-handler": put_to_handler}
