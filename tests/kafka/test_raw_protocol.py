"""Byte by byte: what clients do not show. Names carry the rows of the conformance table."""
import os
import re
import struct
import time

import pytest

from wire import APIS, Client, Closed, batch, uvarint

SET_B = {0: (0, 9), 1: (4, 12), 2: (1, 7), 3: (0, 12), 8: (2, 9), 9: (1, 9), 10: (0, 4), 11: (0, 9), 12: (0, 4), 13: (0, 5), 14: (0, 5),
         15: (0, 5), 16: (0, 5), 17: (0, 1), 18: (0, 4), 19: (2, 7), 20: (1, 6), 21: (0, 2), 22: (0, 4), 24: (0, 3), 25: (0, 3), 26: (0, 3),
         28: (0, 3), 32: (1, 4), 33: (0, 2), 36: (0, 2), 37: (0, 3), 42: (0, 2), 44: (0, 1), 60: (0, 2), 68: (0, 1), 69: (0, 1)}


@pytest.fixture
def client(broker):
    c = Client(broker.plain)
    yield c
    c.close()


def create(client, name, partitions=1, configs=(), **more):
    topic = {"name": name, "numPartitions": partitions, "replicationFactor": -1, "configs": [{"name": k, "value": v} for k, v in configs]}
    topic = {k[0].upper() + k[1:]: v for k, v in topic.items()}
    topic["Configs"] = [{"Name": k, "Value": v} for k, v in configs]
    answer = client.call("CreateTopics", 7, Topics=[topic], **more)
    return answer["Topics"][0]


def produce(client, name, records, partition=0, acks=-1, version=8, txid=None):
    answer = client.call("Produce", version, TransactionalId=txid, Acks=acks, TimeoutMs=1000,
                         TopicData=[{"Name": name, "PartitionData": [{"Index": partition, "Records": records}]}])
    return answer["Responses"][0]["PartitionResponses"][0]


def fetch(client, name, offset, version=11, max_wait=0, min_bytes=1, max_bytes=1 << 20, partition_max=1 << 20, isolation=0, epoch=-1, **more):
    answer = client.call("Fetch", version, ReplicaId=-1, MaxWaitMs=max_wait, MinBytes=min_bytes, MaxBytes=max_bytes, IsolationLevel=isolation,
                         Topics=[{"Topic": name, "Partitions": [{"Partition": 0, "FetchOffset": offset, "CurrentLeaderEpoch": epoch,
                                                                "PartitionMaxBytes": partition_max}]}], **more)
    return answer["Responses"][0]["Partitions"][0] if answer["Responses"] else answer


def now_ms():
    """For what has to outlive a test of a second: batches of the past are trimmed soon."""
    return int(time.time() * 1000)


def expect_closed(client):
    with pytest.raises(Closed):
        client.receive_exactly(1)


@pytest.mark.parametrize("version", range(5))
def test_K_01_api_versions(client, version):
    answer = client.call("ApiVersions", version, **({"ClientSoftwareName": "t", "ClientSoftwareVersion": "1.0"} if version >= 3 else {}))
    told = {a["ApiKey"]: (a["MinVersion"], a["MaxVersion"]) for a in answer["ApiKeys"]}
    assert answer["ErrorCode"] == 0
    assert {k: told[k] for k in SET_B} == SET_B


def test_K_01_bad_software_name(client):
    assert client.call("ApiVersions", 3, ClientSoftwareName="-t", ClientSoftwareVersion="1")["ErrorCode"] == 42


def test_K_02_api_versions_of_the_future(client):
    client.send_raw(struct.pack(">i", 12) + client.header(18, 9, False)[:8] + b"\0\1a\0")
    answer = client.receive_raw()
    assert answer[4:6] == b"\0\x23"
    assert answer[6:] == struct.pack(">i", 1) + struct.pack(">hhh", 18, 0, 4)


@pytest.mark.parametrize("key,version", [(200, 0), (4, 0), (0, 2), (1, 3), (3, 13), (1, 13)])
def test_K_03_what_is_not_served_closes(client, key, version):
    message = client.header(key, version, False) + b"\0" * 30
    client.send_raw(struct.pack(">i", len(message)) + message)
    expect_closed(client)


@pytest.mark.parametrize("size", [0, -1, 7, 0x7FFFFFFF])
def test_K_04_bad_frame_sizes(client, size):
    client.send_raw(struct.pack(">i", size))
    expect_closed(client)


