"""Execution environments, run by the real server (ids of the functions specification in the names)."""
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from test_lambda_api import NODE, PYTHON, Maker, fn, zipped  # noqa: F401  (fn is a fixture)

# Of the machine, not of a virtual environment: functions may not see where that lies.
INTERPRETER = getattr(sys, "_base_executable", sys.executable)
ROOT = Path(__file__).resolve().parents[2]


def error_of(fn, name, event=None):
    answer, payload = fn.invoke(name, event)
    assert answer["StatusCode"] == 200 and answer.get("FunctionError") == "Unhandled", payload
    return json.loads(payload), answer["ResponseMetadata"]["RequestId"]


def messages(fn, name, want):
    return [event["message"] for event in fn.log_events(name, want)]


def test_FR_16_FR_17_variables_and_folders(fn, unique):
    name = unique("fn")
    fn.create(name, "exports.handler = async () => ({ env: process.env, cwd: process.cwd() })", Environment={"Variables": {"OWN": "1"}})
    seen = fn.value(name)
    env = seen["env"]
    expected = {
        "_HANDLER": "index.handler", "AWS_LAMBDA_FUNCTION_NAME": name, "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs20.x", "LANG": "en_US.UTF-8", "TZ": ":UTC", "OWN": "1", "SHLVL": "0",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    }
    assert {key: env.get(key) for key in expected} == expected
    assert env["LAMBDA_TASK_ROOT"] == seen["cwd"]
    assert env["AWS_ENDPOINT_URL"].startswith("http://")
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", env["AWS_LAMBDA_LOG_STREAM_NAME"])
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", env["_X_AMZN_TRACE_ID"])
    assert env["AWS_ACCESS_KEY_ID"].startswith("ASIA") and env["AWS_SESSION_TOKEN"]


def test_FL_11_function_credentials_are_a_session_of_the_role(fn, unique):
    pytest.importorskip("boto3")
    name = unique("fn")
    fn.create(name, "import boto3\ndef handler(e, c): return boto3.client('sts').get_caller_identity()['Arn']", runtime=PYTHON, Timeout=20)
    answer, payload = fn.invoke(name, {})
    if b"No module named 'boto3'" in payload:
        pytest.skip("boto3 is not supplied to functions here")
    assert json.loads(payload) == f"arn:aws:sts::000000000000:assumed-role/r/{name}", payload


@pytest.mark.parametrize("files", [{"index.mjs": ""}, {"index.js": "", "package.json": '{"type":"module"}'}], ids=lambda files: next(iter(files)))
def test_FR_37_an_es_module_imports_the_supplied_sdk(fn, unique, files):
    source = """import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
      import * as documents from '@aws-sdk/lib-dynamodb';
      const client = new DynamoDBClient({});
      export const handler = async () => [typeof documents.PutCommand, Array.isArray((await client.send(new ListTablesCommand({}))).TableNames)]"""
    name = unique("fn")
    fn.create(name, files={file: text or source for file, text in files.items()}, Timeout=20)
    assert fn.value(name) == ["function", True]


def test_output_that_is_no_text_can_be_read(fn, unique):
    name = unique("fn")
    fn.create(name, "import os\ndef handler(e, c):\n    os.write(1, b'caf\\xe9\\n')\n    print('\u20ac' * 100_000)", runtime=PYTHON)
    fn.value(name)
    said = messages(fn, name, 7)
    assert "caf\ufffd\n" in said
    assert "".join(text for text in said if "\u20ac" in text) == "\u20ac" * 100_000 + "\n"


def test_all_that_was_written_before_an_exit_is_in_the_log(fn, unique):
    name = unique("fn")
    fn.create(name, "exports.handler = async () => { for (let i = 0; i < 5000; i++) console.log('line', 'x'.repeat(80), i); process.stderr.write('last\\n'); process.exit(1) }",
              Timeout=20)
    error_of(fn, name)
    lines = [text for text in messages(fn, name, 5000) if "line" in text or "last" in text]
    assert [int(text.split()[-1]) for text in lines if "line" in text] == list(range(5000)) and "last\n" in lines


