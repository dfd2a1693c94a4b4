"""The Lambda API as boto3 users see it (ids of the functions specification in the names)."""
import base64
import hashlib
import http.client
import io
import json
import re
import time
import urllib.request
import zipfile
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from support import server as servers, waiting

ROLE = "arn:aws:iam::000000000000:role/r"
NODE = "nodejs20.x"
PYTHON = "python3.11"


def zipped(files, mode=0o644):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, text)
    return out.getvalue()


class Maker:
    def __init__(self, server):
        self.client = server.client("lambda")
        self.logs = server.client("logs")
        self.names = []

    def create(self, name, source="exports.handler = async (e) => e", runtime=NODE, wait=True, handler=None, files=None, mode=0o644, **options):
        node = runtime.startswith("nodejs")
        files = files or {"index.js" if node else "app.py": source}
        self.names.append(name)
        created = self.client.create_function(FunctionName=name, Runtime=runtime, Role=ROLE, Handler=handler or ("index.handler" if node else "app.handler"),
                                              Code={"ZipFile": zipped(files, mode)}, **options)
        if wait:
            self.client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 100})
        return created

    def invoke(self, name, event=None, **options):
        answer = self.client.invoke(FunctionName=name, Payload=json.dumps(event).encode() if event is not None else b"", **options)
        return answer, answer["Payload"].read()

    def value(self, name, event=None):
        answer, payload = self.invoke(name, event)
        assert "FunctionError" not in answer, payload
        return json.loads(payload)

    def log_events(self, name, want, seconds=5):
        end = time.monotonic() + seconds
        while True:
            try:
                events = self.logs.filter_log_events(logGroupName="/aws/lambda/" + name)["events"]
            except self.logs.exceptions.ResourceNotFoundException:
                events = []
            if len(events) >= want or time.monotonic() > end:
                return events
            time.sleep(0.05)


@pytest.fixture
def fn(server):
    maker = Maker(server)
    yield maker
    for name in maker.names:
        try:
            maker.client.delete_function(FunctionName=name)
        except ClientError:
            pass


