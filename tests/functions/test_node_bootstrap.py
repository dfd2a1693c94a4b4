"""The Node bootstrap against a small Runtime API server (ids of the functions specification in the names)."""

import hashlib
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from runtime_api import Function, RuntimeApi


@pytest.fixture
def run(tmp_path):
    made = []

    def start(source, handler="index.handler", file="index.js", files=None, **options):
        function = Function(tmp_path, "node", handler, files or {file: source}, **options)
        made.append(function)
        return function

    yield start
    for function in made:
        function.process.kill()
        function.process.communicate()


def test_FR_36_commonjs_handler(run):
    f = run("let n = 0; exports.handler = async (event) => ({ got: event.a, n: n++ });")
    assert f.value({"a": 1}) == {"got": 1, "n": 0}
    assert f.value({"a": "ü"}) == {"got": "ü", "n": 1}


def test_FR_37_esm_by_extension_with_top_level_await(run):
    f = run("const x = await Promise.resolve(7); export const handler = async () => x;", file="index.mjs")
    assert f.value() == 7


def test_FR_37_esm_by_package_type(run):
    f = run("", files={"index.js": "export const handler = async () => 'esm';", "package.json": '{"type":"module"}'})
    assert f.value() == "esm"


def test_FR_37_nested_export_and_directory(run):
    f = run("", handler="src/app.mod.handler", files={"src/app.js": "exports.mod = { handler: async () => 'nested' };"})
    assert f.value() == "nested"


def test_FR_38_dots_are_refused(run):
    error, headers = run("", handler="../index.handler").init_error()
    assert error["errorType"] == "Runtime.MalformedHandlerName"
    assert error["errorMessage"].startswith("'../index.handler' is not a valid handler name.")
    assert headers["lambda-runtime-function-error-type"] == "Runtime.MalformedHandlerName"


@pytest.mark.parametrize("source,handler,error_type,message", [
    ("require('nomod')", "index.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'nomod'\nRequire stack:"),
    ("exports.handler = (", "index.handler", "Runtime.UserCodeSyntaxError", "SyntaxError: "),
    ("exports.other = 1", "index.handler", "Runtime.HandlerNotFound", "index.handler is undefined or not exported"),
    ("exports.handler = 1", "index.handler", "Runtime.HandlerNotFound", "index.handler is not a function"),
    ("exports.handler = 1", "index", "Runtime.MalformedHandlerName", "Bad handler"),
    ("throw new RangeError('early')", "index.handler", "RangeError", "early"),
    ("", "absent.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'absent'"),
])
def test_FR_39_load_errors(run, source, handler, error_type, message):
    error, _ = run(source, handler=handler).init_error()
    assert error["errorType"] == error_type
    assert error["errorMessage"].startswith(message)
    assert isinstance(error["trace"], list)


@pytest.mark.parametrize("source", [
    "exports.handler = async () => 5",
    "exports.handler = () => Promise.resolve(5)",
    "exports.handler = (e, c, done) => done(null, 5)",
    "exports.handler = (e, c, done) => { setTimeout(() => done(null, 5), 10) }",
    "exports.handler = (e, c) => c.succeed(5)",
    "exports.handler = (e, c) => c.done(null, 5)",
])
def test_FR_40_FR_43_ways_to_succeed(run, source):
    assert run(source).value() == 5


@pytest.mark.parametrize("source", [
    "exports.handler = async () => { throw new TypeError('no') }",
    "exports.handler = () => { throw new TypeError('no') }",
    "exports.handler = (e, c, done) => done(new TypeError('no'))",
    "exports.handler = (e, c) => c.fail(new TypeError('no'))",
    "exports.handler = (e, c) => c.done(new TypeError('no'))",
])
def test_FR_40_FR_43_ways_to_fail(run, source):
    f = run(source)
    error = f.error()
    assert error["errorType"] == "TypeError" and error["errorMessage"] == "no"
    assert error["trace"][0] == "TypeError: no"


def test_FR_41_a_callback_waits_for_the_empty_event_loop(run):
    f = run("exports.handler = (e, c, done) => { setTimeout(() => {}, 300); done(null, 1) }")
    f.value()
    begin = time.monotonic()
    f.value()
    assert 0.25 < time.monotonic() - begin


