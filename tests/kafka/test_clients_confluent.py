"""The broker under librdkafka (confluent-kafka). Rows of the conformance table in the docstrings."""
import threading
import time

import pytest

ck = pytest.importorskip("confluent_kafka")
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition  # noqa: E402
from confluent_kafka.admin import AdminClient, ConfigResource, AlterConfigOpType, ConfigEntry, NewPartitions, NewTopic, OffsetSpec  # noqa: E402


ADMINS = {}  # a client must outlive the futures that it gave, and so it outlives the broker: without lines of its own


def admin(broker):
    return ADMINS.setdefault(broker.plain, AdminClient({"bootstrap.servers": broker.plain, "log_level": 0}))


def create(broker, name, partitions=1, **config):
    admin(broker).create_topics([NewTopic(name, partitions, 1, config={k.replace("_", "."): v for k, v in config.items()})])[name].result(10)


def producer(broker, **config):
    return Producer({"bootstrap.servers": broker.plain, "linger.ms": 2, **config})


def produce(broker, topic, count, partition=None, config=None, value=b"v"):
    p = producer(broker, **(config or {}))
    errors = []
    for i in range(count):
        kwargs = {} if partition is None else {"partition": partition}
        p.produce(topic, key=str(i).encode(), value=value + str(i).encode(), on_delivery=lambda e, m: e and errors.append(e), **kwargs)
        p.poll(0)
    assert p.flush(20) == 0
    assert not errors


def consumer(broker, group, **config):
    return Consumer({"bootstrap.servers": broker.plain, "group.id": group, "auto.offset.reset": "earliest", "session.timeout.ms": 6000,
                     "heartbeat.interval.ms": 500, **config})


def take(c, count, timeout=15):
    out, end = [], time.time() + timeout
    while len(out) < count and time.time() < end:
        m = c.poll(0.2)
        if m is None:
            continue
        assert not m.error(), m.error()
        out.append(m)
    return out


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_K_22_every_codec_round_trips(broker, name, codec):
    """K-22, K-10: auto-created on produce; the bytes come back."""
    produce(broker, name, 500, config={"compression.type": codec}, value=b"x" * 100)
    c = consumer(broker, "g-" + name)
    c.subscribe([name])
    got = take(c, 500)
    c.close()
    assert [m.value() for m in got] == [b"x" * 100 + str(i).encode() for i in range(500)]


def test_K_25_headers_null_keys_and_tombstones(broker, name):
    p = producer(broker)
    p.produce(name, key=None, value=b"a", headers=[("h", b"1"), ("h", None), ("e", b"")])
    p.produce(name, key=b"", value=b"")
    p.produce(name, key=b"k", value=None)
    p.flush(10)
    c = consumer(broker, "g-" + name)
    c.subscribe([name])
    a, b, t = take(c, 3)
    c.close()
    assert (a.key(), a.value(), a.headers()) == (None, b"a", [("h", b"1"), ("h", None), ("e", b"")])
    assert (b.key(), b.value()) == (b"", b"")
    assert (t.key(), t.value()) == (b"k", None)


def test_K_09_K_12_K_13_topics(broker, name):
    a = admin(broker)
    create(broker, name, 3)
    assert len(a.list_topics(name, timeout=5).topics[name].partitions) == 3
    for bad, code in ((name, 36), ("a b", 17), ("..", 17), ("x" * 250, 17)):
        with pytest.raises(KafkaException) as e:
            a.create_topics([NewTopic(bad, 1, 1)])[bad].result(10)
        assert e.value.args[0].code() == code, bad
    with pytest.raises(KafkaException) as e:
        a.create_topics([NewTopic(name + "x", 1, 3)])[name + "x"].result(10)
    assert e.value.args[0].code() == 38
    with pytest.raises(KafkaException) as e:
        a.create_topics([NewTopic(name + "x", 1, 1, config={"foo.bar": "1"})])[name + "x"].result(10)
    assert e.value.args[0].code() == 40
    a.create_topics([NewTopic(name + "v", 1, 1)], validate_only=True)[name + "v"].result(10)
    assert name + "v" not in a.list_topics(timeout=5).topics