def test_K_05_pipelined_requests_are_answered_in_order(client, name):
    create(client, name)
    sent = []
    for i in range(100):
        if i % 3 == 0:
            client.send("Metadata", 8, Topics=[])
            sent.append(("Metadata", 8))
        elif i % 3 == 1:
            client.send("Produce", 8, Acks=-1, TopicData=[{"Name": name, "PartitionData": [{"Index": 0, "Records": batch(b"x")}]}])
            sent.append(("Produce", 8))
        else:
            client.send("ApiVersions", 2)
            sent.append(("ApiVersions", 2))
    first = client.correlation - 99
    for i, (api, version) in enumerate(sent):
        correlation, answer = client.receive(api, version)
        assert correlation == first + i
        if api == "Produce":
            assert answer["Responses"][0]["PartitionResponses"][0]["BaseOffset"] == i // 3


@pytest.mark.parametrize("piece", [None, 3, 1000, 70_000, 299_999])
def test_large_and_small_requests_arrive_in_any_pieces(client, name, piece):
    create(client, name, configs=[("max.message.bytes", "4000000")])
    batches = [batch(bytes([97 + i]) * size, timestamp=now_ms()) for i, size in enumerate([300_000, 5, 17_000, 600_000, 100_000, 1, 70_000])]
    wire = b"".join(client.framed("Produce", 8, Acks=-1, TopicData=[{"Name": name, "PartitionData": [{"Index": 0, "Records": sent}]}])
                    for sent in batches)
    wire, rest = (wire[:40_000], wire[40_000:]) if piece == 3 else (wire, b"")
    for at in range(0, len(wire), piece or len(wire)):
        client.send_raw(wire[at:at + (piece or len(wire))])
    client.send_raw(rest)
    for i in range(len(batches)):
        answer = client.receive("Produce", 8)[1]["Responses"][0]["PartitionResponses"][0]
        assert (answer["ErrorCode"], answer["BaseOffset"]) == (0, i)
    for i, sent in enumerate(batches):
        fetched = fetch(client, name, i, max_bytes=1, partition_max=1)
        assert fetched["ErrorCode"] == 0
        assert fetched["Records"][16:len(sent)] == sent[16:]


def memory_of(broker):
    with open(f"/proc/{broker.process.pid}/statm") as f:
        return int(f.read().split()[1]) * 4096


@pytest.mark.parametrize("body", [struct.pack(">i", 0x7FFFFFFF), b"\0\0\0\1\x7f\xff", b"\0\0\0\5\0\1a", b"\0\0"])
def test_K_06_lying_lengths_close_and_take_no_memory(broker, client, body):
    before = memory_of(broker)
    message = client.header(3, 8, False) + body
    client.send_raw(struct.pack(">i", len(message)) + message)
    expect_closed(client)
    assert memory_of(broker) - before < 20 << 20


def test_K_07_unknown_tags_are_skipped(client):
    head = client.header(3, 12, True)[:-1] + b"\1" + uvarint(99) + b"\2ab"
    body = b"\1" + b"\1\0" + b"\2" + uvarint(3) + b"\1x" + uvarint(1000) + b"\0"
    client.send_raw(struct.pack(">i", len(head + body)) + head + body)
    correlation, answer = client.receive("Metadata", 12)
    assert correlation == client.correlation and answer["Topics"] == []


def test_K_08_null_client_id(client):
    client.send("Metadata", 1, client_id=None, Topics=[])
    assert client.receive("Metadata", 1)[1]["ControllerId"] == 1


def test_K_09_metadata(client, name):
    topic_id = create(client, name, 2)["TopicId"]
    for version in range(13):
        wanted = [{"Name": name}] if version < 10 else [{"Name": name, "TopicId": bytes(16)}]
        answer = client.call("Metadata", version, Topics=wanted)
        assert [len(t["Partitions"]) for t in answer["Topics"]] == [2]
        everything = client.call("Metadata", version, Topics=[] if version == 0 else None)
        assert name in [t["Name"] for t in everything["Topics"]]
    none = client.call("Metadata", 4, Topics=[], AllowAutoTopicCreation=False)
    assert none["Topics"] == []
    unknown = client.call("Metadata", 4, Topics=[{"Name": "nowhere-" + name}], AllowAutoTopicCreation=False)["Topics"][0]
    assert (unknown["ErrorCode"], unknown["Partitions"]) == (3, [])
    assert client.call("Metadata", 4, Topics=[{"Name": "a b"}], AllowAutoTopicCreation=True)["Topics"][0]["ErrorCode"] == 17
    by_id = client.call("Metadata", 12, Topics=[{"TopicId": topic_id, "Name": None}, {"TopicId": b"x" * 16, "Name": None}])["Topics"]
    assert (by_id[0]["Name"], by_id[0]["ErrorCode"], by_id[1]["ErrorCode"]) == (name, 0, 100)
    asked = client.call("Metadata", 8, Topics=[{"Name": name}], IncludeTopicAuthorizedOperations=True)["Topics"][0]
    assert asked["TopicAuthorizedOperations"] > 0


