"""What is measured: our server, the floors, and the peers. Each has a name, an endpoint, a pid, and ends with close()."""
import os
import re
import shutil
import signal
import subprocess
import time

import boto3
from botocore.config import Config

from support.kafka_cluster import KafkaCluster, jars
from support.server import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, STATE, Server, binary, free_port

PEERS = STATE / "bench-peers"


class Missing(Exception):
    """A peer that is not installed on this machine."""


def program(name):
    return binary().parent / name


class Process:
    """A child that prints "ready edge=http://HOST:PORT", or is ready when its port answers."""

    def __init__(self, name, command, folder, port=None, environment=None):
        self.name = name
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "output.log").open("ab") as log:
            self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stderr=log, cwd=folder,
                                            stdout=subprocess.PIPE if port is None else log, start_new_session=True,
                                            env={**os.environ, **(environment or {})})
        self.address = f"127.0.0.1:{port}" if port else self._ready_line()

    def _ready_line(self):
        line = self.process.stdout.readline().decode()
        found = re.search(r"edge=http://(\S+)", line)
        if not found:
            raise RuntimeError(f"{self.name} did not start")
        return found.group(1)

    @property
    def pid(self):
        return self.process.pid

    def client(self, service):
        return boto3.session.Session(ACCESS_KEY_ID, SECRET_ACCESS_KEY, region_name=REGION).client(
            service, endpoint_url=f"http://{self.address}", config=Config(retries={"max_attempts": 1}, read_timeout=60))

    def wait_for_tables(self, seconds=60):
        """Until ListTables is answered."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.client("dynamodb").list_tables()
            except Exception:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


class Tidemill(Server):
    """Our own, started with the settings that users get; `durability`, `iam` and `arguments` as given."""

    def __init__(self, folder, name="Tidemill", **options):
        options.setdefault("arguments", ["--log-level", "warn"])
        super().__init__(folder, **options)
        self.name = name
        self.start()

    @property
    def address(self):
        return self.endpoint.removeprefix("http://")

    @property
    def kafka_address(self):
        return self.kafka.removeprefix("kafka://") if self.kafka else None

    @property
    def pid(self):
        return self.process.pid


def floor(kind, folder, *arguments, name=None):
    return Process(name or f"floor ({kind})", [program("tidemill_floor"), kind, *arguments], folder)


def floor_items(folder):
    return floor("items", folder, "--data-dir", folder / "db", name="floor")


def dynamodb_local(folder, on_disk=False):
    jars = PEERS / "jars"
    if not any(jars.glob("DynamoDBLocal-*.jar")) or not shutil.which("java"):
        raise Missing("DynamoDB Local")
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    where = ["-dbPath", folder] if on_disk else ["-inMemory"]
    process = Process("DynamoDB Local", ["java", f"-Djava.library.path={jars}", "-cp", f"{jars}/*",
                                         "com.amazonaws.services.dynamodbv2.local.main.ServerRunner", "-port", port, "-sharedDb", *where],
                      folder, port=port, environment={"DDB_LOCAL_TELEMETRY": "0"})
    process.wait_for_tables()
    return process


def dynalite(folder):
    script = PEERS / "node_modules" / "dynalite" / "cli.js"
    if not script.exists():
        raise Missing("dynalite")
    port = free_port()
    process = Process("dynalite", ["node", script, "--port", port, "--createTableMs", "0"], folder, port=port)
    process.wait_for_tables()
    return process


class ApacheKafka(KafkaCluster):
    """One node in KRaft mode, with the settings of Java that kafka-run-class.sh gives it."""
    name = "Apache Kafka"

    def __init__(self, folder):
        try:
            jars()
        except AssertionError:
            raise Missing("Apache Kafka") from None
        super().__init__(folder)
        self.start()

    def _java(self, main, *arguments):
        return ["java", "-Xmx1G", "-Xms1G", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35",
                "-XX:+ExplicitGCInvokesConcurrent", "-cp", jars(), main, *map(str, arguments)]

    @property
    def address(self):
        return self.bootstrap

    @property
    def pid(self):
        return self.process.pid