def test_K_14_K_15_partitions_grow_and_topics_go(broker, name):
    a = admin(broker)
    create(broker, name, 2)
    a.create_partitions([NewPartitions(name, 4)])[name].result(10)
    with pytest.raises(KafkaException) as e:
        a.create_partitions([NewPartitions(name, 4)])[name].result(10)
    assert e.value.args[0].code() == 37 and "already has 4 partition" in str(e.value)
    a.delete_topics([name])[name].result(10)
    with pytest.raises(KafkaException) as e:
        a.delete_topics([name])[name].result(10)
    assert e.value.args[0].code() == 3


def test_K_11_consumers_do_not_create_topics(broker, name):
    c = consumer(broker, "g-" + name)
    c.subscribe([name])
    m = None
    for _ in range(20):
        m = c.poll(0.5)
        if m is not None:
            break
    c.close()
    assert m is not None and m.error().code() == ck.KafkaError.UNKNOWN_TOPIC_OR_PART


def test_K_61_two_consumers_share_and_take_over(broker, name):
    create(broker, name, 4)
    produce(broker, name, 100)
    first = consumer(broker, "g-" + name)
    first.subscribe([name])
    take(first, 100)
    assert len(first.assignment()) == 4
    second = consumer(broker, "g-" + name)
    second.subscribe([name])
    end = time.time() + 15
    while time.time() < end and not (len(second.assignment()) == 2 and len(first.assignment()) == 2):
        first.poll(0.1)
        second.poll(0.1)
    assert (len(first.assignment()), len(second.assignment())) == (2, 2)
    second.close()
    end = time.time() + 10
    while time.time() < end and len(first.assignment()) != 4:
        first.poll(0.1)
    assert len(first.assignment()) == 4
    first.close()


def test_K_62_cooperative_sticky_moves_only_what_it_must(broker, name):
    create(broker, name, 4)
    revoked = []
    first = consumer(broker, "g-" + name, **{"partition.assignment.strategy": "cooperative-sticky"})
    first.subscribe([name], on_revoke=lambda c, ps: revoked.extend(ps))
    while len(first.assignment()) != 4:
        first.poll(0.1)
    second = consumer(broker, "g-" + name, **{"partition.assignment.strategy": "cooperative-sticky"})
    second.subscribe([name])
    end = time.time() + 15
    while time.time() < end and len(second.assignment()) != 2:
        first.poll(0.1)
        second.poll(0.1)
    assert (len(first.assignment()), len(second.assignment()), len(revoked)) == (2, 2, 2)
    first.close()
    second.close()


def test_K_63_static_member_comes_back_without_a_rebalance(broker, name):
    create(broker, name, 2)
    rebalances = []
    config = {"session.timeout.ms": 10000}
    first = consumer(broker, "g-" + name, **config, **{"group.instance.id": "one"})
    second = consumer(broker, "g-" + name, **config, **{"group.instance.id": "two"})
    first.subscribe([name], on_assign=lambda c, ps: rebalances.append(ps))
    second.subscribe([name])
    end = time.time() + 20
    while time.time() < end and not (len(first.assignment()) == 1 and len(second.assignment()) == 1):
        first.poll(0.1)
        second.poll(0.1)
    mine = second.assignment()
    rebalances.clear()
    second.close()
    second = consumer(broker, "g-" + name, **config, **{"group.instance.id": "two"})
    second.subscribe([name])
    end = time.time() + 8
    while time.time() < end and not second.assignment():
        first.poll(0.1)
        second.poll(0.1)
    assert [(p.topic, p.partition) for p in second.assignment()] == [(p.topic, p.partition) for p in mine]
    assert not rebalances
    first.close()
    second.close()


def test_K_59_K_60_offsets_are_committed_and_fetched(broker, name):
    create(broker, name, 2)
    produce(broker, name, 10, partition=0)
    c = consumer(broker, "g-" + name)
    none = c.committed([TopicPartition(name, 0)], timeout=10)[0]
    assert none.offset == ck.OFFSET_INVALID and none.error is None
    c.commit(offsets=[TopicPartition(name, 0, 7, metadata="m")], asynchronous=False)
    again = consumer(broker, "g-" + name)
    assert again.committed([TopicPartition(name, 0)], timeout=10)[0].offset == 7
    again.subscribe([name])
    assert take(again, 1)[0].offset() == 7
    again.close()
    c.close()