def test_K_12_K_13_create_topics(client, name):
    made = create(client, name, -1, [("retention.ms", "5000")])
    assert (made["ErrorCode"], made["NumPartitions"], made["ReplicationFactor"]) == (0, 1, 1)
    assert {c["Name"]: (c["Value"], c["ConfigSource"]) for c in made["Configs"]}["retention.ms"] == ("5000", 1)
    assert create(client, name)["ErrorMessage"] == f"Topic '{name}' already exists."
    assert create(client, name + "a", 0)["ErrorMessage"] == "Number of partitions was set to an invalid non-positive value."
    assert create(client, name + "b", 1, [("foo.bar", "1")])["ErrorMessage"] == "Unknown topic config name: foo.bar"
    assert create(client, "a b")["ErrorMessage"] == (
        "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'")
    assert create(client, "..")["ErrorMessage"] == "Topic name is invalid: '..' is not allowed"
    assert create(client, name + ".x")["ErrorCode"] == 0
    assert create(client, name + "_x")["ErrorMessage"] == f"Topic '{name}_x' collides with existing topic: {name}.x"
    twice = client.call("CreateTopics", 4, Topics=[{"Name": name + "t", "NumPartitions": 1, "ReplicationFactor": 1}] * 2)["Topics"]
    assert [t["ErrorCode"] for t in twice] == [42, 42]


def test_K_15_topics_are_deleted_by_id(client, name):
    topic_id = create(client, name)["TopicId"]
    answer = client.call("DeleteTopics", 6, Topics=[{"Name": None, "TopicId": topic_id}, {"Name": None, "TopicId": b"y" * 16},
                                                   {"Name": "nowhere", "TopicId": bytes(16)}])["Responses"]
    assert [t["ErrorCode"] for t in answer] == [0, 100, 3]
    assert answer[0]["Name"] == name


def test_K_17_acks(client, name):
    create(client, name)
    client.send("Produce", 8, Acks=0, TopicData=[{"Name": name, "PartitionData": [{"Index": 0, "Records": batch(b"0")}]}])
    assert produce(client, name, batch(b"1"), acks=1)["BaseOffset"] == 1
    assert produce(client, name, batch(b"2"), acks=-1)["BaseOffset"] == 2
    assert produce(client, name, batch(b"5"), acks=5)["ErrorCode"] == 21


def test_K_18_K_19_K_20_K_21_bad_batches(client, name):
    create(client, name)
    good = batch(b"x")
    assert produce(client, name, batch(b"x", spoil=True))["ErrorCode"] == 2
    assert produce(client, name, good + good)["ErrorCode"] == 87
    assert produce(client, name, batch(b"x", base=77))["ErrorCode"] == 87
    assert produce(client, name, batch(b"x", attributes=32))["ErrorCode"] == 87
    assert produce(client, name, batch(b"x", magic=1))["ErrorCode"] != 0
    assert produce(client, name, batch(b"x", count=3))["ErrorCode"] == 87
    assert produce(client, name, b"")["ErrorCode"] == 87
    assert produce(client, name, None)["ErrorCode"] == 87
    assert produce(client, "nowhere-" + name, good)["ErrorCode"] == 3
    assert produce(client, name, good, partition=99)["ErrorCode"] == 3
    assert produce(client, "a b", good)["ErrorCode"] == 3
    assert produce(client, name, batch(os.urandom(1_200_000)))["ErrorCode"] == 10
    ok = produce(client, name, good, version=9)
    assert (ok["ErrorCode"], ok["BaseOffset"], ok["LogAppendTimeMs"], ok["LogStartOffset"]) == (0, 0, -1, 0)


def test_K_22_batches_are_stored_verbatim(client, name):
    create(client, name)
    sent = batch(b"a", b"b")
    produce(client, name, sent)
    stored = fetch(client, name, 0)["Records"]
    assert stored[16:] == sent[16:] and stored[:8] == bytes(8)


def test_K_26_log_append_time(client, name):
    create(client, name, 1, [("message.timestamp.type", "LogAppendTime")])
    answer = produce(client, name, batch(b"a"))
    assert abs(answer["LogAppendTimeMs"] / 1000 - time.time()) < 5
    stored = fetch(client, name, 0)["Records"]
    from wire import crc32c
    assert struct.unpack(">q", stored[35:43])[0] == answer["LogAppendTimeMs"]
    assert struct.unpack(">I", stored[17:21])[0] == crc32c(stored[21:])


