"""The broker under Apache Kafka's own command line tools and Java clients. TM_KAFKA_JARS names a folder with the jars of kafka-tools 4.1.0; else
they are copied once by Maven."""
import glob
import os
import pathlib
import shutil
import subprocess

import pytest

POM = pathlib.Path(__file__).resolve().parent / "java" / "pom.xml"

TOOLS = {
    "topics": "org.apache.kafka.tools.TopicCommand",
    "groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "offsets": "org.apache.kafka.tools.GetOffsetShell",
    "produce": "org.apache.kafka.tools.ConsoleProducer",
    "consume": "org.apache.kafka.tools.consumer.ConsoleConsumer",
}


@pytest.fixture(scope="session")
def java(tmp_path_factory):
    if not shutil.which("java"):
        pytest.skip("java is not installed")
    folder = os.environ.get("TM_KAFKA_JARS")
    if not folder:
        if not shutil.which("mvn"):
            pytest.skip("maven is not installed")
        folder = str(tmp_path_factory.mktemp("jars"))
        shutil.copy(POM, folder)
        subprocess.run(["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=" + folder], cwd=folder, check=True, timeout=600)
    path = ":".join(glob.glob(os.path.join(folder, "*.jar")))

    def run(tool, *args, stdin=None, ok=True):
        done = subprocess.run(["java", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-cp", path, TOOLS[tool], *args], input=stdin, capture_output=True,
                              text=True, timeout=90)
        if ok:
            assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout if ok else done

    return run


def test_K_69_topics_tool(broker, java, name):
    at = ("--bootstrap-server", broker.plain)
    assert f"Created topic {name}." in java("topics", *at, "--create", "--topic", name, "--partitions", "3", "--config", "retention.ms=4000")
    described = java("topics", *at, "--describe", "--topic", name)
    assert "PartitionCount: 3" in described and "ReplicationFactor: 1" in described and "retention.ms=4000" in described
    assert "Leader: 1\tReplicas: 1\tIsr: 1" in described
    java("topics", *at, "--alter", "--topic", name, "--partitions", "5")
    assert name in java("topics", *at, "--list").split()
    again = java("topics", *at, "--create", "--topic", name, ok=False)
    assert f"Topic '{name}' already exists." in again.stdout + again.stderr
    java("topics", *at, "--delete", "--topic", name)
    assert name not in java("topics", *at, "--list").split()


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_K_22_K_43_console_clients(broker, java, name, codec):
    """The Java producer is idempotent by default."""
    at = ("--bootstrap-server", broker.plain)
    lines = "".join(f"k{i}\tvalue {i}\n" for i in range(200))
    java("produce", *at, "--topic", name, "--compression-codec", codec, "--property", "parse.key=true", stdin=lines)
    got = java("consume", *at, "--topic", name, "--from-beginning", "--max-messages", "200", "--timeout-ms", "20000", "--property", "print.key=true")
    assert got == lines


def test_K_66_console_consumer_with_the_consumer_protocol(broker, java, name):
    at = ("--bootstrap-server", broker.plain)
    java("produce", *at, "--topic", name, stdin="a\nb\n")
    got = java("consume", *at, "--topic", name, "--from-beginning", "--max-messages", "2", "--timeout-ms", "20000", "--group", "g-" + name,
               "--consumer-property", "group.protocol=consumer")
    assert got == "a\nb\n"
    described = java("groups", *at, "--describe", "--group", "g-" + name)
    assert name in described and " 2 " in described


def test_K_68_K_69_groups_and_offsets_tools(broker, java, name):
    at = ("--bootstrap-server", broker.plain)
    java("produce", *at, "--topic", name, stdin="".join(f"{i}\n" for i in range(10)))
    java("consume", *at, "--topic", name, "--from-beginning", "--max-messages", "10", "--timeout-ms", "20000", "--group", "g-" + name)
    assert "g-" + name in java("groups", *at, "--list").split()
    row = [line for line in java("groups", *at, "--describe", "--group", "g-" + name).splitlines() if name in line][0].split()
    assert row[:6] == ["g-" + name, name, "0", "10", "10", "0"]
    java("groups", *at, "--reset-offsets", "--to-offset", "4", "--topic", name, "--group", "g-" + name, "--execute")
    row = [line for line in java("groups", *at, "--describe", "--group", "g-" + name).splitlines() if name in line][0].split()
    assert row[3:6] == ["4", "10", "6"]
    assert f"{name}:0:10" in java("offsets", *at, "--topic", name)
    assert f"{name}:0:0" in java("offsets", *at, "--topic", name, "--time", "earliest")
    assert f"{name}:0:" in java("offsets", *at, "--topic", name, "--time", "max-timestamp")
    java("groups", *at, "--delete-offsets", "--topic", name, "--group", "g-" + name)
    java("groups", *at, "--delete", "--group", "g-" + name)
    assert "g-" + name not in java("groups", *at, "--list").split()


def test_K_70_java_sasl(broker, java, name, tmp_path):
    for mechanism, module in (("PLAIN", "plain.PlainLoginModule"), ("SCRAM-SHA-256", "scram.ScramLoginModule"), ("SCRAM-SHA-512", "scram.ScramLoginModule")):
        config = tmp_path / (mechanism + ".properties")
        config.write_text(f"security.protocol=SASL_PLAINTEXT\nsasl.mechanism={mechanism}\nsasl.jaas.config=org.apache.kafka.common.security.{module}"
                          ' required username="bob" password="secret";\n')
        java("topics", "--bootstrap-server", broker.sasl, "--command-config", str(config), "--create", "--topic", name + mechanism)
        config.write_text(config.read_text().replace("secret", "wrong"))
        bad = java("topics", "--bootstrap-server", broker.sasl, "--command-config", str(config), "--list", ok=False)
        assert bad.returncode != 0 and "Authentication failed" in bad.stdout + bad.stderr