def test_K_68_groups_are_listed_described_and_deleted(broker, name):
    a = admin(broker)
    create(broker, name)
    c = consumer(broker, "g-" + name, **{"client.id": "me"})
    c.subscribe([name])
    while not c.assignment():
        c.poll(0.1)
    listed = {g.group_id: g for g in a.list_consumer_groups().result(10).valid}
    assert listed["g-" + name].state.name == "STABLE"
    described = a.describe_consumer_groups(["g-" + name])["g-" + name].result(10)
    assert described.state.name == "STABLE" and described.members[0].client_id == "me"
    assert [(p.topic, p.partition) for p in described.members[0].assignment.topic_partitions] == [(name, 0)]
    with pytest.raises(KafkaException) as e:
        a.delete_consumer_groups(["g-" + name])["g-" + name].result(10)
    assert e.value.args[0].code() == 68
    c.close()
    a.delete_consumer_groups(["g-" + name])["g-" + name].result(10)
    with pytest.raises(KafkaException) as e:
        a.delete_consumer_groups(["g-" + name])["g-" + name].result(10)
    assert e.value.args[0].code() == 69


def test_reset_offsets_of_an_empty_group(broker, name):
    """K-68: kafka-consumer-groups --reset-offsets is an alteration of committed offsets."""
    create(broker, name)
    a = admin(broker)
    request = ConsumerGroupTopicPartitions("g-" + name, [TopicPartition(name, 0, 3)])
    a.alter_consumer_group_offsets([request])["g-" + name].result(10)
    listed = a.list_consumer_group_offsets([ConsumerGroupTopicPartitions("g-" + name)])["g-" + name].result(10)
    assert [(p.topic, p.partition, p.offset) for p in listed.topic_partitions] == [(name, 0, 3)]


def test_configs_are_described_and_altered(broker, name):
    a = admin(broker)
    create(broker, name, retention_ms="1000000")
    resource = ConfigResource(ConfigResource.Type.TOPIC, name)
    described = a.describe_configs([resource])[resource].result(10)
    assert described["retention.ms"].value == "1000000" and described["retention.ms"].source == 1
    assert described["cleanup.policy"].value == "delete" and described["cleanup.policy"].source == 5
    change = ConfigResource(ConfigResource.Type.TOPIC, name, incremental_configs=[
        ConfigEntry("max.message.bytes", "2000", incremental_operation=AlterConfigOpType.SET),
        ConfigEntry("retention.ms", None, incremental_operation=AlterConfigOpType.DELETE),
        ConfigEntry("cleanup.policy", "compact", incremental_operation=AlterConfigOpType.APPEND)])
    a.incremental_alter_configs([change])[change].result(10)
    described = a.describe_configs([resource])[resource].result(10)
    assert (described["max.message.bytes"].value, described["retention.ms"].value, described["cleanup.policy"].value) == (
        "2000", "604800000", "delete,compact")


def test_K_77_delete_records(broker, name):
    create(broker, name)
    produce(broker, name, 10)
    a = admin(broker)
    got = a.delete_records([TopicPartition(name, 0, 4)])
    assert [f.result(10).low_watermark for f in got.values()] == [4]
    c = consumer(broker, "g-" + name)
    assert c.get_watermark_offsets(TopicPartition(name, 0), timeout=5) == (4, 10)
    c.subscribe([name])
    assert [m.offset() for m in take(c, 6)] == list(range(4, 10))
    c.close()
    with pytest.raises(KafkaException) as e:
        list(a.delete_records([TopicPartition(name, 0, 11)]).values())[0].result(10)
    assert e.value.args[0].code() == 1


def test_K_53_offsets_by_time(broker, name):
    create(broker, name)
    p = producer(broker)
    for i in range(10):
        p.produce(name, value=b"x", timestamp=1_700_000_000_000 + i * 1000)
        p.flush(10)
    a = admin(broker)
    at = TopicPartition(name, 0)
    def ask(spec):
        return a.list_offsets({at: spec})[at].result(10).offset
    assert ask(OffsetSpec.earliest()) == 0
    assert ask(OffsetSpec.latest()) == 10
    assert ask(OffsetSpec.for_timestamp(1_700_000_004_500)) == 5
    assert ask(OffsetSpec.for_timestamp(1_700_000_009_001)) == -1
    assert ask(OffsetSpec.max_timestamp()) == 9


def test_idempotent_producer(broker, name):
    create(broker, name)
    produce(broker, name, 5000, config={"enable.idempotence": True})
    c = consumer(broker, "g-" + name)
    c.subscribe([name])
    assert [m.value() for m in take(c, 5000)] == [b"v" + str(i).encode() for i in range(5000)]
    c.close()