def test_a_compacted_topic_wants_keys(client, name):
    create(client, name, 1, [("cleanup.policy", "compact")])
    assert produce(client, name, batch(b"x"))["ErrorCode"] == 87
    assert produce(client, name, batch(b"x", key=b"k"))["ErrorCode"] == 0


def test_K_28_to_K_34_producer_ids(client, name):
    create(client, name)
    first, second = (client.call("InitProducerId", 4, TransactionalId=None, TransactionTimeoutMs=60000) for _ in range(2))
    assert first["ProducerId"] != second["ProducerId"] and first["ProducerEpoch"] == 0
    me = (first["ProducerId"], 0)
    for i in range(7):
        assert produce(client, name, batch(b"x", producer=me, sequence=i))["BaseOffset"] == i
    again = produce(client, name, batch(b"x", producer=me, sequence=5))
    assert (again["ErrorCode"], again["BaseOffset"]) == (0, 5)
    assert produce(client, name, batch(b"x", producer=me, sequence=0))["ErrorCode"] == 45
    assert produce(client, name, batch(b"x", producer=me, sequence=20))["ErrorCode"] == 45
    newer = (me[0], 1)
    assert produce(client, name, batch(b"x", producer=newer, sequence=3))["ErrorCode"] == 45
    assert produce(client, name, batch(b"x", producer=newer, sequence=0))["ErrorCode"] == 0
    assert produce(client, name, batch(b"x", producer=me, sequence=7))["ErrorCode"] == 47
    assert produce(client, name, batch(b"x", producer=(987654, 0), sequence=7))["ErrorCode"] == 0
    bumped = client.call("InitProducerId", 4, TransactionalId=None, TransactionTimeoutMs=60000, ProducerId=newer[0], ProducerEpoch=1)
    assert (bumped["ProducerId"], bumped["ProducerEpoch"]) == (newer[0], 2)


def begin(client, name, txid, timeout=60000):
    made = client.call("InitProducerId", 4, TransactionalId=txid, TransactionTimeoutMs=timeout)
    assert made["ErrorCode"] == 0
    who = (made["ProducerId"], made["ProducerEpoch"])
    answer = client.call("AddPartitionsToTxn", 3, V3AndBelowTransactionalId=txid, V3AndBelowProducerId=who[0], V3AndBelowProducerEpoch=who[1],
                         V3AndBelowTopics=[{"Name": name, "Partitions": [0]}])
    assert answer["ResultsByTopicV3AndBelow"][0]["ResultsByPartition"][0]["PartitionErrorCode"] == 0
    return who


def end(client, txid, who, commit, version=3):
    return client.call("EndTxn", version, TransactionalId=txid, ProducerId=who[0], ProducerEpoch=who[1], Committed=commit)["ErrorCode"]


def test_K_36_K_37_open_and_aborted_transactions(client, name):
    create(client, name)
    who = begin(client, name, name)
    assert produce(client, name, batch(b"t", producer=who, sequence=0, attributes=16), txid=name)["ErrorCode"] == 0
    produce(client, name, batch(b"plain"))
    held = fetch(client, name, 0, isolation=1)
    assert (held["HighWatermark"], held["LastStableOffset"], held["Records"], held["AbortedTransactions"]) == (2, 0, b"", [])
    free = fetch(client, name, 0, isolation=0)
    assert len(free["Records"]) > 0 and free["AbortedTransactions"] is None
    listed = client.call("ListOffsets", 5, ReplicaId=-1, IsolationLevel=1,
                         Topics=[{"Name": name, "Partitions": [{"PartitionIndex": 0, "Timestamp": -1}]}])
    assert listed["Topics"][0]["Partitions"][0]["Offset"] == 0
    assert end(client, name, who, False) == 0
    after = fetch(client, name, 0, isolation=1)
    assert (after["HighWatermark"], after["LastStableOffset"]) == (3, 3)
    assert after["AbortedTransactions"] == [{"ProducerId": who[0], "FirstOffset": 0}]
    marker = fetch(client, name, 2)["Records"]
    assert struct.unpack(">h", marker[21:23])[0] == 0x30
    assert marker[61:].hex() == "200000000800000000" + "0c000000000000" + "00"


