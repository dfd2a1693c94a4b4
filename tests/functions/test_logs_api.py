"""CloudWatch Logs as boto3 users see it (ids of the functions specification in the names)."""
import shutil
import subprocess
import sys
import time

import pytest
from botocore.exceptions import ClientError

from test_lambda_api import Maker, fn  # noqa: F401  (fn is a fixture)


@pytest.fixture
def logs(server):
    return server.client("logs")


def refused(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def filled(logs, group, stream="s", count=5, base=None):
    base = base or int(time.time() * 1000) - 10_000
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[{"timestamp": base + i, "message": f"message {i}"} for i in range(count)])
    return base


def texts(events):
    return [event["message"] for event in events]


def test_FL_01_groups_and_streams_appear_with_the_first_invocation(fn, logs, unique):
    name = unique("fn")
    fn.create(name)
    assert logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"] == []
    fn.invoke(name, {})
    group = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"][0]
    assert group["arn"] == f"arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/{name}:*"
    assert group["logGroupArn"] == group["arn"][:-2] and group["metricFilterCount"] == 0 and group["logGroupClass"] == "STANDARD"
    stream = logs.describe_log_streams(logGroupName=f"/aws/lambda/{name}")["logStreams"][0]
    assert stream["firstEventTimestamp"] <= stream["lastEventTimestamp"]


def test_FL_02_filter_by_time_pattern_limit_and_token(logs, unique):
    group = unique("/g/a")
    base = filled(logs, group)
    pages = list(logs.get_paginator("filter_log_events").paginate(logGroupName=group, PaginationConfig={"PageSize": 2}))
    assert texts(event for page in pages for event in page["events"]) == [f"message {i}" for i in range(5)]
    assert texts(logs.filter_log_events(logGroupName=group, startTime=base + 1, endTime=base + 3)["events"]) == ["message 1", "message 2", "message 3"]
    assert texts(logs.filter_log_events(logGroupName=group, filterPattern='"message 4"')["events"]) == ["message 4"]
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{group}"
    assert len(logs.filter_log_events(logGroupIdentifier=arn)["events"]) == 5


@pytest.mark.parametrize("pattern,want", [("", 5), ("message", 5), ('"message 1"', 1), ("?1 ?2", 2), ("message -3", 4), ("nothing", 0)])
def test_FL_03_patterns(logs, unique, pattern, want):
    group = unique("/g/p")
    filled(logs, group)
    assert len(logs.filter_log_events(logGroupName=group, filterPattern=pattern)["events"]) == want


def test_FL_04_get_log_events_from_both_ends(logs, unique):
    group = unique("/g/b")
    filled(logs, group)
    newest = logs.get_log_events(logGroupName=group, logStreamName="s", limit=2)
    assert texts(newest["events"]) == ["message 3", "message 4"]
    assert texts(logs.get_log_events(logGroupName=group, logStreamName="s", limit=2, nextToken=newest["nextBackwardToken"])["events"]) == ["message 1", "message 2"]
    head = logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True)
    end = logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True, nextToken=head["nextForwardToken"])
    assert end["events"] == [] and end["nextForwardToken"] == head["nextForwardToken"]


def test_FL_05_streams_by_last_event_time(logs, unique):
    group = unique("/g/s")
    base = filled(logs, group, "old")
    logs.create_log_stream(logGroupName=group, logStreamName="new")
    logs.put_log_events(logGroupName=group, logStreamName="new", logEvents=[{"timestamp": base + 100, "message": "x"}])
    streams = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True)["logStreams"]
    assert [stream["logStreamName"] for stream in streams] == ["new", "old"]


def test_FL_06_aws_logs_tail_follows(server, fn, logs, unique):
    aws = shutil.which("aws")
    if aws is None or subprocess.run([aws, "logs", "tail", "help"], capture_output=True).returncode != 0:
        pytest.skip("the AWS CLI with `logs tail` is not installed")
    name = unique("fn")
    fn.create(name, "exports.handler = async () => console.log('tailed')")
    fn.invoke(name, {})
    out = subprocess.run([aws, "--endpoint-url", server.endpoint, "--region", "us-east-1", "logs", "tail", f"/aws/lambda/{name}"], capture_output=True, text=True,
                         env={"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "PATH": "/usr/bin:/bin"})
    assert "tailed" in out.stdout, out.stderr


def test_FL_07_error_texts(logs, unique):
    group = unique("/g/e")
    logs.create_log_group(logGroupName=group)
    assert refused(logs.create_log_group, logGroupName=group) == ("ResourceAlreadyExistsException", "The specified log group already exists")
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    assert refused(logs.create_log_stream, logGroupName=group, logStreamName="s") == ("ResourceAlreadyExistsException", "The specified log stream already exists")
    assert refused(logs.filter_log_events, logGroupName="none") == ("ResourceNotFoundException", "The specified log group does not exist.")
    assert refused(logs.get_log_events, logGroupName=group, logStreamName="none") == ("ResourceNotFoundException", "The specified log stream does not exist.")
    assert refused(logs.filter_log_events, logGroupName=group, nextToken="x") == ("InvalidParameterException", "The specified nextToken is invalid.")
    assert refused(logs.filter_log_events, logGroupName=group, limit=10001) == (
        "InvalidParameterException", "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000")
    assert refused(logs.describe_log_groups, logGroupNamePrefix="a", logGroupNamePattern="b")[1] == "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."


def test_FL_08_put_log_events_checks(logs, unique):
    group = unique("/g/c")
    filled(logs, group)
    now = int(time.time() * 1000)
    put = lambda events: logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)  # noqa: E731
    with pytest.raises(ClientError) as caught:
        put([{"timestamp": now, "message": "b"}, {"timestamp": now - 1, "message": "a"}])
    assert caught.value.response["Error"]["Message"] == "Log events in a single PutLogEvents request must be in chronological order."
    day = 86_400_000
    rejected = put([{"timestamp": now - 15 * day, "message": "old"}, {"timestamp": now, "message": "good"}, {"timestamp": now + day, "message": "new"}])["rejectedLogEventsInfo"]
    assert rejected["tooOldLogEventEndIndex"] == 1 and rejected["tooNewLogEventStartIndex"] == 2


def test_FL_10_live_tail_is_a_clear_error(server):
    import http.client
    from urllib.parse import urlsplit
    address = urlsplit(server.endpoint)
    connection = http.client.HTTPConnection(address.hostname, address.port)
    connection.request("POST", "/", body="{}", headers={
        "X-Amz-Target": "Logs_20140328.StartLiveTail", "X-Amz-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
        "Authorization": "AWS4-HMAC-SHA256 Credential=x/20261121/us-east-1/logs/aws4_request, SignedHeaders=host, Signature=" + "0" * 64})
    response = connection.getresponse()
    assert response.status == 400 and b"not available on this server" in response.read()


def test_retention_and_tags(logs, unique):
    group = unique("/g/r")
    logs.create_log_group(logGroupName=group, tags={"a": "b"})
    logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    described = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]
    assert described["retentionInDays"] == 7
    assert logs.list_tags_for_resource(resourceArn=described["logGroupArn"])["tags"] == {"a": "b"}
    logs.delete_log_group(logGroupName=group)
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"] == []