def test_K_35_K_38_transactions(broker, name):
    create(broker, name)
    create(broker, name + "-in")
    produce(broker, name + "-in", 10)
    p = producer(broker, **{"transactional.id": "tx-" + name})
    p.init_transactions(20)
    p.begin_transaction()
    p.produce(name, b"committed")
    p.commit_transaction(20)
    source = consumer(broker, "g-" + name, **{"enable.auto.commit": False})
    source.subscribe([name + "-in"])
    take(source, 10)
    p.begin_transaction()
    p.produce(name, b"aborted")
    p.send_offsets_to_transaction([TopicPartition(name + "-in", 0, 5)], source.consumer_group_metadata(), 20)
    p.flush(10)
    p.abort_transaction(20)
    assert source.committed([TopicPartition(name + "-in", 0)], timeout=10)[0].offset == ck.OFFSET_INVALID
    p.begin_transaction()
    p.produce(name, b"again")
    p.send_offsets_to_transaction([TopicPartition(name + "-in", 0, 6)], source.consumer_group_metadata(), 20)
    p.commit_transaction(20)
    assert source.committed([TopicPartition(name + "-in", 0)], timeout=10)[0].offset == 6
    source.close()
    c = consumer(broker, "r-" + name, **{"isolation.level": "read_committed"})
    c.subscribe([name])
    assert [m.value() for m in take(c, 3, timeout=4)] == [b"committed", b"again"]
    c.close()
    c = consumer(broker, "u-" + name, **{"isolation.level": "read_uncommitted"})
    c.subscribe([name])
    assert [m.value() for m in take(c, 3)] == [b"committed", b"aborted", b"again"]
    c.close()


def test_K_39_second_producer_fences_the_first(broker, name):
    create(broker, name)
    first = producer(broker, **{"transactional.id": "tx-" + name})
    first.init_transactions(20)
    first.begin_transaction()
    first.produce(name, b"1")
    first.flush(10)
    second = producer(broker, **{"transactional.id": "tx-" + name})
    second.init_transactions(20)
    with pytest.raises(KafkaException) as e:
        first.commit_transaction(20)
    assert e.value.args[0].code() == ck.KafkaError._FENCED or e.value.args[0].fatal()


def test_K_66_consumer_protocol(broker, name):
    create(broker, name, 4)
    produce(broker, name, 100)
    config = {"bootstrap.servers": broker.plain, "group.id": "g-" + name, "auto.offset.reset": "earliest", "group.protocol": "consumer"}
    first = Consumer(config)
    first.subscribe([name])
    assert len(take(first, 100)) == 100
    second = Consumer(config)
    second.subscribe([name])
    end = time.time() + 15
    while time.time() < end and not (len(first.assignment()) == 2 and len(second.assignment()) == 2):
        first.poll(0.1)
        second.poll(0.1)
    assert (len(first.assignment()), len(second.assignment())) == (2, 2)
    first.commit(asynchronous=False, offsets=[TopicPartition(p.topic, p.partition, 1) for p in first.assignment()])
    second.close()
    end = time.time() + 10
    while time.time() < end and len(first.assignment()) != 4:
        first.poll(0.1)
    assert len(first.assignment()) == 4
    first.close()


def test_K_66_regular_expression(broker, name):
    create(broker, name + "-a")
    create(broker, name + "-b")
    produce(broker, name + "-a", 1)
    produce(broker, name + "-b", 1)
    c = Consumer({"bootstrap.servers": broker.plain, "group.id": "g-" + name, "auto.offset.reset": "earliest", "group.protocol": "consumer"})
    c.subscribe(["^" + name + "-[ab]$"])
    assert {m.topic() for m in take(c, 2)} == {name + "-a", name + "-b"}
    c.close()


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_K_70_sasl(broker, name, mechanism):
    config = {"bootstrap.servers": broker.sasl, "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": mechanism,
              "sasl.username": "bob", "sasl.password": "secret"}
    p = Producer(config)
    p.produce(name, b"hi")
    assert p.flush(10) == 0
    errors = []
    p = Producer({**config, "sasl.password": "wrong", "error_cb": lambda e: errors.append(e)})
    end = time.time() + 5
    while time.time() < end and not errors:
        p.poll(0.1)
    assert any(e.code() == ck.KafkaError._AUTHENTICATION for e in errors), errors