def refused(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


# ---- registry --------------------------------------------------------------------------------------------------------


def test_FA_01_FA_02_create_answers_pending_with_all_defaults(fn, unique):
    name = unique("fn")
    created = fn.create(name, wait=False)
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert created["State"] == "Pending" and created["StateReasonCode"] == "Creating"
    assert created["StateReason"] == "The function is being created."
    assert "LastUpdateStatus" not in created
    expected = {
        "FunctionName": name, "FunctionArn": f"arn:aws:lambda:us-east-1:000000000000:function:{name}", "Runtime": NODE, "Role": ROLE,
        "Handler": "index.handler", "Description": "", "Timeout": 3, "MemorySize": 128, "Version": "$LATEST", "PackageType": "Zip",
        "TracingConfig": {"Mode": "PassThrough"}, "Architectures": ["x86_64"], "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
    }
    assert {key: created[key] for key in expected} == expected
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", created["LastModified"])
    assert "Environment" not in created
    fn.client.get_waiter("function_active_v2").wait(FunctionName=name)
    active = fn.client.get_function_configuration(FunctionName=name)
    assert active["State"] == "Active" and active["LastUpdateStatus"] == "Successful" and "StateReason" not in active


def test_FA_03_FA_04_code_in_buckets_that_are_not_there(fn, unique):
    status, code, message = refused(fn.client.create_function, FunctionName=unique("fn"), Runtime=NODE, Role=ROLE, Handler="index.handler",
                                    Code={"S3Bucket": "no-such-bucket-here", "S3Key": "k"})
    assert (status, code) == (400, "InvalidParameterValueException")
    assert message == "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist"


def test_FA_05_images_are_refused_clearly(fn, unique):
    status, code, message = refused(fn.client.create_function, FunctionName=unique("fn"), Role=ROLE, PackageType="Image", Code={"ImageUri": "x"})
    assert (status, code) == (400, "InvalidParameterValueException") and "images" in message


def test_FA_06_duplicate_name_is_409(fn, unique):
    name = unique("fn")
    fn.create(name)
    status, code, message = refused(fn.create, name=name)
    assert (status, code, message) == (409, "ResourceConflictException", f"Function already exist: {name}")


def test_FA_07_bad_zip(fn, unique):
    status, code, message = refused(fn.client.create_function, FunctionName=unique("fn"), Runtime=NODE, Role=ROLE, Handler="i.h", Code={"ZipFile": b"abc"})
    assert (status, code) == (400, "InvalidParameterValueException")
    assert message == "Could not unzip uploaded file. Please check your file, then try to upload again."


def test_FA_10_FA_11_FA_12_FA_13_configurations_are_refused_in_the_services_words(fn, unique):
    def why(**options):
        arguments = dict(FunctionName=unique("fn"), Runtime=NODE, Role=ROLE, Handler="index.handler", Code={"ZipFile": zipped({"index.js": ""})})
        arguments.update(options)
        return refused(fn.client.create_function, **arguments)[1:]

    code, message = why(Role="r1")
    assert code == "ValidationException" and message.startswith("1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint")
    code, message = why(Runtime="PYTHON3.9")
    assert code == "InvalidParameterValueException" and message.startswith("Value PYTHON3.9 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [")
    assert message.endswith("or be a valid ARN")
    assert why(Runtime="go1.x")[1].startswith("The runtime parameter of go1.x is no longer supported")
    assert "[x86_64, arm64]" in why(Architectures=["x86_64", "arm64"])[1]
    assert 'String measured: {"AB":"' in why(Environment={"Variables": {"AB": "x" * 5000}})[1]
    assert why(Environment={"Variables": {"AWS_REGION": "x"}})[1].endswith("Reserved keys used in this request: AWS_REGION")
    assert why(Layers=["arn:aws:lambda:us-east-1:000000000000:layer:l:%d" % i for i in range(6)])[1] == "Cannot reference more than 5 layers."


def test_FA_14_environment_absent_and_empty(fn, unique):
    assert "Environment" not in fn.create(unique("fn"), wait=False)
    assert fn.create(unique("fn"), wait=False, Environment={"Variables": {}})["Environment"] == {"Variables": {}}


def test_FA_16_FA_17_the_archive_comes_back(fn, unique):
    name = unique("fn")
    archive = zipped({"index.js": "exports.handler = 1"})
    created = fn.create(name)
    assert created["CodeSha256"] != base64.b64encode(hashlib.sha256(archive).digest()).decode()
    updated = fn.client.update_function_code(FunctionName=name, ZipFile=archive)
    assert updated["CodeSha256"] == base64.b64encode(hashlib.sha256(archive).digest()).decode()
    assert updated["CodeSize"] == len(archive)
    code = fn.client.get_function(FunctionName=name)["Code"]
    assert code["RepositoryType"] == "S3"
    assert urllib.request.urlopen(code["Location"]).read() == archive
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(code["Location"][:-1] + ("0" if code["Location"][-1] != "0" else "1"))


def test_FA_18_FA_19_FA_20_FA_21_names(fn, unique):
    name = unique("fn")
    fn.create(name)
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    for form in (name, f"000000000000:function:{name}", arn, f"function:{name}"):
        assert fn.client.get_function_configuration(FunctionName=form)["FunctionArn"] == arn
    assert fn.client.get_function_configuration(FunctionName=arn + ":$LATEST")["FunctionArn"] == arn + ":$LATEST"
    assert fn.client.get_function_configuration(FunctionName=name, Qualifier="$LATEST")["FunctionArn"] == arn + ":$LATEST"
    get = fn.client.get_function
    assert refused(get, FunctionName=name + ":1", Qualifier="2") == (
        400, "InvalidParameterValueException", "The derived qualifier from the function name does not match the specified qualifier.")
    assert refused(get, FunctionName=f"arn:aws:lambda:eu-west-1:000000000000:function:{name}")[2] == "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"
    assert refused(get, FunctionName=f"arn:aws:lambda:us-east-1:111111111111:function:{name}")[:2] == (403, "AccessDeniedException")
    assert refused(get, FunctionName="nope") == (404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nope")
    assert refused(get, FunctionName=name, Qualifier="7")[2] == f"Function not found: {arn}:7"


def test_FA_22_FA_23_FA_25_updates(fn, unique):
    name = unique("fn")
    revisions = [fn.create(name, "exports.handler = async () => [1, process.env.A, process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE]")["RevisionId"]]
    revisions.append(fn.client.get_function_configuration(FunctionName=name)["RevisionId"])
    assert fn.value(name) == [1, None, "128"]
    updated = fn.client.update_function_code(FunctionName=name, ZipFile=zipped({"index.js": "exports.handler = async () => [2, process.env.A, process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE]"}))
    assert updated["State"] == "Active" and updated["LastUpdateStatus"] == "InProgress"
    assert updated["LastUpdateStatusReason"] == "The function is being created." and updated["LastUpdateStatusReasonCode"] == "Creating"
    revisions.append(updated["RevisionId"])
    fn.client.get_waiter("function_updated_v2").wait(FunctionName=name)
    assert fn.value(name) == [2, None, "128"]
    updated = fn.client.update_function_configuration(FunctionName=name, MemorySize=256, Environment={"Variables": {"AA": "a"}})
    revisions.append(updated["RevisionId"])
    fn.client.get_waiter("function_updated_v2").wait(FunctionName=name)
    assert fn.value(name)[2] == "256"
    assert len(set(revisions)) == len(revisions)


def test_FA_26_wrong_revision_is_412(fn, unique):
    name = unique("fn")
    fn.create(name)
    status, code, message = refused(fn.client.update_function_configuration, FunctionName=name, MemorySize=256, RevisionId="x")
    assert (status, code) == (412, "PreconditionFailedException")
    assert message == "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id"


def test_FA_31_delete(fn, unique):
    name = unique("fn")
    fn.create(name)
    assert refused(fn.client.delete_function, FunctionName=name, Qualifier="$LATEST")[2] == "$LATEST version cannot be deleted without deleting the function."
    assert fn.client.delete_function(FunctionName=name)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(fn.client.get_function, FunctionName=name)[0] == 404


def test_FA_35_list_functions(fn, unique):
    names = {unique("list") for _ in range(3)}
    for name in names:
        fn.create(name, wait=False)
    listed = [function["FunctionName"] for page in fn.client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2}) for function in page["Functions"]]
    assert names <= set(listed) and listed == sorted(listed)


