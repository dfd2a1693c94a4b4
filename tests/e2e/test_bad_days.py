"""Bad days of the machine: one clear sentence and a non-zero exit, or a start that says what is off."""
import os
import re
import shutil
import socket
import subprocess
import time

import pytest
from botocore.exceptions import ClientError
from support.archives import zip_of
from support.server import binary, server_environment
from support.waiting import wait_until

ROLE = "arn:aws:iam::000000000000:role/any"


def refused(server, mentions, status=None, environment=None, arguments=None):
    """The server ends by itself; its last words are one sentence that names what is wrong."""
    done = subprocess.run(arguments or [*server.command()], capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL,
                          env=server_environment(environment), cwd=server.folder)
    assert done.returncode not in (0, None) and done.returncode > 0, f"ended with {done.returncode}: {done.stderr}"
    if status is not None:
        assert done.returncode == status
    assert "ready" not in done.stdout
    sentences = [line for line in done.stderr.splitlines() if line.startswith("tidemill: ")]
    assert len(sentences) == 1, done.stderr
    for mention in mentions:
        assert mention in sentences[0]
    return sentences[0]


@pytest.fixture
def stopped(make_server):
    server = make_server(start=False)
    server.folder.mkdir(parents=True)
    return server


@pytest.mark.parametrize("which", ["_listen", "_kafka_listen"])
def test_a_port_in_use(stopped, which):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = "127.0.0.1:%d" % other.getsockname()[1]
        setattr(stopped, which, address)
        refused(stopped, [address, "in use"], status=1)


def test_a_data_directory_that_cannot_be_made(stopped):
    stopped.data_dir = stopped.folder / "file" / "data"
    (stopped.folder / "file").write_text("not a folder")
    refused(stopped, ["data directory", str(stopped.data_dir)], status=1)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_data_directory_that_cannot_be_written(stopped):
    stopped.data_dir.mkdir()
    stopped.data_dir.chmod(0o500)
    refused(stopped, ["cannot write in the data directory"], status=1)


@pytest.mark.skipif(os.getuid() != 0, reason="mounting needs root")
def test_a_data_directory_on_a_read_only_file_system(stopped):
    stopped.data_dir.mkdir()
    with mounted(stopped.data_dir, "ro,size=1m"):
        refused(stopped, ["data directory", "ead-only"], status=1)


def test_a_data_directory_of_a_newer_version(make_server):
    server = make_server()
    assert server.stop() == 0
    # Key 0x01 "format" of the meta keyspace (docs/formats/store.md).
    subprocess.run(["ldb", f"--db={server.data_dir}/store", "--column_family=default", "put", "--hex", "0x01666F726D6174", "0x393939"],
                   check=True, capture_output=True)
    refused(server, ["has format 999", "newer version"], status=1)


def test_a_data_directory_that_another_server_uses(make_server):
    first = make_server()
    second = make_server(start=False)
    second.folder.mkdir(parents=True)
    second.data_dir = first.data_dir
    refused(second, ["in use by another server"], status=1)
    assert first.client("dynamodb").list_tables()["ResponseMetadata"]["HTTPStatusCode"] == 200   # it did not notice


def test_start_without_an_administrator(stopped):
    without = [str(binary()), "start", "--data-dir", str(stopped.data_dir), "--listen", stopped._listen,
               "--kafka-listen", stopped._kafka_listen]
    refused(stopped, ["no administrator", "--access-key-id"], status=2, arguments=without)
    refused(stopped, ["both an access key id and a secret access key"], status=2, arguments=without,
            environment={"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"})


def test_start_takes_the_administrator_of_its_environment(make_server):
    server = make_server(start=False)
    server.environment = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE00000", "AWS_SECRET_ACCESS_KEY": "secret"}
    command = [str(binary()), "start", "--data-dir", str(server.data_dir), "--listen", server._listen,
               "--kafka-listen", server._kafka_listen]
    server.command = lambda: command
    server.start()
    known = server.client("dynamodb", access_key_id="AKIDEXAMPLE00000", secret_access_key="secret")
    assert known.list_tables()["TableNames"] == []
    with pytest.raises(ClientError) as refusal:
        server.client("dynamodb", access_key_id="AKIDEXAMPLE00000", secret_access_key="wrong").list_tables()
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
    with pytest.raises(ClientError):
        server.client("dynamodb", access_key_id="AKIDUNKNOWN00000", secret_access_key="secret").list_tables()


@pytest.mark.parametrize("option, value, mention", [
    ("--account", "12", "12 digits"),
    ("--listen", "nowhere", "nowhere"),
    ("--listen", "0.0.0.0:4566", "not loopback"),
    ("--kafka-listen", "0.0.0.0:9092", "not loopback"),
])
def test_settings_that_make_no_sense(stopped, option, value, mention):
    arguments = [str(binary()), "dev", "--data-dir", str(stopped.data_dir), option, value]
    refused(stopped, [mention], status=2, arguments=arguments)
    assert not stopped.data_dir.exists()


