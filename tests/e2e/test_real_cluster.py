"""A real Apache Kafka cluster in place of the broker inside: the same functions, mappings, destinations and examples."""
import json

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import NewTopic

from support import archives, examples
from support import server as servers
from support.kafka_cluster import KafkaCluster
from support.waiting import wait_until

pytestmark = pytest.mark.slow

HANDLER = '''
import base64, json, os
def handler(event, context):
    for records in event["records"].values():
        for record in records:
            value = base64.b64decode(record["value"]).decode()
            print(f"got {record['topic']}-{record['partition']}@{record['offset']} {value} from {event.get('bootstrapServers')} env {os.environ['KAFKA_BOOTSTRAP_SERVERS']}")
            if value.startswith("poison"):
                raise ValueError("poisoned")
'''


@pytest.fixture(scope="module")
def kafka(tmp_path_factory):
    cluster = KafkaCluster(tmp_path_factory.mktemp("kafka"))
    try:
        yield cluster.start()
    finally:
        cluster.close()


@pytest.fixture(scope="module")
def server(kafka, tmp_path_factory):
    running = servers.Server(tmp_path_factory.mktemp("server"), arguments=["--kafka-bootstrap", kafka.bootstrap, "--mapping-retry-delay-ms", "50"])
    try:
        yield running.start()
        assert running.stop() == 0, running.log_tail()
    finally:
        running.close()


@pytest.fixture
def functions(server):
    return server.client("lambda")


@pytest.fixture
def make_function(functions, unique):
    def make():
        name = unique("reader")
        functions.create_function(FunctionName=name, Runtime="python3.12", Role="arn:aws:iam::000000000000:role/reader", Handler="index.handler",
                                  Timeout=20, Code={"ZipFile": archives.zip_of({"index.py": HANDLER})})
        functions.get_waiter("function_active_v2").wait(FunctionName=name)
        return name
    return make


@pytest.fixture
def function(make_function):
    return make_function()


@pytest.fixture
def mapped(functions, kafka):
    made = []

    def make(topic, function, group, **members):
        mapping = functions.create_event_source_mapping(
            FunctionName=function, Topics=[topic],
            **{"StartingPosition": "TRIM_HORIZON", "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [kafka.bootstrap]}},
               "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": group}, **members})
        made.append(mapping["UUID"])
        wait_until(lambda: functions.get_event_source_mapping(UUID=mapping["UUID"])["State"] == "Enabled")
        return mapping["UUID"]

    yield make
    for uuid in made:
        functions.delete_event_source_mapping(UUID=uuid)


def make_topic(kafka, name, partitions=1):
    for future in kafka.admin.create_topics([NewTopic(name, num_partitions=partitions, replication_factor=1)]).values():
        future.result(20)
    return name


def produce(kafka, topic, values, **where):
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "linger.ms": 0})
    for value in values:
        producer.produce(topic, value=value.encode(), **where)
    assert producer.flush(20) == 0


def committed(kafka, group, topic, partition=0):
    answer = kafka.admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group, [TopicPartition(topic, partition)])])
    return answer[group].result(20).topic_partitions[0].offset


def got(server, function):
    return [line for line in examples.messages(server, function) if line.startswith("got ")]


def test_the_ready_line_and_msk_name_the_real_cluster(server, kafka):
    assert server.kafka == kafka.bootstrap
    msk = server.client("kafka")
    [cluster] = msk.list_clusters_v2()["ClusterInfoList"]
    brokers = msk.get_bootstrap_brokers(ClusterArn=cluster["ClusterArn"])
    assert brokers["BootstrapBrokerString"] == kafka.bootstrap
    assert "BootstrapBrokerStringSaslIam" not in brokers and "BootstrapBrokerStringSaslScram" not in brokers


def test_FK_34_records_are_delivered_and_the_groups_offsets_are_the_clusters(server, kafka, function, mapped, unique):
    topic, group = make_topic(kafka, unique("orders"), partitions=2), unique("group")
    mapped(topic, function, group)
    produce(kafka, topic, ["a", "b"], partition=0)
    produce(kafka, topic, ["c"], partition=1)
    lines = wait_until(lambda: len(got(server, function)) >= 3 and got(server, function), timeout=60)
    told = f"from {kafka.bootstrap} env {kafka.bootstrap}"
    assert sorted(lines) == [f"got {topic}-0@0 a {told}", f"got {topic}-0@1 b {told}", f"got {topic}-1@0 c {told}"]
    wait_until(lambda: (committed(kafka, group, topic, 0), committed(kafka, group, topic, 1)) == (2, 1), timeout=30)