def test_FR_41_or_not_when_told_so(run):
    f = run("exports.handler = (e, c, done) => { c.callbackWaitsForEmptyEventLoop = false; setTimeout(() => {}, 2900); done(null, 1) }")
    f.value()
    begin = time.monotonic()
    f.value()
    assert time.monotonic() - begin < 2.5


def test_FR_42_neither_callback_nor_promise_is_null(run):
    f = run("exports.handler = () => {}")
    assert f.value() is None
    assert f.value() is None


def test_FR_42_the_first_completion_wins(run):
    f = run("exports.handler = async (e, c, done) => { c.callbackWaitsForEmptyEventLoop = false; done(null, 'first'); return 'second' }")
    assert f.value() == "first"
    assert f.value() == "first"
    assert "\tERROR\tInvocation has already been reported as done. Cannot call complete more than once per invocation." in f.stop()[0]


def test_FR_44_context(run):
    f = run("exports.handler = async (e, c) => ({ ...c, left: c.getRemainingTimeInMillis() })")
    context = f.value(headers={"Lambda-Runtime-Client-Context": '{"custom":{"a":1}}'})
    left = context.pop("left")
    assert 2000 < left <= 3000
    assert context == {
        "callbackWaitsForEmptyEventLoop": True, "functionVersion": "$LATEST", "functionName": "fn", "memoryLimitInMB": "128",
        "logGroupName": "/aws/lambda/fn", "logStreamName": "2026/11/21/[$LATEST]0", "clientContext": {"custom": {"a": 1}},
        "invokedFunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:fn",
        "awsRequestId": "00000000-0000-4000-8000-000000000001"}


def test_FR_45_console_lines(run):
    f = run("console.log('early'); exports.handler = async () => { console.warn('a\\nb', {x: 1}); console.error('bad') }")
    f.value()
    lines = f.stop()[0].split("\n")
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(stamp + "\tundefined\tINFO\tearly", lines[0])
    assert re.fullmatch(stamp + "\t00000000-0000-4000-8000-000000000001\tWARN\ta\rb { x: 1 }", lines[1])
    assert re.fullmatch(stamp + "\t00000000-0000-4000-8000-000000000001\tERROR\tbad", lines[2])


