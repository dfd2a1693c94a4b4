"""An Apache Kafka broker as a child process: one node in KRaft mode, from the jars that `./dev setup` brings."""
import base64
import os
import shutil
import signal
import subprocess
import uuid
from pathlib import Path

from confluent_kafka.admin import AdminClient

from .server import STATE, free_port
from .waiting import wait_until

PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={folder}/data
num.partitions=1
auto.create.topics.enable=true
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.enable=false
"""


def jars():
    """The class path. A missing jar is a setup that has not been done, not a test to be left out."""
    folder = Path(os.environ.get("TM_KAFKA_JARS", STATE / "kafka-jars"))
    found = sorted(folder.glob("*.jar"))
    assert any(jar.name.startswith("kafka_2.13-") for jar in found), f"no Kafka broker in {folder} (./dev setup)"
    assert shutil.which("java"), "java is not installed (./dev setup)"
    return ":".join(map(str, found))


class KafkaCluster:
    """Keeps its port and its data when it is stopped and started again."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port, self.process = free_port(), None
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.properties = self.folder / "server.properties"
        self.properties.write_text(PROPERTIES.format(port=self.port, controller=free_port(), folder=self.folder))
        # One word with its option: an id may begin with "-", which alone would be read as an option.
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        done = subprocess.run(self._java("kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}",
                                         "-c", self.properties),
                              capture_output=True, text=True, timeout=120, cwd=self.folder)
        assert done.returncode == 0, done.stdout + done.stderr

    def _java(self, main, *arguments):
        return ["java", "-XX:TieredStopAtLevel=1", "-Xmx512m", "-cp", jars(), main, *map(str, arguments)]

    def start(self):
        with (self.folder / "broker.log").open("ab") as log:
            self.process = subprocess.Popen(self._java("kafka.Kafka", self.properties), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=self.folder, start_new_session=True)
        self.admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        wait_until(self._ready, timeout=120, every=0.2, what="the Kafka broker answers")
        return self

    def _ready(self):
        if self.process.poll() is not None:
            raise RuntimeError((self.folder / "broker.log").read_text(errors="replace")[-4000:])
        try:
            return self.admin.list_topics(timeout=2).brokers
        except Exception:  # not yet
            return None

    def stop(self):
        """SIGTERM, as an operator stops it."""
        self.process.terminate()
        self.process.wait(60)
        self.process = None

    def close(self):
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
