"""From a topic to a function, with a real Kafka client as the producer."""
import base64
import json
import time

import pytest

confluent_kafka = pytest.importorskip("confluent_kafka")
from confluent_kafka import ConsumerGroupTopicPartitions, Producer, TopicPartition, Consumer  # noqa: E402
from confluent_kafka.admin import AdminClient, NewTopic  # noqa: E402


@pytest.fixture(scope="module")
def admin(server):
    return AdminClient({"bootstrap.servers": server.kafka, "log_level": 0})


@pytest.fixture
def producer(server):
    return Producer({"bootstrap.servers": server.kafka, "linger.ms": 0})


@pytest.fixture
def topic(admin, unique):
    def make(partitions=1, **config):
        name = unique("topic")
        for future in admin.create_topics([NewTopic(name, num_partitions=partitions, config=config)]).values():
            future.result(20)
        return name
    return make


@pytest.fixture
def mapped_topic(server, functions, wait_until):
    made = []

    def make(topic, function, **members):
        mapping = functions.create_event_source_mapping(
            FunctionName=function, Topics=[topic], **{"StartingPosition": "TRIM_HORIZON", "SelfManagedEventSource": {
                "Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [server.kafka]}}, **members})
        made.append(mapping["UUID"])
        wait_until(lambda: functions.get_event_source_mapping(UUID=mapping["UUID"])["State"] == "Enabled")
        return mapping
    yield make
    for id_ in made:
        functions.delete_event_source_mapping(UUID=id_)


def committed(admin, group, topic, partition=0):
    answer = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group, [TopicPartition(topic, partition)])])
    return answer[group].result(20).topic_partitions[0].offset


def test_FK_06_09_10_event_shape(server, recorder, producer, topic, mapped_topic):
    name = topic()
    mapped_topic(name, recorder.name)
    producer.produce(name, value=b"v1", key=b"k1", headers=[("h", b"he\x80"), ("h", b"")])
    producer.produce(name, value=b"v2")
    producer.produce(name, key=b"k3", value=None)
    producer.flush(10)
    event = recorder.wait_calls(1)[0]["event"]
    assert event["eventSource"] == "SelfManagedKafka" and "eventSourceArn" not in event and event["bootstrapServers"] == server.kafka
    records = event["records"][f"{name}-0"]
    first = records[0]
    assert abs(first.pop("timestamp") / 1000 - time.time()) < 60
    assert first == {"topic": name, "partition": 0, "offset": 0, "timestampType": "CREATE_TIME", "key": base64.b64encode(b"k1").decode(),
                     "value": base64.b64encode(b"v1").decode(), "headers": [{"h": [104, 101, -128]}, {"h": []}]}
    assert "key" not in records[1] and records[1]["headers"] == []
    assert "value" not in records[2]


def test_FK_04_07_cluster_by_arn(server, functions, recorder, producer, topic, wait_until):
    arn = server.client("kafka").list_clusters()["ClusterInfoList"][0]["ClusterArn"]
    name = topic()
    made = functions.create_event_source_mapping(FunctionName=recorder.name, EventSourceArn=arn, Topics=[name], StartingPosition="TRIM_HORIZON")
    assert made["EventSourceArn"] == arn and made["AmazonManagedKafkaEventSourceConfig"]["ConsumerGroupId"] == made["UUID"]
    producer.produce(name, value=b"x")
    producer.flush(10)
    event = recorder.wait_calls(1)[0]["event"]
    assert event["eventSource"] == "aws:kafka" and event["eventSourceArn"] == arn


def test_FK_11_log_append_time(recorder, producer, topic, mapped_topic):
    name = topic(**{"message.timestamp.type": "LogAppendTime"})
    mapped_topic(name, recorder.name)
    producer.produce(name, value=b"x")
    producer.flush(10)
    assert recorder.wait_calls(1)[0]["event"]["records"][f"{name}-0"][0]["timestampType"] == "LOG_APPEND_TIME"