def test_K_75_denied_topics(broker):
    config = {"bootstrap.servers": broker.sasl, "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN",
              "sasl.username": "bob", "sasl.password": "secret"}
    create(broker, "forbidden")
    got = []
    p = Producer(config)
    p.produce("forbidden", b"x", on_delivery=lambda e, m: got.append(e))
    p.flush(10)
    assert got[0].code() == 29


def test_K_45_a_waiting_fetch_wakes_on_produce(broker, name):
    create(broker, name)
    c = consumer(broker, "g-" + name, **{"fetch.wait.max.ms": 20000, "fetch.min.bytes": 1, "socket.timeout.ms": 60000})
    c.assign([TopicPartition(name, 0, 0)])
    c.poll(0.5)
    p = producer(broker, **{"linger.ms": 0})
    for _ in range(20):
        sent = time.time()
        p.produce(name, b"x")
        p.poll(0)
        assert c.poll(15) is not None
        assert time.time() - sent < 10   # long before the fetch would have ended by itself
    c.close()


def test_K_78_restart_keeps_everything(own_broker, name):
    broker = own_broker()
    create(broker, name, 2, retention_ms="123456")
    produce(broker, name, 20, partition=1, config={"enable.idempotence": True})
    c = consumer(broker, "g-" + name)
    c.commit(offsets=[TopicPartition(name, 1, 12)], asynchronous=False)
    admin(broker).delete_records([TopicPartition(name, 1, 5)])
    time.sleep(0.5)
    cluster, id_before = admin(broker).describe_cluster().result(10).cluster_id, admin(broker).describe_topics(ck.TopicCollection([name]))[name].result(10).topic_id
    c.close()
    broker.restart()
    assert admin(broker).describe_cluster().result(10).cluster_id == cluster
    assert str(admin(broker).describe_topics(ck.TopicCollection([name]))[name].result(10).topic_id) == str(id_before)
    c = consumer(broker, "g-" + name)
    assert c.get_watermark_offsets(TopicPartition(name, 1), timeout=10) == (5, 20)
    assert c.committed([TopicPartition(name, 1)], timeout=10)[0].offset == 12
    c.subscribe([name])
    assert take(c, 1)[0].offset() == 12
    c.close()
    resource = ConfigResource(ConfigResource.Type.TOPIC, name)
    assert admin(broker).describe_configs([resource])[resource].result(10)["retention.ms"].value == "123456"


def test_K_33_kill_during_idempotent_produce_loses_and_repeats_nothing(own_broker, name):
    broker = own_broker()
    create(broker, name)
    count, acked, errors = 30_000, [], []
    p = producer(broker, **{"enable.idempotence": True, "message.timeout.ms": 60000, "reconnect.backoff.max.ms": 200})

    def kill():
        for _ in range(2):
            time.sleep(0.3)
            broker.kill9()
            broker.start()

    killer = threading.Thread(target=kill)
    killer.start()
    for i in range(count):
        while True:
            try:
                p.produce(name, str(i).encode(), on_delivery=lambda e, m: errors.append(e) if e else acked.append(m.value()))
                break
            except BufferError:
                p.poll(0.1)
        p.poll(0)
        if i % 1000 == 0:
            time.sleep(0.02)
    assert p.flush(60) == 0
    killer.join()
    assert not errors and len(acked) == count
    c = consumer(broker, "g-" + name)
    c.assign([TopicPartition(name, 0, 0)])
    got = take(c, count, timeout=30)
    assert c.poll(0.5) is None
    c.close()
    assert [m.value() for m in got] == [str(i).encode() for i in range(count)]


def test_K_76_retention_moves_the_log_start(broker, name):
    create(broker, name, retention_ms="1000")
    produce(broker, name, 100)
    c = consumer(broker, "g-" + name)
    end = time.time() + 10
    while time.time() < end and c.get_watermark_offsets(TopicPartition(name, 0), timeout=5) != (100, 100):
        time.sleep(0.2)
    assert c.get_watermark_offsets(TopicPartition(name, 0), timeout=5) == (100, 100)
    produce(broker, name, 1)
    c.assign([TopicPartition(name, 0, 3)])  # out of range: reset to the earliest
    assert take(c, 1)[0].offset() == 100
    c.close()
