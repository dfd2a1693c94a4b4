"""Story (d): messages of a topic mark a winner in a table."""
import json

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from support import examples
from support.waiting import wait_until


def make_topic(server, topic, partitions=2):
    admin = AdminClient({"bootstrap.servers": server.kafka, "log_level": 0})
    if topic not in admin.list_topics(timeout=10).topics:
        admin.create_topics([NewTopic(topic, num_partitions=partitions, replication_factor=1)])[topic].result(10)


def test_the_highest_bid_wins(server, deployed, unique):
    outputs = deployed("topic-to-table")
    make_topic(server, outputs["Topic"])
    clock, lamp = unique("clock"), unique("lamp")
    producer = Producer({"bootstrap.servers": server.kafka, "enable.idempotence": True})
    for amount in (10, 40, 25, 39):
        producer.produce(outputs["Topic"], json.dumps({"auction": clock, "bidder": f"b{amount}", "amount": amount}), clock)
    producer.produce(outputs["Topic"], json.dumps({"auction": lamp, "bidder": "only", "amount": 1}), lamp)
    assert producer.flush(15) == 0

    auctions = server.resource("dynamodb").Table(outputs["TableName"])
    last = f"b39 was outbid in {clock}"
    examples.wait_for_message(server, outputs["FunctionName"], last, timeout=40)
    wait_until(lambda: "Item" in auctions.get_item(Key={"auction": lamp}), timeout=20)
    assert auctions.get_item(Key={"auction": clock}, ConsistentRead=True)["Item"] == {"auction": clock, "winner": "b40", "amount": 40}
    assert auctions.get_item(Key={"auction": lamp})["Item"]["winner"] == "only"


def test_kcat_is_a_producer_too(server, deployed, unique):
    outputs = deployed("topic-to-table")
    make_topic(server, outputs["Topic"])
    auction = unique("vase")
    bid = server.folder / f"{auction}.json"
    bid.write_text(json.dumps({"auction": auction, "bidder": "kay", "amount": 7}))
    server.run("kcat", "-b", server.kafka, "-t", outputs["Topic"], "-P", bid)
    auctions = server.resource("dynamodb").Table(outputs["TableName"])
    wait_until(lambda: auctions.get_item(Key={"auction": auction}).get("Item", {}).get("winner") == "kay", timeout=40)
