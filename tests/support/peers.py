"""Other servers of the same API, for the conformance cases: what they answer is compared, never followed."""
import http.client
import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from . import server as servers

JARS = servers.STATE / "bench-peers" / "jars"


class Peer:
    """Anything that answers at a URL. What only our own process can do skips the test that asks for it."""

    def __init__(self, endpoint, name="peer"):
        self.endpoint, self.name = endpoint, name
        self.running = True

    def client(self, service, **options):
        return boto3.client(service, endpoint_url=self.endpoint, region_name=servers.REGION, config=Config(retries={"max_attempts": 1}),
                            aws_access_key_id=servers.ACCESS_KEY_ID, aws_secret_access_key=servers.SECRET_ACCESS_KEY)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        pytest.skip(f"{name} of a server's process: not on a peer")

    def close(self):
        pass


class DynamoDbLocal(Peer):
    """DynamoDB Local in memory, from the jars that `./dev conformance --peer dynamodb-local` fetches."""

    def __init__(self, folder):
        if not any(JARS.glob("DynamoDBLocal-*.jar")) or shutil.which("java") is None:
            pytest.fail("DynamoDB Local is not here: ./dev conformance --peer dynamodb-local fetches it")
        port = servers.free_port()
        super().__init__(f"http://127.0.0.1:{port}", "DynamoDB Local")
        with (Path(folder) / "peer.log").open("wb") as log:
            self.process = subprocess.Popen(
                ["java", "-Xmx512m", f"-Djava.library.path={JARS}", f"-Dsqlite4java.library.path={JARS}", "-cp", f"{JARS}/*",
                 "com.amazonaws.services.dynamodbv2.local.main.ServerRunner", "-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
        deadline = time.monotonic() + 60
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.close()
                pytest.fail("DynamoDB Local did not start: " + (Path(folder) / "peer.log").read_text(errors="replace")[-2000:])
            time.sleep(0.1)

    def _answers(self):
        address = urlsplit(self.endpoint)
        try:
            connection = http.client.HTTPConnection(address.hostname, address.port, timeout=5)
            connection.request("GET", "/")
            connection.getresponse().read()
            return True
        except OSError:
            return False

    def close(self):
        self.process.kill()
        self.process.wait()


def choose(peer, endpoint, folder):
    """The peer that an environment asks for, or None: then the cases run against our own server."""
    if endpoint:
        return Peer(endpoint)
    if peer == "dynamodb-local":
        return DynamoDbLocal(folder)
    if peer:
        pytest.fail(f"no peer is called {peer}: dynamodb-local, or TIDEMILL_CONFORMANCE_ENDPOINT=URL")
    return None
