"""The broker beside Apache Kafka: one partition, messages of 1 KB, acks=all."""
import itertools

from confluent_kafka.admin import AdminClient, NewTopic

from harness import load
from harness.arithmetic import Goal
from harness.row import Row, interleaved

TABLE = "Broker: one partition, 1 KB, acks=all"
_numbers = itertools.count(1)


def topic(address):
    name = f"bench-{next(_numbers)}"
    admin = AdminClient({"bootstrap.servers": address})
    admin.create_topics([NewTopic(name, 1, 1)])[name].result(60)
    return name


def measured(bench, row, mode, floor, **options):
    ours, kafka, copy = bench.fleet.get("Tidemill"), bench.fleet.get("Apache Kafka"), bench.fleet.get("floor (copy)")
    places = {"Tidemill": (ours.kafka_address, ours.pid)}
    if kafka:
        places["Apache Kafka"] = (kafka.address, kafka.pid)
    topics = {name: topic(address) for name, (address, _) in places.items()}
    if floor:
        places["floor"], topics["floor"] = (copy.address, copy.pid), "copy"
    if mode == "produce":
        for name, (address, pid) in places.items():
            if name != "floor":
                load.broker(mode, address, pid, topic=topics[name], seconds=0.1, warmup=0, **{"await": "leader"})
    if kafka and not bench.quick:    # its compilers must have seen the code
        load.broker(mode, *places["Apache Kafka"], topic=topics["Apache Kafka"], seconds=4, **options)
    return [interleaved(row, bench.rounds, {
        name: lambda name=name: load.broker(mode, *places[name], topic=fresh(mode, name, places, topics), seconds=bench.seconds,
                                            warmup=bench.warmup, **options)
        for name in places})]


def fresh(mode, name, places, topics):
    """A topic of its own for each visit that reads from the beginning."""
    return topic(places[name][0]) if mode == "end-to-end" else topics[name]


def awaited(bench):
    row = Row("produce", "Produce of one message, awaited", TABLE,
              [Goal("p50_us", "Tidemill", of="Apache Kafka", at_most=1), Goal("cpu_us", "Tidemill", of="Apache Kafka", at_most=1)])
    return measured(bench, row, "produce", floor=True)


def batched(bench):
    row = Row("produce-batched", "Produce of batches of 100, five under way", TABLE,
              [Goal("ops_s", "Tidemill", of="Apache Kafka", at_least=1), Goal("cpu_us", "Tidemill", of="Apache Kafka", at_most=0.5)])
    return measured(bench, row, "produce", floor=True, batch=100, in_flight=5)


def end_to_end(bench):
    row = Row("produce-consume", "From when a message was due until it was fetched, 500/s", TABLE,
              [Goal("p50_us", "Tidemill", of="Apache Kafka", at_most=1), Goal("p99_us", "Tidemill", of="Apache Kafka", at_most=1)])
    return measured(bench, row, "end-to-end", floor=False, rate=500)


ROWS = {"produce": awaited, "produce-batched": batched, "produce-consume": end_to_end}