def test_FK_12_latest(recorder, producer, topic, mapped_topic):
    name = topic()
    producer.produce(name, value=b"old")
    producer.flush(10)
    mapped_topic(name, recorder.name, StartingPosition="LATEST")
    producer.produce(name, value=b"new")
    producer.flush(10)
    recorder.wait_calls(1)
    assert recorder.values() == [(0, 1)]


def test_FK_13_15_group_commits(server, admin, recorder, producer, topic, mapped_topic, unique, wait_until):
    name, group = topic(), unique("group")
    for i in range(5):
        producer.produce(name, value=str(i).encode())
    producer.flush(10)
    consumer = Consumer({"bootstrap.servers": server.kafka, "group.id": group})
    consumer.commit(offsets=[TopicPartition(name, 0, 3)], asynchronous=False)
    consumer.close()
    recorder.control(error=True)
    mapped_topic(name, recorder.name, SelfManagedKafkaEventSourceConfig={"ConsumerGroupId": group})
    recorder.wait_calls(1)
    assert committed(admin, group, name) == 3
    recorder.control()
    wait_until(lambda: committed(admin, group, name) == 5)
    assert recorder.values() == [(0, 3), (0, 4)]


def test_FK_16_17_retry_and_default_window(recorder, producer, topic, mapped_topic, wait_until):
    name = topic()
    recorder.control(error=True)
    mapped_topic(name, recorder.name)
    for i in range(3):
        producer.produce(name, value=str(i).encode())
        producer.flush(10)
        time.sleep(0.1)
    recorder.wait_calls(1)
    recorder.control()
    wait_until(lambda: recorder.values() == [(0, 0), (0, 1), (0, 2)])
    events = [call["event"] for call in recorder.calls()]
    assert all(event == events[0] for event in events)


