"""A Tidemill server as a child process, and clients for it."""
import contextlib
import datetime
import http.client
import json
import os
import queue
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "000000000000"
REGION = "us-east-1"
ACCESS_KEY_ID = "AKIDTIDEMILLTESTS0"
SECRET_ACCESS_KEY = "tidemill-tests-secret-access-key"
STATE = Path(os.environ.get("TIDEMILL_STATE", ROOT / ".tidemill"))


def binary():
    """The server under test: TIDEMILL_BINARY, or the release build."""
    return Path(os.environ.get("TIDEMILL_BINARY", ROOT / "build" / "release" / "tidemill"))


def free_port():
    """Outside the range from which the system takes ports for outgoing connections: a server that is started again finds
    its port free."""
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(10_000, max(first_outgoing, 11_000))
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def server_environment(extra=None):
    """The environment of a server under test: no AWS settings of the machine, and the supplied SDKs."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TIDEMILL_"))}
    environment["TIDEMILL_RUNTIMES_DIR"] = str(STATE / "runtimes")
    environment["TIDEMILL_PYTHON"] = getattr(sys, "_base_executable", sys.executable)
    own_node = STATE / "node" / "bin"
    if own_node.is_dir():
        environment["PATH"] = f"{own_node}:{environment['PATH']}"
    environment.update(extra or {})
    return environment


@contextlib.contextmanager
def serving(folder, **options):
    """A server that runs inside the block and must end well; it may be stopped there."""
    running = Server(folder, **options).start()
    try:
        yield running
        if running.running:
            assert running.stop() == 0, running.log_tail()
    finally:
        running.close()


class ServerFailed(AssertionError):
    """The server did not get ready, or ended by itself; the text holds the end of its log."""


class Server:
    """One server with a data directory of its own. Restarts keep the directory and the addresses."""

    def __init__(self, folder, mode="dev", account=ACCOUNT, region=REGION, iam="off", durability="relaxed",
                 access_key_id=ACCESS_KEY_ID, secret_access_key=SECRET_ACCESS_KEY, arguments=(), environment=None,
                 ready_within=30.0):
        self.folder = Path(folder)
        self.data_dir = self.folder / "data"
        self.log_path = self.folder / "server.log"
        self.mode, self.account, self.region = mode, account, region
        self.iam, self.durability = iam, durability
        self.access_key_id, self.secret_access_key = access_key_id, secret_access_key
        self.arguments = [str(argument) for argument in arguments]
        self.environment = dict(environment or {})
        self.ready_within = ready_within
        self.endpoint = None
        self.kafka = None
        self.process = None
        self.start_seconds = None
        self._groups = []
        self._listen = f"127.0.0.1:{free_port()}"
        self._kafka_listen = f"127.0.0.1:{free_port()}"

    # ---- life ---------------------------------------------------------------------------------------------------
    def command(self):
        return [str(binary()), self.mode, "--data-dir", str(self.data_dir), "--listen", self._listen,
                "--kafka-listen", self._kafka_listen, "--account", self.account, "--region", self.region,
                "--durability", self.durability, "--iam", self.iam, "--access-key-id", self.access_key_id,
                "--secret-access-key", self.secret_access_key,
                *(["--loops", os.environ["TIDEMILL_TEST_LOOPS"]] if "TIDEMILL_TEST_LOOPS" in os.environ else []), *self.arguments]

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                            cwd=self.folder, env=server_environment(self.environment),
                                            start_new_session=True)
        self._groups.append(self.process.pid)
        lines = queue.Queue()
        threading.Thread(target=self._copy_output, args=(self.process.stdout, lines), daemon=True).start()
        while True:
            try:
                line = lines.get(timeout=max(0.0, began + self.ready_within - time.monotonic()))
            except queue.Empty:
                self.kill9()
                raise ServerFailed(f"no `ready` line within {self.ready_within} s\n{self.log_tail()}") from None
            if line is None:
                status = self.process.wait()
                raise ServerFailed(f"the server ended with status {status} before it was ready\n{self.log_tail()}")
            if line.startswith("ready"):
                break
        self.start_seconds = time.monotonic() - began
        self.endpoint = re.search(r"edge=(\S+)", line).group(1)
        found = re.search(r"kafka=(\S+)", line)   # absent in a build or a mode without a broker
        self.kafka = found.group(1) if found else None
        return self

    def _copy_output(self, pipe, lines):
        with self.log_path.open("ab") as log:
            for raw in pipe:
                log.write(raw)
                log.flush()
                lines.put(raw.decode(errors="replace").rstrip("\n"))
        lines.put(None)

    def stop(self, timeout=20.0):
        """SIGTERM; returns the exit status. A server that does not drain in time is killed and the test fails."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise ServerFailed(f"SIGTERM did not end the server within {timeout} s\n{self.log_tail()}") from None
        self.process = None
        return status

    def kill9(self):
        """kill -9 of the server alone: what it leaves behind is what a crash leaves behind."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def close(self):
        """kill -9, and the end of every process of this server's that is still there."""
        self.kill9()
        for group in self._groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass

    def restart(self, kill=False):
        self.kill9() if kill else self.stop()
        return self.start()

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def log_tail(self, lines=60):
        return "\n".join(self.log().splitlines()[-lines:])

    # ---- clients ------------------------------------------------------------------------------------------------
    def client(self, service, access_key_id=None, secret_access_key=None, session_token=None, region=None, **config):
        """A boto3 client of this server. `config` goes to botocore's Config (e.g. retries, read_timeout)."""
        config.setdefault("retries", {"max_attempts": 1, "mode": "standard"})
        config.setdefault("connect_timeout", 5)
        config.setdefault("read_timeout", 60)
        session = boto3.session.Session(aws_access_key_id=access_key_id or self.access_key_id,
                                        aws_secret_access_key=secret_access_key or self.secret_access_key,
                                        aws_session_token=session_token, region_name=region or self.region)
        return session.client(service, endpoint_url=self.endpoint, config=Config(**config))

    def resource(self, service):
        session = boto3.session.Session(aws_access_key_id=self.access_key_id,
                                        aws_secret_access_key=self.secret_access_key, region_name=self.region)
        return session.resource(service, endpoint_url=self.endpoint)

    def client_environment(self):
        """The environment in which awscli, SDK programs and `tidemill deploy` reach this server."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TIDEMILL_"))}
        environment.update(AWS_ENDPOINT_URL=self.endpoint, AWS_REGION=self.region, AWS_DEFAULT_REGION=self.region,
                           AWS_ACCESS_KEY_ID=self.access_key_id, AWS_SECRET_ACCESS_KEY=self.secret_access_key,
                           AWS_PAGER="", AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE=os.devnull,
                           AWS_SHARED_CREDENTIALS_FILE=os.devnull)
        environment["PATH"] = f"{STATE / 'bin'}:{Path(sys.executable).parent}:{environment['PATH']}"
        own_node = STATE / "node" / "bin"
        if own_node.is_dir():
            environment["PATH"] = f"{own_node}:{environment['PATH']}"
        return environment

    def run(self, *arguments, timeout=120, check=True, cwd=None, environment=None):
        """Runs a client program against this server and returns the finished process (text output)."""
        done = subprocess.run([str(argument) for argument in arguments], capture_output=True, text=True, timeout=timeout,
                              cwd=cwd or self.folder, env={**self.client_environment(), **(environment or {})},
                              stdin=subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(done.args)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def tidemill(self, *arguments, **options):
        """Runs a subcommand of the binary under test, e.g. server.tidemill("deploy", path)."""
        return self.run(binary(), *arguments, **options)

    def advance(self, seconds=0, **more):
        """Moves the server's time forward (a server with --virtual-clock): advance(hours=24). Due timers have fired."""
        by = datetime.timedelta(seconds=seconds, **more)
        status, _, body = self.http("POST", "/_admin/clock", json.dumps({"advance_ms": int(by.total_seconds() * 1000)}))
        assert status == 200, body
        return json.loads(body)

    def http(self, method, path, body=None, headers=None, timeout=30):
        """One HTTP request to the edge: (status, headers, body bytes)."""
        address = urlsplit(self.endpoint)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)