def test_FA_61_FA_62_FA_63_permissions(fn, unique):
    name = unique("fn")
    fn.create(name)
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    added = fn.client.add_permission(FunctionName=name, StatementId="s1", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::b", SourceAccount="000000000000")
    assert added["Statement"] == json.dumps({"Sid": "s1", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "lambda:InvokeFunction", "Resource": arn,
                                            "Condition": {"StringEquals": {"AWS:SourceAccount": "000000000000"}, "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}}}, separators=(",", ":"))
    policy = json.loads(fn.client.get_policy(FunctionName=name)["Policy"])
    assert policy["Version"] == "2012-10-17" and policy["Id"] == "default" and [s["Sid"] for s in policy["Statement"]] == ["s1"]
    assert refused(fn.client.add_permission, FunctionName=name, StatementId="s1", Action="lambda:InvokeFunction", Principal="*")[:2] == (409, "ResourceConflictException")
    assert refused(fn.client.add_permission, FunctionName=name, Qualifier="$LATEST", StatementId="s2", Action="lambda:InvokeFunction", Principal="*")[2] == "We currently do not support adding policies for $LATEST."
    assert refused(fn.client.add_permission, FunctionName=name, StatementId="s2", Action="lambda:InvokeFunction", Principal="nonsense")[2].startswith("The provided principal was invalid.")
    assert refused(fn.client.remove_permission, FunctionName=name, StatementId="s9")[2] == "Statement s9 is not found in resource policy."
    fn.client.remove_permission(FunctionName=name, StatementId="s1")
    assert refused(fn.client.get_policy, FunctionName=name)[2] == "The resource you requested does not exist."


def test_FA_64_tags(fn, unique):
    name = unique("fn")
    arn = fn.create(name, Tags={"a": "1"})["FunctionArn"]
    fn.client.tag_resource(Resource=arn, Tags={"b": "2"})
    assert fn.client.list_tags(Resource=arn)["Tags"] == {"a": "1", "b": "2"}
    fn.client.untag_resource(Resource=arn, TagKeys=["a", "zz"])
    assert fn.client.get_function(FunctionName=name)["Tags"] == {"b": "2"}
    assert refused(fn.client.tag_resource, Resource=arn, Tags={str(i): "x" for i in range(51)})[2] == "Number of tags exceeds resource tag limit."
    assert refused(fn.client.tag_resource, Resource=arn + ":1", Tags={"a": "b"})[2] == "Tags on function aliases and versions are not supported. Please specify a function ARN."


def test_FA_66_account_settings(fn):
    settings = fn.client.get_account_settings()
    assert set(settings["AccountLimit"]) == {"TotalCodeSize", "CodeSizeUnzipped", "CodeSizeZipped", "ConcurrentExecutions", "UnreservedConcurrentExecutions"}
    assert set(settings["AccountUsage"]) == {"TotalCodeSize", "FunctionCount"}


def test_FA_67_unknown_paths_are_json_errors(server):
    address = urlsplit(server.endpoint)
    connection = http.client.HTTPConnection(address.hostname, address.port)
    connection.request("GET", "/2025-11-30/capacity-providers", headers={
        "Authorization": "AWS4-HMAC-SHA256 Credential=x/20261121/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=" + "0" * 64,
        "X-Amz-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())})
    response = connection.getresponse()
    assert response.status >= 400 and response.getheader("content-type") == "application/json"
    json.loads(response.read())


def test_versions_aliases_layers_and_urls_are_refused_clearly(fn, unique):
    name = unique("fn")
    fn.create(name)
    for call, arguments in ((fn.client.publish_version, {}), (fn.client.create_alias, {"Name": "live", "FunctionVersion": "1"}), (fn.client.create_function_url_config, {"AuthType": "NONE"})):
        status, code, message = refused(call, FunctionName=name, **arguments)
        assert (status, code) == (400, "InvalidParameterValueException") and "not available on this server" in message
    assert [version["Version"] for version in fn.client.list_versions_by_function(FunctionName=name)["Versions"]] == ["$LATEST"]
    assert fn.client.list_aliases(FunctionName=name)["Aliases"] == []


# ---- invoke ----------------------------------------------------------------------------------------------------------


def test_FA_36_FA_39_FA_41_FR_18_invoke(fn, unique):
    name = unique("fn")
    fn.create(name, "let n = 0; exports.handler = async (e) => { console.log('hello'); return e.n ? n++ : undefined }")
    answer, payload = fn.invoke(name, {"n": 1}, LogType="Tail")
    assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "$LATEST" and payload == b"0"
    request_id = answer["ResponseMetadata"]["RequestId"]
    lines = base64.b64decode(answer["LogResult"]).decode().split("\n")
    assert lines[0] == f"START RequestId: {request_id} Version: $LATEST"
    assert lines[1].endswith(f"\t{request_id}\tINFO\thello")
    assert lines[2] == f"END RequestId: {request_id}"
    assert re.fullmatch(rf"REPORT RequestId: {request_id}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: \d+\.\d\d ms\t", lines[3])
    answer, payload = fn.invoke(name, {"n": 1})
    assert payload == b"1"
    assert fn.invoke(name, {})[1] == b"null"


def test_FA_41_python(fn, unique):
    name = unique("fn")
    fn.create(name, "def handler(e, c): return e.get('v')", runtime=PYTHON)
    assert fn.invoke(name, {})[1] == b"null"
    assert fn.value(name, {"v": [1, "ü"]}) == [1, "ü"]


def test_FA_37_event_runs_once(fn, unique):
    name = unique("fn")
    fn.create(name, "def handler(e, c):\n  print('ran', e['x'])", runtime=PYTHON)
    answer, payload = fn.invoke(name, {"x": "once"}, InvocationType="Event")
    assert answer["StatusCode"] == 202 and payload == b"" and "ExecutedVersion" not in answer
    messages = [event["message"] for event in fn.log_events(name, 5)]
    assert messages.count("ran once\n") == 1


def test_FA_38_dry_run(fn, unique):
    name = unique("fn")
    fn.create(name)
    assert fn.invoke(name, {}, InvocationType="DryRun")[0]["StatusCode"] == 204
    assert fn.log_events(name, 1, seconds=0.2) == []


def test_FA_40_FA_42_errors(fn, unique):
    name = unique("fn")
    fn.create(name, "exports.handler = async () => { throw new TypeError('no') }")
    assert refused(fn.client.invoke, FunctionName=name, Payload=b"\x99")[:2] == (400, "InvalidRequestContentException")
    answer, payload = fn.invoke(name, {})
    assert answer["StatusCode"] == 200 and answer["FunctionError"] == "Unhandled"
    error = json.loads(payload)
    assert error["errorType"] == "TypeError" and error["errorMessage"] == "no" and error["trace"][0] == "TypeError: no"


def test_FA_43_large_responses(fn, unique):
    name = unique("fn")
    fn.create(name, "let n = 0; exports.handler = async (e) => e.size ? 'a'.repeat(e.size) : ++n", Timeout=10)
    assert fn.value(name, {}) == 1
    answer, payload = fn.invoke(name, {"size": int(6.1 * 1024 * 1024)})
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(payload) == {"errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).", "errorType": "Function.ResponseSizeTooLarge"}
    assert fn.value(name, {}) == 2
    assert len(fn.value(name, {"size": 6 * 1024 * 1024})) == 6 * 1024 * 1024


def test_FA_44_large_requests(fn, unique):
    name = unique("fn")
    fn.create(name, "exports.handler = async (e) => e.length")
    status, code, message = refused(fn.client.invoke, FunctionName=name, Payload=json.dumps("x" * 6_300_000).encode())
    assert (status, code) == (413, "RequestEntityTooLargeException")
    assert message == "Request must be smaller than 6291456 bytes for the InvokeFunction operation"
    assert fn.value(name, "x" * 6_000_000) == 6_000_000
    assert refused(fn.client.invoke, FunctionName=name, InvocationType="Event", Payload=json.dumps("x" * 1_048_576).encode())[0] == 413
    assert fn.client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps("x" * 1_048_574).encode())["StatusCode"] == 202


def test_FA_45_client_context(fn, unique):
    name = unique("fn")
    fn.create(name, "exports.handler = async (e, c) => c.clientContext")
    answer = fn.client.invoke(FunctionName=name, ClientContext=base64.b64encode(b'{"custom":{"a":"b"}}').decode())
    assert json.loads(answer["Payload"].read()) == {"custom": {"a": "b"}}


def test_FA_47_FA_49_FA_50_concurrency(fn, unique):
    name = unique("fn")
    arn = fn.create(name)["FunctionArn"]
    assert "ReservedConcurrentExecutions" not in fn.client.get_function_concurrency(FunctionName=name)
    fn.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert fn.client.get_function(FunctionName=name)["Concurrency"] == {"ReservedConcurrentExecutions": 0}
    with pytest.raises(ClientError) as caught:
        fn.client.invoke(FunctionName=name)
    assert caught.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert caught.value.response["Error"]["Message"] == "Rate Exceeded."
    assert refused(fn.client.put_function_concurrency, FunctionName=arn + ":1", ReservedConcurrentExecutions=1)[2].startswith("This operation is permitted on Lambda functions only.")
    fn.client.delete_function_concurrency(FunctionName=name)
    assert fn.invoke(name, {})[0]["StatusCode"] == 200


def test_FA_53_event_invoke_config(fn, unique):
    name = unique("fn")
    arn = fn.create(name)["FunctionArn"]
    put = fn.client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    assert put["FunctionArn"] == arn + ":$LATEST" and put["MaximumRetryAttempts"] == 1 and put["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}}
    assert "MaximumEventAgeInSeconds" not in put
    updated = fn.client.update_function_event_invoke_config(FunctionName=name, MaximumEventAgeInSeconds=60)
    assert updated["MaximumRetryAttempts"] == 1 and updated["MaximumEventAgeInSeconds"] == 60
    fn.client.delete_function_event_invoke_config(FunctionName=name)
    assert refused(fn.client.get_function_event_invoke_config, FunctionName=name)[2] == f"The function {arn}:$LATEST doesn't have an EventInvokeConfig"
    assert refused(fn.client.put_function_event_invoke_config, FunctionName=name)[2] == "You must specify at least one of error handling or destination setting."


def test_FA_54_async_retries_with_one_request_id(make_server, unique):
    fn = Maker(make_server(arguments=["--event-retry-delays-ms", "100,200"]))
    name = unique("fn")
    fn.create(name, "def handler(e, c):\n  print('id', c.aws_request_id)\n  raise ValueError('again')", runtime=PYTHON)
    request_id = fn.invoke(name, {}, InvocationType="Event")[0]["ResponseMetadata"]["RequestId"]
    fn.log_events(name, 16)
    time.sleep(0.5)
    ids = [event["message"].split()[1] for event in fn.log_events(name, 16) if event["message"].startswith("id ")]
    assert ids == [request_id] * 3


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    """A server whose asynchronous retries come at once, and queues to read what became of events."""
    running = servers.Server(tmp_path_factory.mktemp("hasty"), arguments=["--event-retry-delays-ms", "50,50"]).start()
    yield running
    running.close()


@pytest.fixture
def outcome(hasty, unique):
    """(ARN, read()) of a queue; read() waits for its one message."""
    sqs = hasty.client("sqs")
    url = sqs.create_queue(QueueName=unique("outcome"))["QueueUrl"]

    def read():
        def received():
            return sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MessageAttributeNames=["All"]).get("Messages")
        message = waiting.wait_until(received, what="a message about the event")[0]
        return json.loads(message["Body"]), message.get("MessageAttributes", {})

    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"], read


def test_FA_56_success_goes_to_its_destination(hasty, unique, outcome):
    fn, (arn, read), name = Maker(hasty), outcome, unique("fn")
    fn.create(name, "exports.handler = async (e) => ({doubled: 2 * e.n})")
    fn.client.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": arn}})
    request_id = fn.invoke(name, {"n": 21}, InvocationType="Event")[0]["ResponseMetadata"]["RequestId"]
    record, _ = read()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.pop("timestamp"))
    function = f"arn:aws:lambda:{hasty.region}:{hasty.account}:function:{name}:$LATEST"
    assert record == {"version": "1.0", "requestPayload": {"n": 21}, "responsePayload": {"doubled": 42},
                      "requestContext": {"requestId": request_id, "functionArn": function, "condition": "Success", "approximateInvokeCount": 1},
                      "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"}}


@pytest.mark.parametrize("retries", [0, 2])
def test_FA_55_failure_goes_to_its_destination_when_the_retries_are_used_up(hasty, unique, outcome, retries):
    fn, (arn, read), name = Maker(hasty), outcome, unique("fn")
    fn.create(name, "def handler(e, c):\n  raise ValueError('no')", runtime=PYTHON)
    fn.client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=retries, DestinationConfig={"OnFailure": {"Destination": arn}})
    fn.invoke(name, {"n": 1}, InvocationType="Event")
    record, _ = read()
    assert (record["requestContext"]["condition"], record["requestContext"]["approximateInvokeCount"]) == ("RetriesExhausted", retries + 1)
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert record["responsePayload"]["errorMessage"] == "no" and record["requestPayload"] == {"n": 1}


def test_FA_58_a_dead_letter_is_the_event_with_its_error(hasty, unique, outcome):
    fn, (arn, read), name = Maker(hasty), outcome, unique("fn")
    fn.create(name, "def handler(e, c):\n  raise ValueError('no')", runtime=PYTHON, DeadLetterConfig={"TargetArn": arn})
    request_id = fn.invoke(name, {"n": 1}, InvocationType="Event")[0]["ResponseMetadata"]["RequestId"]
    event, attributes = read()
    assert event == {"n": 1}
    assert {key: (value["DataType"], value["StringValue"]) for key, value in attributes.items()} == {
        "RequestID": ("String", request_id), "ErrorCode": ("Number", "200"), "ErrorMessage": ("String", "no")}
