"""The whole way: put -> stream -> function -> topic -> function -> update, with functions that use sockets and no SDK."""
import itertools

from confluent_kafka.admin import AdminClient, NewTopic

from harness import functions, load
from harness.arithmetic import Goal
from harness.fleet import create_table
from harness.row import Row, interleaved
from harness.servers import program

RATE = 200
_numbers = itertools.count(1)


def journey(bench):
    row = Row("journey", f"From when a put was due until the last update was answered, {RATE}/s", "The whole journey",
              [Goal("p50_us", "Tidemill", at_most=500), Goal("p99_us", "Tidemill", of="Tidemill", of_measure="p50_us", at_most=10)])
    server, name = bench.fleet.get("Tidemill"), f"journey-{next(_numbers)}"
    create_table(server.client("dynamodb"), name, ["pk"], "NEW_IMAGE")
    create_table(server.client("dynamodb"), f"{name}-done", ["pk"])
    admin = AdminClient({"bootstrap.servers": server.kafka_address})
    admin.create_topics([NewTopic(name, 1, 1)])[name].result(30)
    executables = program("bench").parent / "bench"
    functions.create(server, f"{name}-forward", "native", executables / "bench_journey_forward" / "bootstrap",
                     Environment={"Variables": {"BROKER": server.kafka_address, "TOPIC": name}})
    client = functions.create(server, f"{name}-finish", "native", executables / "bench_journey_finish" / "bootstrap",
                              Environment={"Variables": {"TABLE": f"{name}-done"}})
    client.put_function_concurrency(FunctionName=f"{name}-finish", ReservedConcurrentExecutions=1)
    functions.map_stream(server, name, f"{name}-forward")
    functions.map_topic(server, name, f"{name}-finish")

    def once():
        count = int(RATE * max(1.0, 2 * bench.seconds))
        load.http(server, "put-stamped", table=name, rate=RATE, count=count, items=10_000, connections=4)
        return functions.percentiles(functions.report(client, f"{name}-finish", count)[count // 10:])

    once()    # starts the environments
    return [interleaved(row, bench.rounds, {"Tidemill": once})]


ROWS = {"journey": journey}
