"""Wire rows: what stands around the operations."""
import gzip
import http.client
import json
import re
import zlib
from urllib.parse import urlsplit

import pytest

from .wire import AUTHORIZATION, N, S, Wire

UNKNOWN = b'{"__type":"com.amazon.coral.service#UnknownOperationException"}'
BAD_JSON = b'{"__type":"com.amazon.coral.service#SerializationException"}'
NOT_FOUND = b"<UnknownOperationException/>\n"


def test_WIR_01_json_1_0_reaches_the_operation(wire):
    assert "TableNames" in wire.ok("ListTables")


def test_WIR_02_application_json_is_echoed(wire):
    answer = wire.call("ListTables", {}, headers={"Content-Type": "application/json"})
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    assert wire.call("ListTables", {}).headers["Content-Type"] == "application/x-amz-json-1.0"
    answer = wire.call("Nope", {}, headers={"Content-Type": "application/json"})
    assert answer.status == 400 and answer.headers["Content-Type"] == "application/json"


def test_WIR_03_parameters_of_the_content_type(wire):
    assert wire.call("ListTables", {}, headers={"Content-Type": " application/json ; x"}).status == 200


def test_WIR_04_json_1_1_is_unknown(wire):
    answer = wire.call("ListTables", {}, headers={"Content-Type": "application/x-amz-json-1.1"})
    assert (answer.status, answer.body, answer.headers["x-amz-crc32"]) == (404, NOT_FOUND, "3552371480")
    assert answer.headers["Content-Length"] == "29"


def test_WIR_05_health(wire):
    answer = wire.request("GET", headers={"Accept": "*/*"})
    assert answer.status == 200 and answer.body == b"healthy: dynamodb.us-east-1.amazonaws.com "
    assert int(answer.headers["x-amz-crc32"]) == zlib.crc32(answer.body) and re.fullmatch("[0-9A-Z]{52}", answer.headers["x-amzn-RequestId"])


def test_WIR_34_date_and_server(wire):
    for answer in (wire.call("ListTables", {}), wire.call("Nope", {})):
        assert answer.headers["Server"] and re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer.headers["Date"])


def test_WIR_06_other_methods_are_unknown(wire):
    for method in ("PUT", "DELETE"):
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.ListTables",
                   "Authorization": AUTHORIZATION, "X-Amz-Date": "20260101T000000Z"}
        answer = wire.request(method, body=b"{}", headers=headers)
        assert (answer.status, answer.body) == (404, NOT_FOUND), method


def test_WIR_07_preflight(wire):
    answer = wire.request("OPTIONS", headers={"Origin": "https://x.example", "Access-Control-Request-Headers": "a, b",
                                              "Access-Control-Request-Method": "POST"})
    assert answer.status == 200 and answer.body == b""
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Headers"] == "a, b"
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
    assert answer.headers["Access-Control-Max-Age"] == "172800"


def test_WIR_08_origin(wire):
    assert "Access-Control-Allow-Origin" not in wire.call("ListTables", {}).headers
    assert wire.call("ListTables", {}, headers={"Origin": "https://x.example"}).headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("body", [b"hi", b"", b"{", b'{"a":}', b"\xff\xfe"])
def test_WIR_09_bad_json(wire, body):
    answer = wire.call("ListTables", body, raw=True)
    assert (answer.status, answer.body) == (400, BAD_JSON)
    assert answer.headers["x-amz-crc32"] == "3948637019"


def test_WIR_10_json_that_is_no_object(wire):
    for body in (b"[]", b'"x"', b"1"):
        answer = wire.call("ListTables", body, raw=True)
        assert answer.status == 400 and answer.code == "SerializationException", body


def test_WIR_11_WIR_12_unknown_operations(wire):
    for target in ("DynamoDB_20120810.ListTable", "DynamoDB_20120810.listTables", "DynamoDB_20120810", "x", "DynamoDB_20111205.ListTables"):
        answer = wire.call("", {}, target=target)
        assert (answer.status, answer.body, answer.headers["x-amz-crc32"]) == (400, UNKNOWN, "1368724161"), target


