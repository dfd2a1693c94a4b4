"""Calls in DynamoDB's JSON protocol, without an SDK in between: what is sent is what the test says."""
import http.client
import json
import re
import threading
import zlib
from urllib.parse import urlsplit

NAMESPACES = {
    "coral": "com.amazon.coral.service#",
    "validate": "com.amazon.coral.validate#",
    "dynamodb": "com.amazonaws.dynamodb.v20120810#",
}
AUTHORIZATION = ("AWS4-HMAC-SHA256 Credential=AKIDTIDEMILLTESTS0/20260101/us-east-1/dynamodb/aws4_request, "
                 "SignedHeaders=host;x-amz-date;x-amz-target, Signature=" + "0" * 64)
COUNTED = "1 validation error detected: "


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def crc_fits(self):
        """That there is a crc32 at all is told by the cases of section WIR: another server may fail there, not everywhere."""
        told = self.headers["x-amz-crc32"]
        return told is None or int(told) == zlib.crc32(self.body)

    @property
    def code(self):
        return self.json["__type"].split("#")[-1]

    @property
    def message(self):
        document = self.json
        return document.get("message", document.get("Message"))


class Wire:
    """One keep-alive connection a thread."""

    def __init__(self, server):
        self.server = server
        self.local = threading.local()

    def _connection(self):
        address = urlsplit(self.server.endpoint)
        if getattr(self.local, "address", None) != address:
            self.local.address = address
            self.local.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        return self.local.connection

    def request(self, method="POST", path="/", body=b"", headers=None):
        connection = self._connection()
        kept = connection.sock is not None
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            # A server that was restarted has closed the kept connection: once more on a new one, as clients do.
            if kept and isinstance(error, (http.client.RemoteDisconnected, ConnectionError)):
                return self.request(method, path, body, headers)
            raise

    def call(self, operation, body, target=None, headers=None, raw=False):
        """`body` is an object (sent as JSON) or, with raw, bytes."""
        service = "DynamoDBStreams" if operation in STREAMS_OPERATIONS else "DynamoDB"
        all_headers = {"Content-Type": "application/x-amz-json-1.0", "Authorization": AUTHORIZATION,
                       "X-Amz-Date": "20260101T000000Z", "X-Amz-Target": target or f"{service}_20120810.{operation}"}
        all_headers.update(headers or {})
        all_headers = {name: value for name, value in all_headers.items() if value is not None}
        return self.request(body=body if raw else json.dumps(body).encode(), headers=all_headers)

    def ok(self, operation, **body):
        answer = self.call(operation, body)
        assert answer.status == 200, f"{operation}: {answer.status} {answer.body.decode(errors='replace')[:2000]}"
        assert answer.crc_fits()
        return answer.json if answer.body else {}

    def fails(self, operation, **body):
        answer = self.call(operation, body)
        assert answer.status == 400, f"{operation}: {answer.status} {answer.body.decode(errors='replace')[:2000]}"
        assert answer.crc_fits()
        return answer

    def refuses(self, operation, code, text, **body):
        """The exact text; for ValidationException the service's counted form is accepted too. Returns the answer."""
        answer = self.fails(operation, **body)
        assert answer.code == code, answer.body
        check_text(answer.message, text, code == "ValidationException")
        return answer

    def invalid(self, operation, text, **body):
        return self.refuses(operation, "ValidationException", text, **body)


STREAMS_OPERATIONS = {"ListStreams", "DescribeStream", "GetShardIterator", "GetRecords"}


def check_text(message, text, validation=True):
    if validation and message is not None and not (isinstance(text, str) and text.startswith(COUNTED)):
        message = message.removeprefix(COUNTED)
    if isinstance(text, re.Pattern):
        assert text.search(message), f"{message!r} does not match {text.pattern!r}"
    else:
        assert message == text, f"{message!r} is not {text!r}"


def constraints(message):
    """The single errors of `n validation errors detected: a; b`, as a set; and n."""
    head = re.match(r"(\d+) validation errors? detected: ", message)
    assert head, message
    count = int(head.group(1))
    assert head.group(0) == f"{count} validation error{'s' if count > 1 else ''} detected: "
    return count, set(message[head.end():].split("; "))


# ---- values ---------------------------------------------------------------------------------------------------------
def S(text):
    return {"S": text}


def N(number):
    return {"N": str(number)}


def L(*values):
    return {"L": list(values)}


def M(**values):
    return {"M": values}


def SS(*values):
    return {"SS": list(values)}


def NS(*values):
    return {"NS": [str(value) for value in values]}
