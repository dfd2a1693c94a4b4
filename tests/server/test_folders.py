"""Where a server's state lies, as `tidemill dev` is started by hand: in some project's folder, without options."""
import os

from support.archives import zip_of
from support.server import STATE, Server

ROLE = "arn:aws:iam::000000000000:role/r"
SOURCES = {"nodejs20.x": ("index.js", "const { DynamoDBClient } = require('@aws-sdk/client-dynamodb'); exports.handler = async () => typeof DynamoDBClient"),
           "python3.12": ("index.py", "import boto3\ndef handler(event, context): return type(boto3).__name__")}


def invoke(server, runtime):
    client, (file, source) = server.client("lambda"), SOURCES[runtime]
    name = runtime.replace(".", "-")
    client.create_function(FunctionName=name, Runtime=runtime, Role=ROLE, Handler="index.handler", Timeout=30, Code={"ZipFile": zip_of({file: source})})
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
    return client.invoke(FunctionName=name)["Payload"].read()


def test_folders_may_be_relative_and_lie_in_a_project_of_es_modules(tmp_path):
    (tmp_path / "package.json").write_text('{"type":"module"}')
    (tmp_path / "sdk").symlink_to(STATE / "runtimes")
    server = Server(tmp_path, arguments=["--runtimes-dir", "sdk"])
    server.data_dir = os.path.join(".tidemill", "data")
    try:
        server.start()
        assert invoke(server, "nodejs20.x") == b'"function"'
        assert invoke(server, "python3.12") == b'"module"'
    finally:
        server.close()
    assert (tmp_path / ".tidemill" / "data" / "functions").is_dir()


def test_the_sdks_lie_where_setup_puts_them(tmp_path):
    (tmp_path / ".tidemill").mkdir()
    (tmp_path / ".tidemill" / "runtimes").symlink_to(STATE / "runtimes")
    server = Server(tmp_path, environment={"TIDEMILL_RUNTIMES_DIR": ""})
    try:
        server.start()
        assert invoke(server, "nodejs20.x") == b'"function"'
        assert "no_sdk" not in server.log()
    finally:
        server.close()