def test_K_40_transaction_timeout(client, name):
    create(client, name)
    who = begin(client, name, name, timeout=300)
    produce(client, name, batch(b"t", producer=who, sequence=0, attributes=16), txid=name)
    time.sleep(0.6)
    assert fetch(client, name, 0, isolation=1)["LastStableOffset"] == 2
    assert end(client, name, who, True) == 90


def test_K_41_K_42_transaction_errors(client, name):
    create(client, name)
    who = begin(client, name, name)
    assert end(client, name, who, True) == 0
    assert end(client, name, who, True) == 0
    assert end(client, name, who, False) == 48
    assert end(client, name, (who[0] + 5, who[1]), True) == 49
    assert end(client, name, (who[0], who[1] + 1), True, version=1) == 47
    assert end(client, name, (who[0], who[1] + 1), True, version=2) == 90
    assert end(client, "nobody-" + name, who, True) == 49
    init = lambda txid, timeout: client.call("InitProducerId", 4, TransactionalId=txid, TransactionTimeoutMs=timeout)["ErrorCode"]
    assert init(name, 3_600_000) == 50
    assert init("", 1000) == 42
    assert produce(client, name, batch(b"t", producer=who, sequence=0, attributes=16), txid=name)["ErrorCode"] == 48
    begin(client, name, name)
    assert produce(client, name, batch(b"t", producer=who, sequence=0, attributes=16), txid="other-" + name)["ErrorCode"] == 49
    fresh = client.call("InitProducerId", 4, TransactionalId=name + "e", TransactionTimeoutMs=1000)
    assert end(client, name + "e", (fresh["ProducerId"], fresh["ProducerEpoch"]), True) == 48


def test_K_44_K_45_K_46_waiting(broker, client, name):
    create(client, name)
    started = time.time()
    assert fetch(client, name, 0, max_wait=700)["Records"] == b""
    assert 0.69 <= time.time() - started < 5
    other = Client(broker.plain)
    for i in range(5):
        client.send("Fetch", 11, ReplicaId=-1, MaxWaitMs=20000, MinBytes=1, MaxBytes=1 << 20, IsolationLevel=0,
                    Topics=[{"Topic": name, "Partitions": [{"Partition": 0, "FetchOffset": i, "CurrentLeaderEpoch": -1, "PartitionMaxBytes": 1 << 20}]}])
        time.sleep(0.05)
        produce(other, name, batch(b"x", timestamp=now_ms()))
        answered = time.time()
        client.receive("Fetch", 11)
        assert time.time() - answered < 5   # woken by the record, not by the end of its wait
    started = time.time()
    fetch(client, name, 0, max_wait=300, min_bytes=100000)
    assert time.time() - started >= 0.29
    started = time.time()
    fetch(client, name, 5, max_wait=10000, min_bytes=0)
    assert time.time() - started < 5


def test_K_47_K_48_K_49_K_50_positions(client, name):
    create(client, name)
    for _ in range(3):
        produce(client, name, batch(b"a" * 100, b"b" * 100))
    one = fetch(client, name, 0, partition_max=1)["Records"]
    assert len(one) == len(batch(b"a" * 100, b"b" * 100))
    middle = fetch(client, name, 3)["Records"]
    assert struct.unpack(">q", middle[:8])[0] == 2
    for offset in (7, -1):
        bad = fetch(client, name, offset)
        assert (bad["ErrorCode"], bad["HighWatermark"], bad["LastStableOffset"], bad["LogStartOffset"]) == (1, -1, -1, -1)
    at_end = fetch(client, name, 6)
    assert (at_end["ErrorCode"], at_end["Records"], at_end["HighWatermark"]) == (0, b"", 6)
    assert fetch(client, name, 0, epoch=77)["ErrorCode"] == 75
    assert fetch(client, name, 0, epoch=0)["ErrorCode"] == 0
    assert fetch(client, "nowhere-" + name, 0)["ErrorCode"] == 3


def test_K_51_sessions_are_refused(client, name):
    create(client, name)
    topics = [{"Topic": name, "Partitions": [{"Partition": 0, "FetchOffset": 0, "PartitionMaxBytes": 1000}]}]
    base = {"ReplicaId": -1, "MaxWaitMs": 0, "MinBytes": 0, "MaxBytes": 1000}
    made = client.call("Fetch", 11, **base, SessionId=0, SessionEpoch=0, Topics=topics)
    assert (made["ErrorCode"], made["SessionId"]) == (0, 0)
    unknown = client.call("Fetch", 11, **base, SessionId=1234, SessionEpoch=1, Topics=[])
    assert (unknown["ErrorCode"], unknown["Responses"]) == (70, [])