def test_FR_46_json_console_and_level(run):
    f = run("exports.handler = async () => { console.log('no'); console.warn({a: 1}); console.error('t', new Error('e')) }",
            environment={"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "WARN"})
    f.value()
    records = [json.loads(line) for line in f.stop()[0].splitlines()]
    assert len(records) == 2
    assert records[0]["level"] == "WARN" and records[0]["message"] == {"a": 1}
    assert records[0]["requestId"] == "00000000-0000-4000-8000-000000000001"
    assert records[1]["errorType"] == "Error" and records[1]["errorMessage"] == "e" and records[1]["stackTrace"]


@pytest.mark.parametrize("thrown,error_type,message", [
    ("new RangeError('r')", "RangeError", "r"), ("'text'", "string", "text"), ("{a: 1}", "object", "[object Object]"), ("7", "number", "7")])
def test_FR_47_error_forms(run, thrown, error_type, message):
    error = run("exports.handler = async () => { throw (%s) }" % thrown).error()
    assert (error["errorType"], error["errorMessage"]) == (error_type, message)
    assert (error["trace"] != []) == (error_type == "RangeError")


def test_FR_47_error_log_line(run):
    f = run("exports.handler = async () => { const e = new Error('boom'); e.code = 'E1'; throw e }")
    f.error()
    line = f.stop()[0].splitlines()[0]
    fields = line.split("\t")
    assert fields[2:4] == ["ERROR", "Invoke Error "]
    logged = json.loads(fields[4])
    assert logged["errorType"] == "Error" and logged["code"] == "E1" and logged["stack"][0] == "Error: boom"


def test_FR_48_unhandled_rejection(run):
    f = run("exports.handler = async () => { Promise.reject(new Error('lost')); await new Promise((r) => setTimeout(r, 1000)) }")
    error = f.error()
    assert error["errorType"] == "Runtime.UnhandledPromiseRejection"
    assert error["errorMessage"] == "Error: lost"
    assert f.process.wait(5) == 128
    assert "\tERROR\tUnhandled Promise Rejection \t{" in f.process.stdout.read().decode()


def test_FR_49_uncaught_exception(run):
    f = run("exports.handler = async () => { setTimeout(() => { throw new Error('wild') }, 1); await new Promise((r) => setTimeout(r, 1000)) }")
    error = f.error()
    assert (error["errorType"], error["errorMessage"]) == ("Error", "wild")
    assert f.process.wait(5) == 129


def test_FR_50_streamed_responses(run):
    f = run("""exports.handler = awslambda.streamifyResponse(async (event, stream) => {
      if (event.http) stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 });
      stream.write('one'); stream.write('two');
      if (event.fail) throw new Error('late');
      stream.end();
    })""")
    post = f.invoke({})
    assert post["body"] == b"onetwo"
    assert post["headers"]["lambda-runtime-function-response-mode"] == "streaming"
    assert post["headers"]["content-type"] == "application/octet-stream"
    post = f.invoke({"http": True})
    assert post["headers"]["content-type"] == "application/vnd.awslambda.http-integration-response"
    assert post["body"] == b'{"statusCode":201}' + bytes(8) + b"onetwo"
    post = f.invoke({"fail": True})
    assert post["trailers"]["lambda-runtime-function-error-type"] == "Error"


def test_FR_51_unserialisable_results(run):
    f = run("exports.handler = async (e) => { if (e.cycle) { const a = {}; a.a = a; return a } if (e.nan) return NaN }")
    assert f.value({}) is None
    assert f.value({"nan": 1}) is None
    assert f.error({"cycle": 1})["errorMessage"] == "Unable to stringify response body"
    assert f.value({}) is None


def test_events_arrive_whole_however_they_are_cut(run):
    f = run("exports.handler = async (event) => [event.length, require('crypto').createHash('md5').update(event).digest('hex')]")
    text = "".join(chr(0x21 + n * n % 0x5f) for n in range(200_000)).replace("\\", "/").replace('"', "'") + "ü"
    for size in [*range(65_180, 65_200), 65_535, 65_536, 65_537, *range(130_700, 130_720), 131_071, 131_072, 131_073, 200_001]:
        event = text[-size:]
        assert f.value(event) == [size, hashlib.md5(event.encode()).hexdigest()]
    for piece, size in ((7, 1000), (99, 60_000), (9_999, 200_001)):
        f.api.piece = piece
        assert f.value(text[-size:]) == [size, hashlib.md5(text[-size:].encode()).hexdigest()]


def test_large_events_and_results_pass(run):
    f = run("exports.handler = async (e) => ({ size: e.text.length, text: e.text })")
    for size in (70_000, 3_000_000, 10, 5_000_000):
        value = f.value({"text": "x" * size})
        assert value["size"] == size and len(value["text"]) == size


class Echo(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.seen.append(dict(self.headers))
        body = b"{}"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *args):
        pass


def test_requests_to_service_hosts_reach_the_endpoint_with_their_host_header(run):
    server = HTTPServer(("127.0.0.1", 0), Echo)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    f = run("""
      const https = require('https');
      const call = (...args) => new Promise((ok, bad) => {
        const r = https.request(...args, (res) => { res.resume(); res.on('end', () => ok(res.statusCode)) });
        r.on('error', bad); r.end('{}');
      });
      exports.handler = async () => [
        await call({ method: 'POST', host: 'dynamodb.us-east-1.amazonaws.com', port: 443, path: '/', agent: new https.Agent(),
                     headers: { 'X-Amz-Target': 'T' } }),
        await call('https://sqs.us-east-1.amazonaws.com/q?a=1', { method: 'POST' }),
        await call(new URL('https://bucket.s3.amazonaws.com/key'), { method: 'PUT', headers: { Host: 'signed.s3.amazonaws.com' } }).catch(() => 0),
      ]""", environment={"AWS_ENDPOINT_URL": "http://127.0.0.1:%d" % server.server_port})
    assert f.value()[:2] == [200, 200]
    assert [headers["Host"] for headers in server.seen[:2]] == ["dynamodb.us-east-1.amazonaws.com", "sqs.us-east-1.amazonaws.com"]
    assert server.seen[0]["X-Amz-Target"] == "T"
    server.shutdown()


def test_a_spare_becomes_a_function(run):
    f = run("exports.handler = async () => ({ name: process.env.AWS_LAMBDA_FUNCTION_NAME, cwd: process.cwd(), own: process.env.OWN, spare: process.env.TIDEMILL_SPARE })",
            spare=True, environment={"OWN": "1"})
    value = f.value()
    assert value["name"] == "fn" and value["own"] == "1" and "spare" not in value
    assert value["cwd"]


def test_a_spare_is_connected_before_it_knows_its_function(run):
    f = run("exports.handler = async () => process.env.OWN", spare=True, environment={"OWN": "1"}, assigned=False)
    assert f.api.connected.wait(20)
    f.assign()
    assert f.value() == "1"


def test_a_spare_goes_where_its_function_is_served(run):
    elsewhere = RuntimeApi()
    f = run("exports.handler = async () => 1", spare={"AWS_LAMBDA_RUNTIME_API": elsewhere.address}, assigned=False)
    assert elsewhere.connected.wait(20)
    f.assign()
    assert f.value() == 1 and elsewhere.post()["kind"] == "closed"


def test_nothing_is_left_of_a_spares_rehearsal(run):
    source = """
      process.emitWarning('own');
      exports.handler = async (event, context) => { console.log('said'); return {
        variables: Object.keys(process.env).sort(), id: context.awsRequestId, main: require.main.filename,
        listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]).sort(),
        own: [Object.hasOwn(process.stdout, 'write'), Object.hasOwn(process, 'traceProcessWarnings')],
        gc: [typeof gc, require('vm').runInNewContext('typeof gc')], modules: Object.keys(require.cache).length,
      } }"""
    seen = []
    for spare in (True, False):
        f = run(source, spare=spare)
        value = f.value()
        out = re.sub(r"\d{4}-\S+Z|\(node:\d+\)", "_", f.stop()[0])
        seen.append((value, out))
    assert seen[0] == seen[1]
    assert "Warning: own" in seen[0][1] and "--trace-warnings" in seen[0][1] and "rehearsal" not in seen[0][1]


def test_a_spare_has_let_the_sdk_make_calls_that_reach_nobody(run, tmp_path):
    packages = {
        "client-dynamodb": """exports.DynamoDBClient = class { constructor(config) { this.config = config; } };
          exports.versions = [process.version];
          const Client = exports.DynamoDBClient;
          exports.DynamoDBClient = class extends Client { constructor(config) { super(config); exports.versions.push(process.version); } };""",
        "lib-dynamodb": """exports.calls = [];
          exports.PutCommand = exports.GetCommand = class { constructor(input) { this.input = input; } };
          exports.DynamoDBDocumentClient = { from: (client) => ({ send: async (command) => {
            exports.calls.push((await client.config.requestHandler.handle({})).response.statusCode, process.env.AWS_CONFIG_FILE);
          } }) };""",
    }
    files = {f"sdk/@aws-sdk/{name}/index.js": source for name, source in packages.items()}
    files["index.js"] = """const { calls } = require('@aws-sdk/lib-dynamodb'), { versions } = require('@aws-sdk/client-dynamodb');
      exports.handler = async () => ({ calls, versions, now: process.version, left: Object.keys(process.env).filter((name) => /CONFIG_FILE|ACCESS_KEY/.test(name)) });"""
    sdk = {"NODE_PATH": str(tmp_path / "sdk")}
    value = run(None, files=files, spare=sdk, environment=sdk).value()
    assert value["calls"] == [200, "/dev/null", 200, "/dev/null"]
    assert value["versions"] == [value["now"], "v99.0.0", "v99.0.0"], "its advice about old versions is kept for the function"
    assert value["left"] == []
