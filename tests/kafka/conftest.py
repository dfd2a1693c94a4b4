"""A broker for each test module: kafka_test_broker from the build folder (TM_KAFKA_TEST_BROKER names another)."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import uuid

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("TM_KAFKA_TEST_BROKER", str(ROOT / "build/release/src/api/kafka/kafka_test_broker"))


class Broker:
    def __init__(self, **environment):
        self.folder = tempfile.mkdtemp(prefix="tm-kafka-")
        self.environment = {**os.environ, "RELAXED": "1", **environment}
        self.port = self.sasl_port = 0
        self.process = None
        self.start()

    def start(self):
        self.log = open(os.path.join(self.folder, "log"), "ab")
        self.process = subprocess.Popen([BINARY, os.path.join(self.folder, "data"), str(self.port), str(self.sasl_port)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, env=self.environment)
        line = self.process.stdout.readline().decode()
        assert line.startswith("ready"), line
        self.plain, self.sasl = (part.split("=")[1] for part in line.split()[1:])
        self.port, self.sasl_port = (int(address.rsplit(":", 1)[1]) for address in (self.plain, self.sasl))

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)

    def kill9(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=20)

    def restart(self):
        self.stop()
        self.start()

    def close(self):
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="module")
def broker():
    started = Broker()
    yield started
    started.close()


@pytest.fixture
def own_broker():
    """For tests that stop it, kill it or need other settings: a factory."""
    started = []

    def make(**environment):
        started.append(Broker(**environment))
        return started[-1]

    yield make
    for one in started:
        one.close()


@pytest.fixture
def name():
    return "t-" + uuid.uuid4().hex[:12]
