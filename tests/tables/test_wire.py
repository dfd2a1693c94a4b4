"""The protocol over raw connections: what SDKs rely on without showing it."""
import gzip
import http.client
import json
import re
import zlib
from urllib.parse import urlsplit

import botocore.session
import pytest

AUTHORIZATION = ("AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/dynamodb/aws4_request, "
                 "SignedHeaders=host;x-amz-date;x-amz-target, Signature=" + "0" * 64)


@pytest.fixture
def call(server):
    def send(body=b"{}", target="DynamoDB_20120810.ListTables", method="POST", headers=None, signed=True):
        connection = http.client.HTTPConnection(urlsplit(server.endpoint).netloc, timeout=20)
        sent = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Date": "20261121T000000Z"}
        if target:
            sent["X-Amz-Target"] = target
        if signed:
            sent["Authorization"] = AUTHORIZATION
        sent.update(headers or {})
        connection.request(method, "/", body=body, headers={name: value for name, value in sent.items() if value is not None},
                           encode_chunked="Transfer-Encoding" in sent)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response, content
    return send


def test_WIR_01_13_14_34_answers_carry_checksum_id_date_and_server(call):
    response, content = call()
    assert response.status == 200 and json.loads(content).keys() >= {"TableNames"}
    assert response.headers["x-amz-crc32"] == str(zlib.crc32(content))
    assert re.fullmatch(r"[0-9A-Z]{52}", response.headers["x-amzn-RequestId"])
    assert response.headers["Date"] and response.headers["Server"]


def test_WIR_04_json_1_1_is_not_found(call):
    response, content = call(headers={"Content-Type": "application/x-amz-json-1.1"})
    assert (response.status, content, response.headers["x-amz-crc32"]) == (404, b"<UnknownOperationException/>\n", "3552371480")


def test_WIR_05_health_line(call):
    response, content = call(method="GET", body=None, target=None, signed=False)
    assert (response.status, content) == (200, b"healthy: dynamodb.us-east-1.amazonaws.com ")


def test_WIR_07_08_cross_origin(call):
    response, _ = call(method="OPTIONS", body=None, target=None, signed=False,
                       headers={"Origin": "http://x", "Access-Control-Request-Headers": "a, b", "Access-Control-Request-Method": "POST"})
    assert response.status == 200 and response.headers["Access-Control-Max-Age"] == "172800"
    assert response.headers["Access-Control-Allow-Headers"] == "a, b" and response.headers["Access-Control-Allow-Origin"] == "*"
    assert call(headers={"Origin": "http://x"})[0].headers["Access-Control-Allow-Origin"] == "*"
    assert call()[0].headers["Access-Control-Allow-Origin"] is None


@pytest.mark.parametrize("body,target,crc", [(b"hi", "DynamoDB_20120810.ListTables", "3948637019"), (b"[]", "DynamoDB_20120810.ListTables", "3948637019"),
                                             (b"{}", "DynamoDB_20120810.ListTable", "1368724161"), (b"", "DynamoDB_20120810.ListTables", "3948637019")])
def test_WIR_09_10_11_errors_without_text(call, body, target, crc):
    response, _ = call(body=body, target=target)
    assert (response.status, response.headers["x-amz-crc32"]) == (400, crc)


def test_WIR_15_16_bodies_end_at_16_mib(call):
    limit = 16 * 1024 * 1024
    assert call(body=b"{}" + b" " * (limit - 2))[0].status == 200
    assert call(body=b"{}" + b" " * (limit - 1))[0].status == 413
    assert call(body=iter([b"{}", b" " * limit]), headers={"Transfer-Encoding": "chunked"})[0].status == 413


def test_WIR_18_19_20_compressed_requests(call):
    two_members = gzip.compress(b'{"Limit"') + gzip.compress(b":1}")
    assert call(body=two_members, headers={"Content-Encoding": "gzip"})[0].status == 200
    assert call(body=b"no gzip", headers={"Content-Encoding": "gzip"})[0].status == 500
    assert call(headers={"Content-Encoding": "br"})[0].status == 500
    assert call(body=gzip.compress(b"{}" + b" " * (20 << 20)), headers={"Content-Encoding": "gzip"})[0].status == 413


def test_SIG_01_unsigned_requests_are_refused(call):
    response, content = call(signed=False)
    assert response.status == 400
    assert json.loads(content) == {"__type": "com.amazon.coral.service#MissingAuthenticationTokenException",
                                   "message": "Request is missing Authentication Token"}


def test_CTL_29_every_operation_of_the_model_is_known(call):
    session = botocore.session.get_session()
    for service, prefix in (("dynamodb", "DynamoDB_20120810."), ("dynamodbstreams", "DynamoDBStreams_20120810.")):
        names = session.get_service_model(service).operation_names
        assert len(names) >= 4
        for name in names:
            response, content = call(target=prefix + name)
            assert response.status in (200, 400), name
            assert b"UnknownOperationException" not in content, name


def test_WIR_21_22_large_answers_are_compressed_when_asked(server, call, unique):
    db = server.client("dynamodb")
    name = unique("big")
    db.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
                    KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}])
    db.put_item(TableName=name, Item={"p": {"S": "a"}, "v": {"S": "x" * 5000}})
    request = json.dumps({"TableName": name, "Key": {"p": {"S": "a"}}}).encode()
    response, content = call(body=request, target="DynamoDB_20120810.GetItem", headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip" and response.headers["x-amz-crc32"] == str(zlib.crc32(content))
    assert json.loads(gzip.decompress(content))["Item"]["v"]["S"] == "x" * 5000
    assert call(headers={"Accept-Encoding": "gzip"})[0].headers["Content-Encoding"] is None
    db.delete_table(TableName=name)