def test_garbage_is_collected_before_it_is_more_than_the_memory(fn, unique):
    name = unique("fn")
    fn.create(name, "exports.handler = async () => { const kept = []; for (let i = 0; i < 40; i++) kept.push(new Array(131072).fill(i + 0.5)); return kept.length }",
              MemorySize=128, Timeout=20)
    assert [fn.value(name) for _ in range(12)] == [40] * 12


@pytest.mark.parametrize("variables, wanted", [({"OWN": "1"}, True), ({"NODE_NO_WARNINGS": "1"}, False)], ids=["none", "NODE_NO_WARNINGS"])
def test_variables_that_node_reads_at_its_start_are_there(fn, unique, variables, wanted):
    name = unique("fn")
    fn.create(name, "process.emitWarning('own'); exports.handler = async () => [typeof gc, require('http').maxHeaderSize]", Environment={"Variables": variables})
    assert fn.value(name) == ["function", 81920]
    assert any("Warning: own" in text for text in messages(fn, name, 4 + wanted)) == wanted


def test_archives_hold_names_beyond_ascii(fn, unique):
    name = unique("fn")
    fn.create(name, files={"index.js": "exports.handler = async () => require('fs').readFileSync('gr\u00f6\u00dfe/\u65e5\u672c.txt', 'utf8')", "gr\u00f6\u00dfe/\u65e5\u672c.txt": "seen"})
    assert fn.value(name) == "seen"


def test_FR_20_frozen_between_invocations(fn, unique):
    name = unique("fn")
    fn.create(name, "let ticks = 0; setInterval(() => ticks++, 10); exports.handler = async () => ticks", Timeout=5)
    first = fn.value(name)
    time.sleep(1.5)
    assert fn.value(name) - first < 20  # 150 without freezing


def test_FR_19_parallel_invocations_have_their_own_environments(fn, unique):
    from concurrent.futures import ThreadPoolExecutor
    name = unique("fn")
    fn.create(name, "const id = Math.random(); exports.handler = async () => { await new Promise((r) => setTimeout(r, 3000)); return id }", Timeout=10)
    with ThreadPoolExecutor(3) as pool:
        ids = list(pool.map(lambda _: fn.value(name), range(3)))
    assert len(set(ids)) == 3


def temporary_folder(server):
    """What a function uses as its private folder: where the host has no namespaces for us, TMPDIR says it."""
    return "process.env.TMPDIR" if "functions.not_isolated" in server.log_path.read_text(errors="replace") else "'/tmp'"


def test_FR_21_FR_22_FR_23_timeouts(fn, unique, server):
    name = unique("fn")
    source = ("const fs = require('fs'); const id = Math.random(); exports.handler = async (e) => {\n"
              f"  const marker = {temporary_folder(server)} + '/marker'; const had = fs.existsSync(marker); fs.writeFileSync(marker, 'x');\n"
              "  if (e.sleep) await new Promise((r) => setTimeout(r, 3000));\n  return [id, had] }")
    fn.create(name, source, Timeout=1)
    before = fn.value(name, {})
    assert before[1] is False
    begin = time.monotonic()
    error, request_id = error_of(fn, name, {"sleep": True})
    assert 0.9 < time.monotonic() - begin < 2.9   # not to the end of its sleep
    assert error == {"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {request_id} Error: Task timed out after 1.00 seconds"}
    after = fn.value(name, {})
    assert after[0] != before[0]
    assert after[1] is False
    lines = messages(fn, name, 10)
    assert any(re.fullmatch(rf"\S+Z {request_id} Task timed out after 1\.00 seconds\n\n", line) for line in lines)
    assert any(line.startswith(f"REPORT RequestId: {request_id}") and line.endswith("\tStatus: timeout\n") for line in lines)