def test_WIR_13_crc_of_success_and_error(wire):
    for answer in (wire.call("ListTables", {}), wire.call("DescribeTable", {"TableName": "not-there"})):
        assert int(answer.headers["x-amz-crc32"]) == zlib.crc32(answer.body)


def test_WIR_14_request_ids(wire):
    seen = {wire.call("ListTables", {"Limit": 1}).headers["x-amzn-RequestId"] for _ in range(1000)}
    assert len(seen) == 1000 and all(re.fullmatch("[0-9A-Z]{52}", one) for one in seen)


def test_WIR_15_body_limit(wire):
    head = b'{"Limit":1}'
    assert wire.call("ListTables", head + b" " * (16777216 - len(head)), raw=True).status == 200
    answer = Wire(wire.server).call("ListTables", head + b" " * (16777217 - len(head)), raw=True)
    assert answer.status == 413


def test_WIR_16_body_limit_of_chunked_requests(wire):
    def send(size):
        address = urlsplit(wire.server.endpoint)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.ListTables",
                   "Authorization": AUTHORIZATION, "X-Amz-Date": "20260101T000000Z", "Transfer-Encoding": "chunked"}
        head = b'{"Limit":1}'
        body = head + b" " * (size - len(head))
        connection.request("POST", "/", body=(body[i:i + 65536] for i in range(0, size, 65536)), headers=headers,
                           encode_chunked=True)
        status = connection.getresponse().status
        connection.close()
        return status

    assert send(16777216) == 200
    assert send(16777217) == 413


def test_WIR_17_header_limit(wire):
    answer = Wire(wire.server).call("ListTables", {}, headers={"X-Big": "x" * 17000})
    assert answer.status == 400


def test_WIR_18_gzip_requests(wire):
    body = json.dumps({"Limit": 1}).encode()
    headers = {"Content-Encoding": "gzip"}
    assert wire.call("ListTables", gzip.compress(body), raw=True, headers=headers).status == 200
    twice = gzip.compress(body[:4]) + gzip.compress(body[4:])
    assert wire.call("ListTables", twice, raw=True, headers=headers).status == 200


def test_WIR_19_corrupt_encodings_write_nothing(wire, hash_table, key, get):
    one = {"p": S(key())}
    body = json.dumps({"TableName": hash_table, "Item": one}).encode()
    for encoding, data in (("gzip", gzip.compress(body)[:-9]), ("gzip", b"nonsense"), ("br", body)):
        answer = Wire(wire.server).call("PutItem", data, raw=True, headers={"Content-Encoding": encoding})
        assert answer.status == 500, (encoding, answer.body)
    assert get(one) is None


def test_WIR_20_gzip_bomb(wire):
    bomb = gzip.compress(b"{" + b" " * 20_000_000 + b"}")
    assert Wire(wire.server).call("ListTables", bomb, raw=True, headers={"Content-Encoding": "gzip"}).status in (413, 500)


