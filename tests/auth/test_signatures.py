"""Signatures, as clients send them and as they go wrong. Enforcement is on unless a test says otherwise."""
import contextlib
import datetime
import http.client
import json
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

BODY = b'{"Limit":1}'


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    from support import server as servers
    running = servers.Server(tmp_path_factory.mktemp("guarded"), iam="on").start()
    yield running
    running.close()


def signed(server, service="dynamodb", region="us-east-1", key=None, secret=None, token=None, body=BODY, headers=None, path="/"):
    request = AWSRequest(method="POST", url=server.endpoint + path, data=body,
                         headers={"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0", **(headers or {})})
    SigV4Auth(Credentials(key or server.access_key_id, secret or server.secret_access_key, token), service, region).add_auth(request)
    return dict(request.headers.items())


def send(server, headers, body=BODY, path="/"):
    address = urlsplit(server.endpoint)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    connection.request("POST", path, body=body, headers=headers)
    response = connection.getresponse()
    answer = json.loads(response.read() or b"{}")
    connection.close()
    return response.status, answer.get("__type", "").split("#")[-1], answer.get("message", answer.get("Message"))


PLAIN = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}
MISMATCH = "The request signature we calculated does not match the signature you provided."


def test_a_good_signature_is_accepted(guarded):
    assert send(guarded, signed(guarded))[0] == 200


def test_a_connection_on_which_one_byte_changes(guarded):
    address = urlsplit(guarded.endpoint)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)

    def ask(headers, body=BODY):
        connection.request("POST", "/", body=body, headers=headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read()).get("message", "")

    def other(headers, name, at=-1):
        value = headers[name]
        at %= len(value)
        return {**headers, name: value[:at] + ("1" if value[at] != "1" else "2") + value[at + 1:]}

    good = signed(guarded)
    for _ in range(3):
        assert ask(good) == (200, "")
    for wrong in (other(good, "Authorization"), other(good, "Authorization", -64), other(good, "X-Amz-Date", -2)):
        status, message = ask(wrong)
        assert status == 400 and message.startswith(MISMATCH)
        assert ask(good) == (200, "")
    status, message = ask(good, BODY.replace(b"1", b"2"))
    assert status == 400 and message.startswith(MISMATCH)
    assert ask(good) == (200, "")
    connection.close()


def test_SIG_01_no_authentication(guarded, server):
    for one in (guarded, server):
        assert send(one, PLAIN) == (400, "MissingAuthenticationTokenException", "Request is missing Authentication Token")


def test_SIG_02_no_dash(guarded):
    assert send(guarded, {**PLAIN, "Authorization": "AWS4"})[1] == "MissingAuthenticationTokenException"


def test_SIG_03_all_parts_missing(guarded):
    assert send(guarded, {**PLAIN, "Authorization": "AWS4-"}) == (
        400, "IncompleteSignatureException",
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
        "Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a "
        "'X-Amz-Date' or a 'Date' header. Authorization=AWS4-")


def test_SIG_04_signed_headers_missing(guarded):
    header = "AWS4-HMAC-SHA256 Credential=a/20261121/us-east-1/dynamodb/aws4_request, Signature=b"
    assert send(guarded, {**PLAIN, "X-Amz-Date": "20261121T000000Z", "Authorization": header}) == (
        400, "IncompleteSignatureException", f"Authorization header requires 'SignedHeaders' parameter. Authorization={header}")


def test_SIG_05_query_and_header(guarded):
    status, code, message = send(guarded, signed(guarded), path="/?X-Amz-Algorithm=AWS4-HMAC-SHA256")
    assert (code, message) == ("InvalidSignatureException",
                               "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")


def test_SIG_06_query_form_without_parts(guarded):
    status, code, message = send(guarded, PLAIN, path="/?X-Amz-Algorithm=AWS4-HMAC-SHA256")
    assert code == "IncompleteSignatureException"
    assert message.startswith("AWS query-string parameters must include 'X-Amz-Credential'. ")
    assert message.endswith("Re-examine the query-string parameters.")


def test_SIG_07_unknown_key(guarded):
    with pytest.raises(ClientError) as error:
        guarded.client("dynamodb", access_key_id="AKIANOBODYKNOWSTHIS").list_tables()
    assert error.value.response["Error"] == {"Code": "UnrecognizedClientException",
                                             "Message": "The security token included in the request is invalid."}