def test_two_groups_read_one_partition_at_their_own_pace(server, kafka, make_function, mapped, unique):
    topic = make_topic(kafka, unique("shared"))
    readers = {unique("early"): make_function(), unique("late"): make_function()}
    early, late = readers
    mapped(topic, readers[early], early, BatchSize=5)
    produce(kafka, topic, [f"v{i}" for i in range(20)])
    wait_until(lambda: committed(kafka, early, topic) == 20, timeout=60)
    mapped(topic, readers[late], late, BatchSize=3)
    wait_until(lambda: committed(kafka, late, topic) == 20, timeout=60)
    produce(kafka, topic, ["last"])
    wait_until(lambda: (committed(kafka, early, topic), committed(kafka, late, topic)) == (21, 21), timeout=60)
    for function in readers.values():
        lines = wait_until(lambda: len(got(server, function)) >= 21 and got(server, function), timeout=30)
        assert [line.split()[1] for line in lines] == [f"{topic}-0@{i}" for i in range(21)]


def test_a_failed_batch_goes_to_a_topic_of_the_cluster(server, kafka, function, mapped, unique):
    topic, failures, group = make_topic(kafka, unique("jobs")), unique("failures"), unique("group")
    mapped(topic, function, group, BatchSize=1, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": f"kafka://{failures}"}},
           ProvisionedPollerConfig={"MinimumPollers": 1, "MaximumPollers": 1})
    produce(kafka, topic, ["poison", "fine"])
    wait_until(lambda: committed(kafka, group, topic) == 2, timeout=60)
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": unique("check"), "auto.offset.reset": "earliest"})
    consumer.subscribe([failures])   # the cluster made it when the failure was sent
    try:
        message = wait_until(lambda: (lambda m: m if m is not None and not m.error() else None)(consumer.poll(1)), timeout=30)
        assert json.loads(message.value())["requestContext"]["condition"] == "RetriesExhausted"
    finally:
        consumer.close()


def test_a_topic_may_come_later_and_the_cluster_may_be_away(server, kafka, function, mapped, unique):
    topic, group = unique("later"), unique("group")
    mapped(topic, function, group)
    make_topic(kafka, topic)
    produce(kafka, topic, ["one"])
    wait_until(lambda: committed(kafka, group, topic) == 1, timeout=60)
    kafka.stop()
    kafka.start()
    produce(kafka, topic, ["two"])
    wait_until(lambda: committed(kafka, group, topic) == 2, timeout=90)
    assert [line.split()[2] for line in got(server, function)] == ["one", "two"]


def test_the_joined_story(server, kafka, unique):
    _, outputs = examples.deploy(server, examples.synthesize("joined"))

    def post(text):
        status, _, body = server.http("POST", f"/_api/{outputs['ApiId']}/prod/notes", json.dumps({"author": unique("ada"), "text": text}),
                                      {"Content-Type": "application/json"})
        assert status == 201, body
        return json.loads(body)

    notes = server.resource("dynamodb").Table(outputs["NotesTableName"])
    long = post("this note has clearly more than eight words in it")
    wait_until(lambda: notes.get_item(Key={"id": long["id"]}, ConsistentRead=True)["Item"].get("featured"), timeout=90, what="the long note is featured")
    assert notes.get_item(Key={"id": long["id"]})["Item"] == {**long, "featured": True, "words": 10}
    # It went through the real cluster, and a restart goes on from the offsets that are kept there.
    assert "notes" in kafka.admin.list_topics(timeout=10).topics
    server.restart()
    again = post("after a restart the mill turns as it did before it")
    wait_until(lambda: notes.get_item(Key={"id": again["id"]}, ConsistentRead=True)["Item"].get("featured"), timeout=90)
    published = [line for line in examples.messages(server, "joined-note-editor") if f"featured note {long['id']}" in line]
    assert len(published) == 1