def test_zstd_needs_a_newer_fetch(broker, client, name):
    ck = pytest.importorskip("confluent_kafka")
    p = ck.Producer({"bootstrap.servers": broker.plain, "compression.type": "zstd"})
    p.produce(name, b"x" * 1000)
    p.flush(10)
    assert fetch(client, name, 0, version=9)["ErrorCode"] == 76
    assert fetch(client, name, 0, version=10)["ErrorCode"] == 0


def test_K_53_list_offsets(client, name):
    create(client, name)
    def ask(timestamp, version=5):
        got = client.call("ListOffsets", version, ReplicaId=-1, Topics=[{"Name": name, "Partitions": [{"PartitionIndex": 0, "Timestamp": timestamp}]}])
        p = got["Topics"][0]["Partitions"][0]
        return p["ErrorCode"], p["Timestamp"], p["Offset"]
    assert ask(-1) == (0, -1, 0) and ask(-2) == (0, -1, 0) and ask(0) == (0, -1, -1)
    produce(client, name, batch(b"a", timestamp=5000))
    produce(client, name, batch(b"b", timestamp=9000))
    assert ask(-1) == (0, -1, 2)
    assert ask(0) == (0, 5000, 0)
    assert ask(5001) == (0, 9000, 1)
    assert ask(9001) == (0, -1, -1)
    assert ask(-3) == (35, -1, -1)
    assert ask(-3, version=7) == (0, 9000, 1)


def join(client, group, member="", version=5, protocols=(("range", b"m"),), session=6000, instance=None, kind="consumer"):
    return client.call("JoinGroup", version, GroupId=group, SessionTimeoutMs=session, RebalanceTimeoutMs=6000, MemberId=member,
                       GroupInstanceId=instance, ProtocolType=kind, Protocols=[{"Name": n, "Metadata": m} for n, m in protocols])


def test_K_55_K_56_joining(client, name):
    first = join(client, name)
    assert first["ErrorCode"] == 79 and re.fullmatch(r"raw-[0-9a-f-]{36}", first["MemberId"])
    second = join(client, name, first["MemberId"])
    assert (second["ErrorCode"], second["GenerationId"], second["Leader"]) == (0, 1, first["MemberId"])
    assert join(client, name, session=100)["ErrorCode"] == 26
    assert join(client, "")["ErrorCode"] == 24
    assert join(client, name, "bogus")["ErrorCode"] == 25
    assert join(client, name, protocols=(("other", b""),))["ErrorCode"] == 23
    assert join(client, name, kind="connect")["ErrorCode"] == 23
    old = client.call("JoinGroup", 0, GroupId=name + "0", SessionTimeoutMs=6000, MemberId="", ProtocolType="consumer",
                      Protocols=[{"Name": "range", "Metadata": b""}])
    assert old["ErrorCode"] == 0 and old["GenerationId"] == 1


