"""The Python bootstrap against a small Runtime API server (ids of the functions specification in the names)."""

import json
import re

import pytest

from runtime_api import Function


@pytest.fixture
def run(tmp_path):
    made = []

    def start(source, handler="app.handler", files=None, **options):
        function = Function(tmp_path, "python", handler, files or {"app.py": source}, **options)
        made.append(function)
        return function

    yield start
    for function in made:
        function.process.kill()
        function.process.communicate()


def test_a_handler_answers_and_keeps_its_state(run):
    f = run("n = 0\ndef handler(event, context):\n  global n\n  n += 1\n  return {'got': event['a'], 'n': n}")
    assert f.value({"a": 1}) == {"got": 1, "n": 1}
    assert f.value({"a": 2}) == {"got": 2, "n": 2}


@pytest.mark.parametrize("handler", ["pkg.mod.handler", "pkg/mod.handler"])
def test_FR_52_handler_forms(run, handler):
    f = run("", handler=handler, files={"pkg/__init__.py": "", "pkg/mod.py": "def handler(e, c): return __name__"})
    assert f.value() == "pkg.mod"


@pytest.mark.parametrize("source,handler,error_type,message", [
    ("import nomod", "app.handler", "Runtime.ImportModuleError", "Unable to import module 'app': No module named 'nomod'"),
    ("def handler(:", "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app': "),
    ("", "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
    ("", "app", "Runtime.MalformedHandlerName", "Bad handler 'app': not enough values to unpack (expected 2, got 1)"),
    ("", "sys.handler", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys"),
    ("raise KeyError('early')", "app.handler", "KeyError", "'early'"),
])
def test_FR_28_FR_53_faults_at_start(run, source, handler, error_type, message):
    f = run(source, handler=handler)
    error, headers = f.init_error()
    assert error["errorType"] == error_type
    assert error["errorMessage"].startswith(message)
    assert error["requestId"] == ""
    assert headers["lambda-runtime-function-error-type"] == error_type
    assert f.process.wait(5) == 1


def test_FR_54_error_json(run):
    f = run("def inner():\n    raise ValueError('boom')\n\ndef handler(event, context):\n    inner()\n")
    error = f.error()
    assert error["errorMessage"] == "boom" and error["errorType"] == "ValueError"
    assert error["requestId"] == "00000000-0000-4000-8000-000000000001"
    assert len(error["stackTrace"]) == 2
    assert re.fullmatch(r'  File ".*/app.py", line 5, in handler\n    inner\(\)\n', error["stackTrace"][0])


def test_FR_55_error_log_event(run):
    f = run("def handler(event, context):\n    raise ValueError('boom')\n")
    f.error()
    out = f.stop()[0]
    assert re.fullmatch('\\[ERROR\\] ValueError: boom\rTraceback \\(most recent call last\\):\r'
                        '\u00a0\u00a0File ".*/app.py", line 2, in handler\r\u00a0{4}raise ValueError\\(\'boom\'\\)\n', out)


def test_FR_56_logging_format_and_default_level(run):
    f = run("import logging\ndef handler(event, context):\n  logging.info('hidden')\n  logging.warning('a\\nb')\n"
            "  logging.getLogger().setLevel(logging.INFO)\n  logging.info('seen')\n  print('plain')")
    f.value()
    lines = f.stop()[0].split("\n")
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(r"\[WARNING\]\t" + stamp + "\t00000000-0000-4000-8000-000000000001\ta\rb", lines[0])
    assert re.fullmatch(r"\[INFO\]\t" + stamp + "\t00000000-0000-4000-8000-000000000001\tseen", lines[1])
    assert lines[2] == "plain"


def test_FR_56_json_logging(run):
    f = run("import logging\ndef handler(event, context):\n  logging.error('x', extra={'k': 1})",
            environment={"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"})
    f.value()
    record = json.loads(f.stop()[0])
    assert record["level"] == "ERROR" and record["message"] == "x" and record["logger"] == "root" and record["k"] == 1
    assert record["requestId"] == "00000000-0000-4000-8000-000000000001"


def test_FR_56_context(run):
    f = run("def handler(event, c):\n  return [c.aws_request_id, c.log_group_name, c.log_stream_name, c.function_name, c.memory_limit_in_mb,"
            " c.function_version, c.invoked_function_arn, c.tenant_id, c.client_context.custom, c.identity.cognito_identity_id,"
            " c.get_remaining_time_in_millis()]")
    value = f.value(headers={"Lambda-Runtime-Client-Context": '{"custom":{"a":1}}'})
    assert 2000 < value.pop() <= 3000
    assert value == ["00000000-0000-4000-8000-000000000001", "/aws/lambda/fn", "2026/11/21/[$LATEST]0", "fn", "128", "$LATEST",
                     "arn:aws:lambda:us-east-1:000000000000:function:fn", None, {"a": 1}, None]


def test_FR_57_results(run):
    f = run("import decimal\ndef handler(event, context):\n  return {'n': decimal.Decimal('1.50'), 'big': decimal.Decimal('12345678901234567890.5'),"
            " 'f': 0.5, 'i': 3, 's': 'ü'} if event == {} else b'raw' if event == 1 else object()")
    post = f.invoke({})
    assert post["body"].decode() == '{"n": 1.50, "big": 12345678901234567890.5, "f": 0.5, "i": 3, "s": "ü"}'
    assert post["headers"]["content-type"] == "application/json"
    post = f.invoke(1)
    assert post["body"] == b"raw" and post["headers"]["content-type"] == "application/unknown"
    error = f.error(2)
    assert error["errorType"] == "Runtime.MarshalError"
    assert error["errorMessage"] == "Unable to marshal response: Object of type object is not JSON serializable"
    assert f.error(b"{")["errorType"] == "Runtime.UnmarshalError"


def test_FR_41_nothing_returned_is_null(run):
    assert run("def handler(event, context): pass").invoke()["body"] == b"null"


@pytest.mark.parametrize("source", ["import sys\ndef handler(e, c): sys.exit(0)", "import sys; sys.exit(0)"])
def test_FR_24_exit_ends_the_process_with_its_status(run, source):
    f = run(source)
    f.api.send({})
    assert f.process.wait(5) == 0


def test_FR_33_prints_are_split_at_line_ends_only(run):
    f = run("import sys\ndef handler(e, c):\n  print('multi\\nline\\nanother\\rline')\n  sys.stderr.write('err')")
    f.value()
    out, err = f.stop()
    assert out == "multi\nline\nanother\rline\n" and err == "err"


def test_a_spare_becomes_a_function(run):
    f = run("import os\ndef handler(e, c): return [os.environ.get('OWN'), os.getcwd(), os.environ.get('TIDEMILL_SPARE')]", spare=True,
            environment={"OWN": "1"})
    own, cwd, spare = f.value()
    assert own == "1" and spare is None and cwd != "/"


def test_a_function_that_brings_its_own_sdk_gets_it_from_a_spare_too(run):
    f = run("", files={"app.py": "import boto3\ndef handler(e, c): return boto3.MINE", "boto3/__init__.py": "MINE = 'own'"}, spare=True)
    assert f.value() == "own"


def test_large_events_and_results_pass(run):
    f = run("def handler(e, c): return e")
    for size in (70_000, 5_000_000, 3):
        assert f.value("x" * size) == "x" * size
