"""Reading topics of a server whole."""
import json

from confluent_kafka import Consumer, TopicPartition


def read_topic(server, topic):
    """All messages of a topic: [(partition, offset, key, value)]; empty while there is no such topic."""
    consumer = Consumer({"bootstrap.servers": server.kafka, "group.id": "reader", "enable.auto.commit": False,
                         "allow.auto.create.topics": False, "auto.offset.reset": "earliest"})
    try:
        known = consumer.list_topics(timeout=10).topics
        if topic not in known:
            return []
        ends = {p: consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=10)[1] for p in known[topic].partitions}
        consumer.assign([TopicPartition(topic, p, 0) for p in ends])
        found = []
        while len(found) < sum(ends.values()):
            message = consumer.poll(10)
            assert message is not None and message.error() is None, message and message.error()
            found.append((message.partition(), message.offset(), json.loads(message.key()), json.loads(message.value())))
        return sorted(found, key=lambda one: one[:2])
    finally:
        consumer.close()
