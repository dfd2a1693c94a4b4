"""The broker under kafkajs 2.2.4 (node/scenarios.mjs). TM_KAFKA_NODE_MODULES names a folder that has the packages of node/package.json;
else they are installed once beside it."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent / "node"


@pytest.fixture(scope="session")
def node(tmp_path_factory):
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed")
    folder = os.environ.get("TM_KAFKA_NODE_MODULES")
    if not folder:
        folder = str(tmp_path_factory.mktemp("node"))
        shutil.copy(HERE / "package.json", folder)
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=300)
    script = pathlib.Path(folder) / "scenarios.mjs"
    shutil.copy(HERE / "scenarios.mjs", script)

    def run(scenario, address, topic, **environment):
        done = subprocess.run(["node", str(script), scenario, address, topic], capture_output=True, text=True, timeout=90,
                              env={**os.environ, **environment, "KAFKAJS_NO_PARTITIONER_WARNING": "1"})
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.strip().splitlines()[-1])

    return run


def test_K_10_K_17_produce_and_consume(broker, node, name):
    got = node("produce_consume", broker.plain, name)
    assert [m["value"] for m in got] == ["acks -1", "acks 1", "acks 0", "gzip", None]
    assert got[0]["headers"] == {"h": "x"}


def test_K_09_K_12_K_14_K_15_K_68_admin(broker, node, name):
    got = node("admin", broker.plain, name)
    assert got == {"created": True, "again": False, "partitions": 5, "retention": "99999", "altered": "777", "offset": "4", "ends": 5,
                   "groups": True, "brokers": 1, "dead": [0, "Dead"], "left": False}


def test_K_61_K_65_rebalance(broker, node, name):
    assert node("rebalance", broker.plain, name) == {"shared": [2, 2], "after": 4}


def test_K_35_K_38_transactions(broker, node, name):
    assert node("transactions", broker.plain, name) == {"values": ["committed", "last"], "offset": "1"}


def test_K_24_what_kafkajs_reads_and_what_it_does_not(broker, node, name):
    ck = pytest.importorskip("confluent_kafka")
    for codec, topic in (("snappy", name), ("gzip", name + "-gz")):
        producer = ck.Producer({"bootstrap.servers": broker.plain, "compression.type": codec})
        producer.produce(topic, b"x" * 1000)
        producer.flush(10)
    assert "Snappy compression not implemented" in node("snappy", broker.plain, name)["error"]
    assert node("consume_one", broker.plain, name + "-gz")[0]["value"] == "x" * 1000


def test_K_70_sasl(broker, node, name):
    got = node("sasl", broker.sasl, name)
    for mechanism in ("plain", "scram-sha-256", "scram-sha-512"):
        assert got[mechanism] == "ok"
        assert "SASL" in got[mechanism + " wrong"] and "failed" in got[mechanism + " wrong"].lower()
