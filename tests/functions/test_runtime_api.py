"""The Runtime API on the wire, spoken by a bootstrap that looks at every answer (ids of the functions specification in the names)."""
import http.client
import io
import json
import random
import re
import sys
import time
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from test_lambda_api import NODE, ROLE, fn, refused, zipped  # noqa: F401  (fn is a fixture)

# Of the machine, not of a virtual environment: functions may not see where that lies.
INTERPRETER = getattr(sys, "_base_executable", sys.executable)

# Answers the first event after trying what is not allowed; answers the second with what it has seen.
PROBE = '''
import http.client, json, os, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
base = "/2018-06-01/runtime"
def call(method, path, body=None, headers={}):
    api.request(method, base + path, body=body, headers=headers)
    answer = api.getresponse()
    return answer, answer.read().decode()
def shown(pair):
    return [pair[0].status, pair[1], pair[0].getheader("content-type")]
seen = {}
answer, event = call("GET", "/invocation/next")
seen["headers"] = {name.lower(): value for name, value in answer.getheaders()}
seen["delivered_ms"] = time.time() * 1000
seen["event"] = event
request_id = seen["headers"]["lambda-runtime-aws-request-id"]
seen["wrong_id"] = shown(call("POST", "/invocation/00000000-0000-0000-0000-000000000000/response", "{}"))
seen["next_while_running"] = shown(call("GET", "/invocation/next"))
seen["bad_mode"] = shown(call("POST", "/invocation/%s/response" % request_id, "{}", {"Lambda-Runtime-Function-Response-Mode": "odd"}))
seen["init_error_while_running"] = shown(call("POST", "/init/error", "{}"))
seen["unknown_path"] = shown(call("GET", "/nothing"))
seen["response"] = shown(call("POST", "/invocation/%s/response" % request_id, '{"first":true}', {"lambda-runtime-function-xray-error-cause": "x" * 900000}))
seen["second_response"] = shown(call("POST", "/invocation/%s/response" % request_id, "{}"))
answer, event = call("GET", "/invocation/next")
call("POST", "/invocation/%s/response" % answer.getheader("Lambda-Runtime-Aws-Request-Id"), json.dumps(seen))
answer, event = call("GET", "/invocation/next")
seen["error"] = shown(call("POST", "/invocation/%s/error" % answer.getheader("Lambda-Runtime-Aws-Request-Id"), '{ "odd" : [1] }', {"Lambda-Runtime-Function-Error-Type": "Nonsense!"}))
answer, event = call("GET", "/invocation/next")
'''


def test_FR_01_to_FR_06_FR_11_the_wire(fn, unique):
    name = unique("fn")
    fn.create(name, files={"bootstrap": f"#!/bin/sh\nexec {INTERPRETER} $LAMBDA_TASK_ROOT/probe.py\n", "probe.py": PROBE}, runtime="provided.al2023", handler="h", mode=0o755, Timeout=20)
    answer, payload = fn.invoke(name, {"a": 1}, ClientContext="eyJjIjoxfQ==")
    assert payload == b'{"first":true}'
    seen = fn.value(name, {})
    headers = seen["headers"]
    assert headers["content-type"] == "application/json" and seen["event"] == '{"a": 1}'
    assert headers["lambda-runtime-aws-request-id"] == answer["ResponseMetadata"]["RequestId"]
    assert abs(int(headers["lambda-runtime-deadline-ms"]) - seen["delivered_ms"] - 20_000) < 50 + 1000  # the probe's own start is between
    assert headers["lambda-runtime-invoked-function-arn"] == f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01]", headers["lambda-runtime-trace-id"])
    assert headers["lambda-runtime-client-context"] == '{"c":1}'
    invalid = '{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}'
    assert seen["wrong_id"][:2] == [400, invalid]
    assert seen["next_while_running"][0] == 403 and json.loads(seen["next_while_running"][1])["errorType"] == "InvalidStateTransition"
    assert seen["bad_mode"][0] == 400 and json.loads(seen["bad_mode"][1])["errorType"] == "InvalidFunctionResponseMode"
    assert seen["init_error_while_running"][0] == 403
    assert seen["unknown_path"][0] == 404
    assert seen["response"] == [202, '{"status":"OK"}', "application/json"]
    assert seen["second_response"][:2] == [400, invalid]
    answer, payload = fn.invoke(name, {})
    assert answer["FunctionError"] == "Unhandled" and payload == b'{ "odd" : [1] }'


def test_FA_08_zips_over_fifty_megabytes_are_413(fn, unique):
    archive = zipped({"index.js": "x", "noise": random.Random(1).randbytes(52_428_801)})
    status, code, message = refused(fn.client.create_function, FunctionName=unique("fn"), Runtime=NODE, Role=ROLE, Handler="i.h", Code={"ZipFile": archive})
    assert (status, code, message) == (413, "RequestEntityTooLargeException", "Zipped size must be smaller than 52428800 bytes")


def test_FA_08_zips_that_unpack_to_too_much_are_400(fn, unique):
    import zipfile
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(262_144_001))
    status, code, message = refused(fn.client.create_function, FunctionName=unique("fn"), Runtime=NODE, Role=ROLE, Handler="i.h", Code={"ZipFile": out.getvalue()})
    assert (status, code, message) == (400, "InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes")


def test_FA_09_requests_over_the_limit_are_413(server):
    address = urlsplit(server.endpoint)
    connection = http.client.HTTPConnection(address.hostname, address.port)
    body = b'{"FunctionName":"x","Code":{"ZipFile":"' + b"A" * 70_167_211 + b'"}}'
    connection.request("POST", "/2015-03-31/functions", body=body, headers={
        "X-Amz-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
        "Authorization": "AWS4-HMAC-SHA256 Credential=x/20261121/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=" + "0" * 64})
    response = connection.getresponse()
    assert response.status == 413 and response.getheader("x-amzn-errortype") == "RequestEntityTooLargeException"
    assert json.loads(response.read())["Message"] == "Request must be smaller than 70167211 bytes for the CreateFunction operation"