def test_K_57_K_58_K_59_K_60_K_68_group_life(broker, client, name):
    create(client, name)
    member = join(client, name, join(client, name)["MemberId"])["MemberId"]
    beat = lambda generation=1, who=member, group=name: client.call("Heartbeat", 3, GroupId=group, GenerationId=generation, MemberId=who)["ErrorCode"]
    assert (beat(), beat(generation=9), beat(who="bogus"), beat(group="no-" + name)) == (0, 22, 25, 25)
    sync = lambda generation: client.call("SyncGroup", 3, GroupId=name, GenerationId=generation, MemberId=member,
                                          Assignments=[{"MemberId": member, "Assignment": b"mine"}])
    assert sync(7)["ErrorCode"] == 22
    assert sync(1)["Assignment"] == b"mine"
    def commit(generation, who, group=name, topic=name, metadata=""):
        got = client.call("OffsetCommit", 7, GroupId=group, GenerationIdOrMemberEpoch=generation, MemberId=who,
                          Topics=[{"Name": topic, "Partitions": [{"PartitionIndex": 0, "CommittedOffset": 4, "CommittedMetadata": metadata}]}])
        return got["Topics"][0]["Partitions"][0]["ErrorCode"]
    assert commit(1, member) == 0
    assert commit(5, member) == 22
    assert commit(-1, "") == 25
    assert commit(-1, "", group="simple-" + name) == 0
    assert commit(1, member, topic="nowhere") == 3
    assert commit(1, member, metadata="m" * 5000) == 12
    def offsets(group, version=7):
        wanted = [{"Name": name, "PartitionIndexes": [0]}]
        if version >= 8:
            got = client.call("OffsetFetch", version, Groups=[{"GroupId": group, "Topics": wanted}])["Groups"][0]
        else:
            got = client.call("OffsetFetch", version, GroupId=group, Topics=wanted)
        p = got["Topics"][0]["Partitions"][0]
        return got.get("ErrorCode", 0), p["CommittedOffset"], p["CommittedLeaderEpoch"] if version >= 5 else -1, p["Metadata"], p["ErrorCode"]
    for version in range(1, 10):
        assert offsets(name, version) == (0, 4, -1, "", 0)
        assert offsets("unknown-" + name, version) == (0, -1, -1, "", 0)
    everything = client.call("OffsetFetch", 7, GroupId=name, Topics=None)
    assert [t["Name"] for t in everything["Topics"]] == [name]
    described = client.call("DescribeGroups", 5, Groups=[name, "unknown-" + name])["Groups"]
    assert [(g["GroupState"], g["ErrorCode"]) for g in described] == [("Stable", 0), ("Dead", 0)]
    assert described[0]["Members"][0]["MemberAssignment"] == b"mine"
    assert described[0]["Members"][0]["ClientHost"].startswith("/127.")
    assert client.call("DeleteGroups", 2, GroupsNames=[name, "unknown-" + name])["Results"] == [
        {"GroupId": name, "ErrorCode": 68}, {"GroupId": "unknown-" + name, "ErrorCode": 69}]
    listed = client.call("ListGroups", 5, StatesFilter=["stable"], TypesFilter=["classic"])["Groups"]
    assert name in [g["GroupId"] for g in listed]
    left = client.call("LeaveGroup", 4, GroupId=name, Members=[{"MemberId": member}, {"MemberId": "bogus"}])
    assert [m["ErrorCode"] for m in left["Members"]] == [0, 25]


def test_K_63_static_member_is_fenced(client, name):
    first = join(client, name, instance="one")
    assert first["ErrorCode"] == 0 and first["MemberId"].startswith("one-")
    client.call("SyncGroup", 3, GroupId=name, GenerationId=1, MemberId=first["MemberId"], GroupInstanceId="one",
                Assignments=[{"MemberId": first["MemberId"], "Assignment": b"mine"}])
    second = join(client, name, instance="one")
    assert second["GenerationId"] == 1 and second["MemberId"] != first["MemberId"]
    beat = lambda instance: client.call("Heartbeat", 3, GroupId=name, GenerationId=1, MemberId=first["MemberId"], GroupInstanceId=instance)["ErrorCode"]
    assert (beat("one"), beat(None)) == (82, 25)


def test_K_64_who_does_not_rejoin_is_dropped(broker, client, name):
    stays = join(client, name, join(client, name)["MemberId"])["MemberId"]
    client.call("SyncGroup", 3, GroupId=name, GenerationId=1, MemberId=stays, Assignments=[])
    other = Client(broker.plain, timeout=20)
    new = join(other, name)["MemberId"]
    started = time.time()
    got = join(other, name, new)
    assert 4 < time.time() - started < 9 and got["ErrorCode"] == 0 and len(got["Members"]) == 1


def test_K_67_consumer_protocol_errors(client, name):
    create(client, name, 2)
    def beat(member="m", epoch=0, **more):
        return client.call("ConsumerGroupHeartbeat", 1, GroupId=name, MemberId=member, MemberEpoch=epoch, **more)
    first = beat(RebalanceTimeoutMs=5000, SubscribedTopicNames=[name], TopicPartitions=[])
    assert first["ErrorCode"] == 0 and sorted(first["Assignment"]["TopicPartitions"][0]["Partitions"]) == [0, 1]
    epoch = first["MemberEpoch"]
    assert beat(epoch=epoch)["Assignment"] is None
    assert beat(epoch=epoch + 7)["ErrorCode"] == 110
    assert beat(member="bogus", epoch=1)["ErrorCode"] == 25
    assert beat(member="x", RebalanceTimeoutMs=5000, SubscribedTopicNames=[name], TopicPartitions=[], ServerAssignor="magic")["ErrorCode"] == 112
    assert beat(member="x", RebalanceTimeoutMs=5000, SubscribedTopicRegex="(", TopicPartitions=[])["ErrorCode"] == 128
    stale = client.call("OffsetCommit", 9, GroupId=name, GenerationIdOrMemberEpoch=epoch + 5, MemberId="m",
                        Topics=[{"Name": name, "Partitions": [{"PartitionIndex": 0, "CommittedOffset": 1}]}])
    assert stale["Topics"][0]["Partitions"][0]["ErrorCode"] == 113
    described = client.call("ConsumerGroupDescribe", 1, GroupIds=[name])["Groups"][0]
    assert (described["GroupState"], described["Members"][0]["MemberEpoch"]) == ("Stable", epoch)
    # A second member gets its share only after the first has let go.
    second = beat(member="n", RebalanceTimeoutMs=5000, SubscribedTopicNames=[name], TopicPartitions=[])
    assert second["Assignment"]["TopicPartitions"] == []
    told = beat(epoch=epoch)
    kept = told["Assignment"]["TopicPartitions"][0]["Partitions"]
    assert len(kept) == 1
    topic_id = told["Assignment"]["TopicPartitions"][0]["TopicId"]
    assert beat(member="n", epoch=second["MemberEpoch"])["Assignment"] is None
    confirmed = beat(epoch=epoch, TopicPartitions=[{"TopicId": topic_id, "Partitions": kept}])
    assert confirmed["MemberEpoch"] == second["MemberEpoch"]
    given = beat(member="n", epoch=second["MemberEpoch"])["Assignment"]["TopicPartitions"][0]["Partitions"]
    assert sorted(given + kept) == [0, 1]
    assert beat(member="n", epoch=-1)["ErrorCode"] == 0