def test_SIG_08_wrong_secret(guarded):
    with pytest.raises(ClientError) as error:
        guarded.client("dynamodb", secret_access_key="wrong").list_tables()
    assert error.value.response["Error"]["Code"] == "InvalidSignatureException"
    assert error.value.response["Error"]["Message"].startswith(MISMATCH)


def test_the_body_is_part_of_the_signature(guarded):
    status, code, message = send(guarded, signed(guarded), body=b'{"Limit":2}')
    assert code == "InvalidSignatureException" and message.startswith(MISMATCH)


def test_SIG_09_comma_only_separators(guarded):
    headers = signed(guarded)
    algorithm, rest = headers["Authorization"].split(" ", 1)
    headers["Authorization"] = algorithm + " " + rest.replace(" ", "")
    assert send(guarded, headers)[0] == 200


def test_SIG_10_blanks_and_case_of_headers(guarded):
    headers = signed(guarded)
    headers["x-AMZ-target"] = "   " + headers.pop("X-Amz-Target") + "  "
    headers["X-Not-Signed"] = "fine"
    assert send(guarded, headers)[0] == 200


@contextlib.contextmanager
def signing_at(moment):
    from botocore import auth
    original = auth.get_current_datetime
    auth.get_current_datetime = lambda *_, **__: moment
    try:
        yield
    finally:
        auth.get_current_datetime = original


def with_date(server, date):
    """Signed correctly, but at another time."""
    with signing_at(datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ")):
        return signed(server)


def test_SIG_11_too_old_and_too_new(guarded):
    status, code, message = send(guarded, with_date(guarded, "20170101T000000Z"))
    assert code == "InvalidSignatureException"
    assert message.startswith("Signature expired: 20170101T000000Z is now earlier than ") and message.endswith(" - 15 min.)")
    status, code, message = send(guarded, with_date(guarded, "30200101T000000Z"))
    assert code == "InvalidSignatureException"
    assert message.startswith("Signature not yet current: 30200101T000000Z is still later than ") and message.endswith(" + 15 min.)")


def test_SIG_12_other_service(guarded):
    headers = signed(guarded, service="ec2")  # a service that this server has would take the request
    status, code, message = send(guarded, headers)
    assert code == "InvalidSignatureException"
    assert message == "Credential should be scoped to correct service: 'dynamodb'. "


def test_SIG_13_other_region(guarded):
    status, code, message = send(guarded, signed(guarded, region="xx-1"))
    assert (code, message) == ("InvalidSignatureException", "Credential should be scoped to a valid region, not 'xx-1'. ")


def test_SIG_16_a_session_expires(make_server):
    own = make_server(iam="on", arguments=["--virtual-clock"])
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                     "Principal": {"AWS": own.client("sts").get_caller_identity()["Arn"]}}]}
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}]}
    arn = own.client("iam").create_role(RoleName="short", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    own.client("iam").put_role_policy(RoleName="short", PolicyName="p", PolicyDocument=json.dumps(allow))
    session = own.client("sts").assume_role(RoleArn=arn, RoleSessionName="session", DurationSeconds=900)["Credentials"]

    def call():
        return send(own, signed(own, key=session["AccessKeyId"], secret=session["SecretAccessKey"], token=session["SessionToken"]))

    assert call()[0] == 200
    move = b'{"advance_ms": 960000}'
    assert own.http("POST", "/_admin/clock", move)[0] == 403
    status, _, answer = own.http("POST", "/_admin/clock", move, headers=signed(own, body=move, path="/_admin/clock"))
    assert status == 200, answer
    with signing_at(datetime.datetime.fromtimestamp(json.loads(answer)["now_ms"] / 1000, datetime.timezone.utc)):
        assert call() == (400, "ExpiredTokenException", "The security token included in the request is expired")


def test_SIG_15_any_key_without_enforcement(server, unique):
    table = unique("sig15")
    server.client("dynamodb", access_key_id="one", secret_access_key="x").create_table(
        TableName=table, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}])
    assert table in server.client("dynamodb", access_key_id="two", secret_access_key="y").list_tables()["TableNames"]
