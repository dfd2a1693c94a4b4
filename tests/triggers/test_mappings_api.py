"""The control plane of event source mappings through boto3."""
import json
import re
import uuid

import pytest
from botocore.exceptions import ClientError, ParamValidationError

ACCOUNT, REGION = "000000000000", "us-east-1"


def error_of(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"], error.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_FD_01_create_response_is_whole(functions, recorder, table, mapped):
    made = mapped(table.stream, recorder.name, wait=False)
    made.pop("ResponseMetadata")
    modified = made.pop("LastModified")
    assert abs(modified.timestamp() - __import__("time").time()) < 60
    id_ = made.pop("UUID")
    uuid.UUID(id_)
    assert made == {
        "EventSourceMappingArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{id_}", "EventSourceArn": table.stream,
        "FunctionArn": recorder.arn, "BatchSize": 100, "MaximumBatchingWindowInSeconds": 0, "ParallelizationFactor": 1,
        "StartingPosition": "TRIM_HORIZON", "BisectBatchOnFunctionError": False, "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1, "TumblingWindowInSeconds": 0, "FunctionResponseTypes": [], "DestinationConfig": {"OnFailure": {}},
        "State": "Creating", "StateTransitionReason": "User action", "LastProcessingResult": "No records processed"}


def test_FD_02_14_states(functions, recorder, table, wait_until):
    id_ = functions.create_event_source_mapping(EventSourceArn=table.stream, FunctionName=recorder.name, StartingPosition="LATEST")["UUID"]
    wait_until(lambda: functions.get_event_source_mapping(UUID=id_)["State"] == "Enabled")
    listed = functions.list_event_source_mappings(EventSourceArn=table.stream)["EventSourceMappings"]
    got = functions.get_event_source_mapping(UUID=id_)
    got.pop("ResponseMetadata")
    assert listed == [got]
    deleted = functions.delete_event_source_mapping(UUID=id_)
    assert deleted["State"] == "Deleting" and deleted["ResponseMetadata"]["HTTPStatusCode"] == 202
    not_there = ("ResourceNotFoundException", "The resource you requested does not exist.", 404)
    wait_until(lambda: functions.list_event_source_mappings(EventSourceArn=table.stream)["EventSourceMappings"] == [])
    assert error_of(functions.get_event_source_mapping, UUID=id_) == not_there


def test_FD_03_starting_position(functions, recorder, table):
    assert error_of(functions.create_event_source_mapping, EventSourceArn=table.stream, FunctionName=recorder.name) == (
        "InvalidParameterValueException",
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.", 400)
    code, message, _ = error_of(functions.create_event_source_mapping, EventSourceArn=table.stream, FunctionName=recorder.name,
                                StartingPosition="MIDDLE")
    assert (code, message) == ("ValidationException", "1 validation error detected: Value 'MIDDLE' at 'startingPosition' failed to satisfy "
                               "constraint: Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]")


def test_FD_04_at_timestamp(functions, recorder, table):
    assert error_of(functions.create_event_source_mapping, EventSourceArn=table.stream, FunctionName=recorder.name,
                    StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=1)[:2] == (
        "InvalidParameterValueException", f"Unsupported starting position for arn type: {table.stream}")


def test_FD_05_06_what_does_not_exist(functions, recorder, table):
    create = functions.create_event_source_mapping
    assert error_of(create, FunctionName=recorder.name, StartingPosition="LATEST")[:2] == (
        "InvalidParameterValueException", "Unrecognized event source.")
    assert error_of(create, FunctionName="nobody", EventSourceArn=table.stream, StartingPosition="LATEST")[:2] == (
        "InvalidParameterValueException", "Function does not exist")
    other = table.stream.replace(table.name, "no-such-table")
    assert error_of(create, FunctionName=recorder.name, EventSourceArn=other, StartingPosition="LATEST")[:2] == (
        "InvalidParameterValueException", f"Stream not found: {other}")


def test_FD_07_duplicate(functions, recorder, table, mapped):
    first = mapped(table.stream, recorder.name)
    assert error_of(functions.create_event_source_mapping, EventSourceArn=table.stream, FunctionName=recorder.name,
                    StartingPosition="LATEST") == (
        "ResourceConflictException",
        f'The event source arn (" {table.stream} ") and function (" {recorder.name} ") provided mapping already exists. Please update or '
        f'delete the existing mapping with UUID {first["UUID"]}', 409)


def test_FD_08_on_success(functions, recorder, table):
    assert error_of(functions.create_event_source_mapping, EventSourceArn=table.stream, FunctionName=recorder.name, StartingPosition="LATEST",
                    DestinationConfig={"OnSuccess": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}})[:2] == (
        "InvalidParameterValueException", "Unsupported DestinationConfig parameter for given event source mapping type.")


def test_FD_09_unknown_uuid(functions):
    want = ("ResourceNotFoundException", "The resource you requested does not exist.", 404)
    id_ = str(uuid.uuid4())
    assert error_of(functions.get_event_source_mapping, UUID=id_) == want
    assert error_of(functions.update_event_source_mapping, UUID=id_, BatchSize=1) == want
    assert error_of(functions.delete_event_source_mapping, UUID=id_) == want


@pytest.mark.parametrize("member,value", [("BatchSize", 10001), ("MaximumBatchingWindowInSeconds", 301), ("ParallelizationFactor", 11),
                                          ("MaximumRetryAttempts", 10001), ("MaximumRecordAgeInSeconds", 30), ("TumblingWindowInSeconds", 901)])
def test_FD_10_limits(functions, recorder, table, member, value):
    code, message, status = error_of(functions.create_event_source_mapping, EventSourceArn=table.stream, FunctionName=recorder.name,
                                     StartingPosition="LATEST", **{member: value})
    assert (code, status) == ("ValidationException", 400)
    assert message.startswith(f"1 validation error detected: Value '{value}' at '{member[0].lower() + member[1:]}' failed to satisfy constraint: ")


def test_FD_10_batch_size_zero(server, recorder, table):
    with pytest.raises(ParamValidationError):  # boto3 itself refuses; other clients meet the server's own check
        server.client("lambda").create_event_source_mapping(EventSourceArn=table.stream, FunctionName=recorder.name, BatchSize=0)


@pytest.mark.parametrize("pattern", ["null", "simple string", "{", '{"eventName":"INSERT"}', '{"eventName":[]}'])
def test_FD_11_bad_filters(functions, recorder, table, pattern):
    assert error_of(functions.create_event_source_mapping, EventSourceArn=table.stream, FunctionName=recorder.name, StartingPosition="LATEST",
                    FilterCriteria={"Filters": [{"Pattern": pattern}]})[:2] == ("InvalidParameterValueException", "Invalid filter pattern definition.")


def test_FD_12_lists(server, functions, recorder, unique):
    topics = [unique("listed") for _ in range(105)]
    for topic in topics:
        functions.create_event_source_mapping(FunctionName=recorder.name, Topics=[topic], StartingPosition="LATEST", Enabled=False,
                                              SelfManagedEventSource={"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [server.kafka]}})
    first = functions.list_event_source_mappings(FunctionName=recorder.name)
    assert len(first["EventSourceMappings"]) == 100
    pages = functions.get_paginator("list_event_source_mappings").paginate(FunctionName=recorder.arn, PaginationConfig={"PageSize": 40})
    found = [mapping for page in pages for mapping in page["EventSourceMappings"]]
    assert sorted(mapping["Topics"][0] for mapping in found) == sorted(topics)
    for mapping in found:
        functions.delete_event_source_mapping(UUID=mapping["UUID"])


def test_FD_13_update(functions, recorder, table, mapped, wait_until):
    id_ = mapped(table.stream, recorder.name)["UUID"]
    updated = functions.update_event_source_mapping(UUID=id_, BatchSize=7, MaximumRetryAttempts=3)
    assert updated["State"] == "Updating" and updated["ResponseMetadata"]["HTTPStatusCode"] == 202
    wait_until(lambda: functions.get_event_source_mapping(UUID=id_)["State"] == "Enabled")
    got = functions.get_event_source_mapping(UUID=id_)
    assert (got["BatchSize"], got["MaximumRetryAttempts"], got["ParallelizationFactor"]) == (7, 3, 1)
    assert error_of(functions.update_event_source_mapping, UUID=id_, FunctionName="nobody")[1] == "Function does not exist"


def test_tags_of_a_mapping(functions, recorder, table, mapped):
    arn = mapped(table.stream, recorder.name, Tags={"a": "1"})["EventSourceMappingArn"]
    functions.tag_resource(Resource=arn, Tags={"b": "2"})
    functions.untag_resource(Resource=arn, TagKeys=["a"])
    assert functions.list_tags(Resource=arn)["Tags"] == {"b": "2"}


def test_FK_01_self_managed_create_response(server, functions, recorder, unique):
    topic = unique("topic")
    made = functions.create_event_source_mapping(FunctionName=recorder.name, Topics=[topic], StartingPosition="TRIM_HORIZON",
                                                 SelfManagedEventSource={"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [server.kafka]}})
    made.pop("ResponseMetadata"), made.pop("LastModified")
    id_ = made.pop("UUID")
    assert made == {"EventSourceMappingArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{id_}", "BatchSize": 100,
                    "FunctionArn": recorder.arn, "LastProcessingResult": "No records processed",
                    "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [server.kafka]}},
                    "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": id_}, "StartingPosition": "TRIM_HORIZON",
                    "State": "Creating", "StateTransitionReason": "USER_INITIATED", "Topics": [topic]}
    assert error_of(functions.create_event_source_mapping, FunctionName=recorder.name, Topics=[topic], StartingPosition="TRIM_HORIZON",
                    SelfManagedEventSource={"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [server.kafka]}}) == (
        "ResourceConflictException",
        f'An event source mapping with event source ("{server.kafka}"), function ("{recorder.arn}"), topics ("{topic}") already exists. '
        f'Please update or delete the existing mapping with UUID {id_}', 409)
    functions.delete_event_source_mapping(UUID=id_)


def test_FK_02_05_foreign_cluster_and_topics(server, functions, recorder):
    foreign = {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["kafka.example:9092"]}}
    create = functions.create_event_source_mapping
    assert error_of(create, FunctionName=recorder.name, Topics=["t"], StartingPosition="LATEST", SelfManagedEventSource=foreign)[:2] == (
        "InvalidParameterValueException", "Required 'sourceAccessConfigurations' parameter is missing.")
    own = {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [server.kafka]}}
    assert error_of(create, FunctionName=recorder.name, Topics=["a", "b"], StartingPosition="LATEST", SelfManagedEventSource=own)[0] == "ValidationException"


def test_FK_28_a_failure_topic_that_is_the_source_is_refused(server, functions, recorder):
    assert error_of(functions.create_event_source_mapping, FunctionName=recorder.name, Topics=["t"], StartingPosition="LATEST",
                    SelfManagedEventSource={"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [server.kafka]}},
                    DestinationConfig={"OnFailure": {"Destination": "kafka://t"}})[0] == "InvalidParameterValueException"