@pytest.mark.parametrize("source,reason", [
    ("import sys\ndef handler(e, c): sys.exit(0)", "Runtime exited without providing a reason"),
    ("import sys; sys.exit(0)", "Runtime exited without providing a reason"),
    ("import os\ndef handler(e, c): os._exit(9)", "Runtime exited with error: exit status 9"),
    ("import os\ndef handler(e, c): os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
])
def test_FR_24_FR_25_exits(fn, unique, source, reason):
    name = unique("fn")
    fn.create(name, source, runtime=PYTHON, Timeout=10)
    error, request_id = error_of(fn, name, {})
    assert error == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: {reason}"}


def test_FR_24_missing_wrapper_is_exit_127(fn, unique):
    name = unique("fn")
    fn.create(name, Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/no/such/wrapper"}})
    error, request_id = error_of(fn, name, {})
    assert error == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: Runtime exited with error: exit status 127"}


def test_FR_29_wrappers_are_honoured(fn, unique):
    name = unique("fn")
    fn.create(name, files={"index.js": "exports.handler = async () => process.env.FROM_WRAPPER", "wrap.sh": "#!/bin/sh\nexport FROM_WRAPPER=yes\nexec \"$@\"\n"}, mode=0o755,
              Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrap.sh"}})
    assert fn.value(name) == "yes"


def test_FR_26_memory_limit(fn, unique):
    name = unique("fn")
    fn.create(name, "import time\ndef handler(e, c):\n  x = bytearray(300 << 20)\n  time.sleep(5)\n  return len(x)", runtime=PYTHON, Timeout=10)
    error, request_id = error_of(fn, name, {})
    assert error == {"errorType": "Runtime.OutOfMemory", "errorMessage": f"RequestId: {request_id} Error: Runtime exited with error: signal: killed"}
    report = [line for line in messages(fn, name, 4) if line.startswith("REPORT")][0]
    assert "\tMax Memory Used: 128 MB\t" in report and report.endswith("Status: error\tError Type: Runtime.OutOfMemory\n")


@pytest.mark.slow
def test_FR_27_init_over_ten_seconds_is_tried_again_in_the_invocation(fn, unique):
    name = unique("fn")
    fn.create(name, "import time\ntime.sleep(11)\ndef handler(e, c): return 'late'", runtime=PYTHON, Timeout=30)
    assert fn.value(name) == "late"
    assert any(re.match(r"INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: init\tStatus: timeout\n", line) for line in messages(fn, name, 5))


def test_FR_28_FR_07_import_errors(fn, unique):
    name = unique("fn")
    fn.create(name, "import nomod", runtime=PYTHON)
    for _ in range(2):
        error, _ = error_of(fn, name, {})
        assert error["errorType"] == "Runtime.ImportModuleError" and error["errorMessage"] == "Unable to import module 'app': No module named 'nomod'"
        assert error["requestId"] == ""


def test_FR_31_FR_33_FR_34_FR_35_log_events(fn, unique):
    name = unique("fn")
    fn.create(name, "import sys\ndef handler(e, c):\n  print('multi\\nline\\nstring\\nanother\\rline')\n  sys.stderr.write('err\\n')", runtime=PYTHON)
    fn.invoke(name, {})
    events = fn.log_events(name, 9)
    lines = [event["message"] for event in events]
    assert re.fullmatch(r"INIT_START Runtime Version: python:3\.11\.v1\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}\n", lines[0])
    middle = lines[2:-2]
    assert sorted(middle) == sorted(["multi\n", "line\n", "string\n", "another\rline\n", "err\n"])
    assert lines[-2].startswith("END RequestId: ") and lines[-1].endswith("\t\n") and "Init Duration" in lines[-1]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", events[0]["logStreamName"])


def test_FR_14_FR_15_provided_bootstraps(fn, unique):
    name = unique("fn")
    fn.create(name, files={"main": "x"}, runtime="provided.al2023", handler="h")
    error, request_id = error_of(fn, name, {})
    assert error["errorType"] == "Runtime.InvalidEntrypoint"
    assert error["errorMessage"] == f"RequestId: {request_id} Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
    plain = unique("fn")
    fn.create(plain, files={"bootstrap": "#!/bin/sh\n"}, runtime="provided.al2023", handler="h", mode=0o644)
    assert "permission denied" in error_of(fn, plain, {})[0]["errorMessage"]
    shell = unique("fn")
    script = ("#!/bin/bash\nexec 3<>/dev/tcp/${AWS_LAMBDA_RUNTIME_API/:/\\/}\n"
              "while true; do\n  printf 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&3\n  id=; length=0\n"
              "  while IFS=$'\\r' read -r line <&3 && [ -n \"$line\" ]; do\n    case \"${line,,}\" in lambda-runtime-aws-request-id:*) id=${line#*: };; content-length:*) length=${line#*: };; esac\n  done\n"
              "  read -r -N \"$length\" event <&3\n  body=\"{\\\"env\\\":\\\"${AWS_EXECUTION_ENV-none}\\\"}\"\n"
              "  printf 'POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\r\\n\\r\\n%s' \"$id\" ${#body} \"$body\" >&3\n"
              "  length=0\n  while IFS=$'\\r' read -r line <&3 && [ -n \"$line\" ]; do case \"${line,,}\" in content-length:*) length=${line#*: };; esac; done\n  read -r -N \"$length\" ignored <&3\ndone\n")
    fn.create(shell, files={"bootstrap": script}, runtime="provided.al2023", handler="h", mode=0o755)
    assert fn.value(shell, {}) == {"env": "none"}
    assert fn.value(shell, {}) == {"env": "none"}


def test_FR_48_an_unhandled_rejection_takes_the_environment(fn, unique):
    name = unique("fn")
    fn.create(name, "const id = Math.random(); exports.handler = async (e) => { if (e.bad) { Promise.reject(new Error('lost')); await new Promise((r) => setTimeout(r, 500)) } return id }")
    before = fn.value(name, {})
    error, _ = error_of(fn, name, {"bad": 1})
    assert (error["errorType"], error["errorMessage"]) == ("Runtime.UnhandledPromiseRejection", "Error: lost")
    assert fn.value(name, {}) != before


def test_FR_59_functions_survive_kill_9(make_server, unique):
    server = make_server()
    fn = Maker(server)
    name = unique("fn")
    fn.create(name, "exports.handler = async () => 'still here'", Tags={"a": "b"})
    assert fn.value(name) == "still here"
    server.restart(kill=True)
    fn = Maker(server)
    assert fn.value(name) == "still here"
    assert fn.client.get_function(FunctionName=name)["Tags"] == {"a": "b"}
    assert any(line.startswith("REPORT") for line in messages(fn, name, 4))


def test_FR_12_the_runtime_interface_client_of_python_runs_unmodified(fn, unique, tmp_path):
    installed = subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--target", str(tmp_path / "ric"), "awslambdaric"], capture_output=True)
    if installed.returncode != 0:
        pytest.skip("awslambdaric cannot be installed here")
    name = unique("fn")
    # In the archive: a function sees its own code wherever this tree lies.
    bundled = {str(path.relative_to(tmp_path)): path.read_bytes() for path in (tmp_path / "ric").rglob("*") if path.is_file()}
    bootstrap = f"#!/bin/sh\nexport PYTHONPATH=$LAMBDA_TASK_ROOT/ric:$LAMBDA_TASK_ROOT\ncd $LAMBDA_TASK_ROOT\nexec {INTERPRETER} -m awslambdaric $_HANDLER\n"
    fn.create(name, files={**bundled, "bootstrap": bootstrap, "app.py": "def handler(e, c):\n  if e.get('bad'): raise ValueError('no')\n  return b'raw' if e.get('raw') else object() if e.get('o') else e"},
              runtime="provided.al2023", handler="app.handler", mode=0o755, Timeout=20)
    assert fn.value(name, {"a": 1}) == {"a": 1}
    assert fn.invoke(name, {"raw": 1})[1] == b"raw"
    assert error_of(fn, name, {"bad": 1})[0]["errorType"] == "ValueError"
    assert error_of(fn, name, {"o": 1})[0]["errorType"] == "Runtime.MarshalError"


def test_FR_13_a_function_in_cpp_counts_orders(server, fn, unique):
    binary = ROOT / "build/release/runtimes/cpp/example_order_totals/bootstrap"
    if not binary.exists():
        pytest.skip("the C++ example is not built")
    tables = server.client("dynamodb")
    table = unique("totals")
    tables.create_table(TableName=table, KeySchema=[{"AttributeName": "customer", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
                        AttributeDefinitions=[{"AttributeName": "customer", "AttributeType": "S"}])
    tables.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
    name = unique("fn")
    fn.create(name, files={"bootstrap": binary.read_bytes()}, runtime="provided.al2023", handler="h", mode=0o755, Timeout=10, Environment={"Variables": {"TOTALS_TABLE": table}})

    def record(customer, amount):
        return {"eventID": "e", "eventName": "INSERT", "dynamodb": {"NewImage": {"customer": {"S": customer}, "amount": {"N": amount}}, "SequenceNumber": "1"}}

    assert fn.value(name, {"Records": [record("ann", "1.5"), record("bob", "2"), record("ann", "3")]}) == 3
    assert tables.get_item(TableName=table, Key={"customer": {"S": "ann"}}, ConsistentRead=True)["Item"]["amount_total"] == {"N": "4.5"}
    error, _ = error_of(fn, name, {"Records": [{"eventID": "x", "eventName": "INSERT", "dynamodb": {"NewImage": {}, "SequenceNumber": "1"}}]})
    assert error == {"errorType": "BadOrder", "errorMessage": "an order needs a customer and an amount: x"}


@pytest.mark.parametrize("package", ["aws-sdk@2", "@aws-sdk/client-dynamodb@3"])
def test_sdks_for_javascript_reach_the_server_unchanged(server, fn, unique, package):  # those that set-up supplies
    tables = server.client("dynamodb")
    table = unique("items")
    tables.create_table(TableName=table, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
                        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    name = unique("fn")
    if package.startswith("aws-sdk"):
        source = ("const AWS = require('aws-sdk'); const db = new AWS.DynamoDB.DocumentClient();\n"
                  "exports.handler = async (e) => { await db.put({ TableName: e.table, Item: { id: 'a', n: 1 } }).promise(); return (await db.get({ TableName: e.table, Key: { id: 'a' } }).promise()).Item }")
    else:
        source = ("const { DynamoDBClient, PutItemCommand, GetItemCommand } = require('@aws-sdk/client-dynamodb'); const db = new DynamoDBClient({});\n"
                  "exports.handler = async (e) => { await db.send(new PutItemCommand({ TableName: e.table, Item: { id: { S: 'a' }, n: { N: '1' } } }));\n"
                  "  const got = (await db.send(new GetItemCommand({ TableName: e.table, Key: { id: { S: 'a' } } }))).Item; return { id: got.id.S, n: Number(got.n.N) } }")
    fn.create(name, source, Timeout=20, MemorySize=512)
    assert fn.value(name, {"table": table}) == {"id": "a", "n": 1}


STREAMING = """exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write('one'); stream.write('two');
  if (event.fail) throw new TypeError('late');
  stream.end();
})"""


def test_FR_09_FR_10_a_streamed_response_is_gathered_by_invoke_and_its_late_failure_is_an_error(fn, unique):
    name = unique("fn")
    fn.create(name, STREAMING)
    answer, payload = fn.invoke(name, {})
    assert payload == b"onetwo" and "FunctionError" not in answer
    error, _ = error_of(fn, name, {"fail": True})
    assert error["errorType"] == "TypeError" and error["errorMessage"] == "late"
    assert fn.invoke(name, {})[1] == b"onetwo"