def test_FK_20_26_failure_record(server, recorder, producer, topic, mapped_topic, failure_queue):
    arn, read = failure_queue
    name = topic()
    recorder.control(error=True)
    mapped_topic(name, recorder.name, MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": arn}})
    for i in range(2):
        producer.produce(name, value=str(i).encode())
    producer.flush(10)
    record = read()[0]
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted" and record["requestContext"]["approximateInvokeCount"] == 2
    info = record["KafkaBatchInfo"]
    assert info["bootstrapServers"] == server.kafka and info["batchSize"] == 2 and info["payloadSize"] > 0
    assert info["recordsInfo"][f"{name}-0"]["firstRecordOffset"] == "0" and info["recordsInfo"][f"{name}-0"]["lastRecordOffset"] == "1"


def test_FK_24_partial_answer(admin, recorder, producer, topic, mapped_topic, wait_until):
    name = topic()
    recorder.control(response={"batchItemFailures": [{"itemIdentifier": {"partition": f"{name}-0", "offset": 2}}]})
    group = mapped_topic(name, recorder.name, FunctionResponseTypes=["ReportBatchItemFailures"])["UUID"]
    for i in range(4):
        producer.produce(name, value=str(i).encode())
    producer.flush(10)
    recorder.wait_calls(2)
    recorder.control()
    wait_until(lambda: committed(admin, group, name) == 4)
    batches = [[record["offset"] for record in call["event"]["records"][f"{name}-0"]] for call in recorder.calls()]
    assert batches[0] == [0, 1, 2, 3] and all(batch == [2, 3] for batch in batches[1:])


def test_FK_28_failure_topic(server, recorder, producer, topic, mapped_topic, unique):
    name, failed = topic(), topic()
    recorder.control(error=True)
    mapped_topic(name, recorder.name, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": f"kafka://{failed}"}})
    producer.produce(name, key=b"k", value=b"v")
    producer.flush(10)
    consumer = Consumer({"bootstrap.servers": server.kafka, "group.id": unique("reader"), "auto.offset.reset": "earliest"})
    consumer.subscribe([failed])
    message, deadline = None, time.monotonic() + 30
    while message is None and time.monotonic() < deadline:
        message = consumer.poll(0.5)
    consumer.close()
    assert message is not None and message.key() == b"k"
    body = json.loads(message.value())
    assert body["requestContext"]["condition"] == "RetriesExhausted" and body["KafkaBatchInfo"]["batchSize"] == 1
    assert body["payload"]["records"][f"{name}-0"][0]["value"] == base64.b64encode(b"v").decode()


def test_FK_29_30_filters(admin, recorder, producer, topic, mapped_topic, wait_until):
    name = topic()
    group = mapped_topic(name, recorder.name, FilterCriteria={"Filters": [{"Pattern": '{"value":{"kind":["keep"]}}'}]})["UUID"]
    for value in (b'{"kind":"keep"}', b'{"kind":"drop"}', b"plain text"):
        producer.produce(name, value=value)
    producer.flush(10)
    recorder.wait_calls(1)
    wait_until(lambda: committed(admin, group, name) == 3)
    assert recorder.values() == [(0, 0)]


def test_FK_31_partitions_in_parallel(recorder, producer, topic, mapped_topic, wait_until):
    name = topic(partitions=4)
    recorder.control(sleep=0.3)
    mapped_topic(name, recorder.name, BatchSize=2, MaximumBatchingWindowInSeconds=0)
    for i in range(32):
        producer.produce(name, value=str(i).encode(), partition=i % 4)
    producer.flush(10)
    wait_until(lambda: len(recorder.values()) == 32, timeout=60)
    calls = recorder.calls()
    assert any(before["ended"] > after["began"] for before, after in zip(calls, calls[1:]))
    for partition in range(4):
        assert [offset for where, offset in recorder.values() if where == partition] == list(range(8))


def test_FK_33_restart_resumes(make_server, make_recorder, unique, wait_until):
    server = make_server(arguments=["--mapping-retry-delay-ms", "50"])
    recorder = make_recorder(on=server)
    name = unique("topic")
    admin = AdminClient({"bootstrap.servers": server.kafka, "log_level": 0})
    admin.create_topics([NewTopic(name, num_partitions=1)])[name].result(20)
    client = server.client("lambda")
    client.create_event_source_mapping(FunctionName=recorder.name, Topics=[name], StartingPosition="TRIM_HORIZON",
                                       SelfManagedEventSource={"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [server.kafka]}})
    for round_ in range(3):
        producer = Producer({"bootstrap.servers": server.kafka})
        for i in range(10):
            producer.produce(name, value=f"{round_}-{i}".encode())
        producer.flush(10)
        wait_until(lambda: len(set(recorder.values())) == 10 * (round_ + 1))
        server.restart(kill=round_ == 1)
    assert len(recorder.values()) <= 40


def test_FK_38_a_topic_appears_after_its_mapping(recorder, producer, mapped_topic, unique, admin):
    name = unique("later")
    mapped_topic(name, recorder.name)
    for future in admin.create_topics([NewTopic(name, num_partitions=1)]).values():
        future.result(20)
    producer.produce(name, value=b"x")
    producer.flush(10)
    recorder.wait_calls(1)
    assert recorder.values() == [(0, 0)]


def test_FK_08_records_are_listed_by_topic_and_partition(recorder, producer, topic, mapped_topic, wait_until):
    name = topic(partitions=3)
    mapped_topic(name, recorder.name)
    for i in range(9):
        producer.produce(name, value=str(i).encode(), partition=i % 3)
    producer.flush(10)
    wait_until(lambda: len(recorder.values()) == 9)
    for call in recorder.calls():
        for place, records in call["event"]["records"].items():
            assert {f"{record['topic']}-{record['partition']}" for record in records} == {place}
    assert sorted(recorder.values()) == [(partition, offset) for partition in range(3) for offset in range(3)]


def test_FK_14_the_group_is_a_group_to_administrators(admin, recorder, producer, topic, mapped_topic, wait_until):
    name = topic()
    group = mapped_topic(name, recorder.name)["UUID"]
    producer.produce(name, value=b"x")
    producer.flush(10)
    recorder.wait_calls(1)
    wait_until(lambda: committed(admin, group, name) == 1)
    assert group in [listed.group_id for listed in admin.list_consumer_groups().result(20).valid]
    assert admin.describe_consumer_groups([group])[group].result(20).group_id == group


def test_FK_18_a_batch_ends_at_its_size_or_at_six_megabytes(recorder, producer, topic, mapped_topic, wait_until):
    small, large = topic(), topic()
    for i in range(10):
        producer.produce(small, value=str(i).encode())
        producer.produce(large, value=bytes(900_000))
    producer.flush(10)
    mapped_topic(small, recorder.name, BatchSize=4)
    wait_until(lambda: len(recorder.values()) == 10)
    assert [len(call["event"]["records"][f"{small}-0"]) for call in recorder.calls()] == [4, 4, 2]
    mapped_topic(large, recorder.name, BatchSize=100)
    wait_until(lambda: len(recorder.values()) == 20)
    batches = [call["event"]["records"][f"{large}-0"] for call in recorder.calls()[3:]]
    assert all(len(json.dumps(batch)) < 6 * 1024 * 1024 for batch in batches)
    assert [record["offset"] for batch in batches for record in batch] == list(range(10)) and 2 <= len(batches) <= 4


def test_FK_22_records_that_are_too_old_are_given_up(server, recorder, producer, topic, mapped_topic, failure_queue):
    arn, read = failure_queue
    name = topic()
    producer.produce(name, value=b"old", timestamp=int(time.time() * 1000) - 3_600_000)
    producer.produce(name, value=b"new")
    producer.flush(10)
    mapped_topic(name, recorder.name, MaximumRecordAgeInSeconds=600, DestinationConfig={"OnFailure": {"Destination": arn}})
    record = read()[0]
    assert record["requestContext"]["condition"] == "RecordAgeExceeded"
    assert record["KafkaBatchInfo"]["recordsInfo"][f"{name}-0"]["lastRecordOffset"] == "0"
    recorder.wait_calls(1)
    assert recorder.values() == [(0, 1)]


def test_FK_23_bisect_isolates_the_bad_record(recorder, producer, topic, mapped_topic, failure_queue, wait_until):
    arn, read = failure_queue
    name = topic()
    recorder.control(poison_values=["5"])
    for i in range(8):
        producer.produce(name, value=str(i).encode())
    producer.flush(10)
    mapped_topic(name, recorder.name, MaximumRetryAttempts=1, BisectBatchOnFunctionError=True,
                 DestinationConfig={"OnFailure": {"Destination": arn}})
    info = read()[0]["KafkaBatchInfo"]
    assert info["batchSize"] == 1 and info["recordsInfo"][f"{name}-0"]["firstRecordOffset"] == "5"
    wait_until(lambda: sorted(set(recorder.values())) == [(0, offset) for offset in range(8) if offset != 5])


def test_FK_32_a_foreign_consumer_may_not_take_the_mappings_group(server, recorder, producer, topic, mapped_topic, wait_until):
    """A mapping reads every partition itself; what another member of its group commits is not lost, and nothing is skipped."""
    name = topic(partitions=2)
    group = mapped_topic(name, recorder.name)["UUID"]
    stranger = Consumer({"bootstrap.servers": server.kafka, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False})
    stranger.subscribe([name])
    try:
        for i in range(10):
            producer.produce(name, value=str(i).encode(), partition=i % 2)
        producer.flush(10)
        stranger.poll(1)
        wait_until(lambda: sorted(set(recorder.values())) == [(partition, offset) for partition in range(2) for offset in range(5)])
    finally:
        stranger.close()


def test_FK_37_disabled_and_enabled_goes_on_where_it_was(functions, admin, recorder, producer, topic, mapped_topic, wait_until):
    name = topic()
    id_ = mapped_topic(name, recorder.name)["UUID"]
    state = lambda: functions.get_event_source_mapping(UUID=id_)["State"]  # noqa: E731
    producer.produce(name, value=b"before")
    producer.flush(10)
    wait_until(lambda: committed(admin, id_, name) == 1)
    functions.update_event_source_mapping(UUID=id_, Enabled=False)
    wait_until(lambda: state() == "Disabled")
    producer.produce(name, value=b"while off")
    producer.flush(10)
    functions.update_event_source_mapping(UUID=id_, Enabled=True)
    wait_until(lambda: state() == "Enabled")
    wait_until(lambda: committed(admin, id_, name) == 2)
    assert recorder.values() == [(0, 0), (0, 1)]