def test_WIR_21_WIR_22_compressed_answers(wire, put, hash_table):
    large, small = put(a=S("x" * 9000)), put(a=S("x"))
    answer = wire.call("GetItem", {"TableName": hash_table, "Key": large}, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["x-amz-crc32"]) == zlib.crc32(answer.body)
    assert json.loads(gzip.decompress(answer.body))["Item"]["a"] == S("x" * 9000)
    answer = wire.call("GetItem", {"TableName": hash_table, "Key": small}, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers and "Item" in answer.json


def test_WIR_23_keep_alive_and_close(wire):
    own = Wire(wire.server)
    own.ok("ListTables")
    port = own._connection().sock.getsockname()[1]
    own.ok("ListTables")
    assert own._connection().sock.getsockname()[1] == port
    answer = own.call("ListTables", {}, headers={"Connection": "close"})
    assert answer.status == 200 and own._connection().sock is None


def test_WIR_24_WIR_25_unknown_and_null_members(wire, put, hash_table):
    one = put(a=N(1))
    assert wire.ok("GetItem", TableName=hash_table, Key=one, Foo=1, ConsistentRead=None, ProjectionExpression=None)["Item"]["a"] == N(1)


def test_WIR_27_put_item_answers_an_empty_object(wire, hash_table, key):
    assert wire.call("PutItem", {"TableName": hash_table, "Item": {"p": S(key())}}).body == b"{}"


def test_WIR_28_strings_for_booleans(wire, put, hash_table):
    one = put()
    for word in ("true", "FALSE", "1", "0", "yes", "No"):
        wire.ok("GetItem", TableName=hash_table, Key=one, ConsistentRead=word)
    assert wire.fails("GetItem", TableName=hash_table, Key=one, ConsistentRead="x").code == "SerializationException"


MAPPING = [
    ("PutItem", {"TableName": True}, "TRUE_VALUE cannot be converted to String"),
    ("PutItem", {"TableName": 3}, "NUMBER_VALUE cannot be converted to String"),
    ("PutItem", {"TableName": 3.5}, "DECIMAL_VALUE cannot be converted to String"),
    ("PutItem", {"TableName": []}, "Unrecognized collection type class java.lang.String"),
    ("PutItem", {"TableName": {}}, "Start of structure or map found where not expected"),
    ("PutItem", {"TableName": "x", "Item": "x"}, "Unexpected field type"),
    ("PutItem", {"TableName": "x", "Item": {"a": "x"}}, "Unexpected value type in payload"),
    ("PutItem", {"TableName": "x", "Item": {"a": {"N": 3}}}, "NUMBER_VALUE cannot be converted to String"),
    ("PutItem", {"TableName": "x", "Item": {"a": {"L": ["x"]}}}, "Unexpected field type"),
    ("PutItem", {"TableName": "x", "Item": {"a": {"B": "abc"}}},
     "Base64 encoded length is expected a multiple of 4 bytes but found: 3"),
    ("PutItem", {"TableName": "x", "Item": {"a": []}},
     "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"),
    ("PutItem", {"TableName": "x", "Item": []},
     "Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"),
    ("Scan", {"TableName": "x", "Limit": "1"}, "STRING_VALUE cannot be converted to Integer"),
    ("Scan", {"TableName": "x", "Limit": True}, "TRUE_VALUE cannot be converted to Integer"),
    ("CreateTable", {"TableName": "x", "ProvisionedThroughput": []},
     "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.ProvisionedThroughput"),
    ("GetItem", {"TableName": "x", "Key": {"p": {"S": "a"}}, "ConsistentRead": 1}, "NUMBER_VALUE cannot be converted to Boolean"),
    ("GetItem", {"TableName": "x", "AttributesToGet": "x"}, "Unexpected field type"),
    ("GetItem", {"TableName": "x", "AttributesToGet": {}}, "Start of structure or map found where not expected"),
]


@pytest.mark.parametrize("operation,body,text", MAPPING)
def test_WIR_29_WIR_30_WIR_31_type_mapping(wire, operation, body, text):
    answer = wire.call(operation, body)
    document = answer.json
    assert answer.status == 400 and document["__type"] == "com.amazon.coral.service#SerializationException", document
    assert document.get("Message") == text


def test_WIR_32_names_of_errors(wire, put, hash_table):
    one = put()
    cases = [
        ("GetItem", {"TableName": "not-there", "Key": one}, "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"),
        ("GetItem", {"TableName": hash_table, "Key": {}}, "com.amazon.coral.validate#ValidationException"),
        ("PutItem", {"TableName": hash_table, "Item": one, "ConditionExpression": "attribute_not_exists(p)"},
         "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"),
    ]
    for operation, body, name in cases:
        document = wire.call(operation, body).json
        assert document["__type"] == name and isinstance(document["message"], str), document


def test_WIR_33_timestamps_are_numbers(wire, hash_table):
    created = wire.ok("DescribeTable", TableName=hash_table)["Table"]["CreationDateTime"]
    assert isinstance(created, (int, float)) and 1.7e9 < created < 5e9


def test_WIR_35_boto3_accepts_every_crc(ddb, hash_table, key):
    one = {"p": {"S": key()}}
    ddb.put_item(TableName=hash_table, Item={**one, "a": {"S": "é😀"}})
    assert ddb.get_item(TableName=hash_table, Key=one)["Item"]["a"]["S"] == "é😀"
    with pytest.raises(ddb.exceptions.ConditionalCheckFailedException):
        ddb.put_item(TableName=hash_table, Item=one, ConditionExpression="attribute_not_exists(p)")
