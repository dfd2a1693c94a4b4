"""Story (c): a function finds the brokers by name, signs in with IAM, and each change becomes a message."""
import json

from confluent_kafka import Consumer, TopicPartition
from support import examples
from support.waiting import wait_until


def read_topic(server, topic):
    """All messages of a topic: [(partition, offset, key, value, headers)]."""
    consumer = Consumer({"bootstrap.servers": server.kafka, "group.id": "reader", "enable.auto.commit": False,
                         "auto.offset.reset": "earliest"})
    try:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        ends = {p: consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=10)[1] for p in partitions}
        consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
        found = []
        while len(found) < sum(ends.values()):
            message = consumer.poll(10)
            assert message is not None and message.error() is None, message and message.error()
            found.append((message.partition(), message.offset(), message.key().decode(), json.loads(message.value()),
                          dict(message.headers() or [])))
        return found
    finally:
        consumer.close()


def test_each_change_is_sent_and_its_place_is_logged(server, deployed, unique):
    outputs = deployed("stream-to-topic")
    orders = server.resource("dynamodb").Table(outputs["TableName"])
    keys = [unique("order") for _ in range(5)]
    for key in keys:
        orders.put_item(Item={"id": key, "price": 1})
        orders.update_item(Key={"id": key}, UpdateExpression="SET price = :t", ExpressionAttributeValues={":t": 2})
        orders.delete_item(Key={"id": key})

    def mine():
        if outputs["Topic"] not in server_topics(server):
            return None
        found = [message for message in read_topic(server, outputs["Topic"]) if message[2] in keys]
        return found if len(found) >= 15 else None

    found = wait_until(mine, timeout=60, every=0.5, what="fifteen changes are in the topic")
    for key in keys:
        changes = [value for _, _, k, value, _ in sorted(found) if k == key]
        assert [change["change"] for change in changes] == ["INSERT", "MODIFY", "REMOVE"]   # one key, one partition, in order
        assert changes[1]["before"] == {"id": key, "price": 1} and changes[1]["after"] == {"id": key, "price": 2}
        assert "after" not in changes[2]
    assert all("event-id" in headers for *_, headers in found)

    sent = [json.loads(line.split("sent ", 1)[1]) for line in examples.messages(server, outputs["FunctionName"]) if "sent {" in line]
    firsts = {(place["partition"], int(place["offset"])) for place in sent}
    assert all(place["topic"] == outputs["Topic"] for place in sent)
    assert firsts <= {(partition, offset) for partition, offset, *_ in read_topic(server, outputs["Topic"])}
    assert {partition for partition, *_ in found} <= {partition for partition, _ in firsts}


def server_topics(server):
    consumer = Consumer({"bootstrap.servers": server.kafka, "group.id": "reader"})
    try:
        return set(consumer.list_topics(timeout=10).topics)
    finally:
        consumer.close()