def test_an_unknown_option(stopped):
    done = subprocess.run([binary(), "dev", "--no-such-option"], capture_output=True, text=True, timeout=10)
    assert done.returncode != 0 and "--no-such-option" in done.stderr + done.stdout


def test_sigterm_drains_and_a_restart_finds_everything(make_server):
    server = make_server(durability="durable")
    db = server.client("dynamodb")
    db.create_table(TableName="kept", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    db.put_item(TableName="kept", Item={"id": {"S": "a"}})
    assert server.stop() == 0
    server.start()
    assert server.client("dynamodb").get_item(TableName="kept", Key={"id": {"S": "a"}})["Item"] == {"id": {"S": "a"}}


# ---- a full disk ------------------------------------------------------------------------------------------------------
class mounted:
    """A file system in memory of its own."""

    def __init__(self, folder, options):
        self.folder, self.options = folder, options

    def __enter__(self):
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", self.options, "tmpfs", self.folder], capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"no mounting here: {done.stderr.strip()}")

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.folder], check=True)


@pytest.mark.skipif(os.getuid() != 0, reason="mounting needs root")
def test_a_full_disk_refuses_writes_and_serves_reads(make_server):
    server = make_server(start=False, durability="durable", arguments=["--disk-reserve-mb", "16", "--block-cache-mb", "8"])
    server.data_dir.mkdir(parents=True)
    with mounted(server.data_dir, "size=160m"):
        try:
            server.start()
            db = server.client("dynamodb", retries={"max_attempts": 0})
            db.create_table(TableName="full", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
            db.put_item(TableName="full", Item={"id": {"S": "first"}})
            filler = server.data_dir / "filler"

            def fill():
                """Leaves less than the reserve, and more than nothing."""
                with filler.open("ab") as file:
                    file.write(b"\1" * max(0, shutil.disk_usage(server.data_dir).free - (8 << 20)))

            fill()

            def put(id):
                return db.put_item(TableName="full", Item={"id": {"S": id}, "pad": {"S": "x" * 1000}})

            def refusal():
                try:
                    put("refused")
                except ClientError as error:
                    return error.response
                return None

            response = wait_until(refusal, timeout=5, what="writes are refused")
            assert response["ResponseMetadata"]["HTTPStatusCode"] >= 500
            assert "disk is full" in response["Error"]["Message"].lower()
            assert db.get_item(TableName="full", Key={"id": {"S": "first"}})["Item"] == {"id": {"S": "first"}}
            before = {item["id"]["S"] for item in db.scan(TableName="full")["Items"]}
            assert refusal() is not None
            assert {item["id"]["S"] for item in db.scan(TableName="full")["Items"]} == before   # refused is not written
            # A restart on the full disk serves reads.
            assert server.stop() == 0
            server.start()
            db = server.client("dynamodb", retries={"max_attempts": 0})
            assert db.get_item(TableName="full", Key={"id": {"S": "first"}})["Item"] == {"id": {"S": "first"}}
            fill()   # the start may have given up the ballast, to have room for its recovery
            wait_until(refusal, timeout=5)
            # Space comes back, and with it the service.
            filler.unlink()
            freed = time.monotonic()
            wait_until(lambda: refusal() is None, timeout=5)
            assert time.monotonic() - freed < 3
            put("after")
        finally:
            server.close()


# ---- languages that are not there -------------------------------------------------------------------------------------
def make_function(server, name, runtime, files, handler):
    functions = server.client("lambda")
    functions.create_function(FunctionName=name, Runtime=runtime, Handler=handler, Role=ROLE, Code={"ZipFile": zip_of(files)})
    functions.get_waiter("function_active_v2").wait(FunctionName=name)
    return functions


@pytest.mark.parametrize("variable, runtime, files, handler, word", [
    ("TIDEMILL_NODE", "nodejs22.x", {"index.js": "exports.handler = async () => 1;"}, "index.handler", "ode"),
    ("TIDEMILL_PYTHON", "python3.12", {"index.py": "def handler(event, context):\n    return 1\n"}, "index.handler", "ython"),
])
def test_a_language_that_is_not_installed(make_server, variable, runtime, files, handler, word):
    server = make_server(environment={variable: "/nowhere/interpreter"})
    assert re.search(rf"warn .*{word}", server.log()), "the start says what is off"
    answer = None
    try:
        answer = make_function(server, "f", runtime, files, handler).invoke(FunctionName="f")
    except ClientError as error:                      # refused when it was created, or when it was called
        assert word in error.response["Error"]["Message"]
    if answer is not None:
        assert answer.get("FunctionError"), "an interpreter that does not exist cannot have run the function"
        assert word in answer["Payload"].read().decode()
    assert server.client("dynamodb").list_tables()["TableNames"] == []   # the rest of the house works
