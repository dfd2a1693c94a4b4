"""Queues through boto3 (JSON) and in the Query protocol."""
import hashlib
import threading
import time
import xml.etree.ElementTree as ElementTree
from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def sqs(server):
    return server.client("sqs")


@pytest.fixture
def queue(sqs, unique):
    url = sqs.create_queue(QueueName=unique("queue"))["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


def code_of(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return error.value.response["Error"]["Code"]


def test_FL_13_send_receive_delete_with_digests(sqs, queue):
    attributes = {"s": {"DataType": "String", "StringValue": "text"}, "n": {"DataType": "Number", "StringValue": "42"},
                  "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    sent = sqs.send_message(QueueUrl=queue, MessageBody="hellö", MessageAttributes=attributes)  # boto3 verifies the digests
    assert sent["MD5OfMessageBody"] == hashlib.md5("hellö".encode()).hexdigest()
    got = sqs.receive_message(QueueUrl=queue, AttributeNames=["All"], MessageAttributeNames=["All"], WaitTimeSeconds=2)["Messages"]
    assert len(got) == 1 and got[0]["Body"] == "hellö" and got[0]["MessageAttributes"]["b"]["BinaryValue"] == b"\x00\xff"
    assert got[0]["Attributes"]["ApproximateReceiveCount"] == "1" and got[0]["MessageId"] == sent["MessageId"]
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=got[0]["ReceiptHandle"])
    assert sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_visibility_timeout_and_its_change(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    first = sqs.receive_message(QueueUrl=queue, VisibilityTimeout=30)["Messages"][0]
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    again = sqs.receive_message(QueueUrl=queue, AttributeNames=["ApproximateReceiveCount"])["Messages"][0]
    assert again["Attributes"] == {"ApproximateReceiveCount": "2"}


def test_long_poll_is_woken(sqs, queue, server):
    other = server.client("sqs")
    timer = threading.Timer(0.5, lambda: other.send_message(QueueUrl=queue, MessageBody="late"))
    began = time.monotonic()
    timer.start()
    assert sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"][0]["Body"] == "late"
    assert 0.4 < time.monotonic() - began < 5


def test_batches(sqs, queue):
    sent = sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": str(i), "MessageBody": f"m{i}"} for i in range(10)])
    assert len(sent["Successful"]) == 10 and not sent.get("Failed")
    got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert sorted(one["Body"] for one in got) == sorted(f"m{i}" for i in range(10))
    done = sqs.delete_message_batch(QueueUrl=queue, Entries=[{"Id": str(i), "ReceiptHandle": one["ReceiptHandle"]} for i, one in enumerate(got)] [:9]
                                    + [{"Id": "bad", "ReceiptHandle": "nonsense"}])
    assert len(done["Successful"]) == 9 and done["Failed"][0]["Id"] == "bad" and done["Failed"][0]["Code"] == "ReceiptHandleIsInvalid"
    assert code_of(sqs.send_message_batch, QueueUrl=queue, Entries=[{"Id": str(i), "MessageBody": "m"} for i in range(11)]) == \
        "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"


def test_dead_letters(sqs, queue, unique):
    source = sqs.create_queue(QueueName=unique("source"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.set_queue_attributes(QueueUrl=source, Attributes={"RedrivePolicy": f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"1"}}'})
    sqs.send_message(QueueUrl=source, MessageBody="bad")
    assert sqs.receive_message(QueueUrl=source, VisibilityTimeout=0)["Messages"]
    assert "Messages" not in sqs.receive_message(QueueUrl=source)
    assert sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2)["Messages"][0]["Body"] == "bad"
    assert sqs.list_dead_letter_source_queues(QueueUrl=queue)["queueUrls"] == [source]


def test_urls_lists_tags_purge(sqs, queue, unique):
    prefix = unique("listed")
    urls = [sqs.create_queue(QueueName=f"{prefix}-{i}", tags={"k": "v"})["QueueUrl"] for i in range(3)]
    assert sqs.list_queues(QueueNamePrefix=prefix)["QueueUrls"] == urls
    assert sqs.get_queue_url(QueueName=f"{prefix}-1")["QueueUrl"] == urls[1]
    assert sqs.list_queue_tags(QueueUrl=urls[0])["Tags"] == {"k": "v"}
    sqs.send_message(QueueUrl=urls[0], MessageBody="m")
    sqs.purge_queue(QueueUrl=urls[0])
    assert "Messages" not in sqs.receive_message(QueueUrl=urls[0])
    for url in urls:
        sqs.delete_queue(QueueUrl=url)
    assert code_of(sqs.get_queue_url, QueueName=f"{prefix}-1") == "AWS.SimpleQueueService.NonExistentQueue"


def test_refusals(sqs, queue, unique):
    assert code_of(sqs.create_queue, QueueName=unique("q") + ".fifo", Attributes={"FifoQueue": "true"}) == \
        "AWS.SimpleQueueService.UnsupportedOperation"
    assert code_of(sqs.delete_message, QueueUrl=queue, ReceiptHandle="nonsense") == "ReceiptHandleIsInvalid"
    assert code_of(sqs.send_message, QueueUrl=queue + "-not", MessageBody="m") == "AWS.SimpleQueueService.NonExistentQueue"
    assert code_of(sqs.send_message, QueueUrl=queue, MessageBody="\x01") == "InvalidParameterValue"
    assert code_of(sqs.create_queue, QueueName=unique("q"), Attributes={"DelaySeconds": "901"}) == "InvalidAttributeValue"


def query(server, parameters, path="/"):
    body = urlencode({"Version": "2012-11-05", **parameters})
    request = AWSRequest(method="POST", url=server.endpoint + path, data=body,
                         headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})
    SigV4Auth(Credentials(server.access_key_id, server.secret_access_key), "sqs", server.region).add_auth(request)
    status, _, answer = server.http("POST", path, body=body, headers=dict(request.headers.items()))
    return status, ElementTree.fromstring(answer)


def test_query_protocol(server, unique):
    name = unique("query")
    space = "{http://queue.amazonaws.com/doc/2012-11-05/}"
    status, made = query(server, {"Action": "CreateQueue", "QueueName": name, "Attribute.1.Name": "DelaySeconds", "Attribute.1.Value": "0"})
    assert status == 200
    url = made.findtext(f".//{space}QueueUrl")
    path = url[url.index("/", 8):]
    status, sent = query(server, {"Action": "SendMessage", "MessageBody": "a & <b>", "MessageAttribute.1.Name": "n",
                                  "MessageAttribute.1.Value.DataType": "String", "MessageAttribute.1.Value.StringValue": "v"}, path)
    assert sent.findtext(f".//{space}MD5OfMessageBody") == hashlib.md5(b"a & <b>").hexdigest()
    status, got = query(server, {"Action": "ReceiveMessage", "QueueUrl": url, "AttributeName.1": "All", "MessageAttributeName.1": "All"})
    assert got.findtext(f".//{space}Body") == "a & <b>"
    assert got.findtext(f".//{space}StringValue") == "v"
    status, error = query(server, {"Action": "GetQueueUrl", "QueueName": name + "-not"})
    assert status == 400 and error.findtext(f".//{space}Code") == "AWS.SimpleQueueService.NonExistentQueue"


def test_messages_survive_kill_9(make_server):
    server = make_server(durability="durable")
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="kept")["QueueUrl"]
    for i in range(20):
        sqs.send_message(QueueUrl=url, MessageBody=str(i))
    taken = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=5, VisibilityTimeout=600)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=taken[0]["ReceiptHandle"])
    server.restart(kill=True)
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (counts["ApproximateNumberOfMessages"], counts["ApproximateNumberOfMessagesNotVisible"]) == ("15", "4")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=taken[1]["ReceiptHandle"])
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "3"