def test_K_71_before_and_without_authentication(broker, client):
    assert client.call("SaslHandshake", 1, Mechanism="PLAIN") == {"ErrorCode": 34, "Mechanisms": []}
    sasl = Client(broker.sasl)
    assert sasl.call("ApiVersions", 2)["ErrorCode"] == 0
    refused = sasl.call("SaslHandshake", 1, Mechanism="NONSENSE")
    assert refused["ErrorCode"] == 33 and "PLAIN" in refused["Mechanisms"]
    assert sasl.call("SaslHandshake", 1, Mechanism="PLAIN")["ErrorCode"] == 0
    sasl.send("Metadata", 1, Topics=[])
    expect_closed(sasl)
    sasl = Client(broker.sasl)
    sasl.call("SaslHandshake", 1, Mechanism="PLAIN")
    bad = sasl.call("SaslAuthenticate", 2, AuthBytes=b"\0bob\0wrong")
    assert (bad["ErrorCode"], bad["ErrorMessage"]) == (58, "Authentication failed: Invalid username or password")
    expect_closed(sasl)
    sasl = Client(broker.sasl)
    sasl.call("SaslHandshake", 1, Mechanism="PLAIN")
    good = sasl.call("SaslAuthenticate", 2, AuthBytes=b"\0bob\0secret")
    assert (good["ErrorCode"], good["AuthBytes"]) == (0, b"")
    assert sasl.call("Metadata", 1, Topics=[])["ControllerId"] == 1


@pytest.mark.parametrize("mechanism,token", [("AWS_MSK_IAM", b"{"), ("AWS_MSK_IAM", b'{"version":"1999"}'), ("AWS_MSK_IAM", b"\xff" * 100000),
                                             ("SCRAM-SHA-256", b"n,,"), ("SCRAM-SHA-256", b"n,,n=bob,r="), ("PLAIN", b"\0"), ("PLAIN", b"")])
def test_malformed_tokens_are_refused(broker, mechanism, token):
    sasl = Client(broker.sasl)
    sasl.call("SaslHandshake", 1, Mechanism=mechanism)
    assert sasl.call("SaslAuthenticate", 2, AuthBytes=token)["ErrorCode"] == 58
    expect_closed(sasl)


def test_every_api_survives_garbage(broker, name):
    """Each advertised API and version, with bodies that are random, empty, or all ones: an answer or a closed connection, never a crash."""
    import random
    rng = random.Random(7)
    for api in APIS.values():
        low, high = (int(v) for v in api["versions"].split("-"))
        for version in range(low, high + 1):
            for body in (b"", b"\xff" * 40, rng.randbytes(60), b"\0" * 60):
                c = Client(broker.plain, timeout=2)
                flex = api["flexible"] is not None and version >= api["flexible"]
                message = c.header(api["key"], version, flex) + body
                c.send_raw(struct.pack(">i", len(message)) + message)
                try:
                    c.receive_raw()
                except (Closed, TimeoutError):
                    pass
                c.close()
    assert broker.process.poll() is None


def test_K_84_many_idle_connections(broker):
    before = memory_of(broker)
    clients = [Client(broker.plain) for _ in range(500)]
    for c in clients:
        c.send("ApiVersions", 0)
    for c in clients:
        c.receive("ApiVersions", 0)
    assert memory_of(broker) - before < 64 << 20
    for c in clients:
        c.close()
